// Each piece of code on rows of all lengths, with what stands around the rows watched, against the same loop in JavaScript.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { storage, type TypedArray } from '../../dtype.js'
import { type Code, forLoop, get, i32, type Local, set } from '../assembler.js'
import { load } from '../harness.testing.js'
import { kernelFunction, pointer, word } from '../lowered.js'
import { randoms } from '../special/special.testing.js'
import { addTimes, dot, dotWide, type Float, floatOf, type NewLocal, scale, swap } from './rows.js'

type Write = (float: Float, local: NewLocal, x: Code, y: Code, a: Local, n: Code, out: Code) => Code

const dtypes = ['f32', 'f64'] as const
const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 100]

/** Rows x and y and the scalars after one run on n elements of longer rows. */
const ran = (write: Write, dtype: 'f32' | 'f64', n: number, x: TypedArray, y: TypedArray, a: number) => {
  const float = floatOf(dtype)
  const build = () =>
    kernelFunction('rows', ({ words, lo, hi, local }) => {
      const [unit, p, q, out] = [local('i32'), local('i32'), local('i32'), local('i32')]
      const scalar = local(dtype)
      return forLoop(unit, get(lo), get(hi), i32.const(1), [
        set(p, pointer(get(words), 0)),
        set(q, pointer(get(words), 1)),
        set(out, pointer(get(words), 2)),
        set(scalar, float.scalar.load(get(out))),
        write(float, local, get(p), get(q), scalar, word(get(words), 3), get(out)),
      ])
    })
  const words = [{ operand: 0 }, { operand: 1 }, { operand: 2 }, n]
  const loaded = load({ key: 'rows', build, words, units: 1, grain: 1, scratch: 0 }, [x, y, storage(dtype, 1).fill(a)])
  loaded.run()
  return { x: loaded.operand(0), y: loaded.operand(1), out: loaded.operand(2)[0]! }
}

const row = (dtype: 'f32' | 'f64', n: number, seed: number): TypedArray => {
  const random = randoms(seed + n)
  return storage(dtype, n + 3).map(() => random() - 0.5) as TypedArray
}

const each = (check: (dtype: 'f32' | 'f64', n: number, x: TypedArray, y: TypedArray) => void): void => {
  for (const dtype of dtypes) for (const n of lengths) check(dtype, n, row(dtype, n, 1), row(dtype, n, 2))
}
const round = (dtype: 'f32' | 'f64', x: number): number => (dtype === 'f32' ? Math.fround(x) : x)

test('addTimes adds a multiple of n elements and leaves the others', () =>
  each((dtype, n, x, y) => {
    const got = ran((float, local, p, q, a, count) => addTimes(float, local, q, a, p, count), dtype, n, x, y, 0.75)
    assert.equal(
      got.y,
      y.map((v, i) => (i < n ? round(dtype, v + round(dtype, 0.75 * x[i]!)) : v)),
    )
    assert.equal(got.x, x)
  }))

test('scale multiplies n elements and leaves the others', () =>
  each((dtype, n, x, y) => {
    const got = ran((float, local, p, _, a, count) => scale(float, local, p, a, count), dtype, n, x, y, 0.3)
    const a = round(dtype, 0.3)
    assert.equal(
      got.x,
      x.map((v, i) => (i < n ? a * v : v)),
    )
  }))

test('swap exchanges n elements and leaves the others', () =>
  each((dtype, n, x, y) => {
    const got = ran((float, local, p, q, _, count) => swap(float, local, p, q, count), dtype, n, x, y, 0)
    assert.equal(
      got.x,
      x.map((v, i) => (i < n ? y[i]! : v)),
    )
    assert.equal(
      got.y,
      y.map((v, i) => (i < n ? x[i]! : v)),
    )
  }))

const summed: Write = (float, local, p, q, a, n, out) => [
  dot(float, local, a, p, q, n),
  float.scalar.store(out, get(a)),
]
const summedWide: Write = (float, local, p, q, _, n, out) => {
  const total = local('f64')
  return [dotWide(float, local, total, p, q, n), float.scalar.store(out, float.narrow(get(total)))]
}

test('dot sums products; its error is that of n roundings, and of one where the sum is wide', () =>
  each((dtype, n, x, y) => {
    let [sum, size] = [0, 0]
    for (let i = 0; i < n; i++) {
      sum += x[i]! * y[i]!
      size += Math.abs(x[i]! * y[i]!)
    }
    const unit = dtype === 'f32' ? 2 ** -24 : 2 ** -53
    assert.ok(Math.abs(ran(summed, dtype, n, x, y, 9).out - sum) <= (n + 1) * unit * size, `${dtype} ${n}`)
    const wide = Math.abs(ran(summedWide, dtype, n, x, y, 9).out - sum)
    assert.ok(wide <= unit * Math.abs(sum) + (n + 1) * 2 ** -53 * size, `${dtype} ${n}, wide`)
  }))

test('the wide dot of f32 is finite where squares are not numbers of f32', () => {
  const x = Float32Array.of(3e30, 4e30, 0, 0, 0)
  assert.is(
    ran(
      (_float, local, p, q, _, n, out) => {
        const total = local('f64')
        return [
          dotWide(floatOf('f32'), local, total, p, q, n),
          floatOf('f32').scalar.store(out, floatOf('f32').narrow(floatOf('f64').scalar.sqrt(get(total)))),
        ]
      },
      'f32', 5, x, x, 0,
    ).out,
    Math.fround(5e30),
  )
}) // biome-ignore format: a list of operands

test.run()
