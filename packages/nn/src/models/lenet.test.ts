import { checkGrads } from '@neumann/autodiff'
import { jit, key, ones, relu, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { build, messageOf, near, reader, sample, shaken, sizeOfModel, total } from '../support.testing.js'
import { type LenetParams, lenet } from './lenet.js'

/** A value at each index: computed once. */
const table = (shape: readonly [number, number, number], f: (c: number, i: number, j: number) => number) => {
  const list = build(shape, (c, i, j) => f(c!, i!, j!))
  return (c: number, i: number, j: number): number =>
    i < 0 || j < 0 || i >= shape[1] || j >= shape[2] ? 0 : list[(c * shape[1] + i) * shape[2] + j]!
}

/** One image by loops, layer by layer. */
const byLoops = (p: LenetParams, x: Tensor, activation: (v: number) => number): readonly number[] => {
  const stage = (
    { weight, bias }: LenetParams['first'],
    from: (c: number, i: number, j: number) => number,
    side: number,
    border: number,
  ) => {
    const [filters, channels] = weight.shape as readonly [number, number]
    const [w, b] = [reader(weight), reader(bias!)]
    const full = table([filters, side, side], (f, i, j) =>
      activation(
        b(f) +
          total(channels, (c) =>
            total(5, (k) => total(5, (l) => from(c, i + k - border, j + l - border) * w(f, c, k, l))),
          ),
      ),
    )
    return table(
      [filters, side / 2, side / 2],
      (f, i, j) => total(2, (k) => total(2, (l) => full(f, 2 * i + k, 2 * j + l))) / 4,
    )
  }
  const image = reader(x)
  const features = stage(
    p.second,
    stage(p.first, (c, i, j) => image(0, c, i, j), 28, 2),
    10,
    0,
  )
  const dense = ({ weight, bias }: LenetParams['out'], v: readonly number[]): number[] => {
    const [w, b] = [reader(weight), reader(bias!)]
    return build(bias!.shape, (j) => b(j!) + total(v.length, (i) => v[i]! * w(i, j!)))
  }
  const flat = build([16, 5, 5], (c, i, j) => features(c!, i!, j!))
  return dense(p.out, dense(p.fourth, dense(p.third, flat).map(activation)).map(activation))
}

test('logits by loops, with tanh and with relu, one channel and two', () => {
  for (const [options, f] of [
    [{ classes: 3 }, Math.tanh],
    [{ classes: 3, channels: 2, activation: relu }, (v: number) => Math.max(0, v)],
  ] as const) {
    const net = lenet(options)
    const params = shaken(net.init(key(0)))
    const x = sample([1, params.first.weight.shape[1]!, 28, 28], 2)
    near(jit(net.apply)(params, x), [1, 3], byLoops(params, x, f), 2 ** -44)
  }
})

test('61,706 numbers for ten classes', () => {
  assert.is(sizeOfModel(lenet()), 61_706)
})

test('derivatives by the image, orders 1 and 2', () => {
  const net = lenet({ classes: 2 })
  const params = shaken(net.init(key(0)))
  checkGrads((x: Tensor) => jit(net.apply)(params, x), [sample([1, 1, 28, 28], 3)])
})

test('other images are refused', () => {
  const net = lenet()
  assert.is(
    messageOf(() => net.apply(net.init(key(0)), ones([2, 3, 28, 28]))),
    'lenet: x [batch, 1, 28, 28] expected, got f32[2,3,28,28].',
  )
  assert.is(
    messageOf(() => net.apply(net.init(key(0)), ones([2, 1, 32, 32]))),
    'lenet: x [batch, 1, 28, 28] expected, got f32[2,1,32,32].',
  )
})

test.run()
