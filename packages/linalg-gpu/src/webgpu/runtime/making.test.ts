import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure } from '../../run/device.js'
import { blame, inherit, learn, makingOf, settled } from './making.js'

const failure = (message: string): Failure => ({ code: 'outOfMemory', message })
const later = (value: Failure | undefined): Promise<Failure | undefined> =>
  new Promise((done) => setTimeout(() => done(value), 2))

test('a making is good when all that it needed is', async () => {
  const making = makingOf()
  learn(making, later(undefined))
  learn(making, Promise.reject(new Error('lost')))
  assert.is(await settled(making), undefined)
  assert.is(making.pending, undefined)
})

test('the first failure that is known stays', async () => {
  const making = makingOf()
  learn(making, later(failure('second')))
  learn(making, Promise.resolve(failure('first')))
  assert.is((await settled(making))!.message, 'first')
})

test('what is learned while one waits is waited for', async () => {
  const making = makingOf()
  learn(
    making,
    later(undefined).then(() => {
      learn(making, later(failure('late')))
      return undefined
    }),
  )
  assert.is((await settled(making))!.message, 'late')
})

test('a result inherits what becomes of its operands, known or not', async () => {
  const [known, unknown] = [makingOf(failure('known')), makingOf()]
  learn(unknown, later(failure('unknown')))
  for (const [from, wanted] of [[known, 'known'], [unknown, 'unknown']] as const) {
    const making = makingOf()
    inherit(making, from)
    const next = makingOf()
    inherit(next, making)
    assert.is((await settled(next))!.message, wanted)
  } // biome-ignore format: pairs
})

test('a blame counts only where nothing else turns out to be the cause', async () => {
  const [alone, caused] = [makingOf(), makingOf()]
  blame(alone, failure('lost'))
  learn(caused, later(failure('cause')))
  blame(caused, failure('lost'))
  assert.is((await settled(alone))!.message, 'lost')
  assert.is((await settled(caused))!.message, 'cause')
})

test('what was thrown in its course is thrown by whoever waits for it, and for what needs it', async () => {
  const making = makingOf()
  making.thrown = new Error('a sink')
  const next = makingOf()
  inherit(next, making)
  for (const one of [making, next])
    assert.is(await settled(one).then(String, (error: Error) => error.message), 'a sink')
})

test.run()
