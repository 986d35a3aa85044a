import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { binaryOf, unaryOf } from '../../plain/elementwise.js'
import { polygamma } from '../../plain/special.js'
import type { BinaryFn, UnaryFn } from '../../program/op.js'
import { binaryF64, polygammaF64, unaryF64 } from './f64.js'
import { mapper } from './math.testing.js'

const unaries: readonly UnaryFn[] = [
  'neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc', 'exp', 'expm1', 'log', 'log1p', 'sqrt', 'rsqrt', 'cbrt', 'square',
  'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'sigmoid', 'softplus', 'relu',
  'erf', 'erfc', 'erfinv', 'lgamma',
] // biome-ignore format: a list
const binaries: readonly BinaryFn[] = ['add', 'sub', 'mul', 'div', 'pow', 'max', 'min', 'atan2', 'mod', 'rem', 'quot']

const some = [
  0,
  5e-324,
  1e-308,
  1e-20,
  0.1,
  0.5,
  0.7,
  1,
  1.5,
  2,
  2.5,
  3,
  10,
  100.25,
  709.5,
  745,
  1e10,
  2 ** 52,
  1e300,
  Infinity,
]
const xs = Float64Array.from([
  ...some,
  ...some.map((x) => -x),
  NaN,
  ...Array.from({ length: 999 }, (_, i) => Math.tan(i)),
])

const equal = (name: string, found: number, wanted: number): void => {
  assert.ok(Object.is(found, wanted), `${name} = ${found}, not ${wanted}`)
}

test('the unary functions of f64 are those of the plain device, to the bit', () => {
  for (const fn of unaries) {
    const found = new Float64Array(mapper(unaryF64(fn))(xs)[0]!)
    xs.forEach((x, i) => {
      equal(`${fn}(${x})`, found[i]!, unaryOf(fn, 'f64')(x))
    })
  }
})

test('the binary functions of f64 are those of the plain device, to the bit', () => {
  const first = xs.subarray(0, 2 * some.length + 20)
  const left = Float64Array.from([...first].flatMap((x) => [...first].map(() => x)))
  const right = Float64Array.from([...first].flatMap(() => [...first]))
  for (const fn of binaries) {
    const found = new Float64Array(mapper(binaryF64(fn))(left, right)[0]!)
    left.forEach((x, i) => {
      equal(`${fn}(${x}, ${right[i]})`, found[i]!, binaryOf(fn, 'f64')(x, right[i]!))
    })
  }
})

test('polygamma of f64 is the plain one', () => {
  for (const n of [0, 1, 3]) {
    const found = new Float64Array(mapper(polygammaF64(n))(xs)[0]!)
    xs.forEach((x, i) => {
      equal(`polygamma(${n}, ${x})`, found[i]!, polygamma(n, x))
    })
  }
})

test.run()
