import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromHalf, toHalf } from '../../plain/half.js'
import { evaluate } from './evaluate.testing.js'
import { call } from './library.js'

const every = Uint32Array.from({ length: 65536 }, (_, i) => i)
// every f16, the ties to the next, and what is just beside either
const beside = [...every].flatMap((bits) => {
  const x = fromHalf(bits)
  if (!Number.isFinite(x)) return [x]
  const next = (bits & 0x7fff) === 0x7bff ? Math.sign(x) * 65536 : fromHalf(bits + 1)
  const tie = (x + next) / 2
  return [x, x * (1 + 2 ** -23), x * (1 - 2 ** -23), tie, tie * (1 + 2 ** -23), tie * (1 - 2 ** -23)]
})
const floats = Float32Array.from([
  ...beside, 1e-30, -1e-30, 1e30, -1e30, 1e-45, 65519.996, 65520, -65520, NaN, Infinity, -Infinity, 0, -0, 3e38, -3e38,
]) // biome-ignore format: a list

test('every f16 is read as its value', async () => {
  const found = await evaluate(([x], uses) => call(uses, 'from_half', x!), [['u32', every]], 'f32')
  every.forEach((bits, i) => {
    assert.ok(Object.is(found[i], fromHalf(bits)), `${bits}: ${found[i]}, not ${fromHalf(bits)}`)
  })
})

test('the bits are those of the nearest f16, of a tie the even one', async () => {
  const found = await evaluate(([x], uses) => call(uses, 'to_half', x!), [['f32', floats]], 'u32')
  floats.forEach((x, i) => {
    assert.ok(found[i] === toHalf(x), `${x}: ${found[i]}, not ${toHalf(x)}`)
  })
})

test('a float is rounded to the value of its nearest f16', async () => {
  const found = await evaluate(([x], uses) => call(uses, 'round_to_half', x!), [['f32', floats]], 'f32')
  floats.forEach((x, i) => {
    assert.ok(Object.is(found[i], fromHalf(toHalf(x))), `${x}: ${found[i]}`)
  })
})

test.run()
