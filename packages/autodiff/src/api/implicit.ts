/** Derivatives of solutions, without differentiating the solver: linear systems and roots. */

import type { Tensor } from '../language.js'
import {
  emit,
  inline,
  isFloat,
  nameOf,
  type Recorded,
  record,
  recordTree,
  tensorsOf,
  typeOfTensor,
  unflatten,
} from '../language.js'
import { instantiate, neg } from '../rules/raw.js'
import { solveBody, transposedAt } from '../transforms/calls.js'
import { jvpOf } from '../transforms/jvp.js'
import { isFloatType, placed } from '../transforms/masks.js'
import { attempt, type CallTag, once } from '../transforms/tags.js'
import { returned } from './arguments.js'

export interface LinearSolveOptions<X> {
  /** Solves for tangents; by default `solve`. */
  readonly tangentSolve?: (operator: (x: X) => X, b: X) => X
  /** Solves with the transposed operator; by default what solves for tangents, given the transposed operator. */
  readonly transposeSolve?: (operator: (x: X) => X, b: X) => X
  /** Whether A = Aᵀ: the same solve then serves both. */
  readonly symmetric?: boolean
}

/** x with A x = b, by any solver, differentiable in b and in all that A closes over, in both modes and to any order.
 *  A dx = db − dA x;   b̄ = A⁻ᵀ x̄,   Ā = −b̄ xᵀ
 *  Needs    `operator` linear; `solve(operator, b)` must solve to the accuracy that is wanted of derivatives too
 *  Shapes   b, x: trees of one form
 *  Cost     one more solve for each push or pull; the iterations of `solve` are never differentiated, so it may contain while loops.
 *  Laws     equals differentiating an exact solve
 *  Source   the implicit function theorem; jax.lax.custom_linear_solve
 *  @example const twice = (a: Tensor) => customLinearSolve((x: Tensor) => mul(a, x), array(6), (_, b) => div(b, a))
 *  grad(twice)(array(2)) // => f32[] -1.5 */
export const customLinearSolve = <X>(
  operator: (x: X) => X,
  b: X,
  solve: (operator: (x: X) => X, b: X) => X,
  { tangentSolve, transposeSolve, symmetric = false }: LinearSolveOptions<X> = {},
): X => {
  const name = 'customLinearSolve'
  const { leaves, structure } = tensorsOf(name, b)
  const types = leaves.map(typeOfTensor)
  const n = leaves.length
  const tree = (flat: readonly Tensor[]): X => unflatten(structure, flat) as X
  const own = recordTree(nameOf(operator, 'operator'), types, (x) =>
    returned(name, 'the operator returned a result', operator(tree(x)), structure, types),
  )
  const apply = (x: X): X =>
    tree(
      inline(own.program, [...returned(name, 'the solver handed over a vector', x, structure, types), ...own.captured]),
    )
  const applyTransposed = (x: X): X =>
    tree(
      transposedAt(
        own.program,
        types,
        own.captured,
        returned(name, 'the solver handed over a vector', x, structure, types),
      ),
    )
  const recorded = (title: string, what: string, solver: typeof solve, given: typeof operator): Recorded =>
    recordTree(title, types, (rhs) =>
      returned(name, `${what} returned a result`, solver(given, tree(rhs)), structure, types),
    )
  const value = recorded(nameOf(solve, 'solve'), 'solve', solve, apply)
  const forward = tangentSolve === undefined ? value : recorded('tangent solve', 'tangentSolve', tangentSolve, apply)
  // the transposed solve is recorded now, since it may close over traced values; an operator without a transpose shows only when it is needed
  const backward = symmetric
    ? forward
    : attempt(() =>
        recorded('transposed solve', 'transposeSolve', transposeSolve ?? tangentSolve ?? solve, applyTransposed),
      )
  const captured = 'program' in backward ? backward.captured : []
  const [k, s, t] = [own.captured.length, forward.captured.length, captured.length]
  const tag: CallTag = {
    rule: 'linearSolve',
    counts: [k, s, t, n],
    operator: () => own.program,
    solve: () => forward.program,
    transposeSolve: () => ('program' in backward ? backward.program : backward.again()),
    symmetric,
  }
  const beside = value === forward ? [] : value.captured
  const operands = [...own.captured, ...forward.captured, ...captured, ...leaves, ...beside]
  const first = k + s + t
  const body = solveBody(value.program, n, first, value === forward ? k : first + n, operands)
  return tree(emit({ kind: 'call', name, body, fence: false, tag }, operands))
}

/** x with f(x) = 0, found by any method, differentiable in all that f closes over, in both modes and to any order.
 *  ∂f/∂x dx = −df   at the root
 *  Needs    ∂f/∂x invertible at the root; `solve(f, guess)` must find it; `tangentSolve(g, y)` solves g(x) = y for the linear g = ∂f/∂x,
 *           in reverse mode for its transpose, so it may not count on a structure (as triangular) that the transpose lacks
 *  Shapes   x: tree of one form throughout; f returns the same form
 *  Cost     one linear solve for each push or pull; the search is never differentiated. The derivative by the guess is zero.
 *  Source   the implicit function theorem; jax.lax.custom_root
 *  @example const root = (a: Tensor) => customRoot((x: Tensor) => sub(mul(x, x), a), array(1), (f, x) => foriLoop(0, 30, (_, y) => sub(y, div(f(y), mul(2, y))), x), (g, y) => div(y, g(onesLike(y))))
 *  grad(root)(array(4)) // => f32[] 0.25 */
export const customRoot = <X>(
  f: (x: X) => X,
  guess: X,
  solve: (f: (x: X) => X, guess: X) => X,
  tangentSolve: (g: (x: X) => X, y: X) => X,
): X => {
  const name = 'customRoot'
  const { leaves, structure } = tensorsOf(name, guess)
  const types = leaves.map(typeOfTensor)
  const n = leaves.length
  const tree = (flat: readonly Tensor[]): X => unflatten(structure, flat) as X
  const own = recordTree(nameOf(f, 'f'), types, (x) =>
    returned(name, 'f returned a result', f(tree(x)), structure, types),
  )
  const search = recordTree(nameOf(solve, 'solve'), types, (start) =>
    returned(
      name,
      'solve returned a result',
      solve(
        (x) =>
          tree(
            inline(own.program, [
              ...returned(name, 'solve handed over a vector', x, structure, types),
              ...own.captured,
            ]),
          ),
        tree(start),
      ),
      structure,
      types,
    ),
  )
  // recorded now, since it may close over traced values: [root…, constants of f…, right side…] → [dx…]
  const tangent = recordTree('tangent solve', [...types, ...own.captured.map(typeOfTensor), ...types], (inputs) => {
    const k = own.captured.length
    const [root, constants] = [inputs.slice(0, n), inputs.slice(n, n + k)]
    // ∂f/∂x at the root, as a function of the direction
    const slope = (v: X): X =>
      tree(
        jvpOf(
          own.program,
          [...root, ...constants],
          [...returned(name, 'tangentSolve handed over a vector', v, structure, types), ...constants.map(() => null)],
        ).tangents.map((d, i) => instantiate(d, types[i]!)),
      )
    return customLinearSolve(slope, tree(inputs.slice(n + k)), tangentSolve)
  })
  const [k, s, t] = [own.captured.length, search.captured.length, tangent.captured.length]
  const operands = [...own.captured, ...search.captured, ...tangent.captured, ...leaves]
  const operandTypes = operands.map(typeOfTensor)
  const body = record(name, operandTypes, (inputs) =>
    inline(search.program, [...inputs.slice(k + s + t), ...inputs.slice(k, k + s)]),
  ).program
  // the rule asks for the root again by the same call, so that it is differentiable itself
  const again = (operands: readonly Tensor[]): readonly Tensor[] =>
    emit({ kind: 'call', name, body, fence: false, tag }, operands)
  const tag: CallTag = {
    rule: 'customJvp',
    inputs: operands.length,
    jvp: once(() =>
      record(`rule of ${name}`, [...operandTypes, ...operandTypes.filter((type) => isFloat(type.dtype))], (inputs) => {
        const m = operandTypes.length
        const tangents = placed(operandTypes.map(isFloatType), inputs, m)
        const root = again(inputs.slice(0, m))
        const constants = inputs.slice(0, k)
        const moved = jvpOf(
          own.program,
          [...root, ...constants],
          [...root.map(() => null), ...tangents.slice(0, k)],
        ).tangents
        const right = moved.map((d, i) => (d === null ? instantiate(null, types[i]!) : neg(d)))
        return [
          ...root,
          ...inline(tangent.program, [...root, ...constants, ...right, ...inputs.slice(k + s, k + s + t)]),
        ]
      }),
    ),
  }
  return tree(again(operands))
}
