import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, jit, liveBuffers, type Tensor } from '../index.js'
import { compensatedDot } from './index.js'
import { draws, normals, type Precision, roundedTo, ulp, type Vector } from './systems.testing.js'

/** Numbers here are whole multiples of 2⁻³⁰⁰: their sums and products are exact as big integers. */
const unit = 300
const whole = (x: number): bigint => BigInt(x * 2 ** unit)
const back = (x: bigint): number => {
  // to 128 bits, then to a number
  const digits = x.toString(2).length
  const shift = BigInt(Math.max(0, digits - 128))
  return Number(x >> shift) * 2 ** (Number(shift) - 2 * unit)
}
const magnitude = (x: bigint): bigint => (x < 0n ? -x : x)
const exactDot = (x: Vector, y: Vector): number =>
  back(x.reduce((sum, value, i) => sum + whole(value) * whole(y[i]!), 0n))
const exactSize = (x: Vector, y: Vector): number =>
  back(x.reduce((sum, value, i) => sum + magnitude(whole(value) * whole(y[i]!)), 0n))

const held = (x: Vector, dtype: Precision): Tensor => array(Float64Array.from(x), { dtype })
const jitted = jit((x: Tensor, y: Tensor) => compensatedDot(x, y))
const bound = (x: Vector, y: Vector, dtype: Precision): number => {
  const u = ulp[dtype]
  return u * Math.abs(exactDot(x, y)) + (2 + Math.log2(Math.max(2, x.length))) ** 2 * u * u * exactSize(x, y)
}

/** Vectors whose products cancel to about 1/condition of their size: after a first half of any magnitudes, each further product takes away most of the sum. */
const cancelling = (
  n: number,
  condition: number,
  dtype: Precision,
  random: () => number,
): readonly [Vector, Vector] => {
  const digits = Math.log2(condition) / 2
  const round = (x: number): number => roundedTo(dtype, [x])[0]!
  const x: number[] = []
  const y: number[] = []
  for (let i = 0; i < n; i++) {
    const late = i >= n / 2
    const exponent = late ? digits * (1 - (i - n / 2) / (n / 2 - 1)) : random() * digits
    x.push(round((2 * random() - 1) * 2 ** Math.round(exponent)))
    const wanted = (2 * random() - 1) * 2 ** Math.round(exponent)
    y.push(round(late && x[i] !== 0 ? (wanted - exactDot(x.slice(0, -1), y)) / x[i]! : wanted))
  }
  return [x, y]
}

for (const dtype of ['f32', 'f64'] as const)
  test(`dot products that cancel to a 10⁻¹⁸th are within the bound in ${dtype}, eager and jitted`, () => {
    const random = draws(4)
    let worst = 0
    for (const condition of [1, 1e4, 1e8, 1e12, 1e18])
      for (const n of [6, 17, 64]) {
        const [x, y] = cancelling(n, condition, dtype, random)
        for (const dot of [compensatedDot, jitted]) {
          const got = item(dot(held(x, dtype), held(y, dtype))) as number
          const off = Math.abs(got - exactDot(x, y))
          assert.ok(
            off <= bound(x, y, dtype),
            `n = ${n}, condition ${condition}: off by ${off} of ${bound(x, y, dtype)}`,
          )
        }
        const plain = x.reduce(
          (sum, value, i) => roundedTo(dtype, [sum + roundedTo(dtype, [value * y[i]!])[0]!])[0]!,
          0,
        )
        worst = Math.max(worst, Math.abs(plain - exactDot(x, y)) / bound(x, y, dtype))
      }
    // the plain sum fails by far, so that the bound means something
    assert.ok(worst > 1e3, String(worst))
  })

test('digits that a plain sum loses', () => {
  assert.is(item(compensatedDot(array([1e8, 1, -1e8]), array([1, 0.5, 1]))), 0.5)
  // (1 + 2⁻¹²)² − (1 + 2⁻¹¹) = 2⁻²⁴: the product alone is rounded to nothing
  const x = [1 + 2 ** -12, -1]
  const y = [1 + 2 ** -12, 1 + 2 ** -11]
  assert.is(item(compensatedDot(held(x, 'f32'), held(y, 'f32'))), 2 ** -24)
  const [p, q] = [[1 + 2 ** -27, -1], [1 + 2 ** -27, 1 + 2 ** -26]] // biome-ignore format: vectors
  assert.is(item(compensatedDot(held(p, 'f64'), held(q, 'f64'))), 2 ** -54)
})

test('all sizes about powers of two, and odd ones, in any order of the elements', () => {
  const random = draws(9)
  for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 100, 1000]) {
    const [x, y] = [roundedTo('f32', normals(n, random)), roundedTo('f32', normals(n, random))]
    for (const turn of [(v: Vector) => v, (v: Vector) => [...v].reverse()]) {
      const got = item(jitted(held(turn(x), 'f32'), held(turn(y), 'f32'))) as number
      assert.ok(Math.abs(got - exactDot(x, y)) <= bound(x, y, 'f32'), `${n}`)
    }
  }
  assert.is(item(compensatedDot(array([]), array([]))), 0)
})

test('trees, and numbers too large to be cut in halves: as a plain sum', () => {
  assert.is(item(compensatedDot({ a: array([1e8, 1]), b: array(-1) }, { a: array([1, 1]), b: array(1e8) })), 1)
  assert.is(item(compensatedDot(array([3e37, 1]), array([2, 1]))), Math.fround(6e37))
  assert.is(item(compensatedDot(array([Infinity, 1]), array([1, 1]))), Infinity)
  assert.is(item(compensatedDot(array([1e38, 1e38]), array([1e38, 1]))), Infinity)
  assert.ok(Number.isNaN(item(compensatedDot(array([NaN, 1]), array([1, 1])))))
  assert.ok(Number.isNaN(item(compensatedDot(array([Infinity, -Infinity]), array([1, 1])))))
})

test('vectors without floats of one dtype are refused, and nothing is left but the result', () => {
  assert.throws(
    () => compensatedDot(array([1], { dtype: 'i32' }), array([1], { dtype: 'i32' })),
    /compensatedDot: a vector has leaves of one dtype/,
  )
  const [x, y] = [array([1, 2, 3]), array([4, 5, 6])]
  const before = liveBuffers().count
  compensatedDot(x, y)[Symbol.dispose]()
  assert.is(liveBuffers().count, before)
})

test.run()
