/** For tests: one function's derivatives of order 1 and 2 in all sequences of modes, against differences of its values. */

import { array, type Tensor } from '@neumann/linalg-gpu'
import { isFloat, typeOfTensor } from '@neumann/linalg-gpu/program'
import * as assert from 'uvu/assert'
import { jvp, vjp } from '../api/derivatives.js'
import { type Case, listed } from './cases.testing.js'
import {
  derivative,
  direction,
  drawn,
  type Estimate,
  elements,
  inner,
  largest,
  mixedDerivative,
  numeric,
  type Operand,
  randomOf,
  rearranged,
  sumOf,
  tensors,
  type Values,
} from './numeric.testing.js'

type Several = (...x: Tensor[]) => readonly Tensor[]

/** The case as a function of some of its float operands; the others are drawn once and closed over. */
export const restricted = (
  c: Case & { readonly title: string },
  wrt: readonly number[],
  values: Values,
): { readonly f: Several; readonly operands: readonly Operand[]; readonly x: Values } => {
  const rest = tensors(values, c.operands)
  return {
    operands: wrt.map((i) => c.operands[i]!),
    x: wrt.map((i) => values[i]!),
    f: (...xs) => {
      const all = [...rest]
      wrt.forEach((place, i) => {
        all[place] = xs[i]!
      })
      return listed(c.f(all)).filter((y) => isFloat(typeOfTensor(y).dtype))
    },
  }
}

/** The values of one function, alone and beside a derivative. */
const same = (what: string, got: readonly Tensor[], alone: readonly Tensor[]): void => {
  const [own, wanted] = [elements(got), elements(alone)]
  const tolerance = rearranged(wanted)
  assert.is(own.length, wanted.length, what)
  own.forEach((x, i) => {
    assert.is(x.length, wanted[i]!.length, what)
    x.forEach((v, j) => {
      const w = wanted[i]![j]!
      if (!(Object.is(v, w) || Math.abs(v - w) <= tolerance))
        assert.unreachable(`${what}: element ${j} of result ${i} is ${v}, not ${w}`)
    })
  })
}

/** The tensors have the numbers of the estimate, to its own error: 4 of them, since it is an estimate. */
const near = (what: string, got: readonly Tensor[] | number, { value, error }: Estimate): void => {
  const own = typeof got === 'number' ? [Float64Array.of(got)] : elements(got)
  const scale = 1 + largest(value)
  // differences that do not know better than this prove nothing
  assert.ok(error < 1e-6 * scale, `${what}: the differences are only good to ${error}`)
  assert.is(own.length, value.length, `${what}: number of results`)
  own.forEach((x, i) => {
    assert.is(x.length, value[i]!.length, `${what}: elements of result ${i}`)
    x.forEach((v, j) => {
      const wanted = value[i]![j]!
      if (!(Math.abs(v - wanted) <= 4 * error + 1e-12 * scale))
        assert.unreachable(`${what}: element ${j} of result ${i} is ${v}, differences give ${wanted} ± ${error}`)
    })
  })
}

const scalar = (value: number, error: number): Estimate => ({ value: [Float64Array.of(value)], error })

/** Checks one choice of differentiated operands. */
export const checked = (c: Case & { readonly title: string }, wrt: readonly number[]): void => {
  const random = randomOf(`${c.title} ${wrt}`)
  const { f, operands, x } = restricted(c, wrt, drawn(c.operands, random))
  const title = `${c.title}, by ${wrt}`
  const modes = c.modes ?? ['forward', 'reverse']
  const [forward, reverse] = [modes.includes('forward'), modes.includes('reverse')]
  const g = numeric(operands, (xs) => f(...xs))
  const sizes = x.map((v) => v.length)
  const [u, v, w] = [direction(sizes, random), direction(sizes, random), direction(sizes, random)]
  const [du, dw, duv] = [derivative(g, x, u), derivative(g, x, w), mixedDerivative(g, x, u, v)]

  const xs = tensors(x, operands)
  const outs = f(...xs)
  const outTypes = outs.map(({ dtype, shape }) => ({ dtype, shape }))
  const outSizes = du.value.map((y) => y.length)
  const [k, e] = [direction(outSizes, random), direction(outSizes, random)]
  const [tu, tv, tw] = [tensors(u, operands), tensors(v, operands), tensors(w, operands)]
  const [ck, ce] = [tensors(k, outTypes), tensors(e, outTypes)]
  const total: Estimate = { value: sumOf(duv.value, dw.value), error: duv.error + dw.error }
  const count = Math.max(
    1,
    outSizes.reduce((a, b) => a + b, 0),
  )

  // tangents have the types of their values
  const typed = (what: string, got: readonly Tensor[], expected: readonly Tensor[]): void => {
    const show = (list: readonly Tensor[]): string => list.map((y) => `${y.dtype}[${y.shape}]`).join(' ')
    assert.is(show(got), show(expected), `${title}, ${what}`)
  }
  const F = (...a: Tensor[]): readonly Tensor[] => {
    const n = a.length / 2
    return jvp(f, a.slice(0, n), a.slice(n)).tangent
  }
  const G = (...a: Tensor[]): readonly Tensor[] => {
    const n = x.length
    return vjp(f, a.slice(0, n)).pull(a.slice(n)) as readonly Tensor[]
  }
  if (forward) {
    const { out, tangent } = jvp(f, xs, tu)
    typed('the tangent', tangent, outs)
    same(`${title}: the value beside the tangent`, out, outs)
    near(`${title}, forward`, tangent, du)
    near(`${title}, forward then forward`, jvp(F, [...xs, ...tu], [...tv, ...tw]).tangent, total)
  }
  if (reverse) {
    const { out, pull } = vjp(f, xs)
    const back = pull(ck as never) as readonly Tensor[]
    typed('the cotangents', back, xs)
    same(`${title}: the value beside the pull`, out, outs)
    near(`${title}, reverse`, inner(elements(back), u), scalar(inner(k, du.value), count * du.error))
    const expected = scalar(inner(k, duv.value) + inner(e, du.value), count * (duv.error + du.error))
    const both = vjp(G, [...xs, ...ck]).pull(tu as never) as readonly Tensor[]
    near(`${title}, reverse then reverse`, inner(elements(both), [...v, ...e]), expected)
    if (forward) {
      near(
        `${title}, reverse then forward`,
        inner(elements(jvp(G, [...xs, ...ck], [...tv, ...ce]).tangent), u),
        expected,
      )
      const mixed = vjp(F, [...xs, ...tu]).pull(ck as never) as readonly Tensor[]
      const wanted = scalar(inner(k, total.value), count * total.error)
      near(`${title}, forward then reverse`, inner(elements(mixed), [...v, ...w]), wanted)
    }
  }
}

export const f64 = (values: number | readonly number[] | readonly (readonly number[])[]): Tensor =>
  array(values as number, { dtype: 'f64' })
