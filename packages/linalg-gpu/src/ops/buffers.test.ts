import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as np from '../index.js'
import { plainDevice } from '../plain/device.js'
import type { Tensor } from '../trace/tensor.js'
import { flat, put, sample } from './arrays.testing.js'
import { aliveOn, leavesNothing, type Rows } from './buffers.testing.js'

// Live buffers after a public call equal the handles returned. Every function of the library's index has a row here.

const device = plainDevice({ name: 'counted' })
const x = put(sample([3, 4], 1), 'f32', device) // a matrix
const y = put(sample([3, 4], 2), 'f32', device)
const z = put(sample([4, 3], 3), 'f32', device)
const s = put(flat([4, 4], sample([4, 4], 4).data), 'f32', device) // square
const v = put(sample([4], 5), 'f32', device) // a vector
const u = put(flat([4], [0.25, 0.5, 0.75, 0.125]), 'f32', device) // in (0, 1)
const h = put(sample([3, 4], 6), 'f16', device)
const i = put(flat([4], [2, 0, 1, -1]), 'i32', device)
const j = put(flat([4, 1], [2, 0, 1, 9]), 'i32', device)
const k = put(flat([3, 4], Array<number>(12).fill(1)), 'i32', device)
const c = put(flat([4], [1, 0, 0, 1]), 'bool', device)
const t = put(flat([], [2]), 'f32', device) // a scalar
const small = put(flat([], [1]), 'u8', device)
const one = put(flat([], [1]), 'i32', device)
const part = put(sample([2, 2], 9), 'f32', device)
const image = put(sample([1, 2, 5, 5], 7), 'f32', device)
const kernel = put(sample([2, 2, 3, 3], 8), 'f32', device)
const unary =
  (f: (x: Tensor) => unknown): (() => unknown) =>
  () =>
    f(u)
const binary =
  (f: (x: Tensor, y: Tensor) => unknown): (() => unknown) =>
  () =>
    f(x, v)
const onHalf =
  (f: (x: Tensor) => unknown): (() => unknown) =>
  () => [f(x), f(h)]

const rows: Rows = {
  // arithmetic
  add: binary(np.add), sub: binary(np.sub), mul: binary(np.mul), div: binary(np.div), floorDivide: binary(np.floorDivide),
  mod: binary(np.mod), remainder: binary(np.remainder), pow: () => [np.pow(x, v), np.pow(x, 2)], maximum: binary(np.maximum), minimum: binary(np.minimum),
  atan2: binary(np.atan2), hypot: binary(np.hypot), neg: unary(np.neg), abs: unary(np.abs), sign: unary(np.sign), square: unary(np.square),
  reciprocal: () => [np.reciprocal(x), np.reciprocal(i)], floor: unary(np.floor), ceil: unary(np.ceil), round: unary(np.round), trunc: unary(np.trunc),
  clip: () => np.clip(x, v, 3),
  // calculus
  exp: unary(np.exp), expm1: unary(np.expm1), log: unary(np.log), log1p: unary(np.log1p), log2: onHalf(np.log2), sqrt: unary(np.sqrt), rsqrt: unary(np.rsqrt),
  cbrt: unary(np.cbrt), sin: unary(np.sin), cos: unary(np.cos), tan: unary(np.tan), asin: unary(np.asin), acos: unary(np.acos), atan: unary(np.atan),
  sinh: unary(np.sinh), cosh: unary(np.cosh), tanh: unary(np.tanh), asinh: unary(np.asinh), acosh: unary(np.acosh), atanh: unary(np.atanh),
  sigmoid: unary(np.sigmoid), softplus: unary(np.softplus), relu: unary(np.relu), silu: onHalf(np.silu), gelu: onHalf(np.gelu), erf: unary(np.erf),
  erfc: unary(np.erfc), erfinv: unary(np.erfinv), lgamma: unary(np.lgamma), digamma: unary(np.digamma), polygamma: () => np.polygamma(1, u),
  logaddexp: binary(np.logaddexp), xlogy: binary(np.xlogy), sinc: onHalf(np.sinc),
  // comparison
  equal: binary(np.equal), notEqual: binary(np.notEqual), less: binary(np.less), lessEqual: binary(np.lessEqual), greater: binary(np.greater),
  greaterEqual: binary(np.greaterEqual), logicalAnd: () => [np.logicalAnd(x, v), np.logicalAnd(1, x)], logicalOr: binary(np.logicalOr), logicalXor: binary(np.logicalXor),
  logicalNot: unary(np.logicalNot), bitwiseAnd: () => np.bitwiseAnd(i, 1), bitwiseOr: () => np.bitwiseOr(i, k), bitwiseXor: () => np.bitwiseXor(i, k),
  bitwiseNot: () => np.bitwiseNot(i), leftShift: () => np.leftShift(i, 1), rightShift: () => np.rightShift(k, i), isNaN: unary(np.isNaN), isInf: unary(np.isInf),
  isFinite: unary(np.isFinite), where: () => [np.where(c, x, 0), np.where(x, 1, v)], nanToNum: unary(np.nanToNum), isClose: () => np.isClose(x, v, { equalNaN: true }),
  // contraction
  dot: () => np.dot(x, v), matmul: () => [np.matmul(x, z), np.matmul(v, z), np.matmul(image, image)], outer: () => np.outer(x, v), tensordot: () => np.tensordot(x, y, [[0], [0]]),
  vdot: () => np.vdot(x, y), einsum: () => [np.einsum('ij,jk,kl->l', x, z, x), np.einsum('ii->', s), np.einsum('ij->ji', x)],
  conv: () => np.conv(image, kernel, { padding: 'same' }), convTranspose: () => np.convTranspose(image, kernel, { strides: 2 }),
  maxPool: () => np.maxPool(image, 2, { padding: 1 }), avgPool: () => np.avgPool(image, 2, { padding: 1 }),
  // creation
  array: () => np.array([1, 2], { device }), full: () => np.full([2], 7), zeros: () => np.zeros([2]), ones: () => np.ones([2]), zerosLike: () => np.zerosLike(x),
  onesLike: () => np.onesLike(x), fullLike: () => np.fullLike(x, 2), iota: () => np.iota([3]), arange: () => np.arange(1, 9, 2), linspace: () => np.linspace(0, 1, 5),
  eye: () => np.eye(3), cast: () => [np.cast(x, 'i32'), np.cast(3, 'i32')], bitcast: () => np.bitcast(x, 'u32'),
  // indexing
  take: () => [np.take(x, i, { axis: 1 }), np.take(x, 3)], takeAlongAxis: () => np.takeAlongAxis(x, k, { axis: 1 }), gather: () => np.gather(x, j),
  scatterAdd: () => np.scatterAdd(v, j, 1), dynamicSlice: () => [np.dynamicSlice(x, [1, 1], [2, 2]), np.dynamicSlice(v, [one], [2])],
  dynamicUpdateSlice: () => np.dynamicUpdateSlice(x, part, [1, 1]), oneHot: () => [np.oneHot(i, 3), np.oneHot(1, 3)],
  // reductions
  sum: onHalf(np.sum), max: unary(np.max), min: unary(np.min), all: unary(np.all), any: unary(np.any), mean: onHalf(np.mean), prod: () => np.prod(x, { axis: 1, keepDims: true }),
  argmax: unary(np.argmax), argmin: unary(np.argmin), logsumexp: onHalf(np.logsumexp), variance: onHalf(np.variance), var: unary(np.var), std: onHalf(np.std),
  norm: onHalf(np.norm), cumsum: unary(np.cumsum), cumprod: unary(np.cumprod), cummax: unary(np.cummax), cummin: () => np.cummin(x, { axis: 1, reverse: true }),
  // shape
  reshape: () => np.reshape(x, [-1]), transpose: () => np.transpose(x), swapAxes: () => np.swapAxes(x, 0, 1), moveAxis: () => np.moveAxis(image, 0, -1),
  expandDims: () => np.expandDims(x, 0), squeeze: () => np.squeeze(image), flatten: () => np.flatten(x), broadcastTo: () => np.broadcastTo(v, [2, 4]),
  broadcastArrays: () => np.broadcastArrays([x, v, 1]), concatenate: () => np.concatenate([x, y], 1), stack: () => np.stack([x, y, t].slice(0, 2)), split: () => np.split(x, 2, 1),
  slice: () => [np.slice(x, 0), np.slice(x, null, [null, null, -1])], flip: () => np.flip(x), roll: () => np.roll(x, 1),
  pad: () => [np.pad(x, [[1, 1], [0, 0]], { mode: 'reflect' }), np.pad(x, [[-1, 1], [0, 0]])], tile: () => np.tile(v, [2, 2]), repeat: () => np.repeat(v, 2),
  tril: () => np.tril(x), triu: () => np.triu(x, 1), diagonal: () => np.diagonal(x), diag: () => np.diag(v),
  // sorting, softmax, scans
  argsort: () => np.argsort(x), sort: () => np.sort(x, { descending: true }), topK: () => np.topK(x, 2), softmax: onHalf(np.softmax), logSoftmax: onHalf(np.logSoftmax),
  associativeScan: () => np.associativeScan(np.mul, v),
  // control and transforms
  cond: () => [np.cond(t, (a: Tensor) => np.mul(a, 2), (a: Tensor) => a, x), np.cond(true, () => 1, () => 2)],
  switchCase: () => [np.switchCase(1, [(a: Tensor) => a, (a: Tensor) => np.add(a, t)], x), np.switchCase(small, [() => 1])],
  scan: () => [np.scan((a: Tensor, b: Tensor) => [np.add(a, b), np.mul(a, t)], t, v), np.scan((a: Tensor, b: Tensor) => [np.add(a, b), null], 0, v)],
  map: () => np.map((a: Tensor) => np.mul(a, t), v), foriLoop: () => [np.foriLoop(0, 3, (_, a: Tensor) => np.mul(a, t), x), np.foriLoop(small, 3, (_, a: Tensor) => np.mul(a, t), x)],
  whileLoop: () => np.whileLoop((a: Tensor) => np.less(a, 9), (a) => np.mul(a, t), t),
  jit: () => np.jit((a: Tensor) => [np.mul(np.add(a, 1), t), a])(x), debugNans: () => np.debugNans((a: Tensor) => np.mul(a, 2))(np.ones([2])),
  scope: () => np.scope(() => np.add(np.mul(x, 2), np.mul(x, 3))), onDevice: () => np.onDevice(device, () => np.array([1, 2])), region: () => np.region('double', () => np.mul(x, 2)),
  // random
  key: () => np.key(1), splitKey: () => np.splitKey(np.key(1)), foldIn: () => np.foldIn(np.key(1), 2), bits: () => np.bits(np.key(1), [3]), uniform: () => np.uniform(np.key(1), [3]),
  normal: () => np.normal(np.key(1), [3]), truncatedNormal: () => np.truncatedNormal(np.key(1), -1, 1, [3]), exponential: () => np.exponential(np.key(1), [3]),
  gumbel: () => np.gumbel(np.key(1), [3]), bernoulli: () => np.bernoulli(np.key(1), u), categorical: () => np.categorical(np.key(1), v),
  permutation: () => [np.permutation(np.key(1), 5), np.permutation(np.key(1), x)], randint: () => np.randint(np.key(1), [3], 0, 9),
  // these return no tensor
  readSync: () => np.readSync(x), item: () => np.item(t), toNested: () => np.toNested(x), isTensor: () => np.isTensor(x), print: () => np.print(np.trace(np.sin)(x)),
  trace: () => np.trace(np.sin)(x), plan: () => np.plan(np.sin)(x), liveBuffers: () => np.liveBuffers(device),
  debugPrint: () => np.debugPrint('x', x, () => {}), treeLeaves: () => np.treeLeaves({ x }), treeMap: () => np.treeMap((a: Tensor) => a, { x }), dispose: () => np.dispose([1, 'x']),
  // these are tested where they live
  read: 'is asynchronous', data: 'is asynchronous', transfer: 'is asynchronous', iterate: 'is asynchronous', plainDevice: 'makes a device', profile: 'needs a device that times its kernels',
} // biome-ignore format: a table by family

const inputs: readonly Tensor[] = [x, y, z, s, v, u, h, i, j, k, c, t, one, small, part, image, kernel]
const alive = aliveOn(device)

leavesNothing(test, np, rows, device, inputs)

test('a call that fails frees what it made before', () => {
  for (const f of [
    () => np.scatterAdd(v, j, np.zeros([3])),
    () => np.dynamicUpdateSlice(x, s, [0, 0]),
    () => np.einsum('ij,jk->il', x, z),
    () => np.clip(x, v, z),
    () => np.scope(() => np.matmul(np.add(x, 1), np.add(x, 1))),
    () => np.logsumexp(x, { axis: [0, 2] }),
    () => np.softmax(i, { axis: 1 }),
    () => np.jit((a: Tensor) => np.matmul(np.add(a, 1), a))(x),
  ]) {
    const before = alive()
    assert.throws(f)
    assert.is(alive(), before, String(f))
  }
})

test.run()
