/** For tests: every function that @neumann/linalg-gpu exports, with cases of its derivatives, or with the word why it has none.
 *  An exported function that is not named here does not compile. */

import type { Shape, Tensor } from '@neumann/linalg-gpu'
import * as la from '@neumann/linalg-gpu'
import { type Case, cases } from './cases.testing.js'
import { away, between, bools, fixed, type Operand, real, spaced, whole } from './numeric.testing.js'

type Exports = typeof la
type FunctionName = {
  [K in keyof Exports]: Exports[K] extends (...args: never[]) => unknown ? K : never
}[keyof Exports]

const of = (note: string, operands: readonly Operand[], f: (...x: Tensor[]) => Tensor | readonly Tensor[]): Case => ({
  note,
  operands,
  f: (x) => f(...x),
})

type Unary = (x: Tensor) => Tensor
const shapes: readonly Shape[] = [[], [3], [2, 0], [2, 1, 2]]
const one = (f: Unary, make: (shape: Shape) => Operand): readonly Case[] =>
  shapes.map((shape) => of(`[${shape}]`, [make(shape)], f))
const inside =
  (low: number, high: number) =>
  (shape: Shape): Operand =>
    real(shape, low, high)

type Binary = (x: Tensor, y: Tensor) => Tensor
const two = (f: Binary, x: (shape: Shape) => Operand, y: (shape: Shape) => Operand): readonly Case[] => [
  of('scalars', [x([]), y([])], f),
  of('broadcasting', [x([2, 1]), y([3])], f),
  of('none', [x([0]), y([])], f),
  of('a number on the right', [x([3])], (a) => f(a, 1.7 as unknown as Tensor)),
  of('a number on the left', [y([3])], (b) => f(1.7 as unknown as Tensor, b)),
]

/** The cases of an operation that the function stands for, by its kind and function. */
const family = (table: { readonly [fn: string]: readonly Case[] }, fn: string, f: Binary): readonly Case[] =>
  table[fn]!.map((c) => ({ ...c, f: ([x, y]) => f(x!, y!) }))

type Reduction = (
  x: Tensor,
  options?: { readonly axis?: number | readonly number[]; readonly keepDims?: boolean },
) => Tensor
const along = (f: Reduction, make: (shape: Shape) => Operand): readonly Case[] => [
  of('all', [make([2, 3])], (x) => f(x)),
  of('one axis', [make([2, 3, 2])], (x) => f(x, { axis: 1 })),
  of('two axes, kept', [make([2, 3, 2])], (x) => f(x, { axis: [0, -1], keepDims: true })),
  of('one element', [make([1])], (x) => f(x)),
  of('none', [make([0, 3])], (x) => f(x, { axis: 1 })),
]

type Running = (x: Tensor, options?: { readonly axis?: number; readonly reverse?: boolean }) => Tensor
const running = (f: Running, make: (shape: Shape) => Operand): readonly Case[] => [
  of('flat', [make([2, 2])], (x) => f(x)),
  of('an axis', [make([2, 5])], (x) => f(x, { axis: 1 })),
  of('backwards', [make([3, 2])], (x) => f(x, { axis: 0, reverse: true })),
  of('one', [make([1])], (x) => f(x)),
  of('none', [make([0])], (x) => f(x)),
]

const vector = real([3])
const matrix = real([2, 3])
const cube = real([2, 3, 2])
const ties = (shape: Shape): Operand => spaced(shape)
const i32 = (values: readonly number[]): Tensor => la.array(values, { dtype: 'i32' })

const noTensor = 'makes tensors of no tensor'
const nowhere = 'bool or integer results'
const tool = 'no function of elements'

export const functions: { readonly [K in FunctionName]: readonly Case[] | string } = {
  // control
  cond: cases.cond,
  switchCase: cases.cond,
  foriLoop: [
    of('a fixed count', [vector, vector], (x, y) => la.foriLoop<Tensor>(1, 4, (i, c) => la.mul(la.sin(c), la.add(y, la.cast(i, 'f64'))), x)),
    { ...of('a traced count', [vector, vector], (x, y) => la.foriLoop<Tensor>(0, la.array(3, { dtype: 'i32' }), (_, c) => la.mul(la.sin(c), y), x)), modes: ['forward'] },
  ],
  map: [of('rows', [matrix, real([])], (x, k) => la.map((row: Tensor) => la.sum(la.sin(la.mul(row, k))), x))],
  scan: cases.scan,
  whileLoop: cases.while,
  associativeScan: [
    of('products', [away([5, 2])], (x) => la.associativeScan(la.mul, x)),
    of('linear recurrences, backwards', [real([2, 4]), real([2, 4])], (a, b) => {
      const { p, q } = la.associativeScan((l: { p: Tensor; q: Tensor }, r: { p: Tensor; q: Tensor }) => ({ p: la.mul(l.p, r.p), q: la.add(la.mul(r.p, l.q), r.q) }), { p: a, q: b }, { axis: 1, reverse: true })
      return [p, q]
    }),
  ],
  // arithmetic
  add: two(la.add, real, real),
  sub: two(la.sub, real, real),
  mul: two(la.mul, real, real),
  div: two(la.div, real, away),
  floorDivide: [of('halves', [between([2, 1]), fixed([3], [1, -1, 1])], la.floorDivide)],
  mod: family(cases.binary, 'mod', la.mod),
  remainder: family(cases.binary, 'rem', la.remainder),
  pow: [...two(la.pow, inside(0.5, 2), real), of('squares', [real([3])], (x) => la.pow(x, 2)), of('cubes', [real([3])], (x) => la.pow(x, 3)), of('inverse', [away([3])], (x) => la.pow(x, -1))],
  maximum: family(cases.binary, 'min', la.maximum),
  minimum: family(cases.binary, 'min', la.minimum),
  atan2: two(la.atan2, away, away),
  hypot: two(la.hypot, away, inside(2.2, 3)),
  neg: one(la.neg, real),
  abs: one(la.abs, away),
  sign: one(la.sign, away),
  square: one(la.square, real),
  reciprocal: one(la.reciprocal, away),
  floor: one(la.floor, between),
  ceil: one(la.ceil, between),
  round: one(la.round, between),
  trunc: one(la.trunc, between),
  clip: [
    of('within, below, above', [fixed([4], [-2, 0.3, 0.6, 3])], (x) => la.clip(x, -1, 2)),
    of('by its bounds', [fixed([4], [-2, 0.3, 0.6, 3]), fixed([], [-1]), fixed([4], [2, 0, 1, 2])], la.clip),
  ],
  // comparison
  equal: nowhere, notEqual: nowhere, less: nowhere, lessEqual: nowhere, greater: nowhere, greaterEqual: nowhere,
  logicalAnd: nowhere, logicalOr: nowhere, logicalXor: nowhere, logicalNot: nowhere,
  bitwiseAnd: nowhere, bitwiseOr: nowhere, bitwiseXor: nowhere, bitwiseNot: nowhere, leftShift: nowhere, rightShift: nowhere,
  isNaN: nowhere, isInf: nowhere, isFinite: nowhere, isClose: nowhere,
  where: [of('by a condition', [bools([2, 1]), real([3]), real([])], la.where), of('with a number', [bools([3]), real([3])], (c, x) => la.where(c, x, 0))],
  nanToNum: one((x) => la.nanToNum(x), real),
  // contraction
  matmul: [
    of('matrices', [real([2, 3]), real([3, 4])], la.matmul),
    of('vector, matrix', [real([3]), real([3, 2])], la.matmul),
    of('matrix, vector', [real([2, 3]), real([3])], la.matmul),
    of('vectors', [real([3]), real([3])], la.matmul),
    of('a batch and a matrix', [real([2, 2, 3]), real([3, 2])], la.matmul),
    of('batches that broadcast', [real([2, 1, 2, 3]), real([3, 3, 1])], la.matmul),
    of('nothing inside', [real([2, 0]), real([0, 2])], la.matmul),
  ],
  dot: [of('vectors', [vector, vector], la.dot), of('tensors', [cube, real([2, 2])], la.dot), of('a scalar', [real([]), vector], la.dot)],
  tensordot: [of('two axes', [cube, real([2, 3, 2])], (x, y) => la.tensordot(x, y, [[1, 0], [1, 2]])), of('none', [vector, real([2])], (x, y) => la.tensordot(x, y, 0))],
  vdot: [of('matrices', [matrix, matrix], la.vdot)],
  outer: [of('vectors', [vector, real([2])], la.outer)],
  einsum: [
    of('a product', [matrix, real([3, 2])], (x, y) => la.einsum('ij,jk->ik', x, y)),
    of('a diagonal and a trace', [real([3, 3]), real([3, 3])], (x, y) => la.einsum('ii,jj->i', x, y)),
    of('three operands', [matrix, real([3]), real([2, 2])], (x, y, z) => la.einsum('ij,j,ki->k', x, y, z)),
    of('a batch that broadcasts', [real([2, 1, 3]), real([2, 3])], (x, y) => la.einsum('...i,...i->...', x, y)),
  ],
  // convolution
  conv: cases.conv.forward.filter((_, i) => i % 2 === 0).slice(0, 4).concat([
    of('same, strided, dilated', [real([1, 2, 5, 4]), real([2, 1, 2, 3])], (x, w) => la.conv(x, w, { padding: 'same', strides: [2, 1], dilation: [1, 2], groups: 2 })),
  ]),
  convTranspose: [of('strides, output padding', [real([2, 2, 3]), real([2, 1, 3])], (x, w) => la.convTranspose(x, w, { strides: 2, padding: [[1, 0]], outputPadding: 1, groups: 2 }))],
  maxPool: [
    of('plain', [ties([1, 2, 4])], (x) => la.maxPool(x, 2)),
    of('overlapping, padded, dilated', [ties([1, 1, 5, 4])], (x) => la.maxPool(x, [2, 2], { strides: 1, padding: [[1, 0], [0, 1]], dilation: [2, 1] })),
    of('no windows', [ties([1, 1, 2])], (x) => la.maxPool(x, 3)),
  ],
  avgPool: [
    of('plain', [real([1, 2, 4])], (x) => la.avgPool(x, 2)),
    of('padded, not counted', [real([1, 1, 5, 4])], (x) => la.avgPool(x, [2, 3], { strides: [2, 1], padding: 'same' })),
    of('padded, counted', [real([1, 1, 5])], (x) => la.avgPool(x, 3, { strides: 2, padding: 1, countPadding: true })),
  ],
  // creation
  array: noTensor, full: noTensor, zeros: noTensor, ones: noTensor, zerosLike: noTensor, onesLike: noTensor, fullLike: noTensor,
  iota: noTensor, arange: noTensor, linspace: noTensor, eye: noTensor,
  cast: cases.cast.filter((c) => c.note !== 'f64 → bool'),
  bitcast: 'bits have no derivative',
  // indexing
  take: [
    of('rows, from the end, repeated, out of range where clipped', [real([3, 2])], (x) => la.take(x, i32([0, -1, 2, 2]))),
    of('an axis', [cube], (x) => la.take(x, la.array([[0, 2], [1, 1]], { dtype: 'i32' }), { axis: 1 })),
    of('a scalar index by an operand', [matrix, whole([], 0, 1)], (x, i) => la.take(x, i, { axis: 0 })),
  ],
  takeAlongAxis: [of('an axis', [matrix], (x) => la.takeAlongAxis(x, la.array([[2, 0], [1, 1]], { dtype: 'i32' }))), of('broadcasting', [real([1, 3])], (x) => la.takeAlongAxis(x, la.array([[2], [-3]], { dtype: 'i32' }), { axis: 1 }))],
  gather: [of('pairs', [cube], (x) => la.gather(x, la.array([[0, 2], [1, -1], [0, 2]], { dtype: 'i32' })))],
  scatterAdd: [of('rows, repeated, out of range', [real([3, 2]), real([4, 2])], (x, u) => la.scatterAdd(x, la.array([[0], [2], [0], [7]], { dtype: 'i32' }), u)), of('spread updates', [real([3]), real([])], (x, u) => la.scatterAdd(x, la.array([[1], [1]], { dtype: 'i32' }), u))],
  dynamicSlice: [of('clamped', [matrix], (x) => la.dynamicSlice(x, [5, -2], [1, 2]))],
  dynamicUpdateSlice: [of('clamped', [matrix, real([1, 2])], (x, u) => la.dynamicUpdateSlice(x, u, [0, 9]))],
  oneHot: 'integers in',
  // reductions
  all: nowhere, any: nowhere, argmax: nowhere, argmin: nowhere,
  sum: along(la.sum, real),
  max: along(la.max, ties),
  min: along(la.min, ties),
  mean: along(la.mean, real).slice(0, 4),
  prod: along(la.prod, away),
  variance: [...along(la.variance, real).slice(0, 3), of('ddof', [vector], (x) => la.variance(x, { ddof: 1 }))],
  var: along(la.var, real).slice(0, 2),
  std: [...along(la.std, ties).slice(0, 3), of('ddof', [ties([3])], (x) => la.std(x, { axis: 0, ddof: 1 }))],
  norm: [1, 2, 3, 2.5, Infinity].flatMap((ord) => [
    of(`ord ${ord}`, [spaced([4], 0.07)], (x) => la.norm(x, { ord })),
    of(`ord ${ord}, rows`, [spaced([2, 3], 0.07)], (x) => la.norm(x, { ord, axis: 1, keepDims: true })),
  ]),
  logsumexp: along(la.logsumexp, real),
  cumsum: running(la.cumsum, real),
  cumprod: running(la.cumprod, away),
  cummax: running(la.cummax, ties),
  cummin: running(la.cummin, ties),
  // shape
  reshape: [of('open', [cube], (x) => la.reshape(x, [4, -1]))],
  transpose: [of('reversed', [cube], (x) => la.transpose(x))],
  swapAxes: [of('outer', [cube], (x) => la.swapAxes(x, 0, -1))],
  moveAxis: [of('to the front', [cube], (x) => la.moveAxis(x, 2, 0))],
  expandDims: [of('two', [matrix], (x) => la.expandDims(x, [0, -1]))],
  squeeze: [of('one', [real([1, 3, 1])], (x) => la.squeeze(x, 2))],
  flatten: [of('cube', [cube], la.flatten)],
  broadcastTo: [of('size and rank', [real([3, 1])], (x) => la.broadcastTo(x, [2, 3, 2]))],
  broadcastArrays: [of('two', [real([2, 1]), real([3])], (x, y) => la.broadcastArrays([x, y]))],
  concatenate: [of('three, one of them a constant', [matrix, real([2, 1])], (x, y) => la.concatenate([x, la.ones([2, 2], { dtype: 'f64' }), y], 1))],
  stack: [of('behind', [vector, vector], (x, y) => la.stack([x, y], -1))],
  split: [of('at positions', [real([5])], (x) => la.split(x, [1, 1, 4])), of('equal', [real([2, 4])], (x) => la.split(x, 2, 1))],
  slice: [of('backwards, a position, a stride', [real([4, 3, 5])], (x) => la.slice(x, [null, null, -2], 1, [1, 5, 3])), of('empty', [vector], (x) => la.slice(x, [2, 1]))],
  flip: [of('all', [matrix], (x) => la.flip(x))],
  roll: [of('backwards', [real([2, 5])], (x) => la.roll(x, -7, 1))],
  pad: (['constant', 'edge', 'reflect', 'wrap'] as const).map((mode) => of(mode, [real([3, 2])], (x) => la.pad(x, [[2, 1], [1, mode === 'constant' ? -1 : 0]], { mode }))),
  tile: [of('rank grows', [matrix], (x) => la.tile(x, [2, 1, 3]))],
  repeat: [of('an axis', [matrix], (x) => la.repeat(x, 2, 1))],
  diag: [of('rows', [matrix], la.diag), of('none', [real([0])], la.diag)],
  diagonal: [of('wide', [real([2, 2, 3])], la.diagonal), of('tall', [real([3, 2])], la.diagonal)],
  tril: [of('below', [real([3, 4])], (x) => la.tril(x, -1))],
  triu: [of('above', [real([3, 4])], (x) => la.triu(x, 1))],
  // softmax, sorting
  softmax: [of('rows', [matrix], (x) => la.softmax(x)), of('an axis', [cube], (x) => la.softmax(x, { axis: 1 })), of('none', [real([0])], (x) => la.softmax(x))],
  logSoftmax: [of('rows', [matrix], (x) => la.logSoftmax(x)), of('an axis', [cube], (x) => la.logSoftmax(x, { axis: 0 })), of('none', [real([0])], (x) => la.logSoftmax(x))],
  argsort: nowhere,
  sort: [of('rows', [ties([2, 4])], (x) => la.sort(x)), of('an axis, descending', [ties([3, 2])], (x) => la.sort(x, { axis: 0, descending: true }))],
  topK: [of('two', [ties([2, 4])], (x) => la.topK(x, 2).values)],
  // transcendental
  exp: one(la.exp, real),
  expm1: one(la.expm1, real),
  log: one(la.log, inside(0.4, 3)),
  log1p: one(la.log1p, inside(-0.6, 3)),
  log2: one(la.log2, inside(0.4, 3)),
  sqrt: one(la.sqrt, inside(0.4, 3)),
  rsqrt: one(la.rsqrt, inside(0.4, 3)),
  cbrt: one(la.cbrt, away),
  sin: one(la.sin, real),
  cos: one(la.cos, real),
  tan: one(la.tan, inside(-1.1, 1.1)),
  asin: one(la.asin, inside(-0.7, 0.7)),
  acos: one(la.acos, inside(-0.7, 0.7)),
  atan: one(la.atan, real),
  sinh: one(la.sinh, real),
  cosh: one(la.cosh, real),
  tanh: one(la.tanh, real),
  asinh: one(la.asinh, real),
  acosh: one(la.acosh, inside(1.4, 3)),
  atanh: one(la.atanh, inside(-0.7, 0.7)),
  sigmoid: one(la.sigmoid, inside(-4, 4)),
  softplus: one(la.softplus, inside(-4, 4)),
  relu: one(la.relu, away),
  silu: one(la.silu, inside(-4, 4)),
  gelu: one(la.gelu, inside(-4, 4)),
  erf: one(la.erf, real),
  erfc: one(la.erfc, real),
  erfinv: one(la.erfinv, inside(-0.7, 0.7)),
  lgamma: one(la.lgamma, inside(0.5, 4)),
  digamma: one(la.digamma, inside(0.5, 4)),
  polygamma: [0, 1, 2].flatMap((n) => one((x) => la.polygamma(n, x), inside(0.7, 4))),
  logaddexp: two(la.logaddexp, real, real),
  xlogy: two(la.xlogy, real, inside(0.4, 3)),
  // across |πx| = 1, where the series meets the quotient
  sinc: [...one(la.sinc, real), of('at and beside 0, at the seam', [fixed([4], [0, 0.01, 0.3, 0.34])], la.sinc)],
  // random: reparametrised where a parameter is a float
  uniform: [of('by its bounds', [real([3], -2, 0), real([], 1, 2)], (low, high) => la.uniform(la.key(1), [3], { low, high, dtype: 'f64' }))],
  truncatedNormal: [of('by its bounds', [real([3], -2, -0.5), real([], 1, 2)], (low, high) => la.truncatedNormal(la.key(1), low, high, [3], { dtype: 'f64' }))],
  normal: noTensor, exponential: noTensor, gumbel: noTensor,
  bernoulli: nowhere, categorical: nowhere, permutation: 'moves rows by a key; its derivative is that of take', randint: nowhere, bits: nowhere, key: nowhere, splitKey: nowhere, foldIn: nowhere,
  // tools
  print: tool, plainDevice: tool, debugNans: tool, debugPrint: tool, jit: 'its own test', trace: tool, plan: tool,
  data: tool, item: tool, read: tool, readSync: tool, toNested: tool, transfer: tool, dispose: tool, iterate: tool, liveBuffers: tool, scope: tool,
  isTensor: tool, treeLeaves: tool, treeMap: tool, onDevice: tool, profile: tool, region: tool,
} // biome-ignore format: one function a line

export const functionCases = Object.entries(functions).flatMap(([name, list]) =>
  typeof list === 'string' ? [] : list.map((c, i) => ({ ...c, name, title: `${name} ${i}: ${c.note}` })),
)
