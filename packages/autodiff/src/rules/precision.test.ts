/** Derivatives in f32 (and f16) against those in f64 at the same operands: no rule may lose more than its function's condition says.
 *
 *  Tolerance, for each number d of a derivative:  K u (|d| + δ),  u the unit roundoff of the dtype, where
 *    δ    how much the derivative moves, relative to u, when every operand (but whole numbers) moves by its own unit roundoff:
 *         its condition, measured in f64;
 *    K    = 32, as many roundings as the longest rule has on the way. */

import { type DType, scope, type Tensor } from '@neumann/linalg-gpu'
import { sizeOf } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jvp, vjp } from '../api/derivatives.js'
import { allCases, type Case, cases, subsetsOf } from './cases.testing.js'
import { restricted } from './derivatives.testing.js'
import { functionCases } from './functions.testing.js'
import { direction, drawn, elements, isFloatOperand, onGpu, randomOf, tensors, type Values } from './numeric.testing.js'

const K = 32
const unit: Partial<Record<DType, number>> = { f32: 2 ** -24, f16: 2 ** -11 }

type Named = Case & { readonly title: string }

/** The case with float operands of another dtype. */
const inDType = (c: Named, dtype: DType): Named => ({
  ...c,
  operands: c.operands.map((x) => (x.dtype === 'f64' ? { ...x, dtype } : x)),
})

/** Tangent and cotangents at operands, along fixed directions. */
const slopes = (c: Named, wrt: readonly number[], values: Values, seed: string): Values => {
  const random = randomOf(seed)
  const { f, operands, x } = restricted(c, wrt, values)
  const xs = tensors(x, operands)
  const u = tensors(
    direction(
      x.map((v) => v.length),
      random,
    ),
    operands,
  )
  const modes = c.modes ?? ['forward', 'reverse']
  const result: Float64Array[] = []
  const outs = f(...xs)
  const types = outs.map(({ dtype, shape }) => ({ dtype, shape }))
  const k = tensors(
    direction(
      types.map((t) => sizeOf(t.shape)),
      random,
    ),
    types,
  )
  if (modes.includes('forward')) result.push(...elements(jvp(f, xs, u).tangent))
  if (modes.includes('reverse')) result.push(...elements(vjp(f, xs).pull(k as never) as readonly Tensor[]))
  return result
}

const compared = (c: Named, dtype: DType): void => {
  const u = unit[dtype]!
  const all = subsetsOf(c)
  // the programs of all operands are most of those of each
  for (const wrt of onGpu ? all.slice(0, 1) : all)
    scope(() => {
      const seed = `${dtype} ${c.title} ${wrt}`
      const random = randomOf(seed)
      // both dtypes start from the same numbers
      const narrow = inDType(c, dtype)
      const start = elements(tensors(drawn(c.operands, random), narrow.operands))
      const expected = slopes(c, wrt, start, seed)
      const got = slopes(narrow, wrt, start, seed)
      const moved = [1, -1, 0].map((sign) =>
        slopes(
          c,
          wrt,
          start.map((x, i) =>
            isFloatOperand(c.operands[i]!)
              ? x.map((v) => (Number.isInteger(v) ? v : v * (1 + (sign || (random() < 0.5 ? 1 : -1)) * 2 ** -20)))
              : x,
          ),
          seed,
        ),
      )
      assert.is(got.length, expected.length, c.title)
      // results that sum over many share the condition of the worst: a rounded intermediate moves all of them
      expected.forEach((d, i) => {
        const largest = d.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
        d.forEach((value, j) => {
          const condition = Math.max(...moved.map((m) => Math.abs(m[i]![j]! - value))) * 2 ** 20
          const tolerance = K * u * (largest + condition) + 2 ** -149
          const own = got[i]![j]!
          if (!(Math.abs(own - value) <= tolerance))
            assert.unreachable(
              `${dtype}: ${c.title}, by ${wrt}: element ${j} of ${i} is ${own}, in f64 ${value}; tolerance ${tolerance}`,
            )
        })
      })
    })
}

// their bodies or bodies' constants are written for f64
const onlyF64 = (c: Named): boolean => /customRoot|until the carry is large|three steps|f64 → f32 → f64/.test(c.title)

for (const kind of Object.keys(cases))
  test(`${kind}: derivatives in f32 are those in f64`, () => {
    for (const c of allCases.filter((one) => one.kind === kind && !onlyF64(one))) compared(c, 'f32')
  })

test('composed functions: derivatives in f32 are those in f64', () => {
  // these name f64 themselves
  const own = /^(uniform|truncatedNormal|foriLoop 0|concatenate|cast)/
  for (const c of functionCases.filter((one) => !onlyF64(one) && !own.test(one.title))) compared(c, 'f32')
})

const halves = ['unary exp', 'unary tanh', 'unary relu', 'unary sigmoid', 'binary mul', 'binary div', 'binary max', 'reduce max', 'reduce sum', 'dot', 'select', 'gather', 'scatterAdd', 'pad', 'cumsum'] // biome-ignore format: a list

test('f16: stored in 16 bits, computed in f32, rounded at each operation', () => {
  for (const c of allCases.filter((one) => halves.some((name) => one.title.startsWith(`${name} `)))) compared(c, 'f16')
})

test.run()
