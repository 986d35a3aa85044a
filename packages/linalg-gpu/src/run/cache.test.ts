import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { add, array, debugPrint, exp, mul, sin, type Tensor } from '../index.js'
import { type Program, simplify } from '../program.js'
import { type Cache, cacheOf } from './cache.js'
import { trace } from './jit.js'

const traced = (f: (x: Tensor) => unknown, x: Tensor = array([1, 2])): Program => simplify(trace(f)(x))

/** A cache of numbers given out in turn, what it has dropped, and how many were made. */
const counted = (capacity: number): { cache: Cache<number>; dropped: number[]; ask: (p: Program) => number | undefined } => {
  const dropped: number[] = []
  const cache = cacheOf<number>(capacity, (gone) => dropped.push(gone))
  let made = 0
  return { cache, dropped, ask: (p) => cache.get(p, () => made++) }
} // biome-ignore format: a long type

test('the same program, and one that is equal to it, are made once', () => {
  const { cache, ask } = counted(8)
  const f = (x: Tensor): Tensor => add(mul(x, 2), 1)
  const first = traced(f)
  assert.is(ask(first), 0)
  assert.is(ask(first), 0)
  assert.is(ask(traced(f)), 0)
  // names are no structure
  assert.is(ask(traced((y) => add(mul(y, 2), 1))), 0)
  assert.is(cache.size(), 1)
})

test('other operations, constants, shapes, dtypes and functions that are called are other programs', () => {
  const { cache, ask } = counted(99)
  const sink = (): void => {}
  const printed = (label: string, to: (text: string) => void) => (x: Tensor) => {
    debugPrint(label, x, to)
    return x
  }
  const programs = [
    traced((x) => add(x, 1)),
    traced((x) => add(x, 2)),
    traced((x) => mul(x, 2)),
    traced((x) => [add(x, 1), x]),
    traced((x) => add(x, 1), array([1, 2, 3])),
    traced((x) => add(x, 1), array([1, 2], { dtype: 'f64' })),
    traced(printed('x', sink)),
    traced(printed('x', () => {})),
    traced(printed('y', sink)),
  ]
  assert.equal(programs.map(ask), programs.map((_, i) => i)) // biome-ignore format: a line
  assert.equal(programs.map(ask), programs.map((_, i) => i)) // biome-ignore format: a line
  assert.is(cache.size(), programs.length)
})

test('the least recently used goes first, is dropped once, and is made again when it is asked for again', () => {
  const { cache, dropped, ask } = counted(2)
  const [a, b, c] = [traced(sin), traced(exp), traced((x) => add(x, 1))] as const
  assert.equal([a, b, a, c].map(ask), [0, 1, 0, 2])
  assert.equal(dropped, [1])
  assert.is(ask(a), 0)
  assert.is(ask(b), 3)
  assert.equal(dropped, [1, 2])
  assert.is(cache.size(), 2)
})

test('what is made is never dropped before it is used', () => {
  for (const capacity of [0, -1]) {
    const { cache, dropped, ask } = counted(capacity)
    const [a, b] = [traced(sin), traced(exp)] as const
    assert.equal([a, a].map(ask), [0, 0])
    assert.equal(dropped, [])
    assert.is(ask(b), 1)
    assert.equal([dropped, cache.size()], [[0], 1])
  }
})

test('an equal program of another trace, known by its first, is not taken for it when that is gone', () => {
  const { dropped, ask } = counted(1)
  const [one, two] = [traced(sin), traced(sin)]
  assert.equal([one, two].map(ask), [0, 0])
  ask(traced(exp))
  assert.equal(dropped, [0])
  assert.is(ask(two), 2)
  assert.is(ask(one), 2)
})

test('what could not be made is not kept', () => {
  const dropped: number[] = []
  const cache = cacheOf<number>(2, (gone) => dropped.push(gone))
  const p = traced(sin)
  assert.is(cache.get(p, () => undefined), undefined) // biome-ignore format: a line
  assert.is(cache.size(), 0)
  assert.throws(() =>
    cache.get(p, () => {
      throw new Error('no')
    }),
  )
  assert.is(cache.get(p, () => 7), 7) // biome-ignore format: a line
  assert.equal(dropped, [])
})

test('clearing drops all, and what comes after is made anew', () => {
  const { cache, dropped, ask } = counted(8)
  const [a, b] = [traced(sin), traced(exp)]
  ask(a)
  ask(b)
  cache.clear()
  assert.equal(dropped, [0, 1])
  assert.is(cache.size(), 0)
  assert.equal([a, b].map(ask), [2, 3])
})

test.run()
