import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DType } from '../../dtype.js'
import { rounded } from '../../kernel/point.js'
import { evaluate, type Words } from './evaluate.testing.js'
import { decimal, literal } from './literal.js'

/** The literals' values on the device, and what was meant. */
const read = async (dtype: DType, values: readonly number[]): Promise<readonly [Words, readonly number[]]> => {
  const places = Uint32Array.from(values, (_, i) => i)
  const written = await evaluate(
    ([i], uses) =>
      values.reduceRight(
        (rest, v, k) => `select(${rest}, ${literal(v, dtype, uses)}, ${i} == ${k}u)`,
        literal(0, dtype, uses),
      ),
    [['u32', places]],
    dtype,
  )
  return [written, values.map((v) => rounded(dtype, v))]
}

const floats = [
  0, -0, 1, -1, 0.1, -0.1, 1 / 3, 123456789, 1e-7, 1e21, -1e21, 2 ** -126, 2 ** -149, -1e-40, 3.4028234663852886e38, 16777217, NaN, Infinity, -Infinity,
  65504, 65519, 65520, 5.960464477539063e-8,
] // biome-ignore format: a list
const integers = [0, 1, -1, 127, 128, -128, 255, 256, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 32 - 1]

for (const dtype of ['f32', 'f16', 'i32', 'u32', 'i8', 'u8', 'bool'] as const) {
  test(`a literal of ${dtype} is its value, bit for bit`, async () => {
    const [found, wanted] = await read(dtype, dtype === 'f32' || dtype === 'f16' ? floats : integers)
    for (const [i, value] of wanted.entries()) assert.ok(Object.is(found[i], value), `${found[i]}, not ${value}`)
  })
}

test('a decimal is the shortest that reads back as the same f32', () => {
  assert.equal([0.1, 1 / 3, 1, 1e30, -2.5, 16777216].map(decimal), [
    '0.1f',
    '0.33333334f',
    '1.0f',
    '1e+30f',
    '(-2.5f)',
    '16777216.0f',
  ])
  for (let i = 0; i < 10_000; i++) {
    const [x] = new Float32Array(Uint32Array.of((i * 429_497 + 0x00800000) % 0x7f800000).buffer)
    if (x! >= 2 ** -126 && x! < 3.4028234e38) assert.is(Math.fround(Number(decimal(x!).slice(0, -1))), x)
  }
})

test('f64 is refused', () => {
  assert.throws(() => literal(1, 'f64', new Set()), /no f64.*wasm/)
})

test.run()
