/** The operator of a linear function, its transpose made by the machine. */

import type { Facts, Operator } from '@neumann/linalg-gpu/solvers'
import { differentiated, type Gradient, returned } from '../api/arguments.js'
import { eager, inline, nameOf, recordTree, staged, type Tensor, unflatten } from '../language.js'
import { transposedAt } from '../transforms/calls.js'

/** x ↦ f(x), and y ↦ Aᵀ y where f(x) = A x.
 *  Needs    f linear: nothing checks it. A transpose that is asked for needs f without while loops; a `symmetric` operator is never transposed.
 *  Shapes   x: tree of `like`, of which only the form and the types count · A x: tree of what f returns
 *  Cost     f is recorded once; a product is f, one with the transpose about the same.
 *  Laws     ⟨y, A x⟩ = ⟨Aᵀ y, x⟩
 *  @example const shift = fromFunction((x: Tensor) => sub(mul(2, x), flip(x)), zeros([2]))
 *  shift.apply(array([1, 3])) // => f32[2] [-1, 5] */
export const fromFunction = <X, Y = Gradient<X>>(
  f: (x: X) => Y,
  like: X,
  facts: Facts = {},
): Operator<Gradient<X>, Y> => {
  const name = 'fromFunction'
  const { types, structures, rebuild } = differentiated(name, [like], [0], true)
  const structure = structures[0]!
  const own = recordTree(nameOf(f), types, (xs) => f(...(rebuild(xs) as [X])))
  const given = 'the operator was given a vector'
  return {
    domain: { structure, types },
    codomain: { structure: own.out, types: own.outTypes },
    apply: eager((x: Gradient<X>): Y => {
      const leaves = returned(name, given, x, structure, types)
      return unflatten(own.out, inline(own.program, [...leaves, ...own.captured])) as Y
    }),
    transpose: eager((y: Y): Gradient<X> => {
      const leaves = returned(name, given, y, own.out, own.outTypes)
      const back = staged(`transposed ${own.program.name}`, [...leaves, ...own.captured], (inputs: readonly Tensor[]) =>
        transposedAt(own.program, types, inputs.slice(leaves.length), inputs.slice(0, leaves.length)),
      )
      return unflatten(structure, back) as Gradient<X>
    }),
    facts,
  }
}
