/** The figures that are exact: counts on programs, on calls and on buffers. The same on every machine, so that a test asks them too. */

import { checkpoint, grad } from '@neumann/autodiff'
import {
  add,
  array,
  dispose,
  jit,
  liveBuffers,
  mul,
  plainDevice,
  relu,
  type Shape,
  scan,
  sub,
  sum,
  type Tensor,
  type TensorLike,
  tanh,
  treeLeaves,
  treeMap,
  zeros,
} from '@neumann/linalg-gpu'
import { bodiesOf, type Program } from '@neumann/linalg-gpu/program'
import { gradAndHvpProgram, gradProgram, hvpLoopProgram, hvpProgram, valueGradAndHvpProgram } from './derivatives.js'
import { atMost, exactly, type Figure } from './figure.js'
import { crossEntropy, perceptron, recurrent, residual } from './networks.js'
import { contractions, productsWithZero, saidTwice } from './programs.js'
import * as resnet18 from './resnet18.js'

/** Contractions of an L-layer perceptron's derivatives, by hand.
 *
 *    grad    values L · errors δ back L − 1 · weight gradients hᵀδ L                                                   3L − 1
 *    H v     values L · tangents ḣ 2L − 1 (the input has none) · δ back L − 1 · δ̇ back 2 (L − 1)
 *            · hᵀδ̇ L · ḣᵀδ L − 1                                                                                      8L − 5
 *    both    H v, and the L products hᵀδ of the gradient beside it                                                    9L − 5
 *
 *  relu has no second derivative: nothing but the gradient reads δ of the first layer, so that H v alone is one less. */
const perceptrons = (): Figure[] =>
  [2, 3, 4, 6].flatMap((L) => {
    const network = perceptron(L, tanh)
    const other = perceptron(L, tanh, crossEntropy)
    const kinked = perceptron(L, relu)
    const name = (what: string): string => `contractions: ${what}, ${L} layers`
    return [
      exactly(name('gradient'), contractions(gradProgram(network)), 3 * L - 1),
      exactly(name('Hv'), contractions(hvpProgram(network)), 8 * L - 5),
      exactly(name('Hv, cross-entropy'), contractions(hvpProgram(other)), 8 * L - 5),
      exactly(name('Hv, relu'), contractions(hvpProgram(kinked)), 8 * L - 6),
      exactly(name('gradient and Hv'), contractions(gradAndHvpProgram(network)), 9 * L - 5),
      exactly(name('value, gradient, Hv by three calls'), contractions(valueGradAndHvpProgram(network)), 9 * L - 5),
    ]
  })

/** In a loop of Hessian-vector products at one point, the values and their errors (2L − 1 products) are computed before the loop. */
const loops = (): Figure[] => {
  const program = hvpLoopProgram(perceptron(2, tanh))
  const inside = program.eqns.flatMap((eqn) => bodiesOf(eqn.op)).reduce((n, body) => n + contractions(body), 0)
  return [
    exactly('contractions: a loop of Hv, 2 layers, inside the loop', inside, 8),
    exactly('contractions: a loop of Hv, 2 layers, before it', contractions(program) - inside, 3),
  ]
}

const resnet = { loss: resnet18.loss, params: resnet18.init(), input: zeros([8, 3, 32, 32]), target: zeros([8, 10]) }

const wasted = (): Figure[] => {
  const networks = [perceptron(2, tanh), perceptron(4, relu, crossEntropy), residual(5)]
  const programs: readonly (readonly [string, readonly Program[]])[] = [
    [
      'perceptrons',
      networks.flatMap((n) => [gradProgram(n), hvpProgram(n), valueGradAndHvpProgram(n), hvpLoopProgram(n)]),
    ],
    ['a recurrent network', [gradProgram(recurrent(6)), hvpProgram(recurrent(6))]],
    ['ResNet-18', [gradProgram(resnet), hvpProgram(resnet), gradAndHvpProgram(resnet)]],
  ]
  const total = (list: readonly Program[], count: (program: Program) => number): number =>
    list.reduce((sum, program) => sum + count(program), 0)
  return programs.flatMap(([name, list]) => [
    exactly(`products with a zero constant: derivatives of ${name}`, total(list, productsWithZero), 0),
    exactly(`expressions said twice: derivatives of ${name}`, total(list, saidTwice), 0),
  ])
}

/** A step of gradient descent whose step size changes at every call. */
const training = (): Figure[] => {
  let traces = 0
  const loss = (w: { readonly a: Tensor; readonly b: Tensor }, x: Tensor): Tensor =>
    sum(tanh(add(mul(w.a, x), mul(w.b, w.b))))
  const step = jit((w: { readonly a: Tensor; readonly b: Tensor }, x: Tensor, rate: TensorLike) => {
    traces++
    return treeMap((p: Tensor, g: Tensor) => sub(p, mul(rate, g)), w, grad(loss)(w, x))
  })
  const x = array([0.1, 0.2, 0.3])
  const w = { a: array([1, 2, 3]), b: array([0.5, 0.5, 0.5]) }
  dispose(step(w, x, 1))
  const before = liveBuffers().count
  const next = step(w, x, 0.5)
  const kept = liveBuffers().count - before
  const handles = treeLeaves(next as never).length
  dispose(next)
  for (let i = 2; i < 1000; i++) dispose(step(w, x, 1 / i))
  const left = liveBuffers().count - before
  dispose([x, w])
  return [
    exactly('traces in 1000 calls of a step with a schedule', traces, 1),
    exactly('buffers alive after a step, for 2 handles returned', kept, handles),
    exactly('buffers left by 1000 steps whose results were disposed', left, 0),
  ]
}

/** The most memory of a gradient through n steps cₜ₊₁ = tanh(cₜ), in carries: a step has one residual, of a carry's size.
 *  With a checkpoint at √n places: √n carries, and √n residuals of the one segment that is computed again. */
const checkpoints = (): Figure[] => {
  const n = 400
  const shape: Shape = [1000]
  const device = plainDevice({ name: 'figures' })
  const through = (c: Tensor): Tensor => sum(scan((h: Tensor) => [tanh(h), null] as const, c, null, { length: n })[0])
  const peak = (f: (c: Tensor) => Tensor): number => {
    const c = array(new Float32Array(shape[0]!).fill(0.5), { device })
    const run = jit(grad(f))
    device.resetPeak()
    const before = device.memory().bytes
    const result = run(c)
    const most = device.memory().peak - before
    dispose([c, result])
    return Math.ceil(most / (4 * shape[0]!))
  }
  return [
    atMost(
      'carries kept by 400 steps, √n checkpoints',
      peak(checkpoint(through, { policy: 'sqrt' })),
      2 * Math.sqrt(n) + 10,
    ),
    atMost('carries kept by 400 steps, no checkpoints', peak(through), n + 10),
  ]
}

export const counts = (): readonly Figure[] => [
  ...perceptrons(),
  ...loops(),
  ...wasted(),
  ...training(),
  ...checkpoints(),
]
