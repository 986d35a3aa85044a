import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { castOf } from '../../plain/elementwise.js'
import { fromHalf, toHalf } from '../../plain/half.js'
import {
  f32ToBool,
  f32ToI8,
  f32ToI32,
  f32ToU8,
  f32ToU32,
  fromHalfBits,
  i32ToBool,
  roundToHalf,
  roundToHalfF64,
  toHalfBits,
  wrapI8,
  wrapU8,
} from './casts.js'
import { vector } from './lanes.js'
import { mapper } from './math.testing.js'

const every = Int32Array.from({ length: 65536 }, (_, i) => i)
// every f16, what is just beside it, the ties to the next and what is just beside them
const beside = (step: number): number[] =>
  [...every].flatMap((bits) => {
    const x = fromHalf(bits)
    if (!Number.isFinite(x)) return [x, x]
    const next = (bits & 0x7fff) === 0x7bff ? Math.sign(x) * 65536 : fromHalf(bits + 1)
    const tie = (x + next) / 2
    return [x, x * (1 + step), x * (1 - step), tie, tie * (1 + step), tie * (1 - step)]
  })
const wide = [
  1e-30,
  -1e-30,
  1e30,
  -1e30,
  1e-45,
  65519.996,
  65520,
  -65520,
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  3e38,
  -3e38,
  5,
]

test('every f16 is read as its value', () => {
  const found = new Float32Array(mapper(fromHalfBits())(every)[0]!)
  every.forEach((bits, i) => {
    assert.ok(Object.is(found[i], fromHalf(bits)), `${bits}: ${found[i]}, not ${fromHalf(bits)}`)
  })
})

test('f32 is rounded to f16, to the nearest and ties to the even', () => {
  const xs = Float32Array.from([...wide, ...beside(2 ** -23)])
  const bits = new Int32Array(mapper(toHalfBits())(xs)[0]!)
  const values = new Float32Array(mapper(roundToHalf())(xs)[0]!)
  xs.forEach((x, i) => {
    assert.ok(bits[i] === toHalf(x), `${x}: ${bits[i]}, not ${toHalf(x)}`)
    assert.ok(Object.is(values[i], fromHalf(toHalf(x))), `${x}: ${values[i]}`)
  })
})

test('f64 is rounded to f16 once', () => {
  const xs = Float64Array.from([...wide, 1e300, -1e300, 5e-324, ...beside(2 ** -52)])
  const values = new Float64Array(mapper(roundToHalfF64())(xs)[0]!)
  xs.forEach((x, i) => {
    assert.ok(Object.is(values[i], fromHalf(toHalf(x))), `${x}: ${values[i]}`)
  })
})

const floats = Float32Array.from([
  ...wide, 0.5, -0.5, 0.999, -0.999, 1.5, -1.5, 126.9, 127, 128, -128, -128.9, -129, 254.9, 255, 256, -1, 300, -300,
  2147483520, 2147483648, -2147483648, -2147484000, 4294967040, 4294967296, 1e-45,
]) // biome-ignore format: a list
const integers = Int32Array.from([0, 1, -1, 127, 128, 129, 255, 256, -128, -129, 2 ** 31 - 1, -(2 ** 31), 65535, 512])

for (const [to, convert, Stored] of [
  ['i32', f32ToI32, Int32Array],
  ['u32', f32ToU32, Uint32Array],
  ['i8', f32ToI8, Int32Array],
  ['u8', f32ToU8, Int32Array],
  ['bool', f32ToBool, Int32Array],
] as const) {
  test(`f32 to ${to} is that of the plain device`, () => {
    const found = new Stored(mapper(vector('f', 1, (_, x) => convert(x)))(floats)[0]!)
    floats.forEach((x, i) => {
      assert.is(found[i], castOf('f32', to)(x) + 0, `${x}`)
    })
  })
}

for (const [to, convert, Stored] of [
  ['i8', wrapI8, Int8Array],
  ['u8', wrapU8, Uint8Array],
  ['bool', i32ToBool, Uint8Array],
] as const) {
  test(`i32 to ${to} is that of the plain device`, () => {
    const found = new Int32Array(mapper(vector('f', 1, (_, x) => convert(x)))(integers)[0]!)
    integers.forEach((x, i) => {
      assert.is(found[i], Stored.of(castOf('i32', to)(x))[0], `${x}`)
    })
  })
}

test.run()
