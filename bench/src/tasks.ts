/** What is measured. A task has a name and rows: one for each size. A row is data: inputs by description, parameters, work, tolerance.
 *  Each contestant has an implementation by task name, or none, which is then said.
 *
 *  flops      multiplications and additions that the mathematics asks for (a fused one counts as two); elementwise work counts one each
 *  bytes      f32 in and out, once each: what must cross memory whatever is fused
 *  tolerance  of ‖theirs − ours‖ / ‖ours‖ over each result. `rounding(n)` = 16 · 2⁻²⁴ · √n: sums of n terms in any order differ like a
 *             random walk of n roundings, with room for functions that are good to a few ulp. Derivatives through a network take the
 *             sum of its inner sizes, times a condition that is said. */

import type { Input } from './inputs.js'

export type Value = number | string | boolean | readonly number[]
export interface Params {
  readonly [name: string]: Value
}

export interface Row {
  readonly task: string
  /** Which of the task's rows: `512`, `nt 512`, `axis 0`. */
  readonly size: string
  readonly params: Params
  readonly inputs: { readonly [name: string]: Input }
  readonly flops: number
  readonly bytes: number
  readonly tolerance: number
  /** Measured only with --sweep: how cost grows. */
  readonly sweep?: boolean
  /** Takes long for some contestant: measured only where the task is asked for by name. */
  readonly long?: boolean
}

export interface Task {
  readonly name: string
  readonly what: string
  readonly rows: readonly Row[]
}

/** 16 half-ulps of f32, times the root of the number of terms. */
export const rounding = (terms: number, condition = 1): number => 16 * 2 ** -24 * Math.sqrt(terms) * condition

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
const bytesOf = (...shapes: readonly (readonly number[])[]): number => 4 * shapes.reduce((n, s) => n + product(s), 0)
const uniform = (seed: number, shape: readonly number[], scale = 1, offset = 0): Input => ({
  kind: 'uniform',
  seed,
  shape,
  scale,
  offset,
})

const rowsOf = (task: string, what: string, rows: readonly Omit<Row, 'task'>[]): Task => ({
  name: task,
  what,
  rows: rows.map((row) => ({ task, ...row })),
})

// ── products ────────────────────────────────────────────────────────────────────────────────────────────────────────

type Form = 'nn' | 'nt' | 'tn' | 'tt'

/** C = op(A) op(B) with op the transpose where the form says t: A is stored [k, m] then, B [n, k]. */
const matmulRow = (size: string, m: number, k: number, n: number, form: Form, batch = 0): Omit<Row, 'task'> => {
  const lead = batch > 0 ? [batch] : []
  const a = [...lead, ...(form[0] === 'n' ? [m, k] : [k, m])]
  const b = [...lead, ...(form[1] === 'n' ? [k, n] : [n, k])]
  return {
    size,
    params: { form },
    inputs: { a: uniform(1, a), b: uniform(2, b) },
    flops: 2 * m * k * n * Math.max(1, batch),
    bytes: bytesOf(a, b, [...lead, m, n]),
    tolerance: rounding(k),
  }
}

const matmul = rowsOf('matmul', 'C = A B, f32', [
  ...[64, 128, 256, 512, 1024, 2048].map((n) => ({
    ...matmulRow(`${n}`, n, n, n, 'nn'),
    ...(n === 2048 ? { sweep: true } : {}),
  })),
  ...(['nt', 'tn', 'tt'] as const).map((form) => matmulRow(`${form} 512`, 512, 512, 512, form)),
  matmulRow('128x256x10', 128, 256, 10, 'nn'),
  matmulRow('1x1024x1024', 1, 1024, 1024, 'nn'),
  matmulRow('64 of 64', 64, 64, 64, 'nn', 64),
])

// ── elementwise, reductions, softmax ────────────────────────────────────────────────────────────────────────────────

const sweepSizes: readonly (readonly [string, number])[] = [
  ['1k', 1000],
  ['10k', 10_000],
  ['100k', 100_000],
  ['1M', 1_000_000],
  ['10M', 10_000_000],
]

const chain = rowsOf(
  'chain',
  'ten elementwise operations: t = tanh(1.5 x + 0.25), y = ((exp(½ t) − x) · t + 0.125) · 0.75 − t',
  sweepSizes.map(([size, n]) => ({
    size,
    params: {},
    inputs: { x: uniform(1, [n], 2) },
    flops: 10 * n,
    bytes: bytesOf([n], [n]),
    tolerance: rounding(4),
    ...(size === '1M' ? {} : { sweep: true }),
  })),
)

const reduction = rowsOf(
  'sum',
  'sums of [1024, 1024] along an axis, and of all',
  ['0', '1', 'all'].map((axis) => ({
    size: `axis ${axis}`,
    params: { axis: axis === 'all' ? -1 : Number(axis) },
    inputs: { x: uniform(1, [1024, 1024], 1, 0.5) },
    flops: 1024 * 1024,
    bytes: bytesOf([1024, 1024]),
    tolerance: rounding(axis === 'all' ? 1024 * 1024 : 1024),
  })),
)

const softmax = rowsOf('softmax', 'mean softmax cross-entropy and its gradient by the logits', [
  {
    size: '128x1000',
    params: {},
    inputs: { x: uniform(1, [128, 1000], 4), y: { kind: 'onehot', shape: [128, 1000], seed: 2 } },
    flops: 8 * 128 * 1000,
    bytes: bytesOf([128, 1000], [128, 1000], [128, 1000]),
    tolerance: rounding(1000),
  },
])

// ── perceptrons ─────────────────────────────────────────────────────────────────────────────────────────────────────

interface Net {
  readonly layers: readonly number[]
  readonly batch: number
  readonly activation: 'relu' | 'tanh'
  readonly loss: 'xent' | 'squared'
}

/** Weights p0 (matrix), p1 (bias), p2, p3, …, uniform with variance 2 / inputs (1 / inputs for tanh); input x, target y. */
const netInputs = ({ layers, batch, activation, loss }: Net, members = 0): Record<string, Input> => {
  const lead = members > 0 ? [members] : []
  const inputs: Record<string, Input> = {}
  for (let i = 0; i + 1 < layers.length; i++) {
    const [n, m] = [layers[i]!, layers[i + 1]!]
    inputs[`p${2 * i}`] = uniform(10 + 2 * i, [...lead, n, m], Math.sqrt((activation === 'relu' ? 6 : 3) / n))
    inputs[`p${2 * i + 1}`] = uniform(11 + 2 * i, [...lead, m], 0.1)
  }
  const outs = layers.at(-1)!
  inputs.x = uniform(1, [batch, layers[0]!])
  inputs.y = loss === 'xent' ? { kind: 'onehot', shape: [batch, outs], seed: 2 } : uniform(2, [batch, outs])
  return inputs
}

/** A tree like the weights: directions v0 …, hyperparameters h0 …. */
const likeWeights = ({ layers }: Net, letter: string, seed: number, scale: number, offset = 0): Record<string, Input> =>
  Object.fromEntries(
    layers.slice(1).flatMap((m, i) => [
      [`${letter}${2 * i}`, uniform(seed + 2 * i, [layers[i]!, m], scale, offset)],
      [`${letter}${2 * i + 1}`, uniform(seed + 2 * i + 1, [m], scale, offset)],
    ]),
  )

const netParams = ({ layers, batch, activation, loss }: Net): Params => ({ layers, batch, activation, loss })
const sizeOf = ({ layers, batch }: Net): string => `${layers.join('-')} batch ${batch}`
const weightsOf = ({ layers }: Net): number => layers.slice(1).reduce((n, m, i) => n + m * (layers[i]! + 1), 0)
/** One pass through the matrices. */
const forwardFlops = ({ layers, batch }: Net): number =>
  2 * batch * layers.slice(1).reduce((n, m, i) => n + m * layers[i]!, 0)
/** Forward, and backward without the gradient by the data. */
const gradientFlops = (net: Net): number => 3 * forwardFlops(net) - 2 * net.batch * net.layers[0]! * net.layers[1]!
/** The linear program of a Hessian-vector product: X v, and twice what the gradient does to the layers behind, less the data's. */
const productFlops = (net: Net): number => {
  const { layers, batch } = net
  const each = layers.slice(1).map((m, i) => 2 * batch * m * layers[i]!)
  // first layer: X v forward, Xᵀ δ̇ backward; others: h v + ḣ w forward, hᵀ δ̇ + ḣᵀ δ and δ̇ wᵀ + δ vᵀ backward
  return each.reduce((n, f, i) => n + (i === 0 ? 2 : 6) * f, 0)
}
const netBytes = (net: Net, trees: number): number => 4 * (weightsOf(net) * trees + net.batch * (net.layers[0]! + 10))
/** Inner sizes of all sums of a gradient. A relu whose operand is within rounding of 0 may fall either way: condition 8. */
const netTolerance = ({ layers, batch }: Net, condition: number): number =>
  rounding(
    layers.reduce((a, b) => a + b, batch),
    condition,
  )

/** A step's results are by how much the weights moved, lr · ∇, which the weights' own rounding blurs: 2⁻²⁴ ‖w‖ / ‖lr ∇‖, up to 10⁻². */
const stepTolerance = 2e-2
const stepRow = (net: Net, sweep = false): Omit<Row, 'task'> => ({
  ...netRow(net, gradientFlops(net), 2, 8, {}, {}, sweep),
  tolerance: stepTolerance,
})

const mnist: Net = { layers: [784, 256, 10], batch: 128, activation: 'relu', loss: 'xent' }
const small: Net = { layers: [784, 50, 10], batch: 50, activation: 'relu', loss: 'xent' }
const tiny: Net = { layers: [8, 50, 1], batch: 614, activation: 'tanh', loss: 'squared' }
const deep: Net = { layers: [784, 256, 256, 10], batch: 128, activation: 'relu', loss: 'xent' }
const widths: readonly Net[] = [32, 64, 128, 512, 1024].map((n) => ({ ...mnist, layers: [784, n, 10] }))

const netRow = (
  net: Net,
  flops: number,
  trees: number,
  condition: number,
  more: Record<string, Input> = {},
  params: Params = {},
  sweep = false,
): Omit<Row, 'task'> => ({
  size: sizeOf(net),
  params: { ...netParams(net), ...params },
  inputs: { ...netInputs(net), ...more },
  flops,
  bytes: netBytes(net, trees),
  tolerance: netTolerance(net, condition),
  ...(sweep ? { sweep } : {}),
})

const mlpStep = rowsOf(
  'mlp-step',
  'loss, gradient and the update w ← w − 0.01 ∇: one step of training, weights given up',
  [...[mnist, small, tiny].map((net) => stepRow(net)), ...widths.map((net) => stepRow(net, true))],
)

const members = 200
const mlpVmap = rowsOf('mlp-step-vmap', 'the same step for 200 initialisations side by side, on the same data', [
  {
    size: `${members} x ${sizeOf(tiny)}`,
    params: { ...netParams(tiny), members, chunk: 10 },
    inputs: netInputs(tiny, members),
    flops: members * gradientFlops(tiny),
    bytes: members * netBytes(tiny, 2),
    tolerance: stepTolerance,
  },
])

const forward = rowsOf(
  'forward',
  'the loss of a perceptron',
  [deep, mnist].map((net) => netRow(net, forwardFlops(net), 1, 8)),
)
const gradient = rowsOf('gradient', 'loss and gradient', [netRow(deep, gradientFlops(deep), 2, 8)])

const direction = (net: Net): Record<string, Input> => likeWeights(net, 'v', 40, 1)
const hvpRows = (): readonly Omit<Row, 'task'>[] => [
  ...[mnist, deep].map((net) => netRow(net, gradientFlops(net) + productFlops(net), 3, 32, direction(net))),
  ...widths.map((net) => netRow(net, gradientFlops(net) + productFlops(net), 3, 32, direction(net), {}, true)),
]
const hvpBest = rowsOf('hvp', 'a Hessian-vector product from scratch, each in its best way', hvpRows())
const hvpForward = rowsOf('hvp-forward', 'a Hessian-vector product, jvp of the gradient', hvpRows())
const hvpReverse = rowsOf('hvp-reverse', 'a Hessian-vector product, gradient of ⟨gradient, v⟩', hvpRows())
const hvpKept = rowsOf(
  'hvp-kept',
  'one more product where the linearisation is kept',
  [mnist, deep].map((net) => netRow(net, productFlops(net), 2, 32, direction(net))),
)

/** Other nets than perceptrons, by the parameter `net`: what a product costs where the linearisation is kept. Weights p0 …, data x, y. */
const otherNets = (): readonly Omit<Row, 'task'>[] => {
  const nets: readonly (readonly [string, string, Record<string, Input>, Record<string, Input>, number, number])[] = [
    [
      'conv',
      'conv net, batch 32',
      {
        p0: uniform(10, [16, 3, 3, 3], 0.3),
        p1: uniform(11, [32, 16, 3, 3], 0.15),
        p2: uniform(12, [32, 10], 0.3),
        p3: uniform(13, [10], 0.1),
      },
      { x: uniform(1, [32, 3, 32, 32]), y: { kind: 'onehot', shape: [32, 10], seed: 2 } },
      2 * 32 * (16 * 27 * 1024 + 32 * 144 * 256 + 320),
      rounding(32 * 1024, 32),
    ],
    [
      'lstm',
      'lstm 128 units, length 35, batch 20',
      { p0: uniform(10, [128, 512], 0.1), p1: uniform(11, [128, 512], 0.1), p2: uniform(12, [512], 0.1) },
      { x: uniform(1, [35, 20, 128]), y: uniform(2, [35, 20, 128]) },
      2 * 2 * 35 * 20 * 128 * 512,
      rounding(35 * 128, 32),
    ],
  ]
  return nets.map(([net, size, weights, data, forward, tolerance]) => ({
    size,
    params: { net },
    inputs: {
      ...weights,
      ...data,
      ...Object.fromEntries(Object.values(weights).map(({ shape }, i) => [`v${i}`, uniform(40 + i, shape)])),
    },
    flops: 3 * forward,
    bytes: 3 * bytesOf(...Object.values(weights).map(({ shape }) => shape)),
    tolerance,
  }))
}
const netGradient = rowsOf(
  'net-gradient',
  'loss and gradient of a small conv net (16 and 32 filters) and of an LSTM layer',
  otherNets(),
)
const netKept = rowsOf(
  'net-hvp-kept',
  'one more Hessian-vector product on them where the linearisation is kept',
  otherNets().map((row) => ({ ...row, flops: 2 * row.flops })),
)

const hvpK = rowsOf(
  'hvp-k',
  'k products H v₁ … H vₖ at one point',
  [1, 2, 5, 10].map((k) => ({
    ...netRow(
      mnist,
      gradientFlops(mnist) + k * productFlops(mnist),
      1 + 2 * k,
      32,
      Object.assign({}, ...Array.from({ length: k }, (_, j) => likeWeights(mnist, `v${j}_`, 40 + 10 * j, 1))),
      { k },
    ),
    size: `${k} at ${sizeOf(mnist)}`,
    ...(k === 5 ? {} : { sweep: true }),
  })),
)

/** Inner loss f(w, h) = cross-entropy + ½ Σ eʰ w²; p = Σ_{k ≤ terms} (I − α H)ᵏ v; result −(∂²f/∂h∂w) p. */
const neumannRows = [1, 5, 20].map((terms) => ({
  ...netRow(
    mnist,
    gradientFlops(mnist) + terms * productFlops(mnist),
    4,
    32,
    { ...direction(mnist), ...likeWeights(mnist, 'h', 60, 0.5, -3) },
    { terms, alpha: 0.1 },
  ),
  size: `${terms} terms, ${sizeOf(mnist)}`,
  ...(terms === 5 ? {} : { sweep: true }),
}))
const neumann = rowsOf(
  'neumann',
  'a hypergradient by a Neumann series: p = Σₖ (I − αH)ᵏ v, then −pᵀ ∂²f/∂w∂h for an L2 penalty per weight; each in its best way',
  neumannRows,
)
const neumannJvp = rowsOf(
  'neumann-jvp',
  'the same, each product a jvp of the gradient in one compiled program, where the best way is another',
  neumannRows,
)

// ── convolutions ────────────────────────────────────────────────────────────────────────────────────────────────────

const convRow = (
  size: string,
  [n, c, s]: readonly [number, number, number],
  [filters, k]: readonly [number, number],
  stride: number,
  more: { readonly sweep?: boolean; readonly long?: boolean } = {},
): Omit<Row, 'task'> => {
  const pad = k === 3 ? 1 : 0
  const o = Math.floor((s + 2 * pad - k) / stride) + 1
  const [x, f, ct] = [
    [n, c, s, s],
    [filters, c, k, k],
    [n, filters, o, o],
  ] as const
  return {
    size,
    params: { stride, pad },
    inputs: { x: uniform(1, x), f: uniform(2, f, Math.sqrt(3 / (c * k * k))), ct: uniform(3, ct) },
    flops: 3 * 2 * product(ct) * c * k * k,
    bytes: bytesOf(x, x, f, f, ct, ct),
    // the gradient by a filter sums over batch and image
    tolerance: rounding(n * o * o),
    ...more,
  }
}

const conv = rowsOf('conv', 'y = x ∗ f, and from ȳ the gradients by x and by f', [
  convRow('32x3x32x32, 16 of 3x3', [32, 3, 32], [16, 3], 1),
  convRow('32x16x32x32, 32 of 1x1', [32, 16, 32], [32, 1], 1),
  convRow('32x16x32x32, 32 of 3x3 stride 2', [32, 16, 32], [32, 3], 2),
  convRow('8x64x32x32, 64 of 3x3', [8, 64, 32], [64, 3], 1, { long: true }),
  convRow('8x128x16x16, 128 of 3x3', [8, 128, 16], [128, 3], 1, { sweep: true, long: true }),
  convRow('8x256x8x8, 256 of 3x3', [8, 256, 8], [256, 3], 1, { sweep: true, long: true }),
  convRow('8x512x4x4, 512 of 3x3', [8, 512, 4], [512, 3], 1, { sweep: true, long: true }),
  ...[1, 8].map((n) => convRow(`${n}x3x32x32, 16 of 3x3`, [n, 3, 32], [16, 3], 1, { sweep: true })),
])

const batchNorm = rowsOf(
  'batch-norm',
  'normalisation by the statistics of the batch, and its gradients by input, scale and shift',
  [
    {
      size: '32x64x16x16',
      params: {},
      inputs: {
        x: uniform(1, [32, 64, 16, 16]),
        scale: uniform(2, [64], 0.5, 1),
        shift: uniform(3, [64]),
        ct: uniform(4, [32, 64, 16, 16]),
      },
      flops: 20 * 32 * 64 * 256,
      bytes: bytesOf(...Array.from({ length: 4 }, () => [32, 64, 16, 16])),
      tolerance: rounding(32 * 256),
    },
  ],
)

// ── larger networks ─────────────────────────────────────────────────────────────────────────────────────────────────

/** ResNet-18 of the CIFAR form: for each 3 × 3 convolution its filter, scale, shift, in order of use; see `resnet.ts`. */
export const resnetWidths = [64, 128, 256, 512] as const
export interface ConvShape {
  readonly name: string
  readonly inputs: number
  readonly filters: number
  readonly window: number
  readonly strides: number
  readonly side: number
}
export const resnetConvs = (): readonly ConvShape[] => {
  const stem: ConvShape = { name: 'stem', inputs: 3, filters: 64, window: 3, strides: 1, side: 32 }
  const blocks = resnetWidths.flatMap((width, stage) =>
    [0, 1].flatMap((i) => {
      const inputs = i > 0 || stage === 0 ? width : resnetWidths[stage - 1]!
      const strides = inputs === width ? 1 : 2
      const side = 32 >> stage
      const name = `s${stage}b${i}`
      return [
        { name: `${name}a`, inputs, filters: width, window: 3, strides, side },
        { name: `${name}b`, inputs: width, filters: width, window: 3, strides: 1, side },
        ...(inputs === width ? [] : [{ name: `${name}c`, inputs, filters: width, window: 1, strides, side }]),
      ]
    }),
  )
  return [stem, ...blocks]
}

const resnetRow = (batch: number, sweep: boolean): Omit<Row, 'task'> => {
  const convs = resnetConvs()
  const inputs: Record<string, Input> = {
    x: uniform(1, [batch, 3, 32, 32]),
    y: { kind: 'onehot', shape: [batch, 10], seed: 2 },
    headWeight: uniform(3, [512, 10], 0.05),
    headBias: uniform(4, [10], 0),
  }
  convs.forEach(({ name, inputs: c, filters, window }, i) => {
    inputs[`${name}Filter`] = uniform(100 + i, [filters, c, window, window], Math.sqrt(6 / (c * window * window)))
    inputs[`${name}Scale`] = uniform(200 + i, [filters], 0, 1)
    inputs[`${name}Shift`] = uniform(300 + i, [filters], 0)
  })
  const flops = convs.reduce((n, c) => n + 2 * batch * c.side ** 2 * c.filters * c.inputs * c.window ** 2, 0)
  return {
    size: `batch ${batch}`,
    params: { batch },
    inputs,
    flops: 3 * flops,
    bytes: 4 * 2 * 11_173_962,
    tolerance: stepTolerance,
    long: true,
    ...(sweep ? { sweep } : {}),
  }
}

const resnet = rowsOf('resnet18', 'ResNet-18 on 32 × 32 images: loss, gradient and the update w ← w − 0.001 ∇', [
  resnetRow(8, false),
  resnetRow(2, true),
])

const lstmRow = (units: number, length: number, batch: number, sweep = false): Omit<Row, 'task'> => ({
  size: `${units} units, length ${length}, batch ${batch}`,
  params: { units, length, batch },
  inputs: {
    x: uniform(1, [length, batch, units]),
    wx: uniform(2, [units, 4 * units], Math.sqrt(3 / units) / 2),
    wh: uniform(3, [units, 4 * units], Math.sqrt(3 / units) / 2),
    b: uniform(4, [4 * units], 0.1),
    ct: uniform(5, [length, batch, units]),
  },
  flops: 3 * length * 2 * batch * units * 4 * units * 2 - length * 2 * batch * units * 4 * units,
  bytes: bytesOf([2, units, 4 * units], [2, units, 4 * units], [2, length, batch, units]),
  tolerance: rounding(length * units, 8),
  ...(sweep ? { sweep } : {}),
})

/** Gates in the order i, f, g, o; loss Σ h ȳ / (length · batch). */
const lstm = rowsOf('lstm', 'an LSTM layer along a sequence: loss, and its gradients by all weights', [
  lstmRow(650, 35, 20),
  lstmRow(64, 35, 20, true),
  lstmRow(200, 35, 20, true),
])

const embedding = rowsOf('embedding', 'rows of a table by index, and the gradient by the table', [
  {
    size: '700 of 10000x650',
    params: {},
    inputs: {
      table: uniform(1, [10_000, 650]),
      indices: { kind: 'index', shape: [700], seed: 2, high: 10_000 },
      ct: uniform(3, [700, 650]),
    },
    flops: 700 * 650,
    bytes: bytesOf([10_000, 650], [700, 650], [700, 650], [700, 650]),
    tolerance: rounding(4),
  },
])

const scan = rowsOf(
  'scan',
  'h ← tanh(h W + b), so many small steps one after the other',
  [10, 100, 1000].map((steps) => ({
    size: `${steps} steps of 32`,
    params: { steps },
    inputs: { h: uniform(1, [1, 32]), w: uniform(2, [32, 32], 0.3), b: uniform(3, [32], 0.1) },
    flops: steps * (2 * 32 * 32 + 64),
    bytes: bytesOf([32, 32], [32], [32], [32]),
    tolerance: rounding(32, 64),
    ...(steps === 1000 ? {} : { sweep: true }),
  })),
)

// ── overheads ───────────────────────────────────────────────────────────────────────────────────────────────────────

const eager = rowsOf('eager', 'one addition, not jitted', [
  {
    size: '1000',
    params: {},
    inputs: { x: uniform(1, [1000]), y: uniform(2, [1000]) },
    flops: 1000,
    bytes: bytesOf([1000], [1000], [1000]),
    tolerance: rounding(1),
  },
])

const call = rowsOf('jit-call', 'a call of a tiny compiled function, w − 0.01 g: all overhead', [
  {
    size: '16',
    params: {},
    inputs: { w: uniform(1, [16]), g: uniform(2, [16]) },
    flops: 32,
    bytes: bytesOf([16], [16], [16]),
    tolerance: rounding(1),
  },
])

/** How a jitted call grows with kernels that cannot be fused: a chain of so many products of 16 × 16. */
const kernels = rowsOf(
  'jit-kernels',
  'a call of a compiled chain of so many 16 × 16 products: its slope is the cost of a kernel',
  [1, 2, 4, 8, 16, 32, 64].map((count) => ({
    size: `${count} products`,
    params: { count },
    inputs: { x: uniform(1, [16, 16]), w: uniform(2, [16, 16], 0.4) },
    flops: count * 2 * 16 ** 3,
    bytes: bytesOf([16, 16], [16, 16], [16, 16]),
    tolerance: rounding(16 * count, 4),
    ...(count === 16 ? {} : { sweep: true }),
  })),
)

/** A width that was never seen before at each call. */
const compile = rowsOf(
  'compile',
  'trace, differentiate, compile and run once: the gradient of a perceptron 8-n-1, another n each time',
  [
    {
      size: '8-n-1',
      params: {},
      inputs: { x: uniform(1, [16, 8]), y: uniform(2, [16, 1]) },
      flops: 0,
      bytes: 0,
      tolerance: Number.POSITIVE_INFINITY,
    },
  ],
)

export const tasks: readonly Task[] = [
  matmul, chain, reduction, softmax, mlpStep, mlpVmap, forward, gradient, hvpBest, hvpForward, hvpReverse, hvpKept, netGradient, netKept, hvpK, neumann, neumannJvp, conv, batchNorm,
  resnet, lstm, embedding, scan, eager, call, kernels, compile,
] // biome-ignore format: a list
