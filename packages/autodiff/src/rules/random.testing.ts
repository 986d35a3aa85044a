/** For tests: random programs of smooth, bounded steps over a few tensors, as data that fast-check can shrink. */

import {
  add,
  arange,
  concatenate,
  cond,
  cumsum,
  div,
  exp,
  greater,
  iota,
  matmul,
  maximum,
  mean,
  mod,
  mul,
  scan,
  sigmoid,
  sin,
  slice,
  softmax,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  take,
  tanh,
  transpose,
  where,
} from '@neumann/linalg-gpu'
import { broadcastShapes } from '@neumann/linalg-gpu/program'
import fc from 'fast-check'
import { checkpoint } from '../api/checkpoint.js'
import { real, whole } from './numeric.testing.js'

export interface Step {
  readonly op: string
  readonly a: number
  readonly b: number
  readonly body: readonly Step[]
}

type Rule = (x: Tensor, y: Tensor, step: Step, pool: readonly Tensor[], n: Tensor) => Tensor

/** y in a form that broadcasts with x: itself, or its mean. */
const fitting = (x: Tensor, y: Tensor): Tensor => (broadcastShapes(x.shape, y.shape) === undefined ? mean(y) : y)
/** What a body gives, as a number that keeps the shape of what it meets. */
const inner = (step: Step, pool: readonly Tensor[], n: Tensor): Tensor => mean(runSteps(step.body, pool, n))
const row = (x: Tensor): Tensor => (x.shape.length === 0 ? stack([x, sin(x)]) : x)

const rules: { readonly [op: string]: Rule } = {
  sin: (x) => sin(x),
  tanh: (x) => tanh(x),
  exp: (x) => exp(tanh(x)),
  sigmoid: (x) => sigmoid(x),
  square: (x) => square(tanh(x)),
  add: (x, y) => add(x, fitting(x, y)),
  sub: (x, y) => sub(x, fitting(x, y)),
  mul: (x, y) => mul(x, tanh(fitting(x, y))),
  div: (x, y) => div(x, add(square(fitting(x, y)), 2)),
  sum: (x, _, { b }) => (x.shape.length === 0 ? x : sum(x, { axis: b % x.shape.length, keepDims: b % 2 === 0 })),
  softmax: (x) => softmax(row(x)),
  cumsum: (x, _, { b }) => cumsum(row(x), { axis: b % row(x).shape.length, reverse: b % 2 === 0 }),
  transpose: (x) => transpose(x),
  slice: (x, _, { b }) => slice(row(x), b % 3 === 0 || x.shape[0] === 1 ? [null, null, -1] : [b % 2, null]),
  concatenate: (x) => concatenate([row(x), tanh(row(x))]),
  take: (x) => take(row(x), mod(arange(3), row(x).shape[0]!), { axis: 0 }),
  gram: (x) => (x.shape.length === 2 ? matmul(tanh(x), transpose(tanh(x))) : x),
  where: (x, y, { b }) => where(greater(iota(row(x).shape), b % 2), row(x), fitting(row(x), y)),
  scan: (x, y, step, pool, n) => {
    const [c, ys] = scan<Tensor, Tensor, Tensor>(
      (carry, v) => [tanh(add(carry, inner(step, [...pool, carry, v], n))), mul(v, mean(carry))],
      x,
      row(y),
      { reverse: step.b % 2 === 0 },
    )
    return add(c, mean(ys))
  },
  cond: (x, y, step, pool, n) =>
    cond(
      greater(n, step.b % 3),
      (p: Tensor) => mul(p, tanh(inner(step, [...pool, p], n))),
      (p: Tensor) => add(sin(p), mul(mean(y), 0.5)),
      x,
    ),
  checkpoint: (x, y, step, pool, n) =>
    checkpoint((p: Tensor, q: Tensor) => add(p, inner(step, [...pool, p, q], n)), {
      policy: step.b % 2 === 0 ? 'nothing' : 'sqrt',
    })(x, y),
}

/** With kinks: not for differences. */
const kinked: { readonly [op: string]: Rule } = { ...rules, maximum: (x, y) => maximum(x, fitting(x, y)) }

/** The value of the last step; each step reads two of the values so far. */
export const runSteps = (steps: readonly Step[], pool: readonly Tensor[], n: Tensor): Tensor => {
  const values = [...pool]
  for (const step of steps)
    values.push(
      kinked[step.op]!(
        values[values.length - 1 - (step.a % values.length)]!,
        values[step.b % values.length]!,
        step,
        values,
        n,
      ),
    )
  return values[values.length - 1]!
}

const nested = new Set(['scan', 'cond', 'checkpoint'])

const stepsOf = (ops: readonly string[]): fc.Arbitrary<readonly Step[]> => {
  const level = (depth: number): fc.Arbitrary<readonly Step[]> =>
    fc.array(
      fc.record({
        op: fc.constantFrom(...(depth === 0 ? ops.filter((op) => !nested.has(op)) : ops)),
        a: fc.nat(9),
        b: fc.nat(9),
        body: depth === 0 ? fc.constant([]) : level(depth - 1),
      }),
      { minLength: 1, maxLength: depth === 2 ? 7 : 3 },
    )
  return level(2)
}

export const smoothSteps = stepsOf(Object.keys(rules))
export const anySteps = stepsOf(Object.keys(kinked))

/** The operands of all programs: three floats, and a number for the branches. */
export const operands = [real([2, 3], -1, 1), real([3], -1, 1), real([], -1, 1), whole([], 0, 3)]
export const program =
  (steps: readonly Step[]) =>
  (x: Tensor, y: Tensor, z: Tensor, n: Tensor): Tensor =>
    runSteps(steps, [z, y, x], n)
