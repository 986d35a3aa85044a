/** The two problems on which single-loop algorithms meet: samples in minibatches of 64, which a vector of their numbers chooses. */

import type { Losses } from '@neumann/hypergrad'
import {
  add,
  arange,
  cast,
  div,
  exp,
  eye,
  foldIn,
  key,
  less,
  log,
  matmul,
  mean,
  mul,
  neg,
  normal,
  pow,
  readSync,
  reshape,
  sign,
  softplus,
  square,
  sub,
  sum,
  type Tensor,
  take,
  transpose,
  uniform,
  where,
} from '@neumann/linalg-gpu'
import { solve } from '@neumann/linalg-gpu/linalg'
import { exactly, type LogisticData, leastValue } from './singleLoopExact.js'

export interface Contest {
  readonly name: string
  /** G and F at minibatches, by their numbers: i32[k]. */
  readonly problem: Losses<Tensor, Tensor, Tensor, Tensor>
  /** How many minibatches there are, of each kind. */
  readonly minibatches: number
  readonly begin: (key: Tensor) => { readonly weights: Tensor; readonly hyper: Tensor }
  /** h(x) − h* of each row of xs. */
  readonly suboptimality: (xs: Tensor) => readonly number[]
}

const batch = 64

/** The rows of some minibatches: [n, …] → [64 k, …] */
const rowsOf = (x: Tensor, ids: Tensor): Tensor => {
  const [n, ...rest] = x.shape as readonly [number, ...number[]]
  return reshape(take(reshape(x, [n / batch, batch, ...rest]), ids, { axis: 0 }), [-1, ...rest])
}

/** G = mean ½ (sᵢᵀz − uᵢᵀx − eᵢ)² + ½ μ ‖z‖²,   F = mean ½ (tⱼᵀz − yⱼ)² + ½ ν ‖x‖²         a regression whose targets x moves
 *
 *  s, t ~ N(0, Σ) with eigenvalues from 1 down to 0.1, u ~ N(0, I/d); everything is known: z*(x) = W x + w₀, and h is quadratic. */
export const simulatedQuadratic = (samples: number, p: number): Contest => {
  const stream = (i: number, shape: readonly number[]): Tensor => normal(foldIn(key(11), i), shape)
  const spread = pow(10, div(arange(0, -p, -1, { dtype: 'f32' }), 2 * p))
  const [S, T] = [0, 1].map((i) => mul(stream(i, [samples, p]), spread)) as [Tensor, Tensor]
  const U = mul(stream(2, [samples, p]), 1 / Math.sqrt(p))
  const e = stream(3, [samples])
  const y = add(matmul(T, stream(4, [p])), stream(5, [samples]))
  const [mu, nu] = [0.1, 0.01]
  const problem: Losses<Tensor, Tensor, Tensor, Tensor> = {
    inner: (z, x, ids) => {
      const residual = sub(sub(matmul(rowsOf(S, ids), z), matmul(rowsOf(U, ids), x)), rowsOf(e, ids))
      return add(mul(0.5, mean(square(residual))), mul(mu / 2, sum(square(z))))
    },
    outer: (z, x, ids) => {
      const residual = sub(matmul(rowsOf(T, ids), z), rowsOf(y, ids))
      return add(mul(0.5, mean(square(residual))), mul(nu / 2, sum(square(x))))
    },
  }
  const wide = (x: Tensor): Tensor => cast(x, 'f64')
  const gram = (a: Tensor, b: Tensor): Tensor => div(matmul(transpose(wide(a)), wide(b)), samples)
  const unit = eye(p, p, { dtype: 'f64' })
  const H = add(gram(S, S), mul(mu, unit))
  const W = solve(H, gram(S, U))
  const w0 = solve(H, div(matmul(transpose(wide(S)), wide(e)), samples))
  const K = gram(T, T)
  const curvature = add(matmul(transpose(W), matmul(K, W)), mul(nu, unit))
  const target = div(matmul(transpose(wide(T)), wide(y)), samples)
  const best = solve(curvature, matmul(transpose(W), sub(target, matmul(K, w0))))
  return {
    name: 'quadratic',
    problem,
    minibatches: samples / batch,
    begin: (k) => ({ weights: normal(foldIn(k, 0), [p]), hyper: normal(foldIn(k, 1), [p]) }),
    suboptimality: (xs) => {
      const off = sub(wide(xs), best)
      return Array.from(readSync(mul(0.5, sum(mul(off, matmul(off, curvature)), { axis: 1 }))))
    },
  }
}

/** G = mean log(1 + exp(−yᵢ sᵢᵀz)) + ½ Σ e^xₖ zₖ²,   F = mean log(1 + exp(−yⱼ tⱼᵀz))         a penalty for each feature
 *
 *  Features are normal, of sizes from 1 down to 0.1; half of them say nothing of the label, and one label in ten is turned round. */
export const logisticPenalties = (samples: number, p: number): Contest => {
  const stream = (i: number, shape: readonly number[]): Tensor => normal(foldIn(key(12), i), shape)
  const spread = pow(10, div(arange(0, -p, -1, { dtype: 'f32' }), p))
  const truth = mul(stream(0, [p]), where(less(arange(p), Math.ceil(p / 2)), 2, 0))
  const drawn = (i: number) => {
    const features = mul(stream(i, [samples, p]), spread)
    const flip = less(uniform(foldIn(key(13), i), [samples]), 0.1)
    const label = sign(matmul(features, truth))
    return { features, label: where(flip, neg(label), label) }
  }
  const [train, validation] = [drawn(1), drawn(2)]
  const loss = (z: Tensor, { features, label }: ReturnType<typeof drawn>): Tensor =>
    mean(softplus(neg(mul(label, matmul(features, z)))))
  const penalised = (z: Tensor, x: Tensor, data: ReturnType<typeof drawn>): Tensor =>
    add(loss(z, data), mul(0.5, sum(mul(exp(x), square(z)))))
  const some = ({ features, label }: ReturnType<typeof drawn>, ids: Tensor) => ({
    features: rowsOf(features, ids),
    label: rowsOf(label, ids),
  })
  const problem: Losses<Tensor, Tensor, Tensor, Tensor> = {
    inner: (z, x, ids) => penalised(z, x, some(train, ids)),
    outer: (z, _, ids) => loss(z, some(validation, ids)),
  }
  const arrays = ({ features, label }: ReturnType<typeof drawn>): LogisticData => ({
    features: Float64Array.from(readSync(features)),
    label: Float64Array.from(readSync(label)),
  })
  const [exactTrain, exactValidation] = [arrays(train), arrays(validation)]
  const least = leastValue(exactTrain, exactValidation, new Array<number>(p).fill(-3))
  return {
    name: 'logistic',
    problem,
    minibatches: samples / batch,
    begin: (k) => ({
      weights: normal(foldIn(k, 0), [p]),
      hyper: log(uniform(foldIn(k, 1), [p], { low: 1e-3, high: 1 })),
    }),
    suboptimality: (xs) => {
      const all = Array.from(readSync(xs))
      return Array.from({ length: all.length / p }, (_, i) => {
        const x = all.slice(i * p, (i + 1) * p)
        return x.every((v) => Math.abs(v) < 50) ? exactly(exactTrain, exactValidation, x).value - least : Number.NaN
      })
    },
  }
}
