import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  arithmetic,
  bytesOf,
  type DType,
  dtypes,
  floating,
  isFloat,
  isInteger,
  promoted,
  represents,
  storage,
} from './dtype.js'

const facts: Readonly<Record<DType, readonly [bytes: number, number, string, arithmetic: DType, floating: DType]>> = {
  f32: [4, 1, 'Float32Array', 'f32', 'f32'],
  f64: [8, 1, 'Float64Array', 'f64', 'f64'],
  f16: [2, 1, 'Uint16Array', 'f16', 'f16'],
  i32: [4, 0, 'Int32Array', 'i32', 'f32'],
  u32: [4, 0, 'Uint32Array', 'u32', 'f32'],
  u8: [1, 0, 'Uint8Array', 'i32', 'f32'],
  i8: [1, 0, 'Int8Array', 'i32', 'f32'],
  bool: [1, 0, 'Uint8Array', 'i32', 'f32'],
}

test('facts of each dtype', () => {
  assert.equal([...dtypes].sort(), Object.keys(facts).sort())
  for (const dtype of dtypes) {
    const [bytes, float, name, widened, floated] = facts[dtype]
    const cell = storage(dtype, 3)
    assert.is(bytesOf(dtype), bytes)
    assert.is(cell.byteLength, 3 * bytes)
    assert.is(cell.constructor.name, name)
    assert.ok(cell.every((v) => v === 0))
    assert.is(isFloat(dtype), float === 1)
    assert.is(isInteger(dtype), float === 0 && dtype !== 'bool')
    assert.is(arithmetic(dtype), widened)
    assert.is(floating(dtype), floated)
  }
})

// what two dtypes become; '-' is refused
const lattice = `
       f32 f64 f16 i32 u32 u8  i8  bool
  f32  f32 -   f32 f32 f32 f32 f32 f32
  f64  -   f64 -   f64 f64 f64 f64 f64
  f16  f32 -   f16 f16 f16 f16 f16 f16
  i32  f32 f64 f16 i32 -   i32 i32 i32
  u32  f32 f64 f16 -   u32 u32 -   u32
  u8   f32 f64 f16 i32 u32 u8  i32 u8
  i8   f32 f64 f16 i32 -   i32 i8  i8
  bool f32 f64 f16 i32 u32 u8  i8  bool`

test('promotion is the table, symmetric, idempotent and associative where it is defined', () => {
  const [head, ...rows] = lattice
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  for (const [row, ...cells] of rows)
    cells.forEach((cell, i) => {
      const got = promoted(row as DType, head![i] as DType)
      assert.is(got ?? '-', cell, `${row} ${head![i]}`)
    })
  for (const a of dtypes) {
    assert.is(promoted(a, a), a)
    for (const b of dtypes) {
      assert.is(promoted(a, b), promoted(b, a))
      for (const c of dtypes) {
        const [ab, bc] = [promoted(a, b), promoted(b, c)]
        const [left, right] = [ab && promoted(ab, c), bc && promoted(a, bc)]
        if (left !== undefined && right !== undefined) assert.is(left, right, `${a} ${b} ${c}`)
      }
    }
  }
})

test('which numbers a dtype represents', () => {
  const yes: readonly (readonly [DType, readonly number[]])[] = [
    ['f32', [0.1, NaN, -Infinity, 1e300]],
    ['f64', [0.1]],
    ['f16', [1e9]],
    ['i32', [-(2 ** 31), 2 ** 31 - 1, -0]],
    ['u32', [0, 2 ** 32 - 1]],
    ['u8', [0, 255]],
    ['i8', [-128, 127]],
    ['bool', [0, 1]],
  ]
  const no: readonly (readonly [DType, readonly number[]])[] = [
    ['i32', [0.5, NaN, Infinity, 2 ** 31, -(2 ** 31) - 1]],
    ['u32', [-1, 2 ** 32, 1.5]],
    ['u8', [-1, 256]],
    ['i8', [-129, 128]],
    ['bool', [2, -1, 0.5, NaN]],
  ]
  for (const [dtype, values] of yes) for (const v of values) assert.is(represents(dtype, v), true, `${dtype} ${v}`)
  for (const [dtype, values] of no) for (const v of values) assert.is(represents(dtype, v), false, `${dtype} ${v}`)
})

test('an array that the host cannot give is an error that says how large', () => {
  assert.throws(
    () => storage('f64', 2 ** 50),
    'memory: 1125899906842624 elements of f64, 9007199254740992 bytes, are more than the host gives to one array: compute in parts, as by scan or map.',
  )
})

test.run()
