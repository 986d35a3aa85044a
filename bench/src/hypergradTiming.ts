/** What hypergradients cost beside the training and the gradients they come with: `node --import tsx bench/src/hypergradTiming.ts` prints figures as JSON.
 *  The packages are taken as they are built; one thread of the wasm device. */

import { grad, vmap } from '@neumann/autodiff'
import { alternation, type Bijectors, fromLoss, implicit, log10, logit, onePass, space } from '@neumann/hypergrad'
import {
  add,
  array,
  exp,
  full,
  jit,
  key,
  mul,
  normal,
  onDevice,
  randint,
  scan,
  splitKey,
  square,
  sum,
  type Tensor,
  treeLeaves,
  treeMap,
} from '@neumann/linalg-gpu'
import { neumann } from '@neumann/linalg-gpu/solvers'
import { wasmDevice } from '@neumann/linalg-gpu/wasm'
import { crossEntropy, lenet, type Model, meanSquaredError, mlp } from '@neumann/nn'
import { adam, chain, momentum, sgd, weightDecay } from '@neumann/precond'
import { caseOf, measure } from './cases.js'
import { atMost, type Figure, shown } from './figure.js'

const device = await wasmDevice({ threads: 1 })

interface Batch {
  readonly x: Tensor
  readonly y: Tensor
}
const batch = (rows: readonly number[], shape: readonly number[]): Batch => ({
  x: normal(key(1), [...rows, ...shape]),
  y: randint(key(2), rows, 0, 10),
})
const lossOf =
  <P>(model: Model<P>) =>
  (w: P, _: unknown, { x, y }: Batch): Tensor =>
    crossEntropy(model.apply(w, x), y)

/** Clarke's setting on MNIST: 784-50-10, batch 50, momentum with decay; T = 10 steps and an estimate of 5 terms, against the 10 steps alone. */
const onePassFigures = (): readonly Figure[] =>
  [
    ['3 scalars', 1.8, (_: readonly unknown[]): unknown => array(0.1)],
    [
      'a learning rate for each weight',
      2,
      (w: readonly unknown[]): unknown => treeMap((x: Tensor) => full(x.shape, 0.1), w as never),
    ],
  ].flatMap(([what, bound, rateOf]) => {
    const model = mlp([784, 50, 10])
    interface Hyper {
      readonly lr: Tensor
      readonly mu: Tensor
      readonly decay: Tensor
    }
    const problem = fromLoss({
      inner: lossOf(model),
      outer: lossOf(model),
      optimiser: chain(weightDecay, momentum),
      settings: ({ lr, mu, decay }: Hyper) => [{ weightDecay: decay }, { lr, mu }] as const,
    })
    const weights = model.init(key(0))
    const lr = (rateOf as (w: unknown) => Tensor)(weights)
    const hyper: Hyper = { lr, mu: array(0.5), decay: array(1e-4) }
    const samples = { train: batch([10, 50], [784]), validation: batch([50], [784]) }
    const { init, step } = alternation({
      problem,
      estimator: onePass({ terms: 5 }),
      optimiser: adam,
      settings: { lr: 0.05 },
      space: space({ lr: log10({ max: 1 }), mu: logit(), decay: log10() } as Bijectors<Hyper>),
    })
    type State = ReturnType<typeof problem.begin>
    const plain = jit(
      (state: State, train: Batch) =>
        scan<State, Batch, null>((s, one) => [problem.update(s, hyper, one), null], state, train)[0],
      { donate: 0 },
    )
    const tuned = jit(step, { donate: 0 })
    let one = problem.begin(model.init(key(0)))
    let other = init({ inner: problem.begin(model.init(key(0))), hyper })
    const cases = [
      caseOf(() => {
        one = plain(one, samples.train)
        return []
      }),
      caseOf(() => {
        const [next, report] = tuned(other, samples)
        other = next
        return report
      }),
    ]
    measure(cases, 150)
    const [training, tuning] = cases.map(({ best }) => best) as [number, number]
    return [
      atMost(
        `one-pass tuning of ${what} (MNIST perceptron, T = 10, 5 terms): × plain training`,
        tuning / training,
        bound as number,
      ),
      shown(`ms: ten steps of plain training beside it`, training),
    ]
  })

/** The decay of each weight in its own log: dim λ = dim w. */
const decayed = <P>(model: Model<P>) => {
  const loss = lossOf(model)
  return fromLoss({
    inner: (w: P, λ: P, data: Batch) => {
      const penalty = treeLeaves<Tensor>(
        treeMap((x: Tensor, r: Tensor) => sum(mul(exp(r), square(x))), w as never, λ as never) as never,
      )
      return add(loss(w, null, data), mul(0.5, penalty.reduce(add)))
    },
    outer: (w: P, _: P, data: Batch) => loss(w, null, data),
    optimiser: sgd,
    settings: () => ({ lr: 0.01 }),
  })
}

/** An estimate by `terms` terms, and a gradient of the inner loss, at the same point. */
const terms = <P>(
  model: Model<P>,
  rows: number,
  shape: readonly number[],
  counts: readonly number[],
): readonly number[] => {
  const problem = decayed(model)
  const weights = model.init(key(0))
  const hyper = treeMap((x: Tensor) => full(x.shape, -7), weights as never) as P
  const [train, validation] = [batch([rows], shape), batch([rows], shape)]
  const point = { state: problem.begin(weights), hyper, train, validation }
  const gradient = jit((w: P, λ: P, data: Batch) => grad(problem.inner)(w, λ, data))
  const cases = [
    caseOf(() => gradient(weights, hyper, train)),
    ...counts.map((count) => {
      const estimate = implicit(neumann({ terms: count, step: 0.01, tolerance: 0, trust: true }))(problem)
      const memory = estimate.init(point)
      const run = jit((at: typeof point) => {
        const { gradient, certificate } = estimate(memory, at)
        return { gradient, certificate }
      })
      return caseOf(() => run(point))
    }),
  ]
  measure(cases, 25)
  return cases.map(({ best }) => best)
}

/** Clarke's setting on UCI Energy: full batches of 614 rows, 8-50-1, T = 10, 5 terms; 20 runs at once, which is what fits into a cache. */
const manyRuns = (): Figure => {
  const [members, outerSteps, measured] = [20, 400, 12]
  const model = mlp([8, 50, 1])
  const rows = (seed: number, n: number) => ({ x: normal(key(seed), [n, 8]), y: normal(key(seed + 1), [n, 1]) })
  const loss = (w: ReturnType<typeof model.init>, _: unknown, { x, y }: Batch): Tensor =>
    meanSquaredError(model.apply(w, x), y)
  const [train, validation] = [rows(5, 614), rows(7, 78)]
  interface Hyper {
    readonly lr: Tensor
    readonly mu: Tensor
    readonly decay: Tensor
  }
  const problem = fromLoss({
    inner: (w: ReturnType<typeof model.init>, h: Hyper, _: null) => loss(w, h, train),
    outer: (w: ReturnType<typeof model.init>, h: Hyper, _: null) => loss(w, h, validation),
    optimiser: chain(weightDecay, momentum),
    settings: ({ lr, mu, decay }: Hyper) => [{ weightDecay: decay }, { lr, mu }] as const,
  })
  const { init, step } = alternation({
    problem,
    estimator: onePass({ terms: 5 }),
    optimiser: adam,
    settings: { lr: 0.05 },
    space: space<Hyper>({ lr: log10({ max: 1 }), mu: logit(), decay: log10() }),
    steps: 10,
  })
  const begin = (k: Tensor) =>
    init({ inner: problem.begin(model.init(k)), hyper: { lr: array(0.01), mu: array(0.5), decay: array(1e-4) } })
  let state = vmap(begin)(splitKey(key(3), members))
  const all = jit(
    vmap((s: typeof state) => step(s, { train: null, validation: null })),
    { donate: 0 },
  )
  const one = caseOf(() => {
    const [next, report] = all(state)
    state = next
    return report
  })
  measure([one], measured)
  return shown(
    'minutes: 200 runs like UCI Energy × 4000 epochs with tuning, one thread (by the best step of 20 of them; the goal is 6)',
    (one.best * outerSteps * (200 / members)) / 60_000,
  )
}

const figures = onDevice(device, () => {
  const perTerm = (model: Model<never>, rows: number, shape: readonly number[]): number => {
    const [gradient, few, many] = terms(model, rows, shape, [4, 12]) as [number, number, number]
    return (many - few) / 8 / gradient
  }
  const [gradient, five] = terms(mlp([784, 1000, 210, 10]), 256, [784], [5]) as [number, number]
  return [
    ...onePassFigures(),
    manyRuns(),
    atMost(
      'a Neumann term more, perceptron 784-512-10, batch 128: × gradient',
      perTerm(mlp([784, 512, 10]) as never, 128, [784]),
      1.6,
    ),
    atMost('a Neumann term more, LeNet, batch 32: × gradient', perTerm(lenet() as never, 32, [1, 28, 28]), 2.6),
    atMost(
      'a hypergradient by 10⁶ decays, 5 terms (perceptron 784-1000-210-10, batch 256): × gradient',
      five / gradient,
      12,
    ),
    shown('ms: that hypergradient', five),
  ]
})
console.log(JSON.stringify(figures))
device.dispose()
