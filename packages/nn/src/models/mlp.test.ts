import { checkGrads, valueAndGrad } from '@neumann/autodiff'
import { item, jit, key, mul, relu, sub, type Tensor, tanh, treeMap } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type DenseParams, dense } from '../layers/dense.js'
import { crossEntropy } from '../losses/crossEntropy.js'
import {
  build,
  double,
  elements,
  integers,
  messageOf,
  near,
  reader,
  sample,
  shaken,
  sizeOfModel,
  total,
} from '../support.testing.js'
import { mlp } from './mlp.js'

test('by loops: the activation stands between the layers and not behind the last', () => {
  const x = sample([4, 3], 1)
  for (const [activation, f] of [
    [relu, (v: number) => Math.max(0, v)],
    [tanh, Math.tanh],
  ] as const) {
    const net = mlp([3, 5, 4, 2], { activation })
    const params = shaken(net.init(key(0)))
    const from = reader(x)
    const want = build([4], (n) => n!).flatMap((n) =>
      params.reduce(
        (value, { weight, bias }, layer) =>
          build(bias!.shape, (j) => {
            const w = reader(weight)
            return reader(bias!)(j!) + total(value.length, (i) => (layer === 0 ? value[i]! : f(value[i]!)) * w(i, j!))
          }),
        build([3], (i) => from(n, i!)),
      ),
    )
    near(net.apply(params, x), [4, 2], want)
  }
})

test('784-50-10: 39,760 numbers in four tensors', () => {
  const net = mlp([784, 50, 10])
  assert.is(sizeOfModel(net), 39_760)
  assert.equal(
    net.init(key(0)).map(({ weight, bias }) => [weight.shape, bias!.shape]),
    [
      [[784, 50], [50]],
      [[50, 10], [10]],
    ],
  )
})

test('two sizes are one dense layer', () => {
  const [net, layer] = [mlp([3, 2]), dense(3, 2)]
  const params = shaken(net.init(key(0)))
  const x = sample([4, 3], 1)
  assert.equal(elements(net.apply(params, x)), elements(layer.apply(params[0]!, x)))
})

test('derivatives by weights and input, orders 1 and 2', () => {
  const net = mlp([3, 4, 2], { activation: tanh })
  checkGrads((p: readonly DenseParams[], x: Tensor) => net.apply(p, x), [shaken(net.init(key(0))), sample([2, 3], 3)])
})

test('ten steps of gradient descent on 784-50-10 lower the loss at every step', () => {
  const net = mlp([784, 50, 10])
  const x = sample([20, 784], 1)
  const labels = integers(Array.from({ length: 20 }, (_, i) => i % 10))
  const step = jit((params: readonly DenseParams[]) => {
    const { value, grad } = valueAndGrad((p: readonly DenseParams[]) => crossEntropy(net.apply(p, x), labels))(params)
    return [
      treeMap((w: Tensor, g: Tensor) => sub(w, mul(0.02, g)), params, grad as readonly DenseParams[]),
      value,
    ] as const
  })
  let params = double(net.init(key(0)))
  const losses: number[] = []
  for (let i = 0; i < 10; i++) {
    const [next, loss] = step(params)
    params = next
    losses.push(item(loss))
  }
  losses.slice(1).forEach((loss, i) => assert.ok(loss < losses[i]!, `${losses}`))
  assert.ok(losses.at(-1)! < 0.9 * losses[0]!, `${losses}`)
})

test('fewer than two sizes are an error that says so', () => {
  assert.is(
    messageOf(() => mlp([3])),
    'mlp: sizes of the input and of the output at least, got [3].',
  )
})

test.run()
