/** SOBA and SABA against the other single-loop and double-loop algorithms, at step sizes tuned on one grid for all, with as many calls of the oracle for each.
 *
 *  A call is a gradient, a product with ∇²₁₁G or one with ∇²₂₁G, at a minibatch of 64. Each algorithm gets the same number of calls for each point of the grid
 *  and each seed, and is judged by h(x) − h*, which is known exactly on the quadratic and to rounding on the logistic problem. */

import { vmap } from '@neumann/autodiff'
import { hoag } from '@neumann/hypergrad'
import {
  add,
  arange,
  array,
  type Device,
  foldIn,
  jit,
  key,
  onDevice,
  readSync,
  scan,
  scope,
  splitKey,
  stack,
  sum,
  type Tensor,
} from '@neumann/linalg-gpu'
import { onWasm } from '../onWasm.js'
import { interval, median } from './bootstrap.js'
import type { Reproduction, ReproductionOptions, Row } from './reproduction.js'
import { type Contest, logisticPenalties, simulatedQuadratic } from './singleLoopProblems.js'
import { type Rival, rivals, type Sizes } from './singleLoopRivals.js'

interface Scale {
  /** Calls of the oracle for each run. */
  readonly budget: number
  readonly seeds: number
  /** Runs for each point of the grid, with other seeds. */
  readonly tunings: number
  readonly inner: readonly number[]
  readonly ratio: readonly number[]
  readonly steps: number
  readonly terms: number
  /** Leaves out some: all of them take a while to compile. */
  readonly meets: (contest: string, rival: string) => boolean
}

/** What a run left behind at some places on its way. */
interface Run {
  readonly calls: readonly number[]
  readonly seconds: readonly number[]
  readonly gaps: readonly number[]
}

const places = 4

const number = (x: Tensor): number => Number(readSync(x)[0])

/** The number of steps that spend the budget, from what some steps cost in the mean. */
const stepsFor = (rival: Rival, contest: Contest, { budget }: Scale): number => {
  const probe = 24
  const sizes = { inner: array(0.1), ratio: array(1) }
  const { init, step } = rival.algorithm(sizes)
  const counted = jit((keys: Tensor) => {
    const [, spent] = scan(
      (state: never, stream: Tensor): readonly [never, Tensor] => {
        const [next, { calls }] = step(state, rival.samples(stream))
        return [next as never, add(calls.gradients, add(calls.products, calls.mixed))]
      },
      init(contest.begin(key(0))) as never,
      keys,
    )
    return sum(spent)
  })
  return scope(() => Math.max(places, Math.round((budget * probe) / number(counted(splitKey(key(99), probe))))))
}

/** The sizes of the grid under which runs of their own end lowest, in the mean; a point where one of them is lost is out. */
const tuned = (rival: Rival, contest: Contest, { inner, ratio, tunings }: Scale, steps: number) => {
  const grid = inner.flatMap((i) => ratio.map((r) => ({ inner: i, ratio: r })))
  const ends = jit((inners: Tensor, ratios: Tensor, stream: Tensor) =>
    vmap((inner: Tensor, ratio: Tensor) => {
      const { init, step } = rival.algorithm({ inner, ratio })
      const [last] = scan(
        (state: never, k: Tensor): readonly [never, null] => [step(state, rival.samples(k))[0] as never, null],
        init(contest.begin(stream)) as never,
        splitKey(stream, steps),
      )
      return (last as { readonly hyper: Tensor }).hyper
    })(inners, ratios),
  )
  return scope(() => {
    const [inners, ratios] = [array(grid.map((g) => g.inner)), array(grid.map((g) => g.ratio))]
    const runs = Array.from({ length: tunings }, (_, t) => contest.suboptimality(ends(inners, ratios, key(1000 + t))))
    const scores = grid.map((_, g) => runs.reduce((sum, gaps) => sum + lostAsInfinite(gaps[g]!), 0))
    const lost = scores.filter((score) => score === Infinity).length
    return { ...grid[scores.indexOf(Math.min(...scores))]!, lost }
  })
}

const lostAsInfinite = (gap: number): number => (Number.isFinite(gap) ? gap : Infinity)

/** Runs of the same sizes from other beginnings and with other samples, one after the other, so that their time is theirs. */
const raced = (
  rival: Rival,
  contest: Contest,
  sizes: { readonly inner: number; readonly ratio: number },
  steps: number,
  seeds: number,
  budget: number,
): readonly Run[] => {
  const chunk = Math.max(1, Math.floor(steps / places))
  const given: Sizes = { inner: array(sizes.inner), ratio: array(sizes.ratio) }
  const begin = jit((stream: Tensor, { inner, ratio }: Sizes) =>
    rival.algorithm({ inner, ratio }).init(contest.begin(stream)),
  )
  const go = jit((state: never, stream: Tensor, { inner, ratio }: Sizes) => {
    const { step } = rival.algorithm({ inner, ratio })
    return scan(
      (now: never, k: Tensor): readonly [never, null] => [step(now, rival.samples(k))[0] as never, null],
      state,
      splitKey(stream, chunk),
    )[0]
  })
  // the first call compiles: it is nobody's time
  scope(() => readSync((go(begin(key(0), given) as never, key(0), given) as { readonly hyper: Tensor }).hyper))
  return Array.from({ length: seeds }, (_, seed) =>
    scope(() => {
      let state = begin(key(seed), given)
      const xs = [state.hyper]
      const seconds = [0]
      for (let place = 1; place <= places; place++) {
        const begun = performance.now()
        state = go(state as never, foldIn(key(seed), place), given)
        readSync(state.hyper)
        seconds.push(seconds.at(-1)! + (performance.now() - begun) / 1000)
        xs.push(state.hyper)
      }
      return {
        calls: xs.map((_, place) => (place * budget) / places),
        seconds,
        gaps: contest.suboptimality(stack(xs)),
      }
    }),
  )
}

/** HOAG finds its own step size, on all samples: no grid. A call on everything counts for all minibatches. */
const hoagRaced = (contest: Contest, budget: number, seeds: number): readonly Run[] => {
  const { init, step } = hoag({ curvature: 1 })(contest.problem)
  const all = arange(contest.minibatches)
  const samples = { inner: all, outer: all }
  const jitted = jit(step)
  scope(() => readSync(jitted(init(contest.begin(key(0))), samples)[0].hyper))
  return Array.from({ length: seeds }, (_, seed) =>
    scope(() => {
      let state = init(contest.begin(key(seed)))
      const [xs, seconds, calls] = [[state.hyper], [0], [0]]
      while (calls.at(-1)! < budget && xs.length < 200) {
        const begun = performance.now()
        const [next, { calls: spent }] = jitted(state, samples)
        const total = [spent.gradients, spent.products, spent.mixed].reduce((n, x) => n + number(x), 0)
        state = next
        seconds.push(seconds.at(-1)! + (performance.now() - begun) / 1000)
        calls.push(calls.at(-1)! + total * contest.minibatches)
        xs.push(state.accepted.hyper)
      }
      return { calls, seconds, gaps: contest.suboptimality(stack(xs)) }
    }),
  )
}

/** The last figure of a run up to a limit of what it has spent. */
const upTo = (spent: readonly number[], gaps: readonly number[], limit: number): number =>
  lostAsInfinite(gaps[spent.reduce((last, s, i) => (s <= limit * (1 + 1e-9) ? i : last), 0)]!)

const contested = (contest: Contest, scale: Scale, tick: (what: string) => void): readonly Row[] => {
  const { budget, seeds } = scale
  const met: { readonly name: string; readonly how: string; readonly runs: readonly Run[] }[] = []
  const all = rivals(contest.problem, contest.minibatches, scale)
  for (const rival of all.filter(({ name }) => scale.meets(contest.name, name))) {
    const steps = stepsFor(rival, contest, scale)
    const sizes = tuned(rival, contest, scale, steps)
    const runs = raced(rival, contest, sizes, steps, seeds, budget)
    const how = `${steps} steps, inner step ${sizes.inner}, outer ${sizes.inner / sizes.ratio}${sizes.lost > 0 ? `, ${sizes.lost} points of the grid lost` : ''}`
    met.push({ name: rival.name, how, runs })
    tick(`${contest.name}: ${rival.name}`)
  }
  met.push({
    name: 'HOAG',
    how: 'all samples in each step, its own step size',
    runs: hoagRaced(contest, budget, seeds),
  })
  tick(`${contest.name}: HOAG`)
  // a limit of time in which every algorithm has got somewhere
  const seconds = median(met.map(({ runs }) => median(runs.map((run) => run.seconds.at(-1)!)))) / 2
  const short = (x: number): string => String(Number(x.toPrecision(2)))
  return met
    .map(({ name, how, runs }) => {
      const ends = runs.map((run) => upTo(run.calls, run.gaps, budget))
      const held = ends.filter(Number.isFinite)
      const early = runs.map((run) => upTo(run.calls, run.gaps, budget / 4))
      const timed = runs.map((run) => upTo(run.seconds, run.gaps, seconds))
      return {
        what: `${contest.name}, ${name}: h(x) − h*`,
        ours: held.length === 0 ? Number.NaN : median(held),
        interval: interval(held, median),
        runs: ends.length,
        lost: ends.length - held.length,
        note: `${how}${held.length < ends.length ? `; with lost runs as infinite ${short(median(ends))}` : ''}; after a quarter of the ${budget} calls ${short(median(early))}, after ${short(seconds)} s ${short(median(timed))}; all of it took ${short(median(runs.map((run) => run.seconds.at(-1)!)))} s`,
        ...(name === 'SABA' && contest.name === 'logistic'
          ? { paper: 'the only single loop below 1e-3 (IJCNN1)' }
          : {}),
      }
    })
    .sort((a, b) => lostAsInfinite(a.ours) - lostAsInfinite(b.ours))
}

const work = (device: Device, { quick, seeds = quick ? 2 : 10, progress }: ReproductionOptions): readonly Row[] => {
  const scale: Scale = quick
    ? {
        budget: 600,
        seeds,
        tunings: 1,
        inner: [0.03, 0.12],
        ratio: [0.1, 1],
        steps: 3,
        terms: 4,
        meets: (contest, rival) => contest === 'quadratic' || rival === 'SOBA' || rival === 'SABA',
      }
    : {
        budget: 16_000,
        seeds,
        tunings: 2,
        inner: [1 / 32, 1 / 8, 1 / 4, 1 / 2],
        ratio: [0.01, 0.1, 1, 10],
        steps: 10,
        terms: 10,
        meets: () => true,
      }
  const made = quick
    ? [() => simulatedQuadratic(256, 10), () => logisticPenalties(256, 5)]
    : [() => simulatedQuadratic(1024, 100), () => logisticPenalties(4096, 22)]
  // 13 rivals and HOAG on each; of the small slice, two and HOAG on the second
  const total = quick ? 14 + 3 : 14 * made.length
  let done = 0
  const rows: Row[] = []
  for (const make of made) {
    const contest = onDevice(device, make)
    const tick = (what: string): void => progress(Math.min(1, ++done / total), what)
    rows.push(...onDevice(device, () => contested(contest, scale, tick)))
  }
  return rows
}

/** Dagréou et al. 2022, figure of the simulated quadratic and that of IJCNN1, as tables. */
export const singleLoop: Reproduction = {
  name: 'single-loop',
  title:
    'SOBA and SABA against their rivals: suboptimality after equal numbers of oracle calls, in the order in which they came out',
  source:
    'Dagréou, Ablin, Vaiter, Moreau 2022, figures on simulated quadratics and IJCNN1. Theirs are curves; what the text says of them is beside ours. The data here are simulated, in the shapes of theirs.',
  run: (options) => onWasm(async (device) => work(device, options)),
}
