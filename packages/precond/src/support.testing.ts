/** For tests: a problem whose gradient is written once for tensors and once for plain numbers, and optimisers walked over both. */

import { checkGrads } from '@neumann/autodiff'
import {
  add,
  array,
  type DType,
  jit,
  mul,
  readSync,
  scan,
  sin,
  square,
  sub,
  sum,
  type Tensor,
} from '@neumann/linalg-gpu'
import { flattenTree, isTensor } from '@neumann/linalg-gpu/program'
import * as assert from 'uvu/assert'
import { applyUpdates, type Optimiser } from './index.js'

export type Nested = number | readonly Nested[]
export const f64 = (data: Nested): Tensor => array(data as never, { dtype: 'f64' })
export const f32 = (data: Nested): Tensor => array(data as never)

/** All elements of a tree, in the order of its leaves. */
export const elements = (tree: unknown): number[] =>
  flattenTree(tree).leaves.flatMap((leaf) => (isTensor(leaf) ? Array.from(readSync(leaf), Number) : [leaf as number]))

/** Asserts that two trees hold the same numbers, within `tolerance` of the largest of them (at least 1). */
export const near = (got: unknown, want: unknown, tolerance: number, note = ''): void => {
  const [a, b] = [elements(got), elements(want)]
  assert.is(a.length, b.length, note)
  const scale = b.reduce((most, x) => Math.max(most, Math.abs(x)), 1)
  a.forEach((x, i) => {
    if (!(Math.abs(x - b[i]!) <= tolerance * scale))
      assert.unreachable(`${note}: element ${i} is ${x}, expected ${b[i]} (all: ${a} / ${b})`)
  })
}

export const messageOf = (f: () => unknown): string => {
  try {
    f()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}

/** Two weights that no gradient ever moves (steep 0), one whose first gradient is 0 (start 0, centre 0), others at work. */
export interface Weights {
  readonly bias: Tensor
  readonly layers: readonly [{ readonly w: Tensor }, Tensor]
}
const start = [-0.75, 1.5, 0, -2.25, 0.5]
const steep = [0.5, 2, 1, 0, 0.25]
const centre = [1, -0.5, 0, 3, -1]
const wave = [0.25, -0.5, 0.75, 0, 0.5]

const tree = (x: readonly number[], dtype: DType): Weights => ({
  bias: array(x[0]!, { dtype }),
  layers: [{ w: array(x.slice(1, 4), { dtype }) }, array(x.slice(4), { dtype })],
})
export const weights = (dtype: DType = 'f64'): Weights => tree(start, dtype)
export const leavesOf = (w: Weights): readonly Tensor[] => [w.bias, w.layers[0].w, w.layers[1]]

/** a (w − c) + s sin 3w, element by element: on plain numbers … */
const slope = (x: number, i: number): number => steep[i]! * (x - centre[i]!) + wave[i]! * Math.sin(3 * x)
/** … and on tensors. */
export const gradientAt = (w: Weights): Weights => {
  const dtype = w.bias.dtype
  const [a, c, s] = [tree(steep, dtype), tree(centre, dtype), tree(wave, dtype)].map(leavesOf) as [
    Tensor[],
    Tensor[],
    Tensor[],
  ]
  const [bias, first, second] = leavesOf(w).map((x, i) =>
    add(mul(a[i]!, sub(x, c[i]!)), mul(s[i]!, sin(mul(3, x)))),
  ) as [Tensor, Tensor, Tensor]
  return { bias, layers: [{ w: first }, second] }
}

/** One element's optimiser in plain numbers: the update for gradient g at weight w, in step t = 1, 2, …; i is the element. */
export type Scalar = (i: number) => (g: number, w: number, t: number) => number

/** The weights after each step, by plain numbers. */
export const walked = (scalar: Scalar, steps: number): number[][] => {
  const own = start.map((_, i) => scalar(i))
  let w = start
  return Array.from({ length: steps }, (_, k) => (w = w.map((x, i) => x + own[i]!(slope(x, i), x, k + 1))))
}

/** The weights after `steps` steps, as one program: a scan. */
export const trained = <H, S>(optimiser: Optimiser<H, S>, w: Weights, hyper: H, steps: number): Weights =>
  scan<readonly [Weights, S], null, null>(
    ([w, state]) => {
      const [u, next] = optimiser.update(gradientAt(w), state, w, hyper)
      return [[applyUpdates(w, u), next], null]
    },
    [w, optimiser.init(w)],
    null,
    { length: steps },
  )[0][0]

export const objective = (w: Weights): Tensor =>
  leavesOf(w)
    .map((x) => sum(square(add(x, 0.25))))
    .reduce((a, b) => add(a, b))

/** An optimiser against its equations in plain numbers: step by step and jitted, as a scan, in f64 and f32.
 *  f64: 25 steps of some ten roundings each, on a problem that does not amplify them: 25 · 10 · 2⁻⁵³ < 1e-13. f32 the same, 25 · 10 · 2⁻²⁴ < 2e-5. */
export const agrees = <H, S>(optimiser: Optimiser<H, S>, hyper: H, scalar: Scalar): void => {
  const expected = walked(scalar, 25)
  for (const [dtype, tolerance] of [
    ['f64', 1e-13],
    ['f32', 2e-5],
  ] as const) {
    let traces = 0
    const step = jit((w: Weights, state: S, hyper: H) => {
      traces++
      const [u, next] = optimiser.update(gradientAt(w), state, w, hyper)
      return [applyUpdates(w, u), next] as const
    })
    let [w, state] = [weights(dtype), optimiser.init(weights(dtype))]
    for (const want of expected) {
      ;[w, state] = step(w, state, hyper)
      near(w, want, tolerance, `jitted, ${dtype}`)
    }
    assert.is(traces, 1)
    near(trained(optimiser, weights(dtype), hyper, 25), expected.at(-1), tolerance, `scan, ${dtype}`)
  }
  let [w, state] = [weights(), optimiser.init(weights())]
  for (const want of expected.slice(0, 3)) {
    const [u, next] = optimiser.update(gradientAt(w), state, w, hyper)
    ;[w, state] = [applyUpdates(w, u), next]
    near(w, want, 1e-13, 'without jit')
  }
}

/** Derivatives of the objective after some steps, by every hyperparameter, to order 2, in both modes, against differences. */
export const differentiable = <H extends Readonly<Record<string, number>>, S>(
  optimiser: Optimiser<H, S>,
  hyper: H,
  steps = 4,
): void => {
  const names = Object.keys(hyper)
  checkGrads(
    (values: readonly Tensor[]) =>
      objective(
        trained(optimiser, weights(), Object.fromEntries(names.map((name, i) => [name, values[i]])) as never, steps),
      ),
    [Object.values(hyper).map(f64)],
  )
}
