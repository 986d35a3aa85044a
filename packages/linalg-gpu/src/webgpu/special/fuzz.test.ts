// Random kernels of random shapes, wherever operands may stand, against the oracle, bit by bit.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Special } from '../../kernel/kernel.js'
import { elements, type Given, places, randoms } from '../../wasm/special/special.testing.js'
import { agrees, hosts } from './special.testing.js'

const random = randoms(2026)
const below = (n: number): number => Math.floor(random() * n)
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)]!
const toss = (): boolean => random() < 0.5

type Case = { readonly op: Special['op']; readonly given: readonly Given[] }

const kinds: readonly ((shape: readonly number[], seed: number) => Case)[] = [
  (shape, seed) => ({
    op: { kind: 'argReduce', fn: oneOf(['max', 'min']), axis: below(shape.length) },
    given: [elements(oneOf(dtypes), shape, seed)],
  }),
  (shape, seed) => ({
    op: { kind: 'cumsum', axis: below(shape.length), reverse: toss() },
    given: [elements(oneOf(['i32', 'u32']), shape, seed)],
  }),
  (shape, seed) => ({
    op: { kind: 'argsort', axis: below(shape.length), descending: toss() },
    given: [elements(oneOf(dtypes), shape, seed)],
  }),
  (shape, seed) => {
    const batch = below(shape.length)
    const indices = places([...shape.slice(0, batch), oneOf([1, 7, 50])], shape[batch]!, seed)
    return { op: { kind: 'gather', batch, fill: 1 }, given: [elements(oneOf(dtypes), shape, seed), indices] }
  },
  (shape, seed) => {
    const batch = below(shape.length)
    const size = oneOf([1, 2, 9, 60])
    const indices = places(shape.slice(0, batch + 1 + below(shape.length - batch)), size, seed)
    return { op: { kind: 'scatterAdd', batch, size }, given: [elements(oneOf(['i32', 'u32']), shape, seed), indices] }
  },
]
const dtypes = ['f32', 'f16', 'i32', 'u32', 'u8', 'i8', 'bool'] as const

test('sixty of them', async () => {
  let done = 0
  while (done < 60) {
    const shape = Array.from({ length: 1 + below(3) }, () => oneOf([1, 2, 3, 17, 33, 40, 65, 70, 129]))
    if (shape.reduce((size, n) => size * n, 1) > 5000) continue
    const traits = toss() ? hosts[0]! : { ...hosts[1]!, invocations: oneOf([4, 8]) }
    const where = { traits, standing: oneOf(['apart', 'arena', 'shifted'] as const), gated: toss() }
    await agrees({ ...oneOf(kinds)(shape, done), ...where })
    done++
  }
  assert.is(done, 60)
})

test.run()
