/** Checks of operators on random vectors: what a solver is told should be true. */

import { epsilonOf } from '../dtype.js'
import { fail } from '../errors.js'
import { abs, add, div, mul, sub } from '../ops/arithmetic.js'
import { greaterEqual, where } from '../ops/comparison.js'
import { arange } from '../ops/creation.js'
import { normal } from '../random/continuous.js'
import { foldIn } from '../random/key.js'
import { item } from '../run/read.js'
import { scope } from '../run/scope.js'
import { eager } from '../trace/eager.js'
import type { Tensor } from '../trace/tensor.js'
import { unflatten } from '../tree.js'
import type { Operator } from './operator.js'
import { transposeOf } from './operators/algebra.js'
import { raveled, unraveled } from './ravel.js'
import { byElement, dimensionOf, divisor, inner, length, minus, plus, type Space, times } from './vectors.js'

/** A vector of standard normal numbers. */
export const randomIn = <X>({ structure, types }: Space<X>, key: Tensor): X =>
  unflatten(
    structure,
    types.map(({ shape, dtype }, i) => normal(foldIn(key, i), shape, { dtype: dtype as 'f32' })),
  ) as X

/** a / b, and 0 for 0 / 0: a gap between zeros is none. */
const ratio = (a: Tensor, b: Tensor): Tensor => div(a, divisor(b))

/** How far the transpose is from being one:  |⟨y, A x⟩ − ⟨Aᵀ y, x⟩| / (‖y‖ ‖A x‖ + ‖Aᵀ y‖ ‖x‖) on random x and y.
 *  About a rounding where it is; a wrong one gives about 1/√n.
 *  @example greater(1e-6, adjointGap(matrix([[1, 2], [3, 4]]), key(1))) // => bool[] true */
export const adjointGap = eager(<X, Y>(operator: Operator<X, Y>, key: Tensor): Tensor => {
  const back =
    transposeOf(operator) ??
    fail('adjointGap', 'the operator has no transpose to compare with. Give `transpose` where it is made.')
  const [x, y] = [randomIn(operator.domain, foldIn(key, 0)), randomIn(operator.codomain, foldIn(key, 1))]
  const [image, pulled] = [operator.apply(x), back(y)]
  const size = add(mul(length(y), length(image)), mul(length(pulled), length(x)))
  return ratio(abs(sub(inner(y, image), inner(pulled, x))), size)
})

export interface CheckedOperator {
  /** Largest gap that passes, relative to the size of what is compared; 100 roundings √n by default. */
  readonly tolerance?: number
}

/** Checks on random vectors that an operator is linear, that its transpose is one, and that the facts it claims hold.
 *  A wrong claim of a form is found almost surely; a wrong sign of xᵀA x only where random directions show it. Reads values: not for use within traces.
 *  Cost     some ten products, 8 more for a sign, n or at most 16 more for a triangle.
 *  Fails    with the law that does not hold and by how much.
 *  @example checkOperator(matrix([[2, 1], [1, 2]], { symmetric: true, definite: 'positive' }), key(1)) // => undefined
 *  @example checkOperator(matrix([[2, 1], [0, 2]], { symmetric: true }), key(1)) // throws facts.symmetric */
export const checkOperator = <X, Y>(
  operator: Operator<X, Y>,
  key: Tensor,
  { tolerance }: CheckedOperator = {},
): void => {
  scope(() => {
    const n = Math.max(dimensionOf(operator.domain), dimensionOf(operator.codomain))
    if (n === 0) return
    const most = tolerance ?? 100 * Math.sqrt(n) * epsilonOf(operator.domain.types[0]!.dtype)
    for (const { law, gap } of laws(operator, key)) {
      const value = item(gap()) as number
      // also where it is NaN
      if (!(value <= most))
        fail(
          'checkOperator',
          `${law} does not hold: off by ${value.toPrecision(3)} where ${most.toPrecision(3)} is allowed.`,
        )
    }
  })
}

interface Law {
  readonly law: string
  readonly gap: () => Tensor
}

const laws = <X, Y>(operator: Operator<X, Y>, key: Tensor): readonly Law[] => {
  const { domain, apply, facts } = operator
  const x = randomIn(domain, foldIn(key, 2))
  const y = randomIn(domain, foldIn(key, 3))
  const distance = (a: Y, b: Y, size: Tensor): Tensor => ratio(length(minus(a, b)), size)
  const [imageX, imageY] = [apply(x), apply(y)]
  const size = add(length(imageX), length(imageY))
  const linear: Law = {
    law: 'A (2 x − 3 y) = 2 A x − 3 A y',
    gap: () => distance(apply(plus(times(2, x), times(-3, y))), plus(times(2, imageX), times(-3, imageY)), size),
  }
  const adjoint: Law = { law: '⟨y, A x⟩ = ⟨Aᵀ y, x⟩ of `transpose`', gap: () => adjointGap(operator, foldIn(key, 4)) }
  // facts below are of operators that map a space to itself
  const [ownX, ownImage] = [imageX as unknown as X, imageY as unknown as X]
  const symmetric: Law = {
    law: 'facts.symmetric, ⟨y, A x⟩ = ⟨A y, x⟩,',
    gap: () =>
      ratio(
        abs(sub(inner(y, ownX), inner(ownImage, x))),
        add(mul(length(y), length(imageX)), mul(length(imageY), length(x))),
      ),
  }
  const diagonal: Law = {
    law: 'facts.diagonal, A (y ⊙ x) = y ⊙ A x,',
    gap: () => distance(apply(byElement(y, x)), byElement(y as unknown as Y, imageX), mul(length(y), length(imageX))),
  }
  return [
    linear,
    ...(operator.transpose ? [adjoint] : []),
    ...(facts.symmetric ? [symmetric] : []),
    ...(facts.diagonal ? [diagonal] : []),
    ...(facts.triangular ? triangle(operator, x, facts.triangular) : []),
    ...(facts.definite ? signs(operator, key, facts.definite) : []),
  ]
}

/** Lower: where the first k elements of x are 0, so are those of A x. Upper: the last ones. */
const triangle = <X, Y>({ domain, apply }: Operator<X, Y>, x: X, kind: 'lower' | 'upper'): readonly Law[] => {
  const n = dimensionOf(domain)
  const flat = raveled(x)
  const count = Math.min(n - 1, 16)
  const keep = (vector: Tensor, inside: (at: Tensor) => Tensor): Tensor =>
    where(inside(arange(n)), vector, times(0, vector))
  return Array.from({ length: count }, (_, i) => {
    const cut = Math.round(((i + 1) * n) / (count + 1))
    const late = (at: Tensor): Tensor => greaterEqual(at, cut)
    const early = (at: Tensor): Tensor => greaterEqual(cut - 1, at)
    const [given, zero] = kind === 'lower' ? [late, early] : [early, late]
    return {
      law: `facts.triangular, '${kind}' at element ${cut},`,
      gap: () => {
        const image = raveled(apply(unraveled(domain, keep(flat, given))))
        return ratio(length(keep(image, zero)), add(length(image), length(keep(image, zero))))
      },
    }
  })
}

/** The part of xᵀA x that has the wrong sign, of some random directions. */
const signs = <X, Y>({ domain, apply }: Operator<X, Y>, key: Tensor, definite: string): readonly Law[] =>
  [5, 6, 7, 8, 9, 10, 11, 12].map((draw) => ({
    law: `facts.definite, '${definite}',`,
    gap: () => {
      const x = randomIn(domain, foldIn(key, draw))
      const image = apply(x) as unknown as X
      const along = ratio(inner(x, image), mul(length(x), length(image)))
      const right = definite === 'positive' || definite === 'nonnegative' ? along : times(-1, along)
      return where(greaterEqual(right, 0), 0, abs(right))
    },
  }))
