/** The figures of the wasm device that are exact: kernels of programs, compilations, bytes. The same on every machine. */

import { grad, hvp, vmap } from '@neumann/autodiff'
import {
  add, array, conv, dispose, exp, jit, logSoftmax, matmul, mean, mul, neg, plan, relu, reshape, square, sub, sum, type Tensor, type TensorLike,
  tanh, treeMap,
} from '@neumann/linalg-gpu' // biome-ignore format: a list
import { solve } from '@neumann/linalg-gpu/linalg'
import { type Kernel, kernelsOf, schedule } from '@neumann/linalg-gpu/program'
import { cg, matrix } from '@neumann/linalg-gpu/solvers'
import { type WasmDevice, wasmDevice } from '@neumann/linalg-gpu/wasm'
import { programOf } from './derivatives.js'
import { atMost, exactly, type Figure } from './figure.js'
import { crossEntropy, type Layers } from './networks.js'
import * as resnet18 from './resnet18.js'

const kernelsFor = <A extends readonly unknown[]>(f: (...args: A) => unknown, ...args: A): readonly Kernel[] =>
  kernelsOf(schedule(programOf(f, ...args)).steps)

/** A kernel that only moves elements to other places: what a materialised transposition is. */
const isMove = (kernel: Kernel): boolean =>
  kernel.kind === 'loop' &&
  kernel.nodes.every((node) => node.kind === 'load') &&
  kernel.stages.some(({ stores }) => stores.length > 0)

const contractions = (kernels: readonly Kernel[]): number => kernels.filter(({ kind }) => kind === 'contract').length

const ones = (device: WasmDevice, ...shape: number[]): Tensor =>
  array(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.01), { shape, device })

const mlp = (device: WasmDevice, ...sizes: number[]): Layers =>
  sizes.slice(1).map((n, i) => ({ weight: ones(device, sizes[i]!, n), bias: ones(device, n) }))
const perceptronLoss = (params: Layers, x: Tensor, y: Tensor): Tensor =>
  crossEntropy(
    params.reduce((h, { weight, bias }, i) => add(matmul(i === 0 ? h : relu(h), weight), bias), x),
    y,
  )
const convLoss = ({ first, second }: { readonly first: Tensor; readonly second: Tensor }, x: Tensor): Tensor =>
  mean(square(conv(relu(conv(x, first, { padding: 1 })), second, { padding: 1, strides: 2 })))

const fusion = (device: WasmDevice): readonly Figure[] => {
  const x = ones(device, 64, 65)
  const chain = kernelsFor((v: Tensor) => {
    let y = v
    for (let i = 0; i < 5; i++) y = tanh(add(mul(y, v), 0.1))
    return exp(neg(sub(y, 1)))
  }, x)
  const [logits, target] = [ones(device, 128, 10), ones(device, 128, 10)]
  const entropy = (z: Tensor, y: Tensor): Tensor => neg(mean(sum(mul(y, logSoftmax(z)), { axis: 1 })))
  const both = kernelsFor((z: Tensor, y: Tensor) => [entropy(z, y), grad(entropy)(z, y)], logits, target)
  const layers = mlp(device, 784, 256, 256, 10)
  const [input, labels] = [ones(device, 128, 784), ones(device, 128, 10)]
  const backward = kernelsFor((p: Layers) => grad((q: Layers) => perceptronLoss(q, input, labels))(p), layers)
  const filters = { first: ones(device, 16, 3, 3, 3), second: ones(device, 8, 16, 3, 3) }
  const images = ones(device, 4, 3, 16, 16)
  const convBackward = kernelsFor(
    (w: typeof filters, v: Tensor) => [
      grad((q: typeof filters) => convLoss(q, v))(w),
      grad((u: Tensor) => convLoss(w, u))(v),
    ],
    filters,
    images,
  )
  const params = resnet18.init()
  const resnet = kernelsFor(
    (p: typeof params, v: Tensor, t: Tensor) => grad((q: typeof params) => resnet18.loss(q, v, t))(p),
    params,
    ones(device, 2, 3, 32, 32),
    ones(device, 2, 10),
  )
  return [
    exactly('kernels: a chain of 17 elementwise operations', chain.length, 1),
    atMost('kernels: softmax cross-entropy, forward and backward', both.length, 4),
    exactly('kernels that transpose: gradient of a perceptron with 3 layers', backward.filter(isMove).length, 0),
    exactly('kernels that transpose: gradients of a convolutional network', convBackward.filter(isMove).length, 0),
    exactly('kernels that transpose: gradient of ResNet-18', resnet.filter(isMove).length, 0),
    atMost('kernels: gradient of ResNet-18, for each of its contractions', resnet.length / contractions(resnet), 3),
  ]
}

/** Launches of many small systems, against those of one: solved by factors, and by conjugate gradients, where kernels of the loop are launched once a step. */
const systems = (device: WasmDevice): readonly Figure[] => {
  const [a, b] = [ones(device, 1000, 4, 4), ones(device, 1000, 4)]
  const iterated = (m: Tensor, c: Tensor): Tensor => cg({ maxIterations: 4 })(matrix(m, { symmetric: true }))(c).x
  const launches = (f: (m: Tensor, c: Tensor) => Tensor): number => kernelsFor(vmap(f), a, b).length
  const alone = (f: (m: Tensor, c: Tensor) => Tensor): number =>
    kernelsFor(f, ones(device, 4, 4), ones(device, 4)).length
  return [
    atMost('kernels: solve of 1000 systems 4 × 4', launches(solve), 5),
    exactly('kernels: solve of 1000 systems, more than of one', launches(solve) - alone(solve), 0),
    // whether any of them goes on
    atMost('kernels: conjugate gradients on 1000 systems, more than on one', launches(iterated) - alone(iterated), 1),
  ]
}

const compilations = (device: WasmDevice): readonly Figure[] => {
  const loss = (w: Tensor, x: Tensor): Tensor => sum(tanh(matmul(x, w)))
  const step = jit((w: Tensor, x: Tensor, rate: TensorLike) => sub(w, mul(rate, grad(loss)(w, x))))
  const [w, x] = [ones(device, 8, 5), ones(device, 7, 8)]
  const before = device.compilations()
  for (let i = 1; i <= 1000; i++) dispose(step(w, x, 1 / i))
  const after = device.compilations()
  // an un-jitted gradient traces again, and finds its executable by structure
  dispose(grad(loss)(w, x))
  const again = device.compilations()
  for (let i = 0; i < 100; i++) dispose(grad(loss)(w, x))
  const last = device.compilations()
  return [
    exactly('programs compiled over a schedule of 1000 step sizes', after.programs - before.programs, 1),
    exactly('modules compiled over a schedule of 1000 step sizes', after.modules - before.modules, 1),
    exactly('programs compiled by 100 further gradients that are not jitted', last.programs - again.programs, 0),
  ]
}

/** What the allocator saw at its highest, against `plan`, both beyond what was there before. */
const bytes = async (): Promise<readonly Figure[]> => {
  const layers = [784, 256, 256, 10]
  const cases: readonly (readonly [
    string,
    (device: WasmDevice) => { readonly f: (...args: never[]) => unknown; readonly args: readonly unknown[] },
  ])[] = [
    [
      'perceptron, step',
      (device) => ({
        f: (p: Layers, x: Tensor, y: Tensor) =>
          treeMap((a: Tensor, g: Tensor) => sub(a, mul(0.1, g)), p, grad(perceptronLoss)(p, x, y) as unknown as Layers),
        args: [mlp(device, ...layers), ones(device, 128, 784), ones(device, 128, 10)],
      }),
    ],
    [
      'perceptron, Hv',
      (device) => ({
        f: (p: Layers, v: Layers, x: Tensor, y: Tensor) => hvp(perceptronLoss)(p, x, y)(v as never),
        args: [mlp(device, ...layers), mlp(device, ...layers), ones(device, 128, 784), ones(device, 128, 10)],
      }),
    ],
    [
      'convolutional network, gradient',
      (device) => ({
        f: (w: { readonly first: Tensor; readonly second: Tensor }, x: Tensor) => grad(convLoss)(w, x),
        args: [{ first: ones(device, 16, 3, 3, 3), second: ones(device, 32, 16, 3, 3) }, ones(device, 32, 3, 32, 32)],
      }),
    ],
    [
      'a sum over rows',
      (device) => ({
        f: (x: Tensor) => sum(exp(reshape(x, [1000, 1000])), { axis: 1 }),
        args: [ones(device, 1000000)],
      }),
    ],
  ]
  const figures: Figure[] = []
  for (const [name, make] of cases) {
    const device = await wasmDevice({ threads: 1 })
    const { f, args } = make(device)
    const foretold = plan(f as (...args: readonly unknown[]) => unknown)(...args).peakBytes
    device.resetPeak()
    const before = device.heap().bytes
    dispose(jit(f as (...args: readonly unknown[]) => unknown)(...args))
    const measured = device.heap().peak - before
    figures.push(atMost(`bytes at the peak, % off the plan: ${name}`, 100 * Math.abs(measured / foretold - 1), 10))
    device.dispose()
  }
  return figures
}

/** Memory of the device after many calls whose results were disposed: what a leak would let grow. */
const steady = (device: WasmDevice): readonly Figure[] => {
  const f = jit((x: Tensor) => sum(tanh(matmul(x, x))))
  const x = ones(device, 33, 33)
  dispose(f(x))
  device.resetPeak()
  dispose(f(x))
  const { bytes: before, peak } = device.heap()
  for (let i = 0; i < 1000; i++) dispose(f(x))
  const after = device.heap()
  return [
    exactly('bytes that 1000 calls leave behind on the device', after.bytes - before, 0),
    exactly('bytes by which 1000 further calls raise the peak of one', after.peak - peak, 0),
  ]
}

export const kernelFigures = async (): Promise<readonly Figure[]> => {
  const device = await wasmDevice({ threads: 1 })
  const figures = [
    ...fusion(device),
    ...systems(device),
    ...compilations(device),
    ...steady(device),
    ...(await bytes()),
  ]
  device.dispose()
  return figures
}
