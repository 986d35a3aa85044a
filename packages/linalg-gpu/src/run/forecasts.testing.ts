// Programs of all kinds, and what they are given: whatever a device foretells is measured on these.

import {
  add, argsort, array, cond, conv, cumsum, exp, greater, iota, less, logsumexp, matmul, max, mean, mul, relu, scan, scatterAdd, sin, softmax, square, sub, sum, type Tensor, take, tanh, transpose, whileLoop,
} from '../index.js' // biome-ignore format: a list
import { sizeOf } from '../program.js'

export type Of = (...x: Tensor[]) => unknown
export const input = (...shape: number[]): Tensor =>
  array(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i)),
    { shape },
  )

export const programs: readonly (readonly [string, Of, readonly Tensor[]])[] = [
  ['a chain', (x) => exp(sin(add(mul(x!, 2), 1))), [input(300, 300)]],
  ['a reduction', (x) => mean(square(sub(x!, max(x!, { axis: 1, keepDims: true }))), { axis: 0 }), [input(300, 300)]],
  ['softmax and its logarithm', (x) => [softmax(x!), logsumexp(x!, { axis: 1 })], [input(200, 500)]],
  ['a product', (a, b) => matmul(a!, b!), [input(256, 256), input(256, 256)]],
  ['a layer and its gradient', (x, w, v) => {
    const h = tanh(matmul(x!, w!))
    const d = mul(matmul(relu(matmul(h, v!)), transpose(v!)), sub(1, square(h)))
    return [sub(w!, mul(0.1, matmul(transpose(x!), d))), sum(h)]
  }, [input(128, 256), input(256, 128), input(128, 64)]],
  ['a convolution', (x, w) => relu(conv(x!, w!, { padding: 1 })), [input(4, 8, 32, 32), input(16, 8, 3, 3)]],
  ['a scan', (x) => scan((c: Tensor, row: Tensor) => [tanh(add(c, row)), mul(c, 2)], sum(x!, { axis: 0 }), x!), [input(200, 300)]],
  ['a while loop', (x) => whileLoop((c) => less(sum(square(c)), 1e6), (c) => mul(add(c, 1), 2), x!), [input(300, 300)]],
  ['a branch', (x) => cond(greater(sum(x!), 0), (u: Tensor) => matmul(u, exp(u)), (u: Tensor) => u, x!), [input(200, 200)]],
  ['order and indices', (x) => take(cumsum(x!, { axis: 1 }), argsort(sum(x!, { axis: 1 })), { axis: 0 }), [input(300, 300)]],
  ['a scatter', (x) => scatterAdd(x!, mul(iota([200, 1]), 7), sin(x!)), [input(200, 400)]],
] // biome-ignore format: a table
