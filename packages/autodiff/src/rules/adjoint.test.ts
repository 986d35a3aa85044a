/** Linear operations and their transposes, and every linearised operation pushed and pulled:
 *
 *    ⟨A v, c⟩ = ⟨v, Aᵀ c⟩,   (Aᵀ)ᵀ = A
 *
 *  Where A itself is linear, all numbers here are whole and small: f64 computes both sides exactly, and they must be equal. */

import { scope, type Tensor } from '@neumann/linalg-gpu'
import { inline, record, sizeOf, typeOf } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jvp, linearize, linearTranspose, vjp } from '../api/derivatives.js'
import { transposeProgram } from '../transforms/transpose.js'
import { allCases, cases, subsetsOf } from './cases.testing.js'
import { restricted } from './derivatives.testing.js'
import {
  direction,
  drawn,
  elements,
  inner,
  isFloatOperand,
  type Random,
  randomOf,
  tensors,
  type Values,
} from './numeric.testing.js'

const integers = (sizes: readonly number[], random: Random): Values =>
  sizes.map((n) => Float64Array.from({ length: n }, () => Math.floor(9 * random()) - 4))
const typesOf = (xs: readonly Tensor[]): Pick<Tensor, 'dtype' | 'shape'>[] =>
  xs.map(({ dtype, shape }) => ({ dtype, shape }))
const sizesOf = (xs: readonly Pick<Tensor, 'shape'>[]): number[] => xs.map((x) => sizeOf(x.shape))

const linear = allCases.filter((c) => c.linear !== undefined)

test('linear operations are exact adjoints of their transposes, and transposed twice they are themselves', () => {
  for (const c of linear)
    scope(() => {
      const random = randomOf(c.title)
      // what is not linear (the other factor, the divisor, indices) is whole too
      const values = drawn(c.operands, random).map((x, i) =>
        isFloatOperand(c.operands[i]!) && c.note.startsWith('div') === false ? integers([x.length], random)[0]! : x,
      )
      const { f, operands } = restricted(c, c.linear!, values)
      const v = integers(sizesOf(operands), random)
      const list = (xs: readonly Tensor[]): readonly Tensor[] => f(...xs)
      const image = f(...tensors(v, operands))
      const k = integers(sizesOf(image), random)
      const back = linearTranspose(
        list,
        tensors(v, operands) as readonly Tensor[],
      )(tensors(k, typesOf(image)) as never) as readonly Tensor[]
      assert.is(inner(elements(image), k), inner(v, elements(back)), `${c.title}: ⟨A v, c⟩ = ⟨v, Aᵀ c⟩`)
      // A v again, as the transpose of the transpose
      const transposed = (cs: readonly Tensor[]): readonly Tensor[] =>
        linearTranspose(list, tensors(v, operands) as readonly Tensor[])(cs as never) as readonly Tensor[]
      const again = linearTranspose(
        transposed,
        tensors(k, typesOf(image)) as readonly Tensor[],
      )(tensors(v, operands) as never)
      assert.equal(elements(again as readonly Tensor[]), elements(image), `${c.title}: (Aᵀ)ᵀ v = A v`)
      // the operation itself transposed, as in the rule of a customJvp: jvp would write it in another order of operands
      const own = record(
        'linear',
        operands.map((x) => typeOf(x.dtype, x.shape)),
        list,
      )
      const { program } = transposeProgram(
        own.program,
        own.program.inputs.map((_, i) => i < operands.length),
        image.map(() => true),
        operands.map(() => true),
      )
      const straight = inline(program, [...tensors(k, typesOf(image)), ...own.captured])
      assert.equal(elements(straight), elements(back), `${c.title}: transposed directly`)
      // a linear function is its own tangent
      const { tangent } = jvp(f, tensors(v, operands), tensors(v, operands))
      assert.equal(elements(tangent), elements(image), `${c.title}: ∂A v = A v`)
    })
  assert.ok(linear.length > 100, `${linear.length} linear cases`)
})

const EPS = 2 ** -52
const sizeOfTerms = (a: Values, b: Values): number =>
  a.reduce((total, x, i) => total + x.reduce((s, v, j) => s + Math.abs(v * b[i]![j]!), 0), 0)

for (const kind of Object.keys(cases))
  test(`${kind}: push and pull are adjoint, and push is jvp`, () => {
    for (const c of allCases.filter((one) => one.kind === kind && one.modes === undefined))
      for (const wrt of subsetsOf(c))
        scope(() => {
          const random = randomOf(`adjoint ${c.title} ${wrt}`)
          const { f, operands, x } = restricted(c, wrt, drawn(c.operands, random))
          const v = direction(sizesOf(operands), random)
          const xs = tensors(x, operands)
          const { out, push } = linearize(f, xs)
          const k = direction(sizesOf(out), random)
          const pushed = elements(push(...tensors(v, operands)))
          const pulled = elements(vjp(f, xs).pull(tensors(k, typesOf(out)) as never) as readonly Tensor[])
          // a few roundings for each term of either sum, of the size of the terms; a hundred for loops of forty steps
          const tolerance = 256 * EPS * (sizeOfTerms(pushed, k) + sizeOfTerms(v, pulled))
          const [left, right] = [inner(pushed, k), inner(v, pulled)]
          assert.ok(
            Math.abs(left - right) <= tolerance,
            `${c.title}, by ${wrt}: ⟨push v, c⟩ = ${left}, ⟨v, pull c⟩ = ${right}`,
          )
          const forward = elements(jvp(f, xs, tensors(v, operands)).tangent)
          const most = Math.max(1, ...forward.flatMap((y) => [...y].map(Math.abs)))
          pushed.forEach((y, i) => {
            y.forEach((value, j) => {
              assert.ok(
                Math.abs(value - forward[i]![j]!) <= 64 * EPS * most,
                `${c.title}, by ${wrt}: push gives ${value}, jvp ${forward[i]![j]}`,
              )
            })
          })
        })
  })

test.run()
