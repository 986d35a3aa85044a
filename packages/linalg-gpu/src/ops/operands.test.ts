import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type DType, dtypes, isFloat } from '../dtype.js'
import { plainDevice } from '../plain/device.js'
import { jit } from '../run/jit.js'
import { defaultDevice } from '../run/onDevice.js'
import { item } from '../run/read.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import * as arithmetic from './arithmetic.js'
import {
  add,
  atan2,
  clip,
  div,
  floorDivide,
  hypot,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  pow,
  remainder,
  sub,
} from './arithmetic.js'
import { flat, put, same, throws } from './arrays.testing.js'
import { equal, isClose, less, logicalNot, nanToNum, where } from './comparison.js'
import { dotProduct, matmul, outer, tensordot, vdot } from './contraction.js'
import { array, full, fullLike, onesLike, zeros, zerosLike } from './creation.js'
import { einsum } from './einsum.js'
import * as reductions from './reductions.js'
import { broadcastTo, concatenate, flatten, pad, reshape, stack } from './shape.js'
import * as transcendental from './transcendental.js'
import { logaddexp, xlogy } from './transcendental.js'

// what two dtypes become; '-' is refused, as u32 with i32 or f64 with f32 would lose something silently
const table = `
       f32 f64 f16 i32 u32 u8  i8  bool
  f32  f32 -   f32 f32 f32 f32 f32 f32
  f64  -   f64 -   f64 f64 f64 f64 f64
  f16  f32 -   f16 f16 f16 f16 f16 f16
  i32  f32 f64 f16 i32 -   i32 i32 i32
  u32  f32 f64 f16 -   u32 u32 -   u32
  u8   f32 f64 f16 i32 u32 u8  i32 u8
  i8   f32 f64 f16 i32 -   i32 i8  i8
  bool f32 f64 f16 i32 u32 u8  i8  bool`
const [head, ...rows] = table
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/))
const met = rows.flatMap(([a, ...cells]) => cells.map((cell, i) => [a, head![i], cell] as [DType, DType, DType | '-']))

const one = (dtype: DType): Tensor => put(flat([2], [1, 0]), dtype)
/** u8 i8 and bool are computed in i32. */
const computed = (dtype: DType): DType => (['u8', 'i8', 'bool'].includes(dtype) ? 'i32' : dtype)
const floated = (dtype: DType): DType => (isFloat(dtype) ? dtype : 'f32')

test('every pair of dtypes: arithmetic, quotients, comparison, choice, joining, contraction', () => {
  assert.is(met.length, dtypes.length ** 2)
  const binary = {
    add,
    sub,
    mul,
    floorDivide,
    mod,
    remainder,
    pow,
    maximum,
    minimum,
    outer,
    vdot,
    matmul,
    dot: dotProduct,
  }
  const floating = { div, atan2, hypot, logaddexp, xlogy }
  for (const [a, b, cell] of met) {
    const note = `${a} ${b}`
    const [x, y] = [one(a), one(b)]
    const all: readonly (readonly [() => Tensor, DType])[] =
      cell === '-'
        ? []
        : [
            ...Object.values(binary).map((f) => [() => f(x, y), computed(cell)] as const),
            ...Object.values(floating).map((f) => [() => f(x, y), floated(cell)] as const),
            ...[equal, less, isClose].map((f) => [() => f(x, y), 'bool'] as const),
            [() => where(true, x, y), cell],
            [() => concatenate([x, y]), cell],
            [() => stack([x, y]), cell],
            [() => clip(x, y, y), computed(cell)],
            [() => einsum('i,i->i', x, y), computed(cell)],
            [() => tensordot(x, y, 1), computed(cell)],
          ]
    for (const [f, dtype] of all) assert.is(f().dtype, dtype, note)
    if (cell === '-')
      for (const f of [...Object.values(binary), ...Object.values(floating), equal, isClose])
        assert.throws(
          () => f(x, y),
          `${a}[2] with ${b}[2]: there is no dtype that holds both without loss. Cast one, as cast(x, '`,
          note,
        )
  }
})

test('three operands are promoted from the left, all or none', () => {
  assert.is(concatenate([one('bool'), one('u8'), one('i8'), one('f16')]).dtype, 'f16')
  assert.is(stack([one('i8'), one('u8'), one('i32')]).dtype, 'i32')
  assert.is(concatenate([one('f16'), one('i32'), one('f32')]).dtype, 'f32')
  assert.throws(() => concatenate([one('u8'), one('u32'), one('i8')]), 'u32[2] with i8[2]')
  assert.throws(() => concatenate([one('i8'), one('u8'), one('u32')]), 'i32[2] with u32[2]')
})

test('a number takes the dtype of the tensor; storage dtypes and bool are widened first', () => {
  for (const dtype of dtypes) {
    const x = one(dtype)
    for (const f of [add, mul, sub, maximum]) {
      assert.is(f(x, 1).dtype, computed(dtype), dtype)
      assert.is(f(1, x).dtype, computed(dtype), dtype)
    }
    assert.is(div(x, 2).dtype, floated(dtype))
    assert.is(where(true, x, 1).dtype, dtype === 'bool' ? 'i32' : dtype)
    assert.is(equal(x, 1).dtype, 'bool')
    if (isFloat(dtype)) assert.is(add(x, 0.5).dtype, dtype)
    else
      throws(
        () => add(x, 0.5),
        `add: the number 0.5 is no ${computed(dtype)}: cast the tensor to a float dtype first, as cast(x, 'f32').`,
      )
  }
  same(sub(one('u32'), 1), 'u32', flat([2], [0, 2 ** 32 - 1]))
  same(add(one('u8'), -1), 'i32', flat([2], [0, -1]))
  throws(
    () => add(one('u32'), -1),
    "add: the number -1 is no u32: cast the tensor to a float dtype first, as cast(x, 'f32').",
  )
  throws(
    () => mul(one('i32'), 2 ** 31),
    "mul: the number 2147483648 is no i32: cast the tensor to a float dtype first, as cast(x, 'f32').",
  )
  throws(
    () => maximum(one('i32'), Infinity),
    "maximum: the number Infinity is no i32: cast the tensor to a float dtype first, as cast(x, 'f32').",
  )
})

test('booleans are 0 and 1 of the other dtype; numbers alone are f32, booleans alone bool or i32', () => {
  for (const dtype of dtypes) assert.is(add(one(dtype), true).dtype, computed(dtype))
  for (const dtype of dtypes) assert.is(where(true, one(dtype), false).dtype, dtype)
  same(add(1, 2), 'f32', flat([], [3]))
  same(add(true, true), 'i32', flat([], [2]))
  same(add(true, 0.5), 'f32', flat([], [1.5]))
  same(div(true, 2), 'f32', flat([], [0.5]))
  same(equal(true, 1), 'bool', flat([], [1]))
  same(concatenate([one('bool'), one('bool')]), 'bool', flat([4], [1, 0, 1, 0]))
})

// ── weak scalars: the number arguments of jit ───────────────────────────────────────────────────────────────────────

test('a number argument of jit takes the dtype of the float tensor that it meets', () => {
  for (const dtype of ['f64', 'f32', 'f16'] as const) {
    const x = put(flat([2], [1, 2]), dtype)
    for (const f of [add, sub, mul, div, maximum, pow, hypot, logaddexp, xlogy, where.bind(null, true)]) {
      assert.is(jit((s: TensorLike) => f(x, s))(3).dtype, dtype)
      assert.is(jit((s: TensorLike) => f(s, x))(3).dtype, dtype)
    }
    // 0.1 is rounded once, to the dtype
    same(
      jit((s: TensorLike) => mul(x, s))(0.1),
      dtype,
      flat([2], { f64: [0.1, 0.2], f32: [0.1, 0.2], f16: [0.1, 0.2] }[dtype]),
    )
    assert.is(jit((s: TensorLike) => concatenate([x, reshape(s, [1])]))(1).dtype, dtype)
    assert.is(jit((s: TensorLike) => mul(stack([s, 1]), x))(1).dtype, dtype)
  }
  for (const dtype of ['i32', 'u32', 'u8', 'i8', 'bool'] as const)
    throws(
      () => jit((s: TensorLike) => add(one(dtype), s))(3),
      `add: a number argument of jit meets ${dtype}[2]: such arguments are float scalars. Pass array(n, { dtype: 'i32' }), or cast the tensor.`,
    )
})

test('a weak scalar stays weak through functions, so that it still takes any float dtype', () => {
  const unary = [
    ...Object.values(arithmetic),
    ...Object.values(transcendental),
    ...Object.entries(reductions).flatMap(([name, f]) =>
      name === 'finiteMax' || name.startsWith('arg') || name === 'all' || name === 'any' ? [] : [f],
    ),
  ].filter((f) => (f as (x: TensorLike) => unknown) !== transcendental.polygamma) as ((
    x: TensorLike,
    y: TensorLike,
    z: TensorLike,
  ) => Tensor)[]
  const more: readonly ((s: TensorLike) => Tensor)[] = [
    (s) => transcendental.polygamma(1, s),
    (s) => nanToNum(s),
    (s) => where(less(s, 1), s, 2),
    (s) => add(1, mul(s, neg(s))),
    (s) => zerosLike(s as Tensor),
    (s) => onesLike(s as Tensor),
    (s) => fullLike(s as Tensor, 3),
    (s) => flatten(s),
    (s) => broadcastTo(s, [2]),
    (s) => pad(reshape(s, [1]), [[0, 1]]),
    (s) => concatenate([reshape(s, [1]), reshape(s, [1])]),
    (s) => einsum(',->', s, s),
    (s) => vdot(reshape(s, [1]), reshape(s, [1])),
    (s) => reductions.sum(stack([s, 2, s])),
    (s) => logaddexp(s, 0),
    (s) => hypot(3, s),
    (s) => xlogy(s, s),
  ]
  // one operand, or as many as the function has
  const arity = (f: unknown): number => (f === clip ? 3 : takesTwo.has(f) ? 2 : 1)
  const functions = [
    ...unary.map((f) => (s: TensorLike) => f(...([s, 2, 3].slice(0, arity(f)) as Parameters<typeof f>))),
    ...more,
  ]
  for (const dtype of ['f64', 'f32', 'f16'] as const) {
    const x = put(flat([1], [1]), dtype)
    functions.forEach((f, i) => {
      let weak = true
      jit((s: TensorLike) => {
        const y = f(s)
        weak = typeOfTensor(y).weak
        return y
      })(0.5)
      assert.ok(weak, `${i} ${unary[i] ?? f} is not weak`)
      assert.is(jit((s: TensorLike) => mul(x, reshape(f(s), [-1])))(0.5).dtype, dtype)
    })
  }
})

const takesTwo = new Set<unknown>([
  add,
  sub,
  mul,
  div,
  mod,
  remainder,
  pow,
  maximum,
  minimum,
  floorDivide,
  atan2,
  hypot,
  logaddexp,
  xlogy,
])

test('weak scalars alone are f64 inside and leave as f32', () => {
  same(jit((s: TensorLike, t: TensorLike) => sub(add(s, t), s))(1e8, 1), 'f32', flat([], [1]))
  same(jit((s: TensorLike) => s as Tensor)(0.1), 'f32', flat([], [0.1]))
  assert.is(jit((s: TensorLike) => logicalNot(s))(2).dtype, 'bool')
  let traced = 0
  const f = jit((x: Tensor, s: TensorLike) => {
    traced++
    return mul(x, s)
  })
  for (const s of [1, 2, 0.5]) same(f(put(flat([1], [8]), 'f32'), s), 'f32', flat([1], [8 * s]))
  assert.is(traced, 1)
})

// ── devices ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test('constants, and what is made of constants alone, go to the device that needs them', () => {
  const device = plainDevice({ name: 'other' })
  const x = array([1, 2], { device })
  for (const c of [zeros([2]), full([], 3), 5, true, add(full([2], 1), 1), reshape(full([1, 2], 7), [2])]) {
    const y = add(x, c)
    assert.is(y.device, device)
  }
  const made = mul(full([2], 2), 3)
  same(add(made, x), 'f32', flat([2], [7, 8]))
  assert.is(made.device, device)
  throws(
    () => add(array([1, 2]), x),
    `add: operands live on two devices, ${defaultDevice().name} and other: move one with transfer(x, device).`,
  )
  throws(
    () => add(made, array([1, 2])),
    `add: operands live on two devices, other and ${defaultDevice().name}: move one with transfer(x, device).`,
  )
  assert.is(item(reductions.sum(made)), 12)
})

test.run()
