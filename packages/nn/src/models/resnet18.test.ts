import { checkGrads, grad } from '@neumann/autodiff'
import { array, jit, key, ones, slice, square, sum, type Tensor, trace, treeLeaves } from '@neumann/linalg-gpu'
import { outputTypes } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  build,
  close,
  double,
  elements,
  messageOf,
  near,
  reader,
  sample,
  shaken,
  sizeOfModel,
  total,
} from '../support.testing.js'
import { type ResnetParams, resnet18 } from './resnet18.js'

/** [batch, channels, side, side] as a function of its indices, 0 outside. */
interface Images {
  readonly sizes: readonly [number, number, number]
  readonly at: (n: number, c: number, i: number, j: number) => number
}

/** Looked up once, not computed again at every use. */
const held = (sizes: readonly [number, number, number], f: Images['at']): Images => {
  const [batch, channels, side] = sizes
  const data = array(
    build([batch, channels, side, side], (n, c, i, j) => f(n!, c!, i!, j!)),
    {
      shape: [batch, channels, side, side],
      dtype: 'f64',
    },
  )
  return { sizes, at: reader(data) }
}

const epsilon = 1e-5

/** A convolution with a border of (window − 1) / 2, then each channel by its own mean and variance: by loops. Returns the moments too. */
const convNorm = ({ convolution, norm }: ResnetParams['stem'], x: Images, strides: number) => {
  const [batch, channels, side] = x.sizes
  const [filters, , window] = convolution.weight.shape as readonly [number, number, number]
  const [w, scale, shift] = [reader(convolution.weight), reader(norm.scale), reader(norm.shift)]
  const border = (window - 1) / 2
  const out = Math.floor((side + 2 * border - window) / strides) + 1
  const y = held([batch, filters, out], (n, f, i, j) =>
    total(channels, (c) =>
      total(window, (k) =>
        total(window, (l) => x.at(n, c, i * strides + k - border, j * strides + l - border) * w(f, c, k, l)),
      ),
    ),
  )
  const over = (f: (n: number, i: number, j: number) => number): number =>
    total(batch, (n) => total(out, (i) => total(out, (j) => f(n, i, j))))
  const count = batch * out * out
  const moments = Array.from({ length: filters }, (_, c) => {
    const mean = over((n, i, j) => y.at(n, c, i, j)) / count
    return { mean, variance: over((n, i, j) => (y.at(n, c, i, j) - mean) ** 2) / count, count }
  })
  return {
    y: held(
      y.sizes,
      (n, c, i, j) =>
        (scale(c) * (y.at(n, c, i, j) - moments[c]!.mean)) / Math.sqrt(moments[c]!.variance + epsilon) + shift(c),
    ),
    moments,
  }
}

const positive = ({ sizes, at }: Images): Images => held(sizes, (n, c, i, j) => Math.max(0, at(n, c, i, j)))

const pooled = ({ sizes: [batch, channels, side], at }: Images): Images =>
  held([batch, channels, Math.floor((side - 1) / 2) + 1], (n, c, i, j) =>
    Math.max(
      ...build([3, 3], (k, l) => {
        const [p, q] = [2 * i + k! - 1, 2 * j + l! - 1]
        return p >= 0 && q >= 0 && p < side && q < side ? at(n, c, p, q) : -Infinity
      }),
    ),
  )

/** The logits, as the paper says it. */
const byLoops = (params: ResnetParams, x: Tensor, form: 'cifar' | 'torchvision'): readonly number[] => {
  const images: Images = { sizes: x.shape as readonly [number, number, number], at: reader(x) }
  const begun = positive(convNorm(params.stem, images, form === 'cifar' ? 1 : 2).y)
  const end = params.blocks.reduce(
    (value, { first, second, shortcut }, i) => {
      const strides = i > 0 && i % 2 === 0 ? 2 : 1
      const inner = convNorm(second, positive(convNorm(first, value, strides).y), 1).y
      const beside = shortcut === null ? value : convNorm(shortcut, value, strides).y
      return positive(held(inner.sizes, (...at) => inner.at(...at) + beside.at(...at)))
    },
    form === 'cifar' ? begun : pooled(begun),
  )
  const [batch, channels, side] = end.sizes
  const [w, b] = [reader(params.head.weight), reader(params.head.bias!)]
  const mean = (n: number, c: number): number => total(side, (i) => total(side, (j) => end.at(n, c, i, j))) / side ** 2
  return build([batch, params.head.bias!.shape[0]!], (n, k) => b(k!) + total(channels, (c) => mean(n!, c) * w(c, k!)))
}

const widths = [2, 2, 3, 3] as const

for (const [form, side] of [
  ['cifar', 16],
  ['torchvision', 65],
] as const) {
  const net = resnet18(form, { widths, classes: 3 })
  const params = shaken(net.init(key(0)))
  const state = shaken(net.initialState())
  const x = sample([2, 3, side, side], 5)

  test(`${form}: logits in training are those of the paper's equations, by loops`, () => {
    // 20 layers, each divides by a standard deviation that may be small
    near(jit(net.apply)(params, x, { mode: 'train', state })[0], [2, 3], byLoops(params, x, form), 2 ** -40)
  })

  test(`${form}: the statistics of the stem move by 0.1 toward those of the batch`, () => {
    const [, next] = jit(net.apply)(params, x, { mode: 'train', state })
    const { moments } = convNorm(params.stem, { sizes: x.shape as never, at: reader(x) }, form === 'cifar' ? 1 : 2)
    const [mean, variance] = [reader(state.stem.norm.mean), reader(state.stem.norm.variance)]
    close(
      elements(next.stem.norm.mean),
      moments.map((m, c) => 0.9 * mean(c) + 0.1 * m.mean),
    )
    close(
      elements(next.stem.norm.variance),
      moments.map((m, c) => 0.9 * variance(c) + (0.1 * m.variance * m.count) / (m.count - 1)),
    )
  })
}

test('the published numbers of parameters, and of statistics', () => {
  assert.is(sizeOfModel(resnet18('cifar')), 11_173_962)
  assert.is(sizeOfModel(resnet18('torchvision')), 11_689_512)
  // two for each normalised channel: 64 + 2 · 2 · 64 + 5 · (128 + 256 + 512) channels
  const channels = 64 + 256 + 5 * 896
  const numbers = treeLeaves<Tensor>(resnet18('cifar').initialState() as never).reduce(
    (n, { shape }) => n + shape[0]!,
    0,
  )
  assert.is(numbers, 2 * channels)
})

test('shapes at full size', () => {
  const shapeOf = (form: 'cifar' | 'torchvision', side: number): readonly number[] => {
    const net = resnet18(form)
    const f = (k: Tensor, x: Tensor): Tensor =>
      net.apply(net.init(k), x, { mode: 'eval', state: net.initialState() })[0]
    return outputTypes(trace(f)(key(0), ones([4, 3, side, side])))[0]!.shape
  }
  assert.equal(shapeOf('cifar', 32), [4, 10])
  assert.equal(shapeOf('torchvision', 224), [4, 1000])
})

test('eval takes one image at a time, and gives what it gives among others', () => {
  const net = resnet18('cifar', { widths, classes: 3 })
  const params = shaken(net.init(key(0)))
  const state = double(net.initialState())
  const x = sample([2, 3, 8, 8], 5)
  const f = jit((v: Tensor) => net.apply(params, v, { mode: 'eval', state })[0])
  close(elements(f(slice(x, [0, 1]))), elements(slice(f(x), [0, 1])), 2 ** -44)
})

test('derivatives by weights and image, order 1, in each mode', () => {
  const net = resnet18('cifar', { widths, classes: 2 })
  const params = shaken(net.init(key(1)))
  const state = double(net.initialState())
  // a short step: relu has kinks
  for (const mode of ['train', 'frozen'] as const)
    checkGrads(
      (p: ResnetParams, x: Tensor) => jit(net.apply)(p, x, { mode, state })[0],
      [params, sample([2, 3, 8, 8], 3)],
      { order: 1, step: 1e-6 },
    )
})

test('a gradient for each of 62 tensors', () => {
  const net = resnet18('cifar', { widths, classes: 2 })
  const call = { mode: 'train', state: double(net.initialState()) } as const
  const [params, x] = [shaken(net.init(key(1))), sample([2, 3, 8, 8], 3)]
  const gradient = jit(grad((p: ResnetParams) => sum(square(net.apply(p, x, call)[0]))))(params)
  const leaves = treeLeaves<Tensor>(gradient as never)
  assert.is(leaves.length, 62)
  assert.ok(leaves.every((leaf) => elements(leaf).some((v) => v !== 0)))
})

test('a form that is none is an error that says so', () => {
  assert.is(
    messageOf(() => resnet18('imagenet' as never)),
    `resnet18: form is 'cifar' or 'torchvision', got "imagenet".`,
  )
})

test.run()
