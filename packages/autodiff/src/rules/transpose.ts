/** The transpose of each linear operation: cotangents of the results → cotangents of the linear operands (null is zero).
 *
 *  `x` holds the operands that are not linear and null where an operand is linear; `types` are those of all operands.
 *  Operations that are nowhere linear cannot stand in a tangent program: that would be a fault of the jvp table. */

import { fail, type Kind, type Op, type OpOf, range, showOp, type Tensor, type Type } from '../language.js'
import { customTranspose } from './custom.js'
import type { Structural } from './jvp.js'
import { castTo, div, emit1, like, mul, neg, select, sum, type Tangent, transpose, unbroadcast, zeros } from './raw.js'

/** A rule that serves any kind. */
type TransposeFamily = (op: Op, ct: Tensor, x: readonly (Tensor | null)[], types: readonly Type[]) => readonly Tangent[]

export type TransposeRule<K extends Kind> = (
  op: OpOf<K>,
  ct: Tensor,
  x: readonly (Tensor | null)[],
  types: readonly Type[],
) => readonly Tangent[]

const nonlinear: TransposeFamily = (op) =>
  fail(
    'transpose',
    `${showOp(op)} is not linear. Where it stands in the rule of a customJvp, the rule must be made linear in its tangents; else this is a bug of autodiff.`,
  )

/** Linear with one operand: the dual operation on the cotangent. */
const dual =
  <K extends Kind>(op: (op: OpOf<K>, type: Type, ct: Tensor) => Op): TransposeRule<K> =>
  (own, ct, x, types) => [emit1(op(own, types[0]!, ct), ct), ...x.slice(1).map(() => null)]

const binary: TransposeRule<'binary'> = (op, ct, [x, y], types) => {
  const back = (i: number, value: Tensor): Tensor => unbroadcast(value, types[i]!.shape)
  switch (op.fn) {
    case 'add':
      return [x === null ? back(0, ct) : null, y === null ? back(1, ct) : null]
    case 'sub':
      return [x === null ? back(0, ct) : null, y === null ? back(1, neg(ct)) : null]
    case 'mul':
      if (x === null && y === null) return nonlinear(op, ct, [x, y], types)
      return x === null ? [back(0, mul(ct, y!)), null] : [null, back(1, mul(x!, ct))]
    case 'div':
      return x === null && y !== null ? [back(0, div(ct, y!)), null] : nonlinear(op, ct, [x!, y!], types)
    default:
      return nonlinear(op, ct, [x!, y!], types)
  }
}

const flipped = (form: 'plain' | 'transposed'): 'plain' | 'transposed' => (form === 'plain' ? 'transposed' : 'plain')

/** With A as the matrix meant by the left form and B by the right one, C = A B: dA = dC Bᵀ, dB = Aᵀ dC. Each comes out in the form its operand has,
 *  so that no transposition is made. */
const dot: TransposeRule<'dot'> = (op, ct, [a, b], types) => {
  if (a === null && b === null) return nonlinear(op, ct, [a, b], types)
  const product = (left: Op & { kind: 'dot' }, x: Tensor, y: Tensor): Tensor => emit1(left, x, y)
  if (a === null) {
    const plain = op.left === 'plain'
    return plain
      ? [product({ ...op, left: 'plain', right: flipped(op.right) }, ct, b!), null]
      : [product({ ...op, left: op.right, right: 'transposed' }, b!, ct), null]
  }
  return op.right === 'plain'
    ? [null, product({ ...op, left: flipped(op.left), right: 'plain' }, a!, ct)]
    : [null, product({ ...op, left: 'transposed', right: op.left }, ct, a!)]
}

/** The trilinear form with another of its three operands left out. */
const conv: TransposeRule<'conv'> = (op, ct, [a, b], types) => {
  if (a === null && b === null) return nonlinear(op, ct, [a, b], types)
  const size = (i: number): readonly number[] => types[i]!.shape.slice(2)
  const go = (direction: 'forward' | 'input' | 'filter', i: number, x: Tensor, y: Tensor): Tensor =>
    emit1({ ...op, direction, size: size(i) }, x, y)
  switch (op.direction) {
    case 'forward': // (x, w) → y
      return a === null ? [go('input', 0, b!, ct), null] : [null, go('filter', 1, a!, ct)]
    case 'input': // (w, y) → x
      return a === null ? [go('filter', 0, ct, b!), null] : [null, go('forward', 1, ct, a!)]
    case 'filter': // (x, y) → w
      return a === null ? [go('input', 0, ct, b!), null] : [null, go('forward', 1, a!, ct)]
  }
}

const slice: TransposeRule<'slice'> = (op, ct, _, [type]) => {
  const low = op.start
  const interior = op.step.map((s) => s - 1)
  const high = type!.shape.map(
    (n, i) => n - low[i]! - Math.max(0, ct.shape[i]! - 1) * op.step[i]! - ct.shape[i]! + Math.max(0, ct.shape[i]! - 1),
  )
  return [emit1({ kind: 'pad', low, high, interior, value: 0 }, ct)]
}

const pad: TransposeRule<'pad'> = (op, ct, _, [type]) => {
  const step = op.interior.map((n) => n + 1)
  const stop = type!.shape.map((n, i) => op.low[i]! + (n === 0 ? 0 : (n - 1) * step[i]! + 1))
  return [emit1({ kind: 'slice', start: op.low, stop, step }, ct)]
}

const concatenate: TransposeRule<'concatenate'> = (op, ct, x, types) => {
  let at = 0
  return types.map((type, i) => {
    const from = at
    at += type.shape[op.axis]!
    if (x[i] !== null) return null
    const start = ct.shape.map((_, axis) => (axis === op.axis ? from : 0))
    const stop = ct.shape.map((n, axis) => (axis === op.axis ? at : n))
    return emit1({ kind: 'slice', start, stop, step: start.map(() => 1) }, ct)
  })
}

export const transposeRules: { readonly [K in Exclude<Kind, Structural>]: TransposeRule<K> } = {
  full: nonlinear,
  iota: nonlinear,
  cast: (_, ct, __, [type]) => [castTo(ct, type!.dtype)],
  bitcast: nonlinear,
  unary: (op, ct, x, types) => (op.fn === 'neg' ? [neg(ct)] : nonlinear(op, ct, x, types)),
  test: nonlinear,
  polygamma: nonlinear,
  binary,
  compare: nonlinear,
  select: (_, ct, [c, x, y], types) => {
    const zero = like(ct, 0)
    return [
      null,
      x === null ? unbroadcast(select(c!, ct, zero), types[1]!.shape) : null,
      y === null ? unbroadcast(select(c!, zero, ct), types[2]!.shape) : null,
    ]
  },
  threefry: nonlinear,
  reduce: (op, ct, x, types) =>
    op.fn === 'sum'
      ? [emit1({ kind: 'broadcast', shape: types[0]!.shape, axes: op.axes }, ct)]
      : nonlinear(op, ct, x, types),
  argReduce: nonlinear,
  cumsum: dual((op) => ({ ...op, reverse: !op.reverse })),
  reshape: dual((_, type) => ({ kind: 'reshape', shape: type.shape })),
  transpose: (op, ct) => [
    transpose(
      ct,
      range(op.perm.length).map((axis) => op.perm.indexOf(axis)),
    ),
  ],
  broadcast: (op, ct) => [sum(ct, op.axes)],
  slice,
  pad,
  concatenate,
  flip: dual((op) => op),
  dot,
  conv,
  unfold: dual((op, type) => ({
    kind: 'fold',
    size: type.shape.slice(type.shape.length - op.window.length),
    window: op.window,
    strides: op.strides,
    dilation: op.dilation,
  })),
  fold: dual((op) => ({ kind: 'unfold', window: op.window, strides: op.strides, dilation: op.dilation })),
  gather: (op, ct, [, indices], [type]) => [
    emit1({ kind: 'scatterAdd', batch: op.batch, size: type!.shape[op.batch]! }, ct, indices!),
    null,
  ],
  scatterAdd: (op, ct, [, indices]) => [emit1({ kind: 'gather', batch: op.batch, fill: 0 }, ct, indices!), null],
  dynamicSlice: (_, ct, [, starts], [type]) => [emit1({ kind: 'dynamicUpdateSlice' }, zeros(type!), ct, starts!), null],
  dynamicUpdateSlice: (op, ct, [x, update, starts], types) => [
    x === null ? emit1(op, ct, zeros(types[1]!), starts!) : null,
    update === null ? emit1({ kind: 'dynamicSlice', sizes: types[1]!.shape }, ct, starts!) : null,
    null,
  ],
  argsort: nonlinear,
  custom: (op, ct, x, types) => customTranspose(op, ct, x, types) ?? nonlinear(op, ct, x, types),
  mark: (_, ct) => [ct],
  print: nonlinear,
}

/** Cotangents of the operands of a linear operation that holds no program. */
export const transposeRule = (
  op: Op,
  ct: Tensor,
  x: readonly (Tensor | null)[],
  types: readonly Type[],
): readonly Tangent[] => (transposeRules[op.kind as 'cast'] as TransposeFamily)(op as never, ct, x, types)
