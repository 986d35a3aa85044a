import { grad, jvp, stopGradient, vjp } from '@neumann/autodiff'
import {
  add,
  array,
  cast,
  cond,
  foriLoop,
  greater,
  jit,
  mul,
  scan,
  square,
  switchCase,
  type Tensor,
  where,
  whileLoop,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { reach, reached } from './reach.js'

const x = array(1)
const pair = [x, x] as const
type Pair = readonly [Tensor, Tensor]

const reaches = (map: (pair: Pair) => unknown, from?: readonly boolean[]): readonly boolean[] =>
  reached<Pair>('test', map, pair, from)
const fromFirst = (map: (pair: Pair) => unknown): readonly boolean[] => reaches(map, [true, false])

test('a chain of equations reaches, numbers and captured values do not', () => {
  assert.equal(
    reaches(([a]) => [mul(a, 2), x, 3, square(x)]),
    [true, false, false, false],
  )
  assert.equal(
    fromFirst(([a, b]) => [a, b, add(a, b), mul(b, x)]),
    [true, false, true, false],
  )
  // of structure: a factor of 0 is one still
  assert.equal(
    reaches(([a]) => [mul(0, a)]),
    [true],
  )
})

test('one recording answers for many sets of leaves', () => {
  const from = reach<Pair>('test', ([a, b]) => [a, b], pair)
  assert.equal(
    [from([true, false]), from([false, true]), from([false, false]), from()],
    [
      [true, false],
      [false, true],
      [false, false],
      [true, true],
    ],
  )
})

test('a loop is looked into: what its steps carry over reaches, what stands beside it does not', () => {
  const steps = (next: (a: Tensor, b: Tensor, c: Tensor) => readonly Tensor[]) =>
    fromFirst(([a, b]) =>
      scan((s: readonly Tensor[]) => [next(s[0]!, s[1]!, s[2]!), s[2]!], [a, b, x], null, { length: 3 } as never),
    )
  const carried = (next: (a: Tensor, b: Tensor, c: Tensor) => readonly Tensor[]) => steps(next).slice(0, 3)
  assert.equal(
    carried((a, b, c) => [a, b, c]),
    [true, false, false],
  )
  // by two steps, one after the other
  assert.equal(
    carried((a, b) => [a, a, b]),
    [true, true, true],
  )
  // what is written over is gone
  assert.equal(
    carried((_, b, c) => [b, b, c]),
    [false, false, false],
  )
})

test('a loop of no steps gives what went in', () => {
  assert.equal(
    fromFirst(([a, b]) => foriLoop(0, 0, (_: Tensor, [, d]: Pair): Pair => [d, d], [a, b])),
    [true, false],
  )
})

test('a while loop: its carries, and all of them where they decide how often it goes round', () => {
  const loop = (decides: (a: Tensor, b: Tensor) => Tensor): readonly boolean[] =>
    fromFirst(([a, b]) =>
      whileLoop(
        ([c, d]: Pair) => decides(c, d),
        ([c, d]: Pair): Pair => [mul(c, 2), add(d, 1)],
        [a, b],
      ),
    )
  assert.equal(
    loop((_, b) => greater(4, b)),
    [true, false],
  )
  assert.equal(
    loop((a) => greater(4, a)),
    [true, true],
  )
})

test('branches: what one of them takes, and everything where the condition is reached', () => {
  assert.equal(
    fromFirst(([a, b]) => [
      cond(
        greater(b, 0),
        (c: Tensor, d: Tensor) => [c, d],
        (_: Tensor, d: Tensor) => [d, d],
        a,
        b,
      ),
      cond(
        greater(a, 0),
        (d: Tensor) => d,
        (d: Tensor) => mul(2, d),
        b,
      ),
      where(greater(a, 0), b, x),
    ]),
    [true, false, true, true],
  )
  assert.equal(
    fromFirst(([a, b]) => switchCase(cast(b, 'i32'), [() => b, () => mul(b, a)])),
    [true],
  )
})

test('jit within it, and it within jit', () => {
  const inside = jit((a: Tensor, b: Tensor) => [mul(a, 2), mul(b, 2)])
  assert.equal(
    fromFirst(([a, b]) => inside(a, b)),
    [true, false],
  )
  let seen: readonly boolean[] = []
  jit((c: Tensor) => {
    seen = fromFirst(([a, b]) => [mul(a, c), mul(b, c), c])
    return c
  })(x)
  assert.equal(seen, [true, false, false])
})

test('derivatives: stopGradient cuts, also within a loop; a value that is not used has none', () => {
  const objective = ([a, b]: Pair): Tensor => {
    const [end] = foriLoop(0, 3, (_: Tensor, [c, d]: Pair): Pair => [add(mul(c, stopGradient(d)), a), d], [
      a,
      b,
    ]) as Pair
    return end
  }
  const { pull } = vjp(objective, [pair])
  assert.equal(reached('test', pull as (c: unknown) => unknown, x), [true, false])
  // forward mode sees the same
  assert.equal(
    reached('test', (t: Pair) => jvp(objective, [pair], [t]).tangent, pair, [false, true]),
    [false],
  )
})

test('no gradient goes through integers, nor through a comparison', () => {
  const map = ([a, b]: Pair): Tensor => add(mul(where(greater(a, 0), 1, 2), b), cast(cast(a, 'i32'), 'f32'))
  const { pull } = vjp(map, [pair])
  assert.equal(reached('test', pull as (c: unknown) => unknown, x), [false, true])
  // second derivatives of something linear are not there, whatever the number
  assert.equal(
    reached(
      'test',
      (t: Tensor) =>
        jvp(
          grad((a: Tensor) => mul(a, 3)),
          [x],
          [t],
        ).tangent,
      x,
    ),
    [false],
  )
})

test.run()
