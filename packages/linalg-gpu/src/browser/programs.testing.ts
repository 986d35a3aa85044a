/** Programs that between them use every kind of kernel: small, whole, and the same wherever they run. */

import type { DType } from '../dtype.js'
import {
  add, argsort, array, bernoulli, cast, concatenate, cond, conv, cos, cumsum, debugPrint, div, dynamicUpdateSlice, erf, exp, expandDims,
  gather, greater, jit, key, less, log, logsumexp, matmul, max, maxPool, mean, mul, neg, normal, oneHot, permutation, pow, relu, scan,
  scatterAdd, sin, softmax, sort, sqrt, sub, sum, switchCase, type Tensor, take, tanh, transpose, where, whileLoop,
} from '../index.js' // biome-ignore format: a list

export interface Sample {
  readonly title: string
  /** Whether it needs f64, which GPUs have not. */
  readonly wide?: boolean
  /** Whether last bits are the engine's own: the device calls functions of f64 that JavaScript leaves to the engine. */
  readonly engine?: boolean
  readonly run: (sink: (text: string) => void) => readonly Tensor[]
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1)

/** Numbers between −4 and 4 with few digits; for integers, whole. */
const given = (shape: readonly number[], dtype: DType = 'f32', seed = 1): Tensor => {
  let state = Math.imul(seed, 2654435761)
  const values = Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 29 - 4
  })
  if (dtype === 'bool') return less(array(values, { shape }), 0)
  return cast(array(values.map(dtype[0] === 'f' ? (x) => x : Math.abs), { shape }), dtype)
}

const dtypes: readonly DType[] = ['f32', 'f16', 'i32', 'u32', 'u8', 'i8', 'bool']

const everyWay = (dtype: DType): readonly Tensor[] =>
  jit((x: Tensor) => [add(x, x), mul(x, transpose(x)), sum(x, { axis: 0 }), cast(x, 'f32'), cast(x, 'i32')])(
    given([7, 7], dtype),
  )

export const samples: readonly Sample[] = [
  {
    title: 'products of matrices at sizes that no tile divides',
    run: () => {
      const f = jit((a: Tensor, b: Tensor) => [matmul(a, b), matmul(transpose(b), transpose(a))])
      return [...f(given([65, 33]), given([33, 17], 'f32', 2)), matmul(given([3, 4, 5]), given([3, 5, 6]))]
    },
  },
  {
    title: 'a product in f64',
    wide: true,
    run: () => [matmul(given([9, 7], 'f64'), given([7, 5], 'f64', 2))],
  },
  {
    title: 'a product large enough for all threads',
    run: () => [matmul(given([200, 150]), given([150, 170], 'f32', 2))],
  },
  {
    title: 'the gradient of softmax cross-entropy',
    run: () => {
      // l = mean over rows of logΣexp(z) − z[label],  z = x w;   ∂l/∂w = xᵀ (softmax z − onehot) / n
      const f = jit((x: Tensor, w: Tensor, labels: Tensor) => {
        const z = matmul(x, w)
        const y = oneHot(labels, 10)
        const loss = mean(sub(logsumexp(z, { axis: 1 }), sum(mul(z, y), { axis: 1 })))
        return [loss, matmul(transpose(x), div(sub(softmax(z), y), 32))]
      })
      return f(given([32, 50]), mul(given([50, 10], 'f32', 2), 0.1), given([32], 'i32'))
    },
  },
  {
    title: 'chains of elementwise work, long enough for all threads',
    run: () => [jit((x: Tensor) => tanh(add(mul(exp(mul(x, -0.5)), 0.1), sqrt(add(mul(x, x), 1)))))(given([40_001]))],
  },
  {
    title: 'functions of f32',
    run: () => jit((x: Tensor) => [exp(x), log(x), sin(x), cos(x), erf(x), pow(x, 1.5), pow(3, x)])(given([101])),
  },
  {
    title: 'f64, and what NaN and infinities become',
    wide: true,
    run: () => {
      const odd = array([NaN, Infinity, -Infinity, 0, -0, 1e308, 5e-324], { dtype: 'f64' })
      return jit((x: Tensor) => [sqrt(x), mul(x, x), div(1, x), add(x, 1), max(x), less(x, 1)])(
        concatenate([odd, given([20], 'f64')]),
      )
    },
  },
  {
    title: 'functions of f64',
    wide: true,
    engine: true,
    run: () => jit((x: Tensor) => [exp(x), log(x), sin(x), erf(x), pow(x, 1.5)])(mul(given([301], 'f64'), 7.3)),
  },
  {
    title: 'dtypes: arithmetic, reductions, storage',
    run: () => dtypes.flatMap(everyWay),
  },
  {
    title: 'arithmetic, reductions and storage of f64',
    wide: true,
    run: () => everyWay('f64'),
  },
  {
    title: 'sums along each axis, and running ones',
    run: () =>
      jit((x: Tensor) => [
        sum(x),
        sum(x, { axis: 0 }),
        mean(x, { axis: 1 }),
        max(x, { axis: -1 }),
        cumsum(x, { axis: 1 }),
      ])(given([13, 1001])),
  },
  {
    title: 'sorting',
    run: () => {
      const f = jit((x: Tensor) => [sort(x), argsort(x, { descending: true })])
      return [...f(given([5, 100])), ...f(given([300], 'i32')), sort(array([2, NaN, -1, Infinity, -0, 0]))]
    },
  },
  {
    title: 'gathering and scattering',
    run: () => {
      const rows = array([3, 0, -1, 3], { dtype: 'i32' })
      const f = jit((x: Tensor) => [
        take(x, rows),
        gather(x, array([[0, 1], [2, 3]], { dtype: 'i32' })),
        scatterAdd(x, expandDims(array([1, 1, 0], { dtype: 'i32' }), 1), given([3, 6], 'f32', 2)),
        dynamicUpdateSlice(x, given([2, 2], 'f32', 3), [1, 2]),
      ]) // biome-ignore format: short rows
      return f(given([4, 6]))
    },
  },
  {
    title: 'loops: a recurrence by scan, and one that ends by what it finds',
    run: () => {
      const f = jit((h: Tensor, xs: Tensor, w: Tensor) =>
        scan((h: Tensor, x: Tensor) => {
          const next = tanh(add(matmul(w, h), x))
          return [next, sum(next)]
        }, h, xs),
      ) // biome-ignore format: as an equation
      const doubled = jit((x: Tensor) =>
        whileLoop(
          (x: Tensor) => less(max(x), 1000),
          (x) => mul(x, 2),
          x,
        ),
      )
      return [...f(given([8]), given([30, 8], 'f32', 2), mul(given([8, 8], 'f32', 3), 0.2)), doubled(given([9]))]
    },
  },
  {
    title: 'branches, by a tensor of the program',
    run: () => {
      const f = jit((x: Tensor, which: Tensor) => [
        cond(greater(sum(x), 0), (x: Tensor) => mul(x, 2), (x) => neg(x), x),
        switchCase(which, [(x: Tensor) => sort(x), (x) => cumsum(x), (x) => softmax(x)], x),
      ]) // biome-ignore format: as an equation
      return [0, 1, 2].flatMap((which) => f(given([33], 'f32', which + 1), array(which, { dtype: 'i32' })))
    },
  },
  {
    title: 'a layer with dropout',
    run: () => {
      const f = jit((k: Tensor, x: Tensor, w: Tensor) => {
        const h = relu(matmul(x, w))
        return where(bernoulli(k, 0.8, h.shape), div(h, 0.8), 0)
      })
      return [f(key(3), given([17, 9]), given([9, 21], 'f32', 2))]
    },
  },
  {
    title: 'convolution and pooling',
    run: () => [
      conv(given([2, 3, 9, 9]), given([4, 3, 3, 3], 'f32', 2), { padding: 'same' }),
      maxPool(given([1, 2, 8, 8]), 2),
    ],
  },
  {
    title: 'random numbers',
    run: () => [jit((k: Tensor) => normal(k, [500]))(key(42)), permutation(key(7), 50)],
  },
  {
    title: 'printing from within a program',
    run: (sink) => [
      jit((x: Tensor) =>
        scan((c: Tensor, y: Tensor) => {
          debugPrint('c', c, sink)
          return [add(c, y), null]
        }, 0, x)[0],
      )(given([3])),
    ], // biome-ignore format: as an equation
  },
]
