/** Functions with derivative rules of their own. A rule is differentiated like any other code, so that every order follows from it. */

import {
  emit,
  fail,
  flattenTree,
  isFloat,
  leafCount,
  nameOf,
  type Recorded,
  record,
  recordTree,
  type Structure,
  synchronous,
  type Tensor,
  type Type,
  tensorsOf,
  typeOfTensor,
  unflatten,
} from '../language.js'
import { instantiate } from '../rules/raw.js'
import { filled, isFloatType } from '../transforms/masks.js'
import { type CallTag, once } from '../transforms/tags.js'
import { type Gradient, returned, type TangentOf } from './arguments.js'

const sealed = (what: string): string =>
  `${what} would give it no derivative. Pass it as an argument (a rule sees its arguments and what it keeps as residuals), or stopGradient it outside and pass it.`

interface Prepared {
  readonly leaves: readonly Tensor[]
  readonly types: readonly Type[]
  readonly floats: readonly boolean[]
  readonly rebuild: (leaves: readonly unknown[]) => readonly unknown[]
}

/** All arguments as one flat list of tensors. */
const prepare = (name: string, args: readonly unknown[]): Prepared => {
  const { leaves, structure } = tensorsOf(name, args)
  const types = leaves.map(typeOfTensor)
  return {
    leaves,
    types,
    floats: types.map((t) => isFloat(t.dtype)),
    rebuild: (flat) => unflatten(structure, flat) as readonly unknown[],
  }
}

/** The primal call: its program, with the rule as tag. */
const callOf = (
  name: string,
  args: Prepared,
  f: (...args: never[]) => unknown,
  tag: (out: Structure, outTypes: readonly Type[]) => CallTag,
): unknown => {
  const t = recordTree(name, args.types, (xs) => f(...(args.rebuild(xs) as never[])), sealed('a custom rule'))
  return unflatten(
    t.out,
    emit({ kind: 'call', name, body: t.program, fence: false, tag: tag(t.out, t.outTypes) }, [
      ...args.leaves,
      ...t.captured,
    ]),
  )
}

/** f with a rule for forward mode, from which reverse mode follows by transposition: the tangent must be linear in the tangents.
 *  rule(primals, tangents) → [f(x), ∂f(x) v]
 *  Errors   a rule (or f) that closes over a traced value: it would get no derivative
 *  @example const clipped = customJvp((x: Tensor) => clip(x, 0, 1), ([x], [v]) => [clip(x, 0, 1), v])
 *  grad((x: Tensor) => clipped(x))(array(7)) // => f32[] 1 */
export const customJvp =
  <A extends readonly unknown[], R>(
    f: (...args: A) => R,
    rule: (primals: A, tangents: { readonly [K in keyof A]: Gradient<A[K]> }) => readonly [R, TangentOf<R>],
    name: string = nameOf(f, 'customJvp'),
  ): ((...args: A) => R) =>
  (...args) => {
    const own = prepare(name, args)
    return callOf(name, own, f as never, (out, outTypes) => ({
      rule: 'customJvp',
      inputs: own.leaves.length,
      jvp: once((): Recorded => {
        const tangentTypes = own.types.filter((_, i) => own.floats[i])
        return record(
          `rule of ${name}`,
          [...own.types, ...tangentTypes],
          (inputs) => {
            const n = own.types.length
            const tangents = filled(own.floats, own.types, inputs, n)
            const result = synchronous(
              name,
              rule(own.rebuild(inputs.slice(0, n)) as unknown as A, own.rebuild(tangents) as never),
            )
            if (!Array.isArray(result) || result.length !== 2) fail(name, 'the rule returns [value, tangent].')
            const values = returned(name, 'the rule returned a value', result[0], out, outTypes)
            const dual = returned(name, 'the rule returned a tangent', result[1], out, outTypes)
            return [...values, ...dual.filter((_, i) => isFloat(outTypes[i]!.dtype))]
          },
          sealed('a custom rule'),
        )
      }),
    })) as R
  }

/** f with a rule for reverse mode.
 *  forward(...args) → [f(x), residuals];  backward(residuals, c) → one cotangent for each argument (null for zero): cᵀ ∂f(x)
 *  Forward mode through it is an error that says so; higher orders differentiate `forward` and `backward`.
 *  Errors   a rule that closes over a traced value; a cotangent of the wrong form or type
 *  @example const clamped = customVjp((x: Tensor) => x, (x) => [x, null], (_, c) => [clip(c, -1, 1)])
 *  grad((x: Tensor) => mul(clamped(x), 100))(array(2)) // => f32[] 1 */
export const customVjp =
  <A extends readonly unknown[], R, S>(
    f: (...args: A) => R,
    forward: (...args: A) => readonly [R, S],
    backward: (residuals: S, cotangent: Gradient<R>) => { readonly [K in keyof A]: TangentOf<A[K]> | null },
    name: string = nameOf(f, 'customVjp'),
  ): ((...args: A) => R) =>
  (...args) => {
    const own = prepare(name, args)
    return callOf(name, own, f as never, (out, outTypes) => {
      const forms = args.map((arg) => flattenTree(arg).structure)
      let residualForm: Structure | undefined
      const nothing: unknown = []
      const forwardRule = once(
        (): Recorded =>
          record(
            `forward of ${name}`,
            own.types,
            (inputs) => {
              const result = synchronous(name, forward(...(own.rebuild(inputs) as unknown as A)))
              if (!Array.isArray(result) || result.length !== 2) fail(name, 'forward returns [value, residuals].')
              const values = returned(name, 'the rule returned a value', result[0], out, outTypes)
              const residuals = tensorsOf(name, result[1] === null || result[1] === undefined ? nothing : result[1])
              residualForm = residuals.structure
              return [...values, ...residuals.leaves]
            },
            sealed('a custom rule'),
          ),
      )
      const backwardRule = once((): Recorded => {
        const forwardProgram = forwardRule().program
        const residualTypes = forwardProgram.outputs.slice(outTypes.length).map((id) => forwardProgram.types[id]!)
        const ctTypes = outTypes.filter((t) => isFloat(t.dtype))
        return record(
          `backward of ${name}`,
          [...residualTypes, ...ctTypes],
          (inputs) => {
            const n = residualTypes.length
            const cts = filled(outTypes.map(isFloatType), outTypes, inputs, n)
            const residuals =
              residualTypes.length === 0 && residualForm!.kind !== 'leaf' && residualForm!.items.length === 0
                ? null
                : unflatten(residualForm!, inputs.slice(0, n))
            const result = synchronous(
              name,
              backward(residuals as S, unflatten(out, cts) as never) as readonly unknown[],
            )
            if (!Array.isArray(result) || result.length !== args.length)
              fail(
                name,
                `backward returns a list of ${args.length} cotangents, one for each argument, got ${Array.isArray(result) ? result.length : typeof result}.`,
              )
            let from = 0
            return forms.flatMap((structure, i) => {
              const types = own.types.slice(from, (from += leafCount(structure)))
              const given =
                result[i] === null
                  ? types.map((type) => instantiate(null, type))
                  : returned(name, `the rule returned the cotangent of argument ${i}`, result[i], structure, types)
              return given.filter((_, j) => isFloat(types[j]!.dtype))
            })
          },
          sealed('a custom rule'),
        )
      })
      return { rule: 'customVjp', inputs: own.leaves.length, forward: forwardRule, backward: backwardRule }
    }) as R
  }
