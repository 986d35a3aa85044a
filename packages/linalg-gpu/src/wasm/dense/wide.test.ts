// Each function over rows of f64, of all lengths up to some vectors, against the same loop in JavaScript or the property that defines it.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { storage, type TypedArray } from '../../dtype.js'
import { type Code, call, f64, get, i32, set } from '../assembler.js'
import { load } from '../harness.testing.js'
import { kernelFunction, pointer, word } from '../lowered.js'
import { randoms } from '../special/special.testing.js'
import { floatOf, type NewLocal } from './rows.js'
import {
  dot,
  grams,
  narrowed,
  nothing,
  reflect,
  reflector,
  rotate,
  rotateAcute,
  scaleOf,
  sign,
  unknown,
  widened,
} from './wide.js'

type Write = (x: Code, y: Code, n: Code, out: Code, local: NewLocal) => Code

const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17]

/** Rows x and y, and `out`, after the code has run on n elements. */
const ran = (write: Write, n: number, x: TypedArray, y: TypedArray, out: TypedArray = new Float64Array(3)) => {
  const build = () =>
    kernelFunction('wide', ({ words, local }) => {
      const at = [0, 1, 2].map((i) => ({ local: local('i32'), i }))
      return [
        at.map((p) => set(p.local, pointer(get(words), p.i))),
        write(get(at[0]!.local), get(at[1]!.local), word(get(words), 3), get(at[2]!.local), local),
      ]
    })
  const words = [{ operand: 0 }, { operand: 1 }, { operand: 2 }, n]
  const loaded = load({ key: 'wide', build, words, units: 1, grain: 1, scratch: 0 }, [x, y, out])
  loaded.run()
  return { x: loaded.operand(0), y: loaded.operand(1), out: Array.from(loaded.operand(2)) }
}

const row = (n: number, seed: number): Float64Array => {
  const random = randoms(seed + n)
  return new Float64Array(n + 1).map(() => random() - 0.5)
}
const product = (x: TypedArray, y: TypedArray, n: number): number => {
  let sum = 0
  for (let i = 0; i < n; i++) sum += x[i]! * y[i]!
  return sum
}
const each = (check: (n: number, x: Float64Array, y: Float64Array) => void): void => {
  for (const n of lengths) check(n, row(n, 1), row(n, 2))
}
const near = (got: number, expected: number, n: number): void =>
  assert.ok(Math.abs(got - expected) <= (n + 2) * 2 ** -53, `${n}: ${got}, not ${expected}`)

test('dot and grams sum products', () =>
  each((n, x, y) => {
    near(ran((p, q, count, to) => f64.store(to, call(dot(), p, q, count)), n, x, y).out[0]!, product(x, y, n), n)
    const { out } = ran(
      (p, q, count, to, local) => {
        const sums = [local('f64'), local('f64'), local('f64')]
        // results come off the stack from the last to the first
        return [
          call(grams(), p, q, count),
          [...sums].reverse().map((sum) => set(sum, [])),
          sums.map((sum, i) => f64.store(to, get(sum), 8 * i)),
        ]
      },
      n,
      x,
      y,
    )
    ;[product(x, x, n), product(y, y, n), product(x, y, n)].forEach((expected, i) => near(out[i]!, expected, n))
  }))

test('rotate turns two rows, and leaves what stands behind them', () =>
  each((n, x, y) => {
    const got = ran((p, q, count) => call(rotate(), p, q, count, f64.const(0.6), f64.const(0.8)), n, x, y)
    assert.equal(got.x, x.map((v, i) => (i < n ? 0.6 * v - 0.8 * y[i]! : v)))
    assert.equal(got.y, y.map((v, i) => (i < n ? 0.8 * x[i]! + 0.6 * v : v)))
  })) // biome-ignore format: the formulas

test('rotateAcute turns as rotate does, by angles whose cosine rounds to 1 too', () =>
  each((n, x, y) => {
    for (const s of [0.8, -0.8, 1e-9]) {
      const c = Math.sqrt(1 - s * s)
      const got = ran((p, q, count) => call(rotateAcute(), p, q, count, f64.const(c), f64.const(s)), n, x, y)
      got.x.forEach((v, i) => near(v, i < n ? c * x[i]! - s * y[i]! : x[i]!, 4))
      got.y.forEach((v, i) => near(v, i < n ? s * x[i]! + c * y[i]! : y[i]!, 4))
    }
  }))

test('a reflector sends its row to β e₀ with |β| its length, and reflect applies it', () =>
  each((n, x) => {
    if (n === 0) return
    const given = x.slice()
    const { x: v, y: image, out } = ran(
      (p, q, count, to, local) => {
        const [beta, tau] = [local('f64'), local('f64')]
        return [
          call(reflector(), p, count),
          set(tau, []),
          set(beta, []),
          f64.store(to, get(beta)),
          f64.store(to, get(tau), 8),
          call(reflect(), q, p, get(tau), count),
        ]
      },
      n,
      x,
      given,
    )
    assert.is(v[0], 1)
    assert.is(v[n], x[n])
    near(Math.abs(out[0]!), Math.sqrt(product(x, x, n)), n)
    for (let i = 0; i < n; i++) near(image[i]!, i === 0 ? out[0]! : 0, n)
    assert.is(image[n], x[n])
    // sign: nothing cancels in x₀ − β
    if (n > 1) assert.ok(out[0]! * x[0]! < 0)
  })) // biome-ignore format: a list of results

test('a row whose tail is nothing has no reflector', () => {
  const code: Write = (p, _, count, to, local) => {
    const [beta, tau] = [local('f64'), local('f64')]
    return [
      call(reflector(), p, count), set(tau, []), set(beta, []), f64.store(to, get(beta)), f64.store(to, get(tau), 8),
    ] // biome-ignore format: two results
  }
  for (const tail of [0, 1e-140, 1e-160]) {
    const { out } = ran(code, 3, Float64Array.of(-0.5, tail, tail), new Float64Array(3))
    assert.equal(out, [-0.5, 0, 0], `${tail}`)
  }
  assert.is(ran((_p, _q, _n, to) => f64.store(to, nothing), 0, row(0, 1), row(0, 1)).out[0], 2 ** -900)
})

test('sign is that of the first component within 15 % of the largest', () => {
  for (const [x, expected] of [[[1, -1.1], 1], [[-1, 1.1], -1], [[1, -2], -1], [[0, 0], 1], [[], 1]] as const) {
    const { out } = ran((p, _, count, to) => f64.store(to, call(sign(), p, count)), x.length, Float64Array.from([...x, 9]), row(0, 1))
    assert.is(out[0], expected, `${x}`)
  }
}) // biome-ignore format: a table

for (const dtype of ['f32', 'f64'] as const) {
  const float = floatOf(dtype)
  const of = (...x: number[]): TypedArray => {
    const made = storage(dtype, x.length)
    made.set(x)
    return made
  }

  test(`${dtype}: the scale is a power of two that brings the largest element into [1, 2), NaN where one is not finite`, () => {
    const huge = dtype === 'f32' ? 3e38 : 1.7e308
    for (const top of [1, 1.5, 3, -0.3, 1e-30, huge, -huge]) {
      const { out } = ran((p, _, count, to) => f64.store(to, call(scaleOf(float), p, count)), 3, of(0, top, 0), row(0, 1))
      const scaled = Math.abs(of(top)[0]! * out[0]!)
      // not below 2 ** −1000, so that its inverse is a number
      assert.ok(Math.log2(out[0]!) % 1 === 0 && ((scaled >= 1 && scaled < 2) || out[0] === 2 ** -1000), `${top}: ${out[0]}`)
    }
    for (const [x, expected] of [[0, 2 ** 1000], [NaN, NaN], [Infinity, NaN], [-Infinity, NaN]] as const) {
      const { out } = ran((p, _, count, to) => f64.store(to, call(scaleOf(float), p, count)), 2, of(x, 0), row(0, 1))
      assert.ok(Object.is(out[0], expected), `${x}: ${out[0]}`)
    }
  })

  test(`${dtype}: elements go into rows of f64 and back, with steps and a factor; unknown ones are NaN`, () => {
    const there = ran(
      (p, q, count, _, local) =>
        widened(float, local, { to: q, from: p, step: i32.const(2 * float.bytes), n: count, scale: f64.const(2) }),
      3, of(1, 2, 3, 4, 5, 6), Float64Array.of(9, 9, 9, 9),
    )
    assert.equal(there.y, Float64Array.of(2, 6, 10, 9))
    const back = ran(
      (p, q, count, _, local) =>
        narrowed(float, local, { to: p, from: q, step: i32.const(2 * float.bytes), n: count, scale: f64.const(0.5) }),
      3, of(1, 2, 3, 4, 5, 6), Float64Array.of(20, 60, 100, 9),
    )
    assert.equal(back.x, of(10, 2, 30, 4, 50, 6))
    const none = ran((p, _q, count, _to, local) => unknown(float, local, p, count), 2, of(1, 2, 3), row(0, 1))
    assert.equal(Array.from(none.x), [NaN, NaN, 3])
  })
} // biome-ignore format: tables

test.run()
