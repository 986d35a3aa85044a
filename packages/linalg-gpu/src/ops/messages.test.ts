import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as np from '../index.js'
import { defaultDevice } from '../run/onDevice.js'
import { throws } from './arrays.testing.js'

// What each function says to a wrong call: function, operand, value, remedy. Change a text here when you change it there, and read it once more.

type Tensor = np.Tensor
const x = np.array([
  [1, 2, 3],
  [4, 5, 6],
])
const v2 = np.array([1, 2])
const v3 = np.array([1, 2, 3])
const f64 = np.array([1, 2, 3], { dtype: 'f64' })
const i32 = np.array([1, 2, 3], { dtype: 'i32' })
const u32 = np.array([1, 2, 3], { dtype: 'u32' })
const flags = np.array([true, false])
const image = np.zeros([1, 2, 5])
const kernel = np.zeros([2, 2, 3])
const gone = np.array([1, 2, 3])
np.dispose(gone)
const elsewhere = np.array([1, 2, 3], { device: np.plainDevice({ name: 'other' }) })

const here = defaultDevice().name

const calls: readonly (readonly [() => unknown, string])[] = [
  // wrong operands
  [() => np.add(x, [1, 2] as never), 'add: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [
    () => np.add(Promise.resolve(x) as never, x),
    'add: got a promise: functions under a trace are synchronous; await it before the call.',
  ],
  [() => np.add(x, undefined as never), 'add: expected a tensor, got undefined.'],
  [() => np.add(x, null as never), 'add: expected a tensor, got null.'],
  [() => np.add(x, '3' as never), 'add: expected a tensor, got string.'],
  [() => np.add({ x } as never, x), 'add: expected a tensor, got object.'],
  [() => np.sub(gone, 1), 'sub: got f32[3], which was disposed.'],
  [
    () => np.mul(x, v2),
    'mul: shapes [2, 3] and [2] do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.',
  ],
  [
    () => np.mul(f64, x),
    "mul: f64[3] with f32[2,3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'f32').",
  ],
  [
    () => np.mul(u32, i32),
    "mul: u32[3] with i32[3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'u32').",
  ],
  [() => np.mul(i32, 1.5), "mul: the number 1.5 is no i32: cast the tensor to a float dtype first, as cast(x, 'f32')."],
  [() => np.mul(u32, -1), "mul: the number -1 is no u32: cast the tensor to a float dtype first, as cast(x, 'f32')."],
  [
    () => np.mul(x, elsewhere),
    `mul: operands live on two devices, ${here} and other: move one with transfer(x, device).`,
  ],
  [
    () => np.div(x, v2),
    'div: shapes [2, 3] and [2] do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.',
  ],
  [
    () => np.floorDivide(u32, i32),
    "floorDivide: u32[3] with i32[3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'u32').",
  ],
  [() => np.mod(i32, NaN), "mod: the number NaN is no i32: cast the tensor to a float dtype first, as cast(x, 'f32')."],
  [
    () => np.remainder(x, v2),
    'remainder: shapes [2, 3] and [2] do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.',
  ],
  [() => np.pow(i32, 0.5), "pow: the number 0.5 is no i32: cast the tensor to a float dtype first, as cast(x, 'f32')."],
  [
    () => np.pow(Promise.resolve(x) as never, 2),
    'pow: got a promise: functions under a trace are synchronous; await it before the call.',
  ],
  [
    () => np.maximum(x, v2),
    'maximum: shapes [2, 3] and [2] do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.',
  ],
  [
    () => np.minimum(f64, x),
    "minimum: f64[3] with f32[2,3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'f32').",
  ],
  [
    () => np.atan2(x, v2),
    'atan2: shapes [2, 3] and [2] do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.',
  ],
  [
    () => np.hypot(x, v2),
    'hypot: shapes [2, 3] and [2] do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.',
  ],
  [() => np.neg([1] as never), 'neg: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.abs(gone), 'abs: got f32[3], which was disposed: return it from its scope, or dispose it later.'],
  [
    () => np.sign(Promise.resolve(x) as never),
    'sign: got a promise: functions under a trace are synchronous; await it before the call.',
  ],
  [() => np.square('2' as never), 'square: expected a tensor, got string.'],
  [
    () => np.reciprocal([1] as never),
    'reciprocal: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [() => np.floor([1] as never), 'floor: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.ceil([1] as never), 'ceil: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.round([1] as never), 'round: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.trunc([1] as never), 'trunc: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [
    () => np.clip(x, v2, 1),
    'clip: shapes [2, 3] and [2] do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.',
  ],
  [
    () => np.clip(i32, 0, 1.5),
    "clip: the number 1.5 is no i32: cast the tensor to a float dtype first, as cast(x, 'f32').",
  ],
  // calculus
  [() => np.exp([1] as never), 'exp: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.expm1(gone), 'expm1: got f32[3], which was disposed: return it from its scope, or dispose it later.'],
  [() => np.log([1] as never), 'log: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.log1p([1] as never), 'log1p: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.log2([1] as never), 'log2: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.sqrt([1] as never), 'sqrt: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.rsqrt([1] as never), 'rsqrt: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.cbrt([1] as never), 'cbrt: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.sin([1] as never), 'sin: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.cos([1] as never), 'cos: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.tan([1] as never), 'tan: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.asin([1] as never), 'asin: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.acos([1] as never), 'acos: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.atan([1] as never), 'atan: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.sinh([1] as never), 'sinh: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.cosh([1] as never), 'cosh: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.tanh([1] as never), 'tanh: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.asinh([1] as never), 'asinh: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.acosh([1] as never), 'acosh: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.atanh([1] as never), 'atanh: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [
    () => np.sigmoid([1] as never),
    'sigmoid: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [
    () => np.softplus([1] as never),
    'softplus: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [() => np.relu([1] as never), 'relu: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.silu([1] as never), 'silu: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.gelu([1] as never), 'gelu: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.erf([1] as never), 'erf: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.erfc([1] as never), 'erfc: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.erfinv([1] as never), 'erfinv: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.lgamma([1] as never), 'lgamma: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [
    () => np.digamma([1] as never),
    'digamma: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [() => np.sinc([1] as never), 'sinc: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.polygamma(-1, x), 'polygamma: the order is a non-negative integer, got -1.'],
  [() => np.polygamma(0.5, x), 'polygamma: the order is a non-negative integer, got 0.5.'],
  [
    () => np.logaddexp(f64, x),
    "logaddexp: f64[3] with f32[2,3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'f32').",
  ],
  [
    () => np.xlogy(x, v2),
    'xlogy: shapes [2, 3] and [2] do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.',
  ],
  // comparison
  [
    () => np.equal(x, v2),
    'equal: shapes [2, 3] and [2] do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.',
  ],
  [
    () => np.notEqual(f64, x),
    "notEqual: f64[3] with f32[2,3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'f32').",
  ],
  [
    () => np.less(x, elsewhere),
    `less: operands live on two devices, ${here} and other: move one with transfer(x, device).`,
  ],
  [
    () => np.lessEqual(i32, 0.5),
    "lessEqual: the number 0.5 is no i32: cast the tensor to a float dtype first, as cast(x, 'f32').",
  ],
  [
    () => np.greater(x, [1] as never),
    'greater: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [
    () => np.greaterEqual(gone, 1),
    'greaterEqual: got f32[3], which was disposed: return it from its scope, or dispose it later.',
  ],
  [
    () => np.logicalAnd(x, v2),
    'logicalAnd: shapes [2, 3] and [2] do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.',
  ],
  [
    () => np.logicalOr(x, [1] as never),
    'logicalOr: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [
    () => np.logicalXor(gone, true),
    'logicalXor: got f32[3], which was disposed: return it from its scope, or dispose it later.',
  ],
  [
    () => np.logicalNot([1] as never),
    'logicalNot: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [() => np.bitwiseAnd(x, 1), 'bitwiseAnd: needs integers or bool, got f32[2,3]: cast or bitcast it.'],
  [() => np.bitwiseOr(i32, x), 'bitwiseOr: needs integers or bool, got f32[3]: cast or bitcast it.'],
  [
    () => np.bitwiseXor(u32, i32),
    "bitwiseXor: u32[3] with i32[3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'u32').",
  ],
  [() => np.bitwiseNot(x), 'bitwiseNot: needs integers or bool, got f32[2,3]: cast or bitcast it.'],
  [() => np.leftShift(x, 1), 'leftShift: needs integers, got f32[2,3]: cast or bitcast it.'],
  [
    () => np.rightShift(u32, -1),
    "rightShift: the number -1 is no u32: cast the tensor to a float dtype first, as cast(x, 'f32').",
  ],
  [() => np.isNaN([1] as never), 'isNaN: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.isInf(gone), 'isInf: got f32[3], which was disposed: return it from its scope, or dispose it later.'],
  [() => np.isFinite(null as never), 'isFinite: expected a tensor, got null.'],
  [() => np.where(x, x, v2), 'where: shapes do not broadcast: condition [2, 3], values [2, 3] and [2].'],
  [() => np.where(v2, x, 0), 'where: shapes do not broadcast: condition [2], values [2, 3] and [].'],
  [
    () => np.where(true, f64, x),
    "where: f64[3] with f32[2,3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'f32').",
  ],
  [
    () => np.where(true, i32, 0.5),
    "where: the number 0.5 is no i32: cast the tensor to a float dtype first, as cast(x, 'f32').",
  ],
  [() => np.where(gone, 1, 2), 'where: got f32[3], which was disposed: return it from its scope, or dispose it later.'],
  [
    () => np.nanToNum([1] as never),
    'nanToNum: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [
    () => np.isClose(x, v2),
    'isClose: shapes [2, 3] and [2] do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.',
  ],
  // reductions
  [() => np.sum(x, { axis: 2 }), 'sum: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.sum(x, { axis: NaN }), 'sum: axis NaN is out of range for rank 2: use -2 … 1.'],
  [() => np.sum(x, { axis: [0, -2] }), 'sum: axis 0 is named twice in [0, -2].'],
  [() => np.sum(5, { axis: 0 }), 'sum: axis 0 of a scalar: it has no axes.'],
  [() => np.max(x, { axis: 0.5 }), 'max: axis 0.5 is out of range for rank 2: use -2 … 1.'],
  [
    () => np.max(np.zeros([2, 0]), { axis: 1 }),
    'max: over an empty axis of [2, 0] has no value: check the shape first.',
  ],
  [() => np.min(np.zeros([0])), 'min: over an empty axis of [0] has no value: check the shape first.'],
  [() => np.all(gone), 'all: got f32[3], which was disposed: return it from its scope, or dispose it later.'],
  [() => np.any(x, { axis: -3 }), 'any: axis -3 is out of range for rank 2: use -2 … 1.'],
  [() => np.mean([1, 2] as never), 'mean: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  [() => np.mean(x, { axis: 2 }), 'mean: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.prod(x, { axis: 2 }), 'prod: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.argmax(x, { axis: 2 }), 'argmax: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.argmin(np.zeros([0])), 'argmin: over an empty axis of [0] has no value: check the shape first.'],
  [() => np.logsumexp(x, { axis: 2 }), 'logsumexp: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.variance(x, { axis: 2 }), 'variance: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.var(gone), 'variance: got f32[3], which was disposed: return it from its scope, or dispose it later.'],
  [() => np.std(x, { axis: 2 }), 'std: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.norm(x, { ord: 0 }), 'norm: ord is a positive number or Infinity, got 0.'],
  [() => np.norm(x, { ord: NaN }), 'norm: ord is a positive number or Infinity, got NaN.'],
  [() => np.norm(x, { axis: 2 }), 'norm: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.cumsum(x, { axis: 2 }), 'cumsum: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.cumprod(x, { axis: 2 }), 'cumprod: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.cummax(gone), 'cummax: got f32[3], which was disposed: return it from its scope, or dispose it later.'],
  [() => np.cummin([1] as never), 'cummin: expected a tensor, got object: an array; use array([…]) to make a tensor.'],
  // shape
  [
    () => np.reshape(x, [4, 2]),
    'reshape: [2, 3] has 6 elements, [4, 2] has 8. One size may be −1 and follows from the others.',
  ],
  [() => np.reshape(x, [4, -1]), 'reshape: [2, 3] of 6 elements does not fit [4, -1]: −1 has no whole size.'],
  [() => np.reshape(x, [-1, -1]), 'reshape: [2, 3] of 6 elements does not fit [-1, -1]: −1 has no whole size.'],
  [() => np.reshape(x, [-2, -3]), 'reshape: sizes are non-negative integers, got [-2, -3].'],
  [() => np.reshape(x, 6 as never), 'reshape: a shape is an array of sizes, got 6.'],
  [() => np.reshape(x, [1.5, 4]), 'reshape: sizes are non-negative integers, got [1.5, 4].'],
  [() => np.transpose(x, [0, 0]), 'transpose: [0, 0] is no permutation of the 2 axes of [2, 3].'],
  [() => np.transpose(x, [0]), 'transpose: [0] is no permutation of the 2 axes of [2, 3].'],
  [() => np.transpose(x, [0, 2]), 'transpose: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.swapAxes(x, 0, 2), 'swapAxes: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.moveAxis(x, 2, 0), 'moveAxis: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.expandDims(x, 3), 'expandDims: axis 3 is out of range for rank 3: use -3 … 2.'],
  [() => np.expandDims(x, [0, 0]), 'expandDims: axis 0 is named twice in [0, 0].'],
  [() => np.squeeze(x, 0), 'squeeze: axis 0 of [2, 3] has size 2, not 1.'],
  [
    () => np.flatten([1] as never),
    'flatten: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [() => np.broadcastTo(x, [2]), 'broadcastTo: [2, 3] does not broadcast to [2]: sizes agree from the right or are 1.'],
  [
    () => np.broadcastTo(x, [2, 4]),
    'broadcastTo: [2, 3] does not broadcast to [2, 4]: sizes agree from the right or are 1.',
  ],
  [() => np.broadcastTo(x, [-1, 3]), 'broadcastTo: sizes are non-negative integers, got [-1, 3].'],
  [
    () => np.broadcastTo(x, [2 ** 30, 2 ** 30, 2, 3]),
    'broadcastTo: shape [1073741824, 1073741824, 2, 3] has 6917529027641082000 elements, more than can be indexed.',
  ],
  [() => np.broadcastArrays([x, v2, v3]), 'broadcastArrays: shapes [2, 3] [2] [3] do not broadcast.'],
  [() => np.concatenate([]), 'concatenate: needs an array of at least one tensor, got [].'],
  [() => np.concatenate(x as never), 'concatenate: needs an array of at least one tensor, got f32[2,3].'],
  [() => np.concatenate([x, v3]), 'concatenate: shapes [2, 3] and [3] differ off axis 0: only that size may differ.'],
  [
    () => np.concatenate([x, np.zeros([2, 4])]),
    'concatenate: shapes [2, 3] and [2, 4] differ off axis 0: only that size may differ.',
  ],
  [() => np.concatenate([1, 2]), 'concatenate: scalars have no axis to join along: use stack.'],
  [
    () => np.concatenate([x, f64]),
    "concatenate: f32[2,3] with f64[3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'f64').",
  ],
  [() => np.stack([]), 'stack: needs an array of at least one tensor, got [].'],
  [() => np.stack([x, v3]), 'stack: shapes [2, 3] and [3] differ: broadcastArrays makes them one.'],
  [() => np.stack([x, x], 3), 'stack: axis 3 is out of range for rank 3: use -3 … 2.'],
  [() => np.split(x, 4), 'split: axis 0 of size 2 has no 4 equal parts: name the positions to cut at.'],
  [() => np.split(x, [2, 1]), 'split: positions are integers that rise within 0 … 2, the size of axis 0, got [2, 1].'],
  [() => np.split(x, [0.5]), 'split: positions are integers that rise within 0 … 2, the size of axis 0, got [0.5].'],
  [() => np.split(x, [-1]), 'split: positions are integers that rise within 0 … 2, the size of axis 0, got [-1].'],
  [() => np.slice(x, 5), 'slice: position 5 is outside axis 0 of [2, 3]: integers from -2 to 1 are inside.'],
  [() => np.slice(x, 0.5), 'slice: position 0.5 is outside axis 0 of [2, 3]: integers from -2 to 1 are inside.'],
  [() => np.slice(x, [0, 1, 0]), 'slice: a step is a non-zero integer, got 0 on axis 0.'],
  [() => np.slice(x, [0.5, 1]), 'slice: bounds are integers or null, got 0.5 on axis 0.'],
  [() => np.slice(x, [NaN]), 'slice: bounds are integers or null, got NaN on axis 0.'],
  [() => np.slice(x, null, null, null), 'slice: 3 cuts of [2, 3], which has 2 axes.'],
  [() => np.flip(x, 2), 'flip: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.roll(x, 0.5), 'roll: moves by an integer, got 0.5.'],
  [() => np.roll(x, 1, 2), 'roll: axis 2 is out of range for rank 2: use -2 … 1.'],
  [
    () => np.pad(x, [[1, 1]]),
    'pad: widths are one [before, after] of integers for each of the 2 axes of [2, 3], got [[1, 1]].',
  ],
  [
    () => np.pad(x, 1 as never),
    'pad: widths are one [before, after] of integers for each of the 2 axes of [2, 3], got 1.',
  ],
  [
    () =>
      np.pad(x, [
        [0.5, 0],
        [0, 0],
      ]),
    'pad: widths are one [before, after] of integers for each of the 2 axes of [2, 3], got [[0.5, 0], [0, 0]].',
  ],
  [() => np.pad(v3, [[3, 0]], { mode: 'reflect' }), 'pad: reflect by [3, 0] of axis 0, which has only 3 elements.'],
  [() => np.pad(v3, [[4, 0]], { mode: 'wrap' }), 'pad: wrap by [4, 0] of axis 0, which has only 3 elements.'],
  [
    () => np.pad(np.zeros([0]), [[1, 0]], { mode: 'edge' }),
    'pad: edge by [1, 0] of axis 0, which has only 0 elements.',
  ],
  [
    () => np.pad(v3, [[1, 0]], { mode: 'symmetric' as never }),
    'pad: mode is one of constant, edge, reflect, wrap, got "symmetric".',
  ],
  [() => np.pad(v3, [[-2, -2]]), 'pad: [-2, -2] cuts more than the 3 elements of axis 0.'],
  [
    () => np.pad(i32, [[1, 0]], { value: NaN }),
    'pad: the value NaN is no i32: cast the tensor to a dtype that holds it.',
  ],
  [() => np.tile(x, [-1]), 'tile: a count is a non-negative integer, got -1.'],
  [() => np.tile(x, 2 as never), 'tile: counts are one for each axis, got 2.'],
  [() => np.repeat(x, -1), 'repeat: times is a non-negative integer, got -1.'],
  [() => np.repeat(x, 1.5), 'repeat: times is a non-negative integer, got 1.5.'],
  [() => np.tril(v3), 'tril: needs a matrix, got [3].'],
  [() => np.tril(x, 0.5), 'tril: k is an integer, got 0.5.'],
  [() => np.triu(1), 'triu: needs a matrix, got [].'],
  [() => np.diagonal(v3), 'diagonal: needs a matrix, got [3].'],
  [() => np.diag(1), 'diag: needs at least one axis, got a scalar.'],
  // contraction
  [
    () => np.matmul(x, x),
    'matmul: inner sizes differ: [2, 3] · [2, 3], 3 ≠ 2. Did you mean matmul(x, swapAxes(y, -1, -2))?',
  ],
  [
    () => np.matmul(x, np.zeros([4, 3])),
    'matmul: inner sizes differ: [2, 3] · [4, 3], 3 ≠ 4. Did you mean matmul(x, swapAxes(y, -1, -2))?',
  ],
  [
    () => np.matmul(np.zeros([3, 2]), np.zeros([3, 4])),
    'matmul: inner sizes differ: [3, 2] · [3, 4], 2 ≠ 3. Did you mean matmul(swapAxes(x, -1, -2), y)?',
  ],
  [() => np.matmul(x, 2), 'matmul: needs at least one axis on each side, got [2, 3] · []: use mul for scalars.'],
  [
    () => np.matmul(np.zeros([2, 2, 3]), np.zeros([3, 3, 2])),
    'matmul: leading axes do not broadcast: [2, 2, 3] · [3, 3, 2].',
  ],
  [
    () => np.matmul(f64, x),
    "matmul: f64[3] with f32[2,3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'f32').",
  ],
  [() => np.matmul(x, gone), 'matmul: got f32[3], which was disposed: return it from its scope, or dispose it later.'],
  [
    () => np.matmul(x, [[1]] as never),
    'matmul: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [() => np.dot(x, v2), 'dot: inner sizes differ: [2, 3] · [2], 3 ≠ 2.'],
  [() => np.tensordot(x, np.zeros([3, 2])), 'tensordot: axes [0, 1] of [2, 3] do not match axes [0, 1] of [3, 2].'],
  [() => np.tensordot(x, x, 3), 'tensordot: 3 axes of [2, 3] and [2, 3]: there are not so many.'],
  [() => np.tensordot(x, x, 0.5), 'tensordot: 0.5 axes of [2, 3] and [2, 3]: there are not so many.'],
  [
    () =>
      np.tensordot(x, x, [
        [0, 0],
        [0, 1],
      ]),
    'tensordot: an axis is named twice in [[0, 0], [0, 1]].',
  ],
  [() => np.tensordot(x, x, [[0], [2]]), 'tensordot: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.vdot(x, v3), 'vdot: shapes [2, 3] and [3] differ: it takes tensors of one shape.'],
  [
    () => np.outer(f64, x),
    "outer: f64[3] with f32[2,3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'f32').",
  ],
  [() => np.einsum('ij,jk', x), "einsum: 'ij,jk' names 2 operands, got 1."],
  [() => np.einsum('ij,jk->ik', x, x), "einsum: axis 'j' has sizes 3 and 2 in 'ij,jk->ik'."],
  [() => np.einsum('i->i', x), "einsum: 'i' names 1 axes of [2, 3], which has 2."],
  [() => np.einsum('ij->k', x), "einsum: axis 'k' of the result is in no operand of 'ij->k'."],
  [() => np.einsum(3 as never, x), "einsum: the first argument is a formula, such as 'ij,jk->ik', got 3."],
  [
    () => np.conv(x, x),
    'conv: input [batch, channels, …] and filters [filters, channels, …] of one rank ≥ 3 expected, got [2, 3] and [2, 3].',
  ],
  [
    () => np.conv(image, np.zeros([2, 3, 2])),
    'conv: input has 2 channels, filters [2, 3, 2] take 3 in each of 1 groups.',
  ],
  [() => np.conv(image, kernel, { strides: 0 }), 'conv: strides is one positive integer or 1 of them, got 0.'],
  [() => np.conv(image, kernel, { padding: -1 }), 'conv: padding is made of non-negative integers, got -1.'],
  [() => np.conv(image, kernel, { groups: 0 }), 'conv: groups is a positive integer, got 0.'],
  [
    () => np.convTranspose(image, np.zeros([3, 1, 2])),
    'convTranspose: input has 2 channels, there are 3 filters in [3, 1, 2].',
  ],
  [
    () => np.convTranspose(image, np.zeros([2, 1, 2]), { outputPadding: 1 }),
    'convTranspose: outputPadding is a non-negative integer smaller than the stride on each of 1 axes, got 1 with strides [1].',
  ],
  [() => np.maxPool(image, 0), 'maxPool: window is one positive integer or 1 of them, got 0.'],
  [() => np.maxPool(x, 2), 'maxPool: window 2 over the last axes of f32[2,3]: [batch, channels, …spatial] expected.'],
  [
    () => np.avgPool(image, [2, 2, 2, 2]),
    'avgPool: window [2, 2, 2, 2] over the last axes of f32[1,2,5]: [batch, channels, …spatial] expected.',
  ],
  [
    () => np.avgPool(gone, 2),
    'avgPool: got f32[3], which was disposed: return it from its scope, or dispose it later.',
  ],
  // creation
  [() => np.array([[1, 2], [3]]), 'array: the nesting is ragged: [3] at depth 1 where [2] was expected.'],
  [() => np.array([1, [2]]), 'array: the nesting is ragged: [2] at depth 1 where [] was expected.'],
  [() => np.array([[1], 2]), 'array: the nesting is ragged: 2 at depth 1 where [1] was expected.'],
  [() => np.array(['1'] as never), 'array: elements are numbers or booleans, got "1".'],
  [() => np.array('12' as never), 'array: expected numbers, nested arrays or a typed array, got "12".'],
  [() => np.array(undefined as never), 'array: expected numbers, nested arrays or a typed array, got undefined.'],
  [
    () => np.array(x as never),
    'array: got a tensor: it is one already; cast(x, dtype) and transfer(x, device) change it.',
  ],
  [() => np.array([1, 2, 3], { shape: [2, 2] }), 'array: 3 elements do not fill shape [2, 2], which has 4.'],
  [() => np.array([1, 2], { shape: [-2] }), 'array: sizes are non-negative integers, got [-2].'],
  [() => np.array([0.5], { dtype: 'i32' }), 'array: the element 0.5 is no i32: choose a float dtype, or round first.'],
  [
    () => np.array(new Float32Array([NaN]), { dtype: 'u8' }),
    'array: the element NaN is no u8: choose a float dtype, or round first.',
  ],
  [
    () => np.array(new Uint8ClampedArray(2) as never),
    'array: Uint8ClampedArray is no storage of a dtype: copy it into one of Float32Array, Float64Array, Int32Array, Uint32Array, Int8Array, Uint8Array, or Uint16Array with the bits of f16.',
  ],
  [
    () => np.array(new BigInt64Array(2) as never),
    'array: BigInt64Array is no storage of a dtype: copy it into one of Float32Array, Float64Array, Int32Array, Uint32Array, Int8Array, Uint8Array, or Uint16Array with the bits of f16.',
  ],
  [() => np.full([2], 1.5, { dtype: 'i32' }), 'full: the value 1.5 is no i32: choose another dtype.'],
  [() => np.full([2], 256, { dtype: 'u8' }), 'full: the value 256 is no u8: choose another dtype.'],
  [() => np.full([-1], 0), 'full: sizes are non-negative integers, got [-1].'],
  [
    () => np.full([2 ** 40, 2 ** 40], 0),
    'full: shape [1099511627776, 1099511627776] has 1.2089258196146292e+24 elements, more than can be indexed.',
  ],
  [() => np.zeros(3 as never), 'zeros: a shape is an array of sizes, got 3.'],
  [() => np.zeros([NaN]), 'zeros: sizes are non-negative integers, got [NaN].'],
  [() => np.ones([1.5]), 'ones: sizes are non-negative integers, got [1.5].'],
  [
    () => np.zerosLike([1] as never),
    'zerosLike: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [() => np.onesLike(3 as never), 'onesLike: expected a tensor, got number.'],
  [
    () => np.fullLike(i32, 0.5),
    'fullLike: the value 0.5 is no i32: choose another by full(x.shape, value, { dtype }).',
  ],
  [() => np.iota([2], 1), 'iota: axis 1 is out of range for rank 1: use -1 … 0.'],
  [() => np.iota([2], 0, { dtype: 'bool' }), 'iota: bool holds no index: choose an integer or float dtype.'],
  [() => np.arange(0, 1, 0), 'arange: from 0 to 1 by 0 has no end: bounds are finite, the step is not 0.'],
  [() => np.arange(0, Infinity), 'arange: from 0 to Infinity by 1 has no end: bounds are finite, the step is not 0.'],
  [() => np.arange(NaN), 'arange: from 0 to NaN by 1 has no end: bounds are finite, the step is not 0.'],
  [
    () => np.arange(0, 1, 0.25, { dtype: 'i32' }),
    "arange: 0.25 is no i32: ask for a float dtype, as { dtype: 'f32' }.",
  ],
  [() => np.linspace(0, 1, -1), 'linspace: n is a non-negative integer, got -1.'],
  [() => np.linspace(0, 1, 3, { dtype: 'i32' }), 'linspace: needs a float dtype, got i32: cast the result.'],
  [() => np.eye(-1), 'eye: n is a non-negative integer, got -1.'],
  [
    () => np.cast([1] as never, 'f32'),
    'cast: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [() => np.cast(gone, 'i32'), 'cast: got f32[3], which was disposed: return it from its scope, or dispose it later.'],
  [() => np.bitcast(x, 'f64'), 'bitcast: f32 and f64 differ in width.'],
  [() => np.bitcast(flags, 'u8'), 'bitcast: bool to u8: bool is true or false, not a pattern of bits; cast it.'],
  [
    () => np.add(np.zeros([2 ** 50]), 1),
    'memory: 1125899906842624 elements of f32, 4503599627370496 bytes, are more than the host gives to one array: compute in parts, as by scan or map.',
  ],
  // indexing
  [
    () => np.take(x, [0, 1] as never),
    'take: expected a tensor, got object: an array; use array([…]) to make a tensor.',
  ],
  [() => np.take(x, 0.5), 'take: indices are integers of 32 bits, got 0.5.'],
  [() => np.take(x, x), "take: indices are integers, got f32[2,3]: cast them, as cast(x, 'i32')."],
  [() => np.take(x, i32, { axis: 2 }), 'take: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.take(1, 0, { axis: 0 }), 'take: axis 0 of a scalar: it has no axes.'],
  [() => np.takeAlongAxis(x, i32), 'takeAlongAxis: indices [3] do not match [2, 3] off axis 1.'],
  [
    () => np.takeAlongAxis(x, np.zeros([2, 1]), { axis: 1 }),
    "takeAlongAxis: indices are integers, got f32[2,1]: cast them, as cast(x, 'i32').",
  ],
  [() => np.gather(x, 0), 'gather: indices need a last axis that holds index vectors.'],
  [() => np.gather(x, np.iota([2, 3])), 'gather: index vectors of length 3 in [2, 3], which has 2 axes.'],
  [() => np.gather(x, x), "gather: indices are integers, got f32[2,3]: cast them, as cast(x, 'i32')."],
  [() => np.scatterAdd(x, np.iota([2, 3]), 1), 'scatterAdd: index vectors of length 3 in [2, 3], which has 2 axes.'],
  [
    () => np.scatterAdd(x, np.iota([2, 1]), v2),
    'scatterAdd: updates [2] do not broadcast to [2, 3], the shape of what the indices name.',
  ],
  [
    () => np.scatterAdd(i32, np.iota([1, 1]), 0.5),
    "scatterAdd: the number 0.5 is no i32: cast the tensor to a float dtype first, as cast(x, 'f32').",
  ],
  [() => np.dynamicSlice(x, [0], [1, 1]), 'dynamicSlice: one start for each of the 2 axes of [2, 3] expected, got 1.'],
  [() => np.dynamicSlice(x, [0, 0], [3, 1]), 'dynamicSlice: sizes [3, 1] do not fit into [2, 3].'],
  [
    () => np.dynamicSlice(x, x, [1, 1]),
    "dynamicSlice: indices are integers, got f32[2,3]: cast them, as cast(x, 'i32').",
  ],
  [() => np.dynamicSlice(x, [0.5, 0], [1, 1]), 'dynamicSlice: indices are integers of 32 bits, got 0.5.'],
  [() => np.dynamicUpdateSlice(x, v3, [0, 0]), 'dynamicUpdateSlice: update [3] does not fit into [2, 3].'],
  [
    () => np.dynamicUpdateSlice(x, np.zeros([1, 1]), [0]),
    'dynamicUpdateSlice: one start for each of the 2 axes of [2, 3] expected, got 1.',
  ],
  [
    () => np.dynamicUpdateSlice(x, np.zeros([1, 1]), i32),
    'dynamicUpdateSlice: one start for each of the 2 axes of [2, 3] expected, got i32[3].',
  ],
  [() => np.oneHot(x, 3), "oneHot: indices are integers, got f32[2,3]: cast them, as cast(x, 'i32')."],
  [() => np.oneHot(i32, -1), 'oneHot: the number of classes is a non-negative integer, got -1.'],
  // sorting, softmax, scans
  [() => np.argsort(1), 'argsort: axis -1 of a scalar: it has no axes.'],
  [() => np.argsort(x, { axis: 2 }), 'argsort: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.sort(x, { axis: 2 }), 'sort: axis 2 is out of range for rank 2: use -2 … 1.'],
  [() => np.topK(x, 4), 'topK: k = 4 of axis 1 of [2, 3], which has 3 elements.'],
  [() => np.topK(x, -1), 'topK: k = -1 of axis 1 of [2, 3], which has 3 elements.'],
  [() => np.softmax(1), 'softmax: axis -1 of a scalar: it has no axes.'],
  [() => np.softmax(x, { axis: 2 }), 'softmax: axis 2 is out of range for rank 2: use -2 … 1.'],
  [
    () => np.logSoftmax(gone),
    'logSoftmax: got f32[3], which was disposed: return it from its scope, or dispose it later.',
  ],
  [() => np.associativeScan(np.add, x, { axis: 2 }), 'associativeScan: axis 2 is out of range for rank 2: use -2 … 1.'],
  [
    () => np.associativeScan((a: Tensor) => np.sum(a), v3),
    'associativeScan: combine made [] of two tensors [1]: it keeps the shape.',
  ],
  [() => np.stack([1, x]), 'stack: shapes [] and [2, 3] differ: broadcastArrays makes them one.'],
  [() => np.concatenate(['a' as never, x]), 'concatenate: expected a tensor, got string.'],
  [() => np.switchCase(0.5, [() => 1]), 'switchCase: indices are integers of 32 bits, got 0.5.'],
  [() => np.switchCase(0, []), 'switchCase: needs at least one branch.'],
  [
    () =>
      np.cond(
        v3,
        () => 1,
        () => 2,
      ),
    'cond: the predicate is a scalar, got f32[3]: use where to choose elementwise.',
  ],
  [() => np.map((a: Tensor) => a, 3 as never), 'scan: xs has no leading axis: it is a scalar.'],
]

for (const [call, message] of calls) test(String(call).slice(6), () => throws(call, message))

test('each array function has a wrong call here', () => {
  // these take no operands that could be wrong, or are tested where they live
  const elsewhereTested =
    /^(cond|switchCase|scan|map|foriLoop|whileLoop|jit|trace|plan|print|debug\w+|data|item|read\w*|toNested|transfer|dispose|iterate|liveBuffers|scope|onDevice|region|profile|isTensor|tree\w+|plainDevice|exponential|gumbel|normal|truncatedNormal|bernoulli|categorical|permutation|randint|foldIn|key|splitKey|bits|uniform)$/
  const called = new Set(
    calls.flatMap(([call]) => [...String(call).matchAll(/np\d*\.(\w+)\(/g)].map((match) => match[1])),
  )
  const missing = Object.entries(np).flatMap(([name, value]) =>
    typeof value === 'function' && !elsewhereTested.test(name) && !called.has(name) ? [name] : [],
  )
  assert.equal(missing, [])
})

test.run()
