import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate } from './evaluate.testing.js'
import { call, functionsOf } from './library.js'

const names = (text: string): string[] => [...text.matchAll(/^(?:fn|struct) (\w+)/gm)].map(([, name]) => name!)

test('nothing used is no text', () => {
  assert.is(functionsOf(new Set()), '')
})

test('what is used comes once, after what it calls, in one order whatever the order of use', () => {
  const text = functionsOf(new Set(['sigmoid_f32', 'exp_f32']))
  assert.equal(names(text), [
    'magnitude', 'or_bits', 'blunt', 'is_nan', 'two_to', 'scaled', 'Power', 'power_of_e', 'exp_f32', 'sigmoid_f32',
  ]) // biome-ignore format: a list
  assert.is(functionsOf(new Set(['exp_f32', 'sigmoid_f32'])), text)
})

test('all functions stand together in one module', async () => {
  const all = [
    'lgamma_f32',
    'polygamma_f32',
    'pow_f32',
    'erfinv_f32',
    'atan2_f32',
    'threefry_2x32',
    'quot_f32',
    'mod_f32',
  ]
  const found = await evaluate(
    ([x], uses) => {
      for (const name of all) call(uses, name)
      return x!
    },
    [['f32', Float32Array.of(1, 2)]],
    'f32',
  )
  assert.equal(found, Float32Array.of(1, 2))
})

test('a name that is none of the library is a bug', () => {
  assert.throws(() => call(new Set(), 'exq'), /no function exq/)
  assert.throws(() => functionsOf(new Set(['exq'])), /no function exq/)
})

test.run()
