/** What derivatives cost on the wasm device, as multiples of what they are made from: `node --import tsx bench/src/deviceTiming.ts` prints figures as JSON.
 *
 *  Without the condition `@neumann/source` the packages are taken as they are built. Cases run in turn, many rounds; the least time of a case
 *  counts, as other work on the machine only adds. One thread. */

import { grad, hvp } from '@neumann/autodiff'
import {
  add, array, conv, dispose, jit, logSoftmax, matmul, mean, mul, neg, relu, reshape, scan, sigmoid, slice, sum, type Tensor, tanh, treeMap,
} from '@neumann/linalg-gpu' // biome-ignore format: a list
import { type WasmDevice, wasmDevice } from '@neumann/linalg-gpu/wasm'
import { type Case, caseOf, measure } from './cases.js'
import { atMost, type Figure, shown } from './figure.js'
import { elementsOf } from './inputs.js'

type Params = Readonly<Record<string, Tensor>>
type Loss = (params: Params) => Tensor

const device: WasmDevice = await wasmDevice({ threads: 1 })
let seed = 1
const random = (...shape: number[]): Tensor =>
  array(elementsOf({ kind: 'uniform', shape, seed: seed++, scale: 0.05 }), { shape, device })

const entropy = (logits: Tensor, y: Tensor): Tensor => neg(mean(sum(mul(y, logSoftmax(logits)), { axis: 1 })))

const perceptron = (): { readonly loss: Loss; readonly params: Params } => {
  const [x, y] = [random(128, 784), random(128, 10)]
  return {
    params: {
      a: random(784, 256),
      p: random(256),
      b: random(256, 256),
      q: random(256),
      c: random(256, 10),
      r: random(10),
    },
    loss: (w) => {
      const h = relu(add(matmul(x, w['a']!), w['p']!))
      const g = relu(add(matmul(h, w['b']!), w['q']!))
      return entropy(add(matmul(g, w['c']!), w['r']!), y)
    },
  }
}

const convolutional = (): { readonly loss: Loss; readonly params: Params } => {
  const [x, y] = [random(16, 3, 32, 32), random(16, 10)]
  return {
    params: { a: random(16, 3, 3, 3), b: random(32, 16, 3, 3), c: random(32, 32, 3, 3), d: random(32 * 64, 10) },
    loss: (w) => {
      const h = relu(conv(x, w['a']!, { padding: 1 }))
      const g = relu(conv(h, w['b']!, { padding: 1, strides: 2 }))
      const f = relu(conv(g, w['c']!, { padding: 1, strides: 2 }))
      return entropy(matmul(reshape(f, [16, -1]), w['d']!), y)
    },
  }
}

/** 128 units, 20 steps, batch 20. */
const recurrent = (): { readonly loss: Loss; readonly params: Params } => {
  const n = 128
  const [xs, y, start] = [random(20, 20, n), random(20, n), random(20, n)]
  return {
    params: { u: random(n, 4 * n), w: random(n, 4 * n), b: random(4 * n) },
    loss: (p) => {
      const part = (z: Tensor, i: number): Tensor => slice(z, null, [i * n, (i + 1) * n])
      const [[h]] = scan(
        ([h, c]: [Tensor, Tensor], x: Tensor): readonly [[Tensor, Tensor], null] => {
          const z = add(add(matmul(x, p['u']!), matmul(h, p['w']!)), p['b']!)
          const kept = add(mul(sigmoid(part(z, 0)), c), mul(sigmoid(part(z, 1)), tanh(part(z, 2))))
          return [[mul(sigmoid(part(z, 3)), tanh(kept)), kept], null]
        },
        [start, start] as [Tensor, Tensor],
        xs,
      )
      return mean(mul(h, y))
    },
  }
}

/** H v at a point is one linearisation and one product; `more` products more at the same point tell what one costs. */
const derivatives = (
  name: string,
  { loss, params }: { readonly loss: Loss; readonly params: Params },
  bounds: readonly [number, number, number],
): readonly Figure[] => {
  const more = 4
  const v = treeMap((x: Tensor) => random(...x.shape), params)
  const forward = jit(loss)
  const gradient = jit((w: Params) => grad(loss)(w))
  const product = (w: Params, u: Params, times: number): Params => {
    const H = hvp(loss)(w)
    let next = u
    for (let i = 0; i < times; i++) next = H(next as never) as unknown as Params
    return next
  }
  const once = jit((w: Params, u: Params) => product(w, u, 1))
  const often = jit((w: Params, u: Params) => product(w, u, 1 + more))
  const cases = [
    caseOf(() => forward(params)),
    caseOf(() => gradient(params)),
    caseOf(() => once(params, v)),
    caseOf(() => often(params, v)),
  ]
  measure(cases, 20)
  const [f, g, h, k] = cases.map(({ best }) => best) as [number, number, number, number]
  return [
    atMost(`${name}: gradient, × the loss`, g / f, bounds[0]),
    atMost(`${name}: H v, × the gradient`, h / g, bounds[1]),
    atMost(`${name}: a further H v at the same point, × the gradient`, (k - h) / more / g, bounds[2]),
    shown(`${name}: ms of the gradient`, g),
  ]
}

/** A call that computes next to nothing, against what plain JavaScript does for the same call: a cache looked up by the sizes of the arguments,
 *  a result allocated, 16 elements computed. Kernels beyond the first: sums, that cannot be fused with one another. */
const calls = (): readonly Figure[] => {
  const x = random(16)
  const host = new Float32Array(16).fill(1)
  const known = new Map<string, { readonly size: number }>()
  const byHand = (...args: readonly Float32Array[]): Float32Array => {
    const key = args.map((a) => a.length).join()
    let entry = known.get(key)
    if (entry === undefined) known.set(key, (entry = { size: args[0]!.length }))
    const out = new Float32Array(entry.size)
    const [a, b] = args as [Float32Array, Float32Array]
    for (let i = 0; i < out.length; i++) out[i] = a[i]! * 2 + b[i]!
    return out
  }
  const ours = jit((a: Tensor, b: Tensor) => add(mul(a, 2), b))
  const sums = (n: number): ((a: Tensor) => Tensor) =>
    jit((a: Tensor) => {
      let y = a
      for (let i = 0; i < n; i++) y = add(sum(y), a)
      return y
    })
  const [few, many] = [sums(2), sums(22)]
  const repeated = (f: () => unknown): Case =>
    caseOf(() => {
      for (let i = 0; i < 2000; i++) dispose(f())
      return []
    })
  const eager = repeated(() => add(x, x))
  const cases = [
    repeated(() => ours(x, x)),
    caseOf(() => {
      for (let i = 0; i < 2000; i++) byHand(host, host)
      return []
    }),
    eager,
    repeated(() => few(x)),
    repeated(() => many(x)),
  ]
  measure(cases, 30)
  const [jitted, plain, op, two, more] = cases.map(({ best }) => best / 2) as [number, number, number, number, number]
  return [
    atMost('a jitted call of one kernel and its disposal, × the same in plain JavaScript', jitted / plain, 3),
    shown('µs: a jitted call of one kernel', jitted),
    shown('µs: an eager operation', op),
    shown('µs: each further kernel of a jitted call', (more - two) / 20),
  ]
}

const figures = [
  ...derivatives('perceptron 784-256-256-10, batch 128', perceptron(), [3.5, 2.5, 1.6]),
  ...derivatives('convolutional network, batch 16', convolutional(), [Infinity, Infinity, 2.6]),
  ...derivatives('LSTM of 128 units, 20 steps, batch 20', recurrent(), [Infinity, Infinity, 2.6]),
  ...calls(),
]
console.log(JSON.stringify(figures.map((one) => (one.bound === '≤ Infinity' ? { ...one, bound: null } : one))))
device.dispose()
