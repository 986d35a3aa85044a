/** For tests: every operation with every parameter, on awkward shapes. An operation (or a function of a family) without cases does not compile. */

import {
  add,
  array,
  cond,
  cos,
  exp,
  eye,
  matmul,
  mul,
  type Shape,
  scan,
  sin,
  square,
  sub,
  sum,
  swapAxes,
  switchCase,
  type Tensor,
  tanh,
  whileLoop,
} from '@neumann/linalg-gpu'
import { cholesky, eigvalsh, solveTriangular } from '@neumann/linalg-gpu/linalg'
import {
  type BinaryFn,
  type CompareFn,
  type ConvDirection,
  emit,
  emit1,
  isFloat,
  type Kind,
  type Op,
  type ReduceFn,
  record,
  showOp,
  type TestFn,
  typeOf,
  typeOfTensor,
  type UnaryFn,
} from '@neumann/linalg-gpu/program'
import { checkpoint, checkpointName } from '../api/checkpoint.js'
import { customJvp, customVjp } from '../api/custom.js'
import { customLinearSolve, customRoot } from '../api/implicit.js'
import { away, between, bools, coarse, fixed, type Operand, real, spaced, whole } from './numeric.testing.js'

export interface Case {
  readonly note: string
  readonly operands: readonly Operand[]
  readonly f: (x: readonly Tensor[]) => Tensor | readonly Tensor[]
  /** Which float operands are differentiated; by default all together and each alone. */
  readonly wrt?: readonly (readonly number[])[]
  /** A while loop has no reverse mode, a customVjp no forward mode. */
  readonly modes?: readonly ('forward' | 'reverse')[]
  /** Linear in the operands named together: A(v) is the case itself. */
  readonly linear?: readonly number[]
}

/** One operation on its operands. */
const raw = (op: Op, operands: readonly Operand[], more: Partial<Case> = {}): Case => ({
  note: `${showOp(op)} of ${operands.map((x) => `${x.dtype}[${x.shape}]`).join(' ')}`,
  operands,
  f: (x) => emit(op, x),
  ...more,
})

const linear = (op: Op, ...operands: readonly Operand[]): Case => raw(op, operands, { linear: [0] })

/* ------------------------------------------------------------------ elementwise */

type Maker = (shape: Shape) => Operand

const shapes1: readonly Shape[] = [[], [1], [0, 2], [3, 1, 2]]

const unary = (fn: UnaryFn, ...makers: readonly Maker[]): readonly Case[] =>
  makers.flatMap((make) => shapes1.map((shape) => raw({ kind: 'unary', fn }, [make(shape)])))

const inside =
  (low: number, high: number): Maker =>
  (shape) =>
    real(shape, low, high)
const integers: Maker = (shape) => whole(shape, -4, 4)

const unaryCases: { readonly [F in UnaryFn]: readonly Case[] } = {
  neg: unary('neg', real, integers).map((c) => (isFloat(c.operands[0]!.dtype) ? { ...c, linear: [0] } : c)),
  abs: unary('abs', away, integers),
  sign: unary('sign', away, integers),
  floor: unary('floor', between),
  ceil: unary('ceil', between),
  round: unary('round', between),
  trunc: unary('trunc', between),
  not: unary('not', bools, integers),
  exp: unary('exp', real),
  expm1: unary('expm1', real),
  log: unary('log', inside(0.4, 3)),
  log1p: unary('log1p', inside(-0.6, 3)),
  sqrt: unary('sqrt', inside(0.4, 3)),
  rsqrt: unary('rsqrt', inside(0.4, 3)),
  cbrt: unary('cbrt', away),
  square: unary('square', real, integers),
  sin: unary('sin', real),
  cos: unary('cos', real),
  tan: unary('tan', inside(-1.1, 1.1), inside(2, 4)),
  asin: unary('asin', inside(-0.7, 0.7)),
  acos: unary('acos', inside(-0.7, 0.7)),
  atan: unary('atan', real),
  sinh: unary('sinh', real),
  cosh: unary('cosh', real),
  tanh: unary('tanh', real),
  asinh: unary('asinh', real),
  acosh: unary('acosh', inside(1.4, 3)),
  atanh: unary('atanh', inside(-0.7, 0.7)),
  sigmoid: unary('sigmoid', inside(-4, 4)),
  softplus: unary('softplus', inside(-4, 4)),
  relu: unary('relu', away),
  erf: unary('erf', real),
  erfc: unary('erfc', real),
  erfinv: unary('erfinv', inside(-0.7, 0.7)),
  lgamma: unary('lgamma', inside(0.5, 4), inside(-1.7, -1.3), inside(9, 20)),
}

/** Broadcasting on either side, on both, of rank and of size, and of nothing. */
const shapes2: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[1], [1]],
  [[5], [5]],
  [[3, 1], [4]],
  [[2, 3, 4], [4]],
  [[], [2, 3]],
  [[2, 3], []],
  [
    [2, 1, 3],
    [2, 1],
  ],
  [[1, 1], [3]],
  [[0], [1]],
  [
    [2, 1],
    [1, 0],
  ],
]

const binary = (fn: BinaryFn, x: Maker, y: Maker, more: Partial<Case> = {}): readonly Case[] =>
  shapes2.map(([a, b]) => raw({ kind: 'binary', fn }, [x(a), y(b)], more))

const few = (cases: readonly Case[]): readonly Case[] => [cases[0]!, cases[3]!, cases[9]!]

const binaryCases: { readonly [F in BinaryFn]: readonly Case[] } = {
  add: [...binary('add', real, real, { linear: [0, 1] }), ...few(binary('add', integers, integers))],
  sub: binary('sub', real, real, { linear: [0, 1] }),
  mul: [
    ...binary('mul', real, real, { linear: [0] }),
    ...binary('mul', real, real, { linear: [1], wrt: [] }),
    ...few(binary('mul', integers, integers)),
  ],
  // whole divisors that are powers of two leave the quotient exact
  div: [
    ...binary('div', real, away),
    ...few(
      binary(
        'div',
        real,
        (s) =>
          fixed(
            s,
            new Array(60).fill(4).slice(
              0,
              s.reduce((a, b) => a * b, 1),
            ),
          ),
        { linear: [0], wrt: [[0]] },
      ),
    ),
  ],
  pow: [
    ...binary('pow', inside(0.5, 2), real),
    ...few(binary('pow', away, (s) => whole(s, -3, 3, 'f64'), { wrt: [[0]] })),
    ...few(binary('pow', integers, (s) => whole(s, 0, 3))),
  ],
  max: [...binary('max', spaced, (s) => spaced(s, 0.15)), ...few(binary('max', integers, integers))].map(apart),
  min: binary('min', spaced, (s) => spaced(s, 0.15)).map(apart),
  atan2: binary('atan2', away, away),
  // x/y stays 0.1 away from whole numbers
  mod: [...binary('mod', remainderOperand, unitOperand), ...few(binary('mod', integers, (s) => whole(s, 1, 3)))],
  rem: binary('rem', remainderOperand, unitOperand),
  quot: few(binary('quot', integers, (s) => whole(s, 1, 3))),
  and: [...few(binary('and', bools, bools)), ...few(binary('and', integers, integers))],
  or: few(binary('or', bools, bools)),
  xor: few(binary('xor', integers, integers)),
  shl: few(binary('shl', integers, (s) => whole(s, 0, 5))),
  shr: few(binary('shr', integers, (s) => whole(s, 0, 5))),
}

/** x on multiples of 0.3, y halfway between them, ± 0.02: no ties in any pair. */
function apart(c: Case): Case {
  if (!isFloat(c.operands[0]!.dtype)) return c
  const grid = (offset: number, shape: Shape): Operand => ({
    dtype: 'f64',
    shape,
    draw: (r, size) => Array.from({ length: size }, () => 0.3 * Math.floor(9 * r() - 4) + offset + 0.02 * r()),
  })
  return { ...c, operands: [grid(0, c.operands[0]!.shape), grid(0.15, c.operands[1]!.shape)] }
}

function remainderOperand(shape: Shape): Operand {
  return {
    dtype: 'f64',
    shape,
    draw: (r, size) => Array.from({ length: size }, () => Math.floor(5 * r()) - 2 + 0.3 + 0.4 * r()),
  }
}
function unitOperand(shape: Shape): Operand {
  return {
    dtype: 'f64',
    shape,
    draw: (r, size) => Array.from({ length: size }, () => (r() < 0.5 ? -1 : 1) * (0.98 + 0.04 * r())),
  }
}

const compared = (fn: CompareFn): readonly Case[] => [
  raw({ kind: 'compare', fn }, [real([3, 1]), real([4])]),
  raw({ kind: 'compare', fn }, [integers([2, 3]), integers([])]),
  raw({ kind: 'compare', fn }, [bools([3]), bools([2, 1])]),
]

const tested = (fn: TestFn): readonly Case[] => [
  raw(
    { kind: 'test', fn },
    [
      {
        ...real([2, 3]),
        draw: (r, n) => Array.from({ length: n }, () => [NaN, Infinity, -Infinity, 1][Math.floor(4 * r())]!),
      },
    ],
    { wrt: [] },
  ),
  raw({ kind: 'test', fn }, [real([])]),
]

const selected = (c: Shape, x: Shape, y: Shape): Case =>
  raw({ kind: 'select' }, [bools(c), real(x), real(y)], { linear: [1, 2] })

/* ------------------------------------------------------------------ reductions */

const summed = (
  fn: ReduceFn,
  make: Maker,
  more: Partial<Case>,
  ...list: readonly (readonly [Shape, Shape])[]
): readonly Case[] => list.map(([shape, axes]) => raw({ kind: 'reduce', fn, axes }, [make(shape)], more))

const reduceCases: { readonly [F in ReduceFn]: readonly Case[] } = {
  sum: [
    ...summed('sum', real, { linear: [0] }, [[2, 3, 4], []], [[2, 3, 4], [0]], [[2, 3, 4], [1]], [[2, 3, 4], [0, 2]], [[2, 3, 4], [0, 1, 2]], [[], []], [[1], [0]], [[0], [0]], [[3, 0], [1]], [[0, 3], [1]]),
    ...summed('sum', integers, {}, [[2, 3], [1]]),
  ],
  max: [
    ...summed('max', spaced, {}, [[5], [0]], [[2, 3, 4], [1]], [[2, 3, 4], [0, 2]], [[2, 3], [0, 1]], [[1], [0]], [[0, 3], [1]], [[3], []]),
    ...summed('max', integers, {}, [[2, 3], [1]]),
  ],
  min: summed('min', spaced, {}, [[5], [0]], [[2, 3, 4], [0, 2]], [[3, 1], [1]], [[0, 3], [1]]),
  and: summed('and', bools, {}, [[2, 3], [0]], [[4], [0]], [[0], [0]]),
  or: summed('or', bools, {}, [[2, 3], [1]], [[2, 3], [0, 1]]),
} // biome-ignore format: shapes and axes side by side

/* ------------------------------------------------------------------ contraction */

const forms = ['plain', 'transposed'] as const
const dotCases: readonly Case[] = forms.flatMap((left) =>
  forms.flatMap((right) =>
    [
      { batch: [], m: 2, k: 3, n: 4 },
      { batch: [2], m: 3, k: 2, n: 1 },
      { batch: [2, 1], m: 1, k: 3, n: 2 },
      { batch: [], m: 2, k: 0, n: 3 },
      { batch: [], m: 0, k: 2, n: 3 },
      { batch: [], m: 1, k: 1, n: 1 },
    ].flatMap(({ batch, m, k, n }) => {
      const a = [...batch, ...(left === 'plain' ? [m, k] : [k, m])]
      const b = [...batch, ...(right === 'plain' ? [k, n] : [n, k])]
      const op: Op = { kind: 'dot', batch: batch.length, left, right }
      return [raw(op, [real(a), real(b)], { linear: [0] }), raw(op, [real(a), real(b)], { linear: [1], wrt: [] })]
    }),
  ),
)

interface Geometry {
  readonly n: number
  readonly c: number
  readonly f: number
  readonly groups: number
  readonly input: Shape
  readonly window: Shape
  readonly strides: Shape
  readonly dilation: Shape
  readonly padding: readonly (readonly [number, number])[]
}

const geometries: readonly Geometry[] = [
  { n: 2, c: 2, f: 3, groups: 1, input: [5], window: [3], strides: [1], dilation: [1], padding: [[0, 0]] },
  // the last input element is in no window
  { n: 2, c: 1, f: 2, groups: 1, input: [6], window: [3], strides: [2], dilation: [1], padding: [[0, 0]] },
  { n: 1, c: 4, f: 6, groups: 2, input: [7], window: [3], strides: [2], dilation: [2], padding: [[1, 2]] },
  { n: 2, c: 3, f: 3, groups: 3, input: [4], window: [2], strides: [3], dilation: [1], padding: [[3, 0]] },
  // padding wider than the window, stride wider than the window
  { n: 1, c: 1, f: 1, groups: 1, input: [3], window: [1], strides: [2], dilation: [3], padding: [[2, 3]] },
  { n: 1, c: 2, f: 4, groups: 2, input: [4, 5], window: [2, 3], strides: [2, 1], dilation: [1, 2], padding: [[0, 1], [2, 1]] },
  { n: 1, c: 1, f: 1, groups: 1, input: [2], window: [4], strides: [1], dilation: [1], padding: [[0, 0]] },
  { n: 0, c: 1, f: 2, groups: 1, input: [3], window: [2], strides: [1], dilation: [1], padding: [[1, 0]] },
  { n: 2, c: 3, f: 2, groups: 1, input: [], window: [], strides: [], dilation: [], padding: [] },
] // biome-ignore format: one geometry a line

const conv = (direction: ConvDirection): readonly Case[] =>
  geometries.flatMap(({ n, c, f, groups, input, window, strides, dilation, padding }) => {
    const output = input.map((s, i) =>
      Math.max(
        0,
        Math.floor((s + padding[i]![0] + padding[i]![1] - (window[i]! - 1) * dilation[i]! - 1) / strides[i]!) + 1,
      ),
    )
    const x = real([n, c, ...input])
    const w = real([f, c / groups, ...window])
    const y = real([n, f, ...output])
    const [operands, size] = {
      forward: [[x, w], output] as const,
      input: [[w, y], input] as const,
      filter: [[x, y], window] as const,
    }[direction]
    const op: Op = { kind: 'conv', direction, strides, padding, dilation, groups, size }
    return [raw(op, operands, { linear: [0] }), raw(op, operands, { linear: [1], wrt: [] })]
  })

const windows = [
  { lead: [2], size: [5], window: [2], strides: [1], dilation: [1] },
  { lead: [], size: [6], window: [3], strides: [2], dilation: [1] },
  { lead: [1, 2], size: [7], window: [2], strides: [3], dilation: [2] },
  { lead: [2], size: [4, 5], window: [2, 3], strides: [2, 1], dilation: [1, 2] },
  { lead: [], size: [2], window: [3], strides: [1], dilation: [1] },
  { lead: [0], size: [3], window: [1], strides: [1], dilation: [1] },
] // biome-ignore format: one geometry a line

const folds = windows.map(({ lead, size, window, strides, dilation }) => {
  const out = size.map((s, i) => Math.max(0, Math.floor((s - (window[i]! - 1) * dilation[i]! - 1) / strides[i]!) + 1))
  return {
    unfold: linear({ kind: 'unfold', window, strides, dilation }, real([...lead, ...size])),
    fold: linear({ kind: 'fold', size, window, strides, dilation }, real([...lead, ...out, ...window])),
  }
})

/* ------------------------------------------------------------------ control */

const state = real([3])
const rows = real([4, 3])
const matrix = real([3, 3], -0.6, 0.6)

const recurrent = (reverse: boolean): Case => ({
  note: `recurrent, reverse ${reverse}`,
  operands: [state, rows, matrix],
  f: ([h, xs, w]) =>
    scan<Tensor, Tensor, Tensor>((c, x) => [tanh(add(matmul(w!, c), x)), mul(c, x)], h!, xs!, { reverse }),
})

const scanCases: readonly Case[] = [
  recurrent(false),
  recurrent(true),
  {
    note: 'a counter beside floats, integers among xs and results',
    operands: [state, whole([4], 0, 2), rows],
    f: ([h, n, xs]) => {
      const [[i, c], [k, y]] = scan<readonly [Tensor, Tensor], readonly [Tensor, Tensor], readonly [Tensor, Tensor]>(
        ([count, v], [m, x]) => [
          [add(count, m), mul(v, sin(add(x, castLike(count, v))))],
          [mul(count, m), square(v)],
        ],
        [array(0, { dtype: 'i32' }), h!],
        [n!, xs!],
      )
      return [i, c, k, y]
    },
  },
  {
    note: 'a tangent that reaches a carry only after three steps',
    operands: [rows],
    f: ([xs]) => {
      const zero = array([0.5, -1, 2], { dtype: 'f64' })
      const [[a, b, c, d]] = scan<readonly Tensor[], Tensor, null>(
        ([p, q, r, s], x) => [[mul(x, x), sin(p!), mul(q!, r!), add(r!, s!)], null],
        [zero, zero, zero, zero],
        xs!,
      )
      return [a!, b!, c!, d!]
    },
  },
  {
    note: 'no steps',
    operands: [state, real([0, 3])],
    f: ([h, xs]) => scan<Tensor, Tensor, Tensor>((c, x) => [mul(c, x), add(c, x)], h!, xs!),
  },
  {
    note: 'one step, no carry',
    operands: [real([1, 2]), real([2])],
    f: ([xs, k]) => scan<readonly never[], Tensor, Tensor>((_, x) => [[], mul(x, exp(k!))], [], xs!)[1],
  },
  {
    note: 'no xs, a carry that stays, constants read in it',
    operands: [state, real([])],
    f: ([h, k]) =>
      scan<readonly [Tensor, Tensor], null, Tensor>(
        ([c, still]) => [[mul(cos(c), add(still, k!)), still], mul(still, c)],
        [h!, sin(h!)],
        null,
        { length: 3 },
      ).flat() as Tensor[],
  },
  {
    note: 'a loop in a loop',
    operands: [real([2]), real([3, 2]), real([2])],
    f: ([h, xs, k]) =>
      scan<Tensor, Tensor, Tensor>(
        (c, x) => {
          const [next, ys] = scan<Tensor, Tensor, Tensor>(
            (p, q) => [add(sin(p), mul(q, k!)), mul(p, q)],
            c,
            mul(xs!, x),
          )
          return [next, sum(ys, { axis: 0 })]
        },
        h!,
        xs!,
        { reverse: true },
      ),
  },
]

function castLike(x: Tensor, y: Tensor): Tensor {
  return emit1({ kind: 'cast', dtype: typeOfTensor(y).dtype }, x)
}

const less = (x: Tensor, y: Tensor): Tensor => emit1({ kind: 'compare', fn: 'lt' }, x, y)

const whileCases: readonly Case[] = [
  {
    note: 'as many steps as an operand says',
    operands: [state, whole([], 0, 4), real([])],
    modes: ['forward'],
    f: ([x, n, k]) =>
      whileLoop<readonly [Tensor, Tensor]>(
        ([i]) => less(i, n!),
        ([i, c]) => [add(i, 1), mul(sin(c), add(c, k!))],
        [array(0, { dtype: 'i32' }), x!],
      ),
  },
  {
    note: 'until the carry is large, by a bound from outside',
    operands: [real([], 1.1, 1.12), fixed([], [9.7])],
    modes: ['forward'],
    f: ([x, bound]) =>
      whileLoop<Tensor>(
        (c) => less(c, bound!),
        (c) => mul(c, add(x!, 0.5)),
        x!,
      ),
  },
]

const condCases: readonly Case[] = [
  ...[whole([], -1, 4), ...[-1, 0, 1, 2, 9].map((at) => fixed([], [at], 'i32'))].map(
    (index): Case => ({
      note: `three branches, an index that is clamped, residuals of different kinds, one branch constant: ${index.draw(() => 0, 1)}`,
      operands: [index, real([3]), real([3])],
    f: ([i, x, y]) =>
      switchCase(
        i!,
        [
          (p: Tensor, q: Tensor): readonly Tensor[] => [sin(mul(p, q)), sum(p)],
          (p: Tensor, _: Tensor): readonly Tensor[] => [castLike(array([1, 2, 3]), p), sum(exp(p))],
          (p: Tensor, q: Tensor): readonly Tensor[] => [mul(p, q), sum(mul(q, q))],
        ],
        x!,
        y!,
      ),}),
  ),
  {
    note: 'closures, a predicate of an operand',
    operands: [bools([]), real([2]), real([])],
    f: ([flag, x, k]) => cond(flag!, (v: Tensor) => mul(sin(v), k!), (v: Tensor) => sub(v, exp(k!)), x!),
  },
] // biome-ignore format: branches side by side

const plainCall = (fence: boolean): Case => ({
  note: `without a rule, fence ${fence}`,
  operands: [real([3]), real([])],
  f: ([x, y]) => {
    const body = record('body', [typeOfTensor(x!), typeOfTensor(y!)], ([a, b]) => [sin(mul(a!, b!)), a!]).program
    return emit({ kind: 'call', name: 'body', body, fence, tag: null }, [x!, y!])
  },
})

/** Solves with 2.5 + a small matrix by x ← x + (b − A x) / 2.5: the error shrinks by 0.6 · √2 / 2.5 < 0.4 a step, 45 steps leave 10⁻¹⁸. */
const relax = (operator: (x: Tensor) => Tensor, b: Tensor): Tensor =>
  scan<Tensor, null, null>((x) => [add(x, mul(sub(b, operator(x)), 0.4)), null], mul(b, 0), null, { length: 45 })[0]

const own = customVjp(
  (x: Tensor, n: Tensor, y: Tensor) => mul(sin(x), add(y, castLike(n, y))),
  (x, n, y) => [mul(sin(x), add(y, castLike(n, y))), [x, add(y, castLike(n, y))] as const],
  ([x, k], c) => [sumTo(mul(c, mul(cos(x), k)), x), null, sumTo(mul(c, sin(x)), k)],
)
/** Back to a scalar, where a scalar had been spread. */
function sumTo(c: Tensor, like: Tensor): Tensor {
  return like.shape.length === 0 ? sum(c) : c
}

const callCases: readonly Case[] = [
  plainCall(false),
  plainCall(true),
  {
    note: 'checkpoint',
    operands: [real([3]), real([3])],
    f: ([x, y]) => checkpoint((a: Tensor, b: Tensor) => [sin(mul(a, exp(b))), b])(x!, y!),
  },
  {
    note: 'checkpoint that keeps a name, with a closure and a loop inside',
    operands: [real([2]), real([3, 2]), real([])],
    f: ([x, xs, k]) =>
      checkpoint(
        (a: Tensor) => {
          const kept = checkpointName(sin(mul(a, k!)), 'kept')
          return scan<Tensor, Tensor, Tensor>((c, row) => [tanh(add(c, mul(row, k!))), mul(c, row)], kept, xs!)
        },
        { policy: { names: ['kept'] } },
      )(x!),
  },
  ...[false, true].map(
    (reverse): Case => ({
      note: `checkpoint of a loop of seven steps in segments, reverse ${reverse}`,
      operands: [real([2]), real([7, 2]), real([2])],
      f: ([x, xs, k]) =>
        checkpoint(
          (a: Tensor, rows7: Tensor) =>
            scan<Tensor, Tensor, Tensor>((c, row) => [tanh(add(mul(c, k!), row)), mul(c, row)], a, rows7, { reverse }),
          { policy: 'sqrt' },
        )(x!, xs!),
    }),
  ),
  {
    note: 'customJvp, an integer argument',
    operands: [real([3]), whole([3], 1, 3), real([])],
    f: ([x, n, y]) =>
      customJvp(
        (a: Tensor, m: Tensor, b: Tensor) => mul(sin(a), add(b, castLike(m, b))),
        ([a, m, b], [da, , db]) => {
          const k = add(b, castLike(m, b))
          return [mul(sin(a), k), add(mul(mul(cos(a), k), da), mul(sin(a), db))]
        },
      )(x!, n!, y!),
  },
  {
    note: 'customVjp',
    operands: [real([3]), fixed([], [2], 'i32'), real([])],
    modes: ['reverse'],
    f: ([x, n, y]) => own(x!, n!, y!),
  },
  {
    note: 'customLinearSolve, differentiated by its matrix and its right side',
    operands: [real([2, 2], -0.3, 0.3), real([2])],
    f: ([a, b]) => customLinearSolve((x: Tensor) => add(matmul(a!, x), mul(x, 2.5)), b!, relax),
  },
  {
    note: 'customRoot of x + 0.3 sin x = a',
    operands: [real([2])],
    f: ([a]) =>
      customRoot(
        (x: Tensor) => sub(add(x, mul(sin(x), 0.3)), a!),
        array([0, 0], { dtype: 'f64' }),
        (f, x) => scan<Tensor, null, null>((c) => [sub(c, f(c)), null], x, null, { length: 40 })[0],
        (g, y) => scan<Tensor, null, null>((c) => [add(c, sub(y, g(c))), null], y, null, { length: 40 })[0],
      ),
    // numbers of another dtype than f64 would need another first guess
  },
]

/* ------------------------------------------------------------------ the table */

type Rows<K extends Kind> = K extends 'unary'
  ? { readonly [F in UnaryFn]: readonly Case[] }
  : K extends 'binary'
    ? { readonly [F in BinaryFn]: readonly Case[] }
    : K extends 'compare'
      ? { readonly [F in CompareFn]: readonly Case[] }
      : K extends 'test'
        ? { readonly [F in TestFn]: readonly Case[] }
        : K extends 'reduce'
          ? { readonly [F in ReduceFn]: readonly Case[] }
          : K extends 'conv'
            ? { readonly [D in ConvDirection]: readonly Case[] }
            : readonly Case[]

const indices = (shape: Shape, n: number): Operand => whole(shape, -1, n)

export const cases: { readonly [K in Kind]: Rows<K> } = {
  full: [
    { note: 'beside an operand', operands: [real([2, 3])], f: ([x]) => mul(x!, emit1({ kind: 'full', value: 3, type: typeOf(typeOfTensor(x!).dtype, [3]) })) },
  ],
  iota: [
    { note: 'beside an operand', operands: [real([2, 3])], f: ([x]) => mul(x!, emit1({ kind: 'iota', axis: 1, type: typeOf(typeOfTensor(x!).dtype, [2, 3]) })) },
  ],
  cast: [
    { note: 'f64 → f32 → f64', operands: [coarse([2, 3])], f: ([x]) => emit1({ kind: 'cast', dtype: 'f64' }, emit1({ kind: 'cast', dtype: 'f32' }, x!)), linear: [0] },
    { note: 'f64 → i32 → f64', operands: [between([4])], f: ([x]) => castLike(emit1({ kind: 'cast', dtype: 'i32' }, x!), x!) },
    { note: 'i32 → f64', operands: [whole([0, 2], 0, 3), real([])], f: ([n, x]) => mul(castLike(n!, x!), x!) },
    { note: 'f64 → bool', operands: [away([])], f: ([x]) => emit1({ kind: 'cast', dtype: 'bool' }, x!) },
  ],
  bitcast: [
    raw({ kind: 'bitcast', dtype: 'u32' }, [whole([2, 3], -9, 9)]),
    raw({ kind: 'bitcast', dtype: 'i32' }, [{ ...real([]), dtype: 'f32' }]),
  ],
  unary: unaryCases,
  test: { nan: tested('nan'), infinite: tested('infinite'), finite: tested('finite') },
  polygamma: [0, 1, 2, 3].flatMap((n) => [
    raw({ kind: 'polygamma', n }, [real([2, 3], 0.7, 4)]),
    raw({ kind: 'polygamma', n }, [real([], -1.6, -1.4)]),
    raw({ kind: 'polygamma', n }, [real([0, 1], 0.7, 4)]),
    raw({ kind: 'polygamma', n }, [real([3], 12, 30)]),
  ]),
  binary: binaryCases,
  compare: { eq: compared('eq'), ne: compared('ne'), lt: compared('lt'), le: compared('le'), gt: compared('gt'), ge: compared('ge') },
  select: [
    selected([3], [3], [3]),
    selected([3, 1], [4], []),
    selected([], [2, 3], [3]),
    selected([2, 3], [], []),
    selected([4], [3, 1], [2, 1, 1]),
    selected([0], [1], []),
    raw({ kind: 'select' }, [bools([2, 1]), integers([3]), integers([])]),
  ],
  threefry: [
    raw({ kind: 'threefry' }, [whole([], 0, 99, 'u32'), whole([], 0, 99, 'u32'), whole([2, 3], 0, 99, 'u32'), whole([3], 0, 99, 'u32')]),
  ],
  reduce: reduceCases,
  argReduce: [
    raw({ kind: 'argReduce', fn: 'max', axis: 0 }, [spaced([4])]),
    raw({ kind: 'argReduce', fn: 'min', axis: 1 }, [spaced([2, 3, 2])]),
    raw({ kind: 'argReduce', fn: 'max', axis: 1 }, [integers([0, 3])]),
  ],
  cumsum: [[[5], 0], [[2, 3, 2], 1], [[2, 3], 1], [[1], 0], [[0], 0], [[3, 0], 0]].flatMap(([shape, axis]) =>
    [false, true].map((reverse) => linear({ kind: 'cumsum', axis: axis as number, reverse }, real(shape as Shape))),
  ),
  reshape: [[[2, 3], [6]], [[2, 3], [3, 1, 2]], [[], [1, 1]], [[1], []], [[0, 3], [2, 0]]].map(([from, to]) =>
    linear({ kind: 'reshape', shape: to as Shape }, real(from as Shape)),
  ),
  transpose: [[[2, 3, 4], [2, 0, 1]], [[2, 3, 4], [1, 2, 0]], [[2, 3], [1, 0]], [[0, 3], [1, 0]], [[], []]].map(([shape, perm]) =>
    linear({ kind: 'transpose', perm: perm as Shape }, real(shape as Shape)),
  ),
  broadcast: [
    linear({ kind: 'broadcast', shape: [2, 3, 4], axes: [0, 2] }, real([3])),
    linear({ kind: 'broadcast', shape: [2, 3, 4], axes: [1] }, real([2, 4])),
    linear({ kind: 'broadcast', shape: [2], axes: [0] }, real([])),
    linear({ kind: 'broadcast', shape: [0, 3], axes: [0] }, real([3])),
    linear({ kind: 'broadcast', shape: [2, 1, 3], axes: [1] }, real([2, 3])),
    linear({ kind: 'broadcast', shape: [3], axes: [] }, real([3])),
  ],
  slice: [
    linear({ kind: 'slice', start: [1], stop: [6], step: [2] }, real([7])),
    linear({ kind: 'slice', start: [1, 0], stop: [5, 3], step: [3, 2] }, real([5, 4])),
    linear({ kind: 'slice', start: [0], stop: [7], step: [4] }, real([7])),
    linear({ kind: 'slice', start: [2], stop: [2], step: [1] }, real([4])),
    linear({ kind: 'slice', start: [3], stop: [4], step: [5] }, real([4])),
    linear({ kind: 'slice', start: [0, 0], stop: [0, 2], step: [2, 1] }, real([0, 3])),
    linear({ kind: 'slice', start: [], stop: [], step: [] }, real([])),
  ],
  pad: [
    linear({ kind: 'pad', low: [1], high: [2], interior: [0], value: 0 }, real([3])),
    raw({ kind: 'pad', low: [1, 0], high: [0, 3], interior: [2, 1], value: 7 }, [real([3, 2])]),
    linear({ kind: 'pad', low: [0], high: [0], interior: [3], value: 0 }, real([4])),
    linear({ kind: 'pad', low: [2], high: [1], interior: [2], value: 0 }, real([0])),
    raw({ kind: 'pad', low: [0], high: [1], interior: [2], value: -1 }, [real([1])]),
    raw({ kind: 'pad', low: [], high: [], interior: [], value: 5 }, [real([])]),
  ],
  concatenate: [
    raw({ kind: 'concatenate', axis: 0 }, [real([2]), real([3]), real([1])], { linear: [0, 1, 2], wrt: [[0, 1, 2], [0, 2], [1], [1, 2]] }),
    raw({ kind: 'concatenate', axis: 1 }, [real([2, 1]), real([2, 0]), real([2, 3])], { linear: [0, 1, 2] }),
    raw({ kind: 'concatenate', axis: 0 }, [real([2])], { linear: [0] }),
    { note: 'a tensor with itself', operands: [real([2, 2])], f: ([x]) => emit1({ kind: 'concatenate', axis: 1 }, x!, x!), linear: [0] },
  ],
  flip: [
    linear({ kind: 'flip', axes: [0] }, real([4])),
    linear({ kind: 'flip', axes: [0, 2] }, real([2, 3, 2])),
    linear({ kind: 'flip', axes: [1] }, real([2, 0])),
    linear({ kind: 'flip', axes: [] }, real([2])),
  ],
  dot: dotCases,
  conv: { forward: conv('forward'), input: conv('input'), filter: conv('filter') },
  unfold: folds.map((w) => w.unfold),
  fold: folds.map((w) => w.fold),
  gather: [
    linear({ kind: 'gather', batch: 0, fill: 0 }, real([4]), indices([6], 4)),
    raw({ kind: 'gather', batch: 0, fill: 7 }, [real([4, 2]), indices([3, 2], 4)]),
    linear({ kind: 'gather', batch: 0, fill: 0 }, real([3, 2]), indices([], 3)),
    linear({ kind: 'gather', batch: 1, fill: 0 }, real([2, 3]), indices([2], 3)),
    raw({ kind: 'gather', batch: 1, fill: -2 }, [real([2, 3, 2]), indices([2, 4], 3)]),
    linear({ kind: 'gather', batch: 2, fill: 0 }, real([2, 2, 3]), indices([2, 2, 2], 3)),
    linear({ kind: 'gather', batch: 0, fill: 0 }, real([0, 2]), indices([3], 1)),
    linear({ kind: 'gather', batch: 0, fill: 0 }, real([3]), indices([0], 3)),
  ],
  scatterAdd: [
    linear({ kind: 'scatterAdd', batch: 0, size: 4 }, real([6]), indices([6], 4)),
    linear({ kind: 'scatterAdd', batch: 0, size: 3 }, real([2, 3, 2]), indices([2, 3], 3)),
    linear({ kind: 'scatterAdd', batch: 0, size: 2 }, real([3]), indices([], 2)),
    linear({ kind: 'scatterAdd', batch: 1, size: 3 }, real([2, 4, 2]), indices([2, 4], 3)),
    linear({ kind: 'scatterAdd', batch: 1, size: 3 }, real([2, 2]), indices([2], 3)),
    linear({ kind: 'scatterAdd', batch: 2, size: 2 }, real([2, 2, 3]), indices([2, 2, 3], 2)),
    linear({ kind: 'scatterAdd', batch: 0, size: 0 }, real([2]), indices([2], 0)),
    linear({ kind: 'scatterAdd', batch: 0, size: 3 }, real([0]), indices([0], 3)),
  ],
  dynamicSlice: [
    linear({ kind: 'dynamicSlice', sizes: [3] }, real([5]), whole([1], -2, 6)),
    linear({ kind: 'dynamicSlice', sizes: [2, 3, 1] }, real([3, 3, 4]), whole([3], -2, 6)),
    linear({ kind: 'dynamicSlice', sizes: [4] }, real([4]), whole([1], -2, 6)),
    linear({ kind: 'dynamicSlice', sizes: [0, 1] }, real([2, 2]), whole([2], -2, 6)),
    linear({ kind: 'dynamicSlice', sizes: [] }, real([]), whole([0], 0, 1)),
  ],
  dynamicUpdateSlice: [
    raw({ kind: 'dynamicUpdateSlice' }, [real([5]), real([3]), whole([1], -2, 6)], { linear: [0, 1] }),
    raw({ kind: 'dynamicUpdateSlice' }, [real([3, 3, 4]), real([2, 3, 1]), whole([3], -2, 6)], { linear: [0, 1] }),
    raw({ kind: 'dynamicUpdateSlice' }, [real([3]), real([3]), whole([1], -2, 6)], { linear: [0, 1] }),
    raw({ kind: 'dynamicUpdateSlice' }, [real([2, 2]), real([0, 1]), whole([2], -2, 6)], { linear: [0, 1] }),
    raw({ kind: 'dynamicUpdateSlice' }, [real([]), real([]), whole([0], 0, 1)], { linear: [0, 1] }),
  ],
  // every kernel has tests of its own, in `linalg`
  custom: [
    { note: 'cholesky', operands: [real([2, 3, 3])], f: ([x]) => cholesky(add(matmul(x!, swapAxes(x!, 1, 2)), castLike(eye(3), x!))) },
    { note: 'solveTriangular, linear in its second operand', operands: [real([3, 3], 0.5, 1), real([3, 2])], f: ([a, b]) => solveTriangular(a!, b!), linear: [1] },
    { note: 'eigvalsh', operands: [real([3, 3])], f: ([x]) => eigvalsh(x!) },
  ],
  argsort: [
    raw({ kind: 'argsort', axis: 0, descending: false }, [spaced([5])]),
    raw({ kind: 'argsort', axis: 1, descending: true }, [integers([2, 4, 2])]),
    ...[false, true].map(
      (descending): Case => ({
        note: `a sorted axis, descending ${descending}`,
        operands: [spaced([2, 5])],
        f: ([x]) => emit1({ kind: 'gather', batch: 1, fill: 0 }, x!, emit1({ kind: 'argsort', axis: 1, descending }, x!)),
      }),
    ),
  ],
  scan: scanCases,
  while: whileCases,
  cond: condCases,
  call: callCases,
  opaque: [
    {
      note: 'the linear half of a customVjp',
      operands: [real([2]), whole([2], 0, 3), real([2])],
      modes: ['reverse'],
      f: ([x, n, y]) => own(sin(x!), n!, y!),
    },
  ],
  mark: [
    linear({ kind: 'mark', role: 'name', name: 'here' }, real([2])),
    { note: 'a constant factor', operands: [real([3]), real([3])], wrt: [[0]], f: ([x, y]) => mul(x!, emit1({ kind: 'mark', role: 'constant', name: '' }, y!)) },
  ],
  print: [
    {
      note: 'beside a result',
      operands: [real([2])],
      f: ([x]) => {
        emit({ kind: 'print', label: 'x', sink: () => {} }, [x!])
        return square(x!)
      },
    },
  ],
} // biome-ignore format: one case a line

export interface Named extends Case {
  readonly kind: Kind
  readonly title: string
}

/** All cases, titled by kind, function and parameters. */
export const allCases: readonly Named[] = (Object.keys(cases) as Kind[]).flatMap((kind) => {
  const rowsOf = cases[kind] as readonly Case[] | { readonly [fn: string]: readonly Case[] }
  const lists = Array.isArray(rowsOf)
    ? { '': rowsOf as readonly Case[] }
    : (rowsOf as { readonly [fn: string]: readonly Case[] })
  return Object.entries(lists).flatMap(([fn, list]) =>
    list.map((c, i): Named => ({ ...c, kind, title: `${kind} ${fn} ${i}: ${c.note}` })),
  )
})

/** The results of a case as a list. */
export const listed = (x: Tensor | readonly Tensor[]): readonly Tensor[] =>
  Array.isArray(x) ? (x as readonly Tensor[]) : [x as Tensor]

/** The float operands, and the sets of them that are differentiated. */
export const floatsOf = (c: Case): readonly number[] => c.operands.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []))
export const subsetsOf = (c: Case): readonly (readonly number[])[] => {
  if (c.wrt !== undefined) return c.wrt
  const floats = floatsOf(c)
  return floats.length === 0 ? [] : floats.length === 1 ? [floats] : [floats, ...floats.map((i) => [i])]
}
