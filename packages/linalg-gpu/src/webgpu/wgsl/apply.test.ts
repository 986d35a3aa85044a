import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bytesOf, type DType, isFloat } from '../../dtype.js'
import { rounded } from '../../kernel/point.js'
import { binaryOf, castOf, compareFns, reinterpret, testFns, unaryOf } from '../../plain/elementwise.js'
import { threefry2x32 } from '../../plain/threefry.js'
import type { BinaryFn, CompareFn, UnaryFn } from '../../program/op.js'
import { applied, threefry } from './apply.js'
import { evaluate, type Words } from './evaluate.testing.js'
import { literal } from './literal.js'

type Applied = Parameters<typeof applied>[0]

const dtypes: readonly DType[] = ['f32', 'f16', 'i32', 'u32', 'u8', 'i8', 'bool']
const integerTypes = ['i32', 'u32', 'u8', 'i8'] as const

const floats = [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, -7, 0.1, 100.25, 127.5, -128.75, 255.9, 300, 65519, 65520, 7e4, -7e4, 2147483520, 3e9, -3e9, 5e9, 1e20, -1e20, 2 ** -14, 2 ** -25, 1.5 * 2 ** -25, NaN, Infinity, -Infinity] // biome-ignore format: values
const integers = [0, 1, -1, 2, 3, -3, 5, 7, -8, 31, 32, 33, 100, 127, 128, -128, -129, 255, 256, 65535, 65536, 16777217, 2147483647, -2147483647, -2147483648, 3000000000, 4294967295] // biome-ignore format: values

const words = (dtype: DType, values: readonly number[]): Words => {
  const own = values.map((v) => rounded(dtype, v))
  if (isFloat(dtype)) return Float32Array.from(own)
  return dtype === 'i32' || dtype === 'i8' ? Int32Array.from(own) : Uint32Array.from(own)
}
const valuesOf = (dtype: DType): Words =>
  words(dtype, dtype === 'bool' ? [0, 1, 1, 0] : isFloat(dtype) ? floats : integers)

const pairsOf = (dtype: DType): readonly [Words, Words] => {
  const x = [...valuesOf(dtype)]
  return [
    words(
      dtype,
      x.flatMap((a) => x.map(() => a)),
    ),
    words(
      dtype,
      x.flatMap(() => x),
    ),
  ]
}

/** Evaluates a function, and holds it against what the plain device computes and rounds. */
const check = async (
  scalar: Applied,
  inputs: readonly (readonly [DType, Words])[],
  to: DType,
  oracle: (...args: number[]) => number,
): Promise<void> => {
  const found = await evaluate((args, uses) => applied(scalar, inputs[0]![0], to, args, uses), inputs, to)
  for (let i = 0; i < found.length; i++) {
    const args = inputs.map(([, x]) => x[i]!)
    const wanted = oracle(...args)
    assert.ok(
      Object.is(found[i], wanted),
      `${JSON.stringify(scalar)} ${inputs[0]![0]} → ${to} (${args}) = ${found[i]}, not ${wanted}`,
    )
  }
}

// a cast to f16 rounds what it is given, not an f32 of it
const narrowest: (dtype: DType, x: number) => number = (dtype, x) => rounded(dtype, x) + 0

for (const from of dtypes)
  test(`casts of ${from} are those of the plain device`, async () => {
    for (const to of dtypes) {
      const cast = castOf(from, to)
      const signed = isFloat(from) && isFloat(to) ? rounded : narrowest
      await check({ kind: 'cast' }, [[from, valuesOf(from)]], to, (x) => signed(to, Number(cast(x))))
    }
  })

test('bitcasts keep the bits', async () => {
  const buffer = new ArrayBuffer(8)
  for (const from of dtypes)
    for (const to of dtypes) {
      if (bytesOf(from) !== bytesOf(to) || (from === 'bool') !== (to === 'bool')) continue
      const same = from === to
      const [write, read] = [new reinterpret[from](buffer, 0, 1), new reinterpret[to](buffer, 0, 1)]
      const values = from === 'f32' || same ? valuesOf(from) : words(from, integers.filter((x) => Math.abs(x) < 2 ** 31)) // biome-ignore format: one
      await check({ kind: 'bitcast' }, [[from, values]], to, (x) => {
        if (same) return x
        write[0] = x
        return read[0]!
      })
    }
})

for (const dtype of dtypes)
  test(`comparisons and choices of ${dtype}`, async () => {
    const [x, y] = pairsOf(dtype)
    for (const fn of ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as CompareFn[])
      await check({ kind: 'compare', fn }, [[dtype, x], [dtype, y]], 'bool', (a, b) => Number(compareFns[fn](a!, b!))) // biome-ignore format: short
    const mask = Uint32Array.from(x, (_, i) => (i % 3) & 1)
    const found = await evaluate((args, uses) => applied({ kind: 'select' }, 'bool', dtype, args, uses), [['bool', mask], [dtype, x], [dtype, y]], dtype) // biome-ignore format: short
    for (let i = 0; i < x.length; i++) assert.ok(Object.is(found[i], mask[i] === 1 ? x[i] : y[i]))
  })

test('tests of floats go by the bits', async () => {
  for (const dtype of ['f32', 'f16'] as const)
    for (const fn of ['nan', 'infinite', 'finite'] as const)
      await check({ kind: 'test', fn }, [[dtype, valuesOf(dtype)]], 'bool', (x) => Number(testFns[fn](x!)))
})

for (const dtype of [...integerTypes, 'bool'] as const)
  test(`functions of ${dtype} are those of the plain device, bit for bit`, async () => {
    const [x, y] = pairsOf(dtype)
    const storageOnly = dtype === 'bool'
    const ones = storageOnly
      ? ['not']
      : ['neg', 'abs', 'sign', 'square', 'relu', 'floor', 'ceil', 'round', 'trunc', 'not']
    for (const fn of ones as UnaryFn[])
      await check({ kind: 'unary', fn }, [[dtype, valuesOf(dtype)]], dtype, (v) =>
        narrowest(dtype, unaryOf(fn, dtype)(v!)),
      )
    const twos = ['and', 'or', 'xor', 'max', 'min', ...(storageOnly ? [] : ['add', 'sub', 'mul', 'pow', 'mod', 'rem', 'quot', 'shl', 'shr'])] // biome-ignore format: names
    for (const fn of twos as BinaryFn[])
      await check({ kind: 'binary', fn }, [[dtype, x], [dtype, y]], dtype, (a, b) => narrowest(dtype, binaryOf(fn, dtype)(a!, b!))) // biome-ignore format: short
  })

test('a literal zero times x, and over x, is NaN where they say so', async () => {
  const x = valuesOf('f32')
  for (const zero of [0, -0])
    for (const [fn, first] of [['mul', true], ['mul', false], ['div', true]] as const) {
      const found = await evaluate(([v], uses) => {
        const own = literal(zero, 'f32', uses)
        return applied({ kind: 'binary', fn }, 'f32', 'f32', first ? [own, v!] : [v!, own], uses)
      }, [['f32', x]], 'f32')
      x.forEach((v, i) => assert.ok(Object.is(found[i], fn === 'mul' ? zero * v : zero / v), `${fn} ${zero} ${v}: ${found[i]}`))
    }
}) // biome-ignore format: one line a call

test('functions of f16 are rounded to it', async () => {
  const [x, y] = pairsOf('f16')
  for (const fn of ['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc', 'relu', 'square'] as UnaryFn[])
    await check({ kind: 'unary', fn }, [['f16', valuesOf('f16')]], 'f16', (v) => rounded('f16', unaryOf(fn, 'f16')(v!)))
  for (const fn of ['add', 'sub', 'mul', 'div', 'max', 'min', 'rem', 'mod', 'quot'] as BinaryFn[])
    await check({ kind: 'binary', fn }, [['f16', x], ['f16', y]], 'f16', (a, b) => rounded('f16', binaryOf(fn, 'f16')(a!, b!))) // biome-ignore format: short
  // an error in the last place of f32 seldom changes one of f16: never here
  for (const fn of ['exp', 'log', 'tanh', 'sigmoid', 'cbrt', 'erf'] as UnaryFn[])
    await check({ kind: 'unary', fn }, [['f16', valuesOf('f16')]], 'f16', (v) => rounded('f16', unaryOf(fn, 'f16')(v!)))
})

test('threefry gives both words', async () => {
  const keys = [1, 2, 3, 4].map((k) => Uint32Array.from({ length: 99 }, (_, i) => (i * k * 2654435761) >>> 0))
  const inputs = keys.map((x) => ['u32', x] as const)
  for (const word of [0, 1] as const) {
    const found = await evaluate((args, uses) => `${threefry(args, uses)}[${word}]`, inputs, 'u32')
    const wanted = keys[0]!.map((_, i) => threefry2x32(keys[0]![i]!, keys[1]![i]!, keys[2]![i]!, keys[3]![i]!)[word])
    assert.equal(found, wanted)
  }
})

test('what a dtype has not is a bug, and is named', () => {
  assert.throws(
    () => applied({ kind: 'binary', fn: 'div' }, 'i32', 'i32', ['a', 'b'], new Set()),
    /div has no code for i32/,
  )
  assert.throws(() => applied({ kind: 'unary', fn: 'exp' }, 'u32', 'u32', ['a'], new Set()), /exp has no code for u32/)
})

test.run()
