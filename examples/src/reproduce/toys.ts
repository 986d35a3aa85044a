/** The toys of implicit bias: over-parameterised problems so small that every number is known, the specification's beside ours.
 *
 *  filters      f = ½ ‖P w − u‖², F = ½ (p·w − 2)²: hypergradients of a singular H by series cut off, by damping, by the identity
 *  selection    gradient descent on u from 0 with cold starts: each of them finds another u of F = 0
 *  turning      f = ½ (x(u)·w − 1)², x = (cos u, sin u): training unrolled against the pseudo-inverse; and F = ½ ‖w − (2, 1)‖², warm against cold
 *  projections  two lines in turn: warm weights come to where both are met
 *  All in f64. Figures are of the specification, sections 5.6 and 5.7, computed there by another program. */

import { setImmediate as others } from 'node:timers/promises'
import { alternation, certificateStatuses, fromLoss, implicit, retrained, unrolled } from '@neumann/hypergrad'
import { movingNullSpace, overparameterised } from '@neumann/hypergrad/fixtures'
import {
  array,
  cos,
  data,
  dot,
  jit,
  mul,
  norm,
  onDevice,
  scan,
  scope,
  sin,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  treeLeaves,
} from '@neumann/linalg-gpu'
import { exact, neumann } from '@neumann/linalg-gpu/solvers'
import { sgd } from '@neumann/precond'
import { onWasm } from '../onWasm.js'
import type { Reproduction, Row } from './reproduction.js'

/** What is compared: the specification's numbers, as printed, and ours in a tree from left to right. */
interface Compared {
  readonly what: string
  readonly spec: readonly string[]
  readonly ours: unknown
  readonly note?: string
}

const f64 = (values: number | readonly number[]): Tensor => array(values as never, { dtype: 'f64' })
const nothing = { train: null, validation: null }
/** All terms, though they grow: the singular direction is what the toys are about. */
const series = (terms: number, step = 0.1) => implicit(neumann({ terms, step, tolerance: 0, trust: true }))

const filters = (): Compared[] => {
  const { problem, optimum } = overparameterised()
  const by = (estimator: ReturnType<typeof series>): Tensor => {
    const estimate = estimator(problem)
    return estimate(estimate.init(optimum), optimum).gradient
  }
  const cut = (
    [
      [0, '−.15', '−.15'],
      [1, '−.195', '−.24'],
      [5, '−.1582035', '−.4305210'],
      [10, '−.0941306', '−.5617074'],
      [50, '−.0013915', '−.7472170'],
      [200, '0', '−.75'],
      [1000, '0', '−.75'],
    ] as const
  ).map(([k, ...spec]) => ({ what: `filters: Neumann, K = ${k}`, spec, ours: by(series(k + 1)) }))
  const soft = (
    [
      [1, '−.1071429', '−.4285714'],
      [0.1, '−.0223547', '−.6929955'],
      [0.01, '−.0024711', '−.7438098'],
    ] as const
  ).map(([damping, ...spec]) => ({
    what: `filters: damped by ${damping}`,
    spec,
    ours: by(implicit(exact(), { damping })),
  }))
  return [...cut, ...soft, { what: 'filters: identity', spec: ['−1.5', '−1.5'], ours: by(series(1, 1)) }]
}

const selection = (): Compared[] => {
  const { problem, weights } = overparameterised()
  return (
    [
      ['exact', 250, 0.1, 2, ['0', '4', '4', '−1.3333333', '.6666667', '3.3333333']],
      ['identity', 1, 1, 1, ['4', '4', '5.6568542', '0', '2', '2']],
      [
        'Neumann, K = 5',
        6,
        0.1,
        5,
        ['1.46986', '3.99996', '4.26148', '−.84336', '1.15661', '2.84334'],
        'the specification stopped before its limit, where u₂ = 4',
      ],
    ] as const
  ).map(([name, terms, step, lr, spec, note]) => {
    const begin = (): ReturnType<typeof problem.begin> => problem.begin(mul(0, weights))
    const algorithm = alternation({
      problem,
      estimator: series(terms, step),
      optimiser: sgd,
      settings: { lr },
      start: begin,
      // .9²⁶⁰ of what is not found yet is left, 10⁻¹²
      steps: 260,
      accept: certificateStatuses,
    })
    const ends = ran(algorithm, { inner: begin(), hyper: f64([0, 0]) }, 40)
    return {
      what: `selection: ${name}: u, ‖u‖, w`,
      spec,
      ours: [ends.hyper, norm(ends.hyper), ends.inner.weights],
      ...(note !== undefined && { note }),
    }
  })
}

/** The state after so many outer steps. */
const ran = <B, S, R>(
  {
    init,
    step,
  }: {
    readonly init: (begin: B) => S
    readonly step: (state: S, samples: typeof nothing) => readonly [S, R]
  },
  begin: B,
  steps: number,
): S =>
  jit(
    (first: B) => scan((state: S, _: null) => [step(state, nothing)[0], null], init(first), null, { length: steps })[0],
  )(begin)

const jacobians = (): Compared[] =>
  (
    [
      [
        [0, 0],
        ['−.2955202', '.9553365'],
        ['0', '0'],
      ],
      [
        [0.5, 1.5],
        ['−1.2512024', '−.3042950'],
        ['−1.2278411', '−.3798158'],
      ],
    ] as const
  ).flatMap(([start, byUnrolling, byTheorem]) => {
    const along = (direction: readonly number[]) => {
      const { problem, optimum } = movingNullSpace({ start, direction })
      const implicitly = series(1, 1)(problem)
      return {
        unrolled: unrolled({ steps: 400 })(problem)(null, optimum).gradient,
        // of x xᵀ, ‖x‖ = 1, one term is the pseudo-inverse along x, and M projects on x
        theorem: implicitly(implicitly.init(optimum), optimum).gradient,
      }
    }
    const rows = [along([1, 0]), along([0, 1])]
    const from = `turning, from (${start})`
    return [
      { what: `${from}: dw/du unrolled`, spec: byUnrolling, ours: rows.map((row) => row.unrolled) },
      { what: `${from}: dw/du by the pseudo-inverse`, spec: byTheorem, ours: rows.map((row) => row.theorem) },
    ]
  })

const aimed = () =>
  fromLoss({
    inner: (w: Tensor, u: Tensor, _: null) => mul(0.5, square(sub(dot(stack([cos(u), sin(u)]), w), 1))),
    outer: (w: Tensor, _: Tensor, _v: null) => mul(0.5, sum(square(sub(w, f64([2, 1]))))),
    optimiser: sgd,
    settings: () => ({ lr: 1 }),
  })

const warmAndCold = (): Compared[] => {
  const problem = aimed()
  const origin = problem.begin(f64([0, 0]))
  const parts = { problem, optimiser: sgd, steps: 1, accept: certificateStatuses } as const
  const coldly = alternation({
    ...parts,
    estimator: unrolled({ steps: 1 }),
    settings: { lr: 0.2 },
    start: () => origin,
  })
  const end = ran(coldly, { inner: origin, hyper: f64(0) }, 100)
  const cold = {
    what: 'cold: u, F',
    spec: ['.4636476', '.7639320225'],
    ours: [end.hyper, problem.outer(end.inner.weights, end.hyper, null)],
  }
  const warm = (lr: number, from: readonly number[], steps: number) => {
    const algorithm = alternation({ ...parts, estimator: series(1, 1), settings: { lr } })
    const { inner, hyper } = ran(algorithm, { inner: problem.begin(f64(from)), hyper: f64(0) }, steps)
    const audit = retrained(problem)({ inner, hyper, start: origin, batches: null, steps: 50, validation: null })
    const { weights } = problem.update(inner, hyper, null)
    return {
      ours: [hyper, inner.weights, audit.warm],
      // the weights of the last u of all
      settled: [hyper, weights, problem.outer(weights, hyper, null)],
      anew: [audit.state.weights, audit.cold],
    }
  }
  const limits = (
    [
      [0.05, [0.5, 1.5], ['−.6435011', '2.0696105', '1.0928140', '.0067300323']],
      [0.2, [0.5, 1.5], ['−.6435011', '2.0130848', '1.0174463', '.0002377927']],
      [0.05, [0, 1], ['−.6435011', '1.7778277', '.7037702', '.0685563124']],
      [0.2, [0, 1], ['−.6435011', '1.7511689', '.6682252', '.0859957232']],
      [0.05, [1, -1], ['1.5707963', '2.4740543', '1.0', '.1123637325']],
      [0.2, [1, -1], ['1.5707963', '2.2162400', '1.0', '.0233798619']],
    ] as const
  ).map(([lr, from, spec]) => ({
    what: `warm, rate ${lr}, from (${from}): u, w, F`,
    spec,
    ours: warm(lr, from, 1500).ours,
  }))
  return [
    cold,
    {
      what: 'warm, rate 0.05, from (0.5,1.5), step 10: u, w, F',
      spec: ['−.52818', '1.8727549', '1.2253813', '.0334940098'],
      ours: warm(0.05, [0.5, 1.5], 10).settled,
    },
    ...limits,
    { what: 'warm, then trained anew: w, F', spec: ['.8', '−.6', '2.0'], ours: warm(0.05, [0.5, 1.5], 1500).anew },
  ]
}

const projections = (): Compared[] => {
  const { update, begin } = fromLoss({
    inner: (w: Tensor, _: null, row: Tensor) => mul(0.5, square(sub(dot(row, w), 2))),
    outer: (w: Tensor, _: null, _v: null) => sum(square(w)),
    optimiser: sgd,
    settings: () => ({ lr: 1 }),
  })
  const lines = f64([
    [1, 0],
    [0.6, 0.8],
    [1, 0],
    [0.6, 0.8],
  ] as never)
  const [, distances] = scan(
    (state: ReturnType<typeof begin>, row: Tensor) => {
      const next = update(state, null, row)
      return [next, norm(sub(next.weights, f64([2, 1])))] as const
    },
    begin(f64([0, 0])),
    lines,
  )
  return [{ what: 'projections: distance to (2, 1)', spec: ['1', '.6', '.36', '.216'], ours: distances }]
}

/** How many digits are printed, without zeros before the first. @example digitsOf('−.0223547') // => 6 */
const digitsOf = (printed: string): number => Math.max(1, printed.replace(/^\D*[.0]*/, '').replace('.', '').length)

/** A row for each number; the text of what it is stands in the first. */
const rowsOf = async ({ what, spec, ours, note }: Compared): Promise<Row[]> => {
  const numbers = (
    await Promise.all((treeLeaves(ours as never) as readonly Tensor[]).map(async (x) => Array.from(await data(x))))
  ).flat()
  return spec.map((paper, i) => ({
    what: spec.length === 1 ? what : `${what} [${i + 1}]`,
    paper,
    ours: numbers[i]!,
    digits: digitsOf(paper),
    ...(note !== undefined && { note }),
  }))
}

export const toys: Reproduction = {
  name: 'toys',
  title: 'Implicit bias in over-parameterised bilevel problems: the toys, by their numbers',
  source: 'Vicol et al. 2022, as computed in the specification, sections 5.6 and 5.7',
  run: ({ progress }) =>
    onWasm(async (device) => {
      const rows: Row[] = []
      const parts = { filters, selection, jacobians, warmAndCold, projections }
      for (const [i, [name, part]] of Object.entries(parts).entries()) {
        progress(i / Object.keys(parts).length, name)
        await others()
        for (const compared of onDevice(device, () => scope(part))) rows.push(...(await rowsOf(compared)))
      }
      return rows
    }),
}
