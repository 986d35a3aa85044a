import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { binaryOf, unaryOf } from '../../plain/elementwise.js'
import { threefry2x32 } from '../../plain/threefry.js'
import type { BinaryFn, UnaryFn } from '../../program/op.js'
import { binaryI32, type IntegerDType, inlineBinaryI32, inlineUnaryI32 } from './i32.js'
import { vector } from './lanes.js'
import { mapper } from './math.testing.js'
import { threefry } from './threefry.js'

// Every pair of the numbers at which something happens, and of some that are ordinary.
const numbers = (dtype: IntegerDType): readonly number[] => {
  const some = [0, 1, 2, 3, 5, 7, 30, 31, 32, 33, 63, 97, 127, 128, 255, 256, 46341, 65535, 65536, 123456789]
  const all = [...some, ...some.map((x) => -x), 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1, 2 ** 30, 3 ** 19, -(3 ** 19)]
  const stored = { i32: Int32Array, u32: Uint32Array, i8: Int8Array, u8: Uint8Array, bool: Uint8Array }[dtype]
  return [...stored.from(dtype === 'bool' ? [0, 1] : all)]
}

const unaries: readonly UnaryFn[] = ['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc', 'square', 'relu', 'not']
const binaries: readonly BinaryFn[] = [
  'add', 'sub', 'mul', 'pow', 'max', 'min', 'mod', 'rem', 'quot', 'and', 'or', 'xor', 'shl', 'shr',
] // biome-ignore format: a list
const narrow = new Set<string>(['max', 'min', 'and', 'or', 'xor', 'not'])

for (const dtype of ['i32', 'u32', 'i8', 'u8', 'bool'] as const) {
  const Stored = dtype === 'u32' ? Uint32Array : Int32Array
  const values = numbers(dtype)
  const allowed = (fn: string): boolean => dtype === 'i32' || dtype === 'u32' || narrow.has(fn)

  test(`the unary functions of ${dtype} are those of the plain device`, () => {
    for (const fn of unaries.filter(allowed)) {
      const xs = Stored.from([...values, ...values, 0, 0, 0].slice(0, values.length + 3))
      const run = mapper(vector('f', 1, (_, x) => inlineUnaryI32(fn, dtype, x)!))
      const found = new Stored(run(xs)[0]!)
      const own = dtype === 'u8' ? Uint8Array : Stored
      xs.forEach((x, i) => {
        assert.is(found[i], own.of(unaryOf(fn, dtype)(x))[0], `${fn}(${x})`)
      })
    }
  })

  test(`the binary functions of ${dtype} are those of the plain device`, () => {
    for (const fn of binaries.filter(allowed)) {
      const xs = Stored.from(values.flatMap((x) => values.map(() => x)))
      const ys = Stored.from(values.flatMap(() => values))
      const run = mapper(
        vector('f', 2, (_, x, y) => inlineBinaryI32(fn, dtype, x, y) ?? [x, y, 0x10, binaryI32(fn, dtype)!]),
      )
      const found = new Stored(run(xs, ys)[0]!)
      xs.forEach((x, i) => {
        assert.is(found[i], Stored.of(binaryOf(fn, dtype)(x, ys[i]!))[0], `${fn}(${x}, ${ys[i]})`)
      })
    }
  })
}

test('threefry on four lanes is threefry', () => {
  const words = Array.from({ length: 4 }, (_, j) =>
    Uint32Array.from({ length: 64 }, (_, i) => (i * 2654435761 * (j + 1)) ^ j),
  )
  const [a, b] = mapper(threefry())(...words).map((x) => new Uint32Array(x))
  for (let i = 0; i < 64; i++) {
    const wanted = threefry2x32(words[0]![i]!, words[1]![i]!, words[2]![i]!, words[3]![i]!)
    assert.equal([a![i], b![i]], wanted)
  }
})

test.run()
