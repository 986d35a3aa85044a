/** The derivative of each operation: operands x, tangents dx (null is zero), results y → tangents of the results.
 *
 *  Rows read as a classification. A tangent has the type of its value. Kinks, ties and zeros are decided here, with a word why. */

import {
  type BinaryFn,
  isFloat,
  type Kind,
  type Op,
  type OpOf,
  type Tensor,
  typeOfTensor,
  type UnaryFn,
} from '../language.js'
import { customJvp } from './custom.js'
import {
  add,
  both,
  broadcastTo,
  castTo,
  div,
  emit,
  emit1,
  equal,
  greater,
  instantiate,
  like,
  mul,
  neg,
  pow,
  scaled,
  select,
  sub,
  sum,
  type Tangent,
  unary,
} from './raw.js'

/** Loops, branches and calls hold programs: each transform has rows of its own for them. */
export type Structural = 'scan' | 'while' | 'cond' | 'call' | 'opaque'

/** A rule that serves any kind. */
type JvpFamily = (op: Op, x: readonly Tensor[], dx: readonly Tangent[], y: readonly Tensor[]) => readonly Tangent[]

export type JvpRule<K extends Kind> = (
  op: OpOf<K>,
  x: readonly Tensor[],
  dx: readonly Tangent[],
  y: readonly Tensor[],
) => readonly Tangent[]

/** The operation applied to the tangent. */
const linear: JvpFamily = (op, _, dx) => [dx[0] === null ? null : emit1(op, dx[0]!)]

/** The operation applied to the tangent, parameters aside: what is read besides the operand reads as zero. */
const linearWith =
  <K extends Kind>(change: (op: OpOf<K>) => Op): JvpRule<K> =>
  (op, x, dx) => [dx[0] === null ? null : emit(change(op), [dx[0]!, ...x.slice(1)])[0]!]

/** Linear in each of two operands: d(xy) = dx y + x dy. */
const bilinear: JvpFamily = (op, [x, y], [dx, dy], [z]) => {
  const left = dx === null ? null : emit1(op, dx!, y!)
  const right = dy === null ? null : emit1(op, x!, dy!)
  const total = left === null ? right : right === null ? left : add(left, right)
  return [total === null ? null : broadcastTo(total, z!.shape)]
}

/** Constant almost everywhere: no derivative. */
const nowhere: JvpFamily = (_, __, ___, y) => y.map(() => null)

/** dy = f′(x, y) · dx. */
const pointwise =
  (slope: (x: Tensor, y: Tensor) => Tensor) =>
  (dx: Tensor, x: Tensor, y: Tensor): Tensor =>
    mul(dx, slope(x, y))

type UnaryRule = ((dx: Tensor, x: Tensor, y: Tensor) => Tensor) | null

/** (1 − x)(1 + x), without the cancellation of 1 − x² near ±1. */
const oneMinusSquare = (x: Tensor): Tensor => mul(sub(like(x, 1), x), add(x, like(x, 1)))

export const unaryRules: { readonly [F in UnaryFn]: UnaryRule } = {
  neg: (dx) => neg(dx),
  abs: pointwise((x) => unary('sign', x)), // 0 at 0: the middle of [−1, 1]
  sign: null,
  floor: null,
  ceil: null,
  round: null,
  trunc: null,
  not: null,
  exp: pointwise((_, y) => y),
  expm1: pointwise((_, y) => add(y, like(y, 1))),
  log: (dx, x) => div(dx, x),
  log1p: (dx, x) => div(dx, add(x, like(x, 1))),
  sqrt: (dx, _, y) => div(dx, scaled(y, 2)),
  rsqrt: pointwise((x, y) => scaled(div(y, x), -0.5)),
  cbrt: (dx, _, y) => div(dx, scaled(unary('square', y), 3)),
  square: pointwise((x) => scaled(x, 2)),
  sin: pointwise((x) => unary('cos', x)),
  cos: pointwise((x) => neg(unary('sin', x))),
  tan: pointwise((_, y) => add(unary('square', y), like(y, 1))),
  asin: pointwise((x) => unary('rsqrt', oneMinusSquare(x))),
  acos: pointwise((x) => neg(unary('rsqrt', oneMinusSquare(x)))),
  atan: (dx, x) => div(dx, add(unary('square', x), like(x, 1))),
  sinh: pointwise((x) => unary('cosh', x)),
  cosh: pointwise((x) => unary('sinh', x)),
  tanh: pointwise((_, y) => sub(like(y, 1), unary('square', y))),
  asinh: pointwise((x) => unary('rsqrt', add(unary('square', x), like(x, 1)))),
  acosh: pointwise((x) => unary('rsqrt', mul(sub(x, like(x, 1)), add(x, like(x, 1))))),
  atanh: (dx, x) => div(dx, oneMinusSquare(x)),
  sigmoid: pointwise((_, y) => mul(y, sub(like(y, 1), y))),
  softplus: pointwise((x) => unary('sigmoid', x)),
  relu: (dx, x) => select(greater(x, like(x, 0)), dx, like(dx, 0)), // 0 at 0, as in JAX and PyTorch
  erf: pointwise((x) => scaled(unary('exp', neg(unary('square', x))), 2 / Math.sqrt(Math.PI))),
  erfc: pointwise((x) => scaled(unary('exp', neg(unary('square', x))), -2 / Math.sqrt(Math.PI))),
  erfinv: pointwise((_, y) => scaled(unary('exp', unary('square', y)), Math.sqrt(Math.PI) / 2)),
  lgamma: pointwise((x) => emit1({ kind: 'polygamma', n: 0 }, x)),
}

/** a dx + b dy, in the shape of the result. */
const combine = (z: Tensor, left: Tangent, right: Tangent): Tangent => {
  const total = left === null ? right : right === null ? left : add(left, right)
  return total === null ? null : broadcastTo(total, z.shape)
}

type BinaryRule = ((dx: Tangent, dy: Tangent, x: Tensor, y: Tensor, z: Tensor) => Tangent) | null

const by = (dx: Tangent, slope: () => Tensor): Tangent => (dx === null ? null : mul(dx, slope()))

/** 1 where x is chosen, ½ at a tie: each takes half of the slope. */
const shareAt = (x: Tensor, y: Tensor, chosen: Tensor): Tensor => {
  const one = like(x, 1)
  return select(chosen, one, select(equal(x, y), like(x, 0.5), like(x, 0)))
}

const choice =
  (pick: (x: Tensor, y: Tensor) => Tensor): BinaryRule =>
  (dx, dy, x, y, z) => {
    const share = shareAt(x, y, pick(x, y))
    return combine(
      z,
      by(dx, () => share),
      by(dy, () => sub(like(share, 1), share)),
    )
  }

export const binaryRules: { readonly [F in BinaryFn]: BinaryRule } = {
  add: (dx, dy, _, __, z) => combine(z, dx, dy),
  sub: (dx, dy, _, __, z) =>
    dx !== null && dy !== null ? broadcastTo(sub(dx, dy), z.shape) : combine(z, dx, dy === null ? null : neg(dy)),
  mul: (dx, dy, x, y, z) =>
    combine(
      z,
      by(dx, () => y),
      by(dy, () => x),
    ),
  // d(x/y) = (dx − z dy) / y
  div: (dx, dy, _, y, z) => combine(z, dx === null ? null : div(dx, y), dy === null ? null : neg(div(mul(dy, z), y))),
  pow: (dx, dy, x, y, z) =>
    combine(
      z,
      by(dx, () => {
        // y x^(y−1); at x = y = 0 the exponent is 1 instead of −1, so that 0 · ∞ does not arise
        const corner = both(equal(x, like(x, 0)), equal(y, like(y, 0)))
        return mul(y, pow(x, select(corner, like(y, 1), sub(y, like(y, 1)))))
      }),
      // ln x · z; at x = 0 the slope in y is 0, its limit for y > 0
      by(dy, () => mul(unary('log', select(equal(x, like(x, 0)), like(x, 1), x)), z)),
    ),
  max: choice(greater),
  min: choice((x, y) => greater(y, x)),
  // d atan2(x, y) = (y dx − x dy) / (x² + y²)
  atan2: (dx, dy, x, y, z) => {
    const norm = (): Tensor => add(unary('square', x), unary('square', y))
    return combine(z, dx === null ? null : mul(dx, div(y, norm())), dy === null ? null : neg(mul(dy, div(x, norm()))))
  },
  // x − y ⌊x/y⌋ between its jumps
  mod: (dx, dy, x, y, z) => combine(z, dx, dy === null ? null : neg(mul(dy, unary('floor', div(x, y))))),
  rem: (dx, dy, x, y, z) => combine(z, dx, dy === null ? null : neg(mul(dy, unary('trunc', div(x, y))))),
  quot: null,
  and: null,
  or: null,
  xor: null,
  shl: null,
  shr: null,
}

/** The mean of the tangents where the extreme is attained: ties share the slope. */
const extreme: JvpRule<'reduce'> = (op, [x], [dx], [y]) => {
  if (dx === null) return [null]
  const { dtype, shape } = typeOfTensor(x!)
  const top = emit1({ kind: 'broadcast', shape, axes: op.axes }, y!)
  const attained = castTo(equal(x!, top), dtype)
  return [div(sum(mul(dx!, attained), op.axes), sum(attained, op.axes))]
}

export const jvpRules: { readonly [K in Exclude<Kind, Structural>]: JvpRule<K> } = {
  full: nowhere,
  iota: nowhere,
  cast: (op, _, [dx]) => [dx === null || !isFloat(op.dtype) ? null : castTo(dx!, op.dtype)],
  bitcast: nowhere,
  unary: (op, [x], [dx], [y]) => {
    const rule = unaryRules[op.fn]
    return [dx === null || rule === null ? null : rule(dx!, x!, y!)]
  },
  test: nowhere,
  polygamma: (op, [x], [dx]) => [dx === null ? null : mul(dx!, emit1({ kind: 'polygamma', n: op.n + 1 }, x!))],
  binary: (op, [x, y], [dx, dy], [z]) => {
    const rule = binaryRules[op.fn]
    return [rule === null ? null : rule(dx!, dy!, x!, y!, z!)]
  },
  compare: nowhere,
  select: (op, [c], [, dx, dy], [z]) => {
    if (dx === null && dy === null) return [null]
    const zero = like(z!, 0)
    return [broadcastTo(emit1(op, c!, dx ?? zero, dy ?? zero), z!.shape)]
  },
  threefry: nowhere,
  reduce: (op, x, dx, y) =>
    op.fn === 'sum' ? linear(op, x, dx, y) : op.fn === 'max' || op.fn === 'min' ? extreme(op, x, dx, y) : [null],
  argReduce: nowhere,
  cumsum: linear,
  reshape: linear,
  transpose: linear,
  broadcast: linear,
  slice: linear,
  pad: linearWith((op) => (op.value === 0 ? op : { ...op, value: 0 })),
  concatenate: (op, x, dx) => [
    dx.every((d) => d === null)
      ? null
      : emit(
          op,
          dx.map((d, i) => instantiate(d, typeOfTensor(x[i]!))),
        )[0]!,
  ],
  flip: linear,
  dot: bilinear,
  conv: bilinear,
  unfold: linear,
  fold: linear,
  gather: linearWith((op) => (op.fill === 0 ? op : { ...op, fill: 0 })),
  scatterAdd: linearWith((op) => op),
  dynamicSlice: linearWith((op) => op),
  dynamicUpdateSlice: (op, [x, update, starts], [dx, du]) =>
    dx === null && du === null
      ? [null]
      : [emit1(op, instantiate(dx!, typeOfTensor(x!)), instantiate(du!, typeOfTensor(update!)), starts!)],
  argsort: nowhere,
  custom: customJvp,
  mark: (op, _, [dx]) => [op.role === 'constant' ? null : dx!],
  print: nowhere,
}

/** Tangents of the results of an operation that holds no program. */
export const jvpRule = (
  op: Op,
  x: readonly Tensor[],
  dx: readonly Tangent[],
  y: readonly Tensor[],
): readonly Tangent[] => (jvpRules[op.kind as 'full'] as JvpFamily)(op as never, x, dx, y)
