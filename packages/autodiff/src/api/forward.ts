/** The linearisation of a user's function at a point: its value now, its tangent map to be pushed or pulled later. */

import type { Tensor } from '../language.js'
import {
  dispose,
  fail,
  inline,
  inScopeOf,
  leafCount as leavesOf,
  nameOf,
  type Program,
  type Recorded,
  range,
  record,
  recordTree,
  resultOf,
  type Structure,
  showValue,
  staged,
  synchronous,
  type Type,
  typeOfTensor,
  unflatten,
} from '../language.js'
import { instantiate } from '../rules/raw.js'
import { linearizeOf } from '../transforms/linearize.js'
import { filled } from '../transforms/masks.js'
import { once } from '../transforms/tags.js'
import { transposeOf } from '../transforms/transpose.js'
import { type Differentiated, matching } from './arguments.js'

export interface Point {
  readonly out: unknown
  readonly aux: unknown
  readonly outStructure: Structure
  readonly outTypes: readonly Type[]
  /** Tangents of the float leaves of the arguments → tangents of the outputs' leaves. */
  readonly push: (tangents: readonly Tensor[]) => readonly Tensor[]
  /** Cotangents of the outputs' leaves → cotangents of the arguments' leaves. */
  readonly pull: (cotangents: readonly Tensor[]) => readonly Tensor[]
  /** Frees the residuals. */
  readonly dispose: () => void
}

/** `grad energy`, or `grad` of a function without a name: how a message about the user's function begins. */
export const titled = (name: string, f: unknown): string => [name, nameOf(f, '')].join(' ').trim()

/** [result, aux] of a function, which returns both where `aux` says so; each is refused here where it is no tree of tensors. */
export const withAux = (name: string, result: unknown, aux: boolean): readonly [unknown, unknown] => {
  const checked = (tree: unknown): unknown => {
    const { leaves, structure } = resultOf(name, tree)
    return unflatten(structure, leaves)
  }
  if (!aux) return [checked(result), []]
  const both = synchronous(name, result)
  if (!Array.isArray(both) || both.length !== 2)
    return fail(name, `with aux, the function returns [result, aux], got ${showValue(both)}.`)
  return [checked(both[0]), checked(both[1])]
}

export const forwardAt = (
  name: string,
  functionName: string,
  args: Differentiated,
  call: (leaves: readonly Tensor[]) => unknown,
  aux: boolean,
): Point => {
  const title = functionName === 'function' ? name.replace(/ function$/, '') : name
  let structures: readonly [Structure, Structure] | undefined
  let counts: readonly [number, number] = [0, 0]
  let linear: Program | undefined
  let dependent: readonly boolean[] = []
  let outTypes: readonly Type[] = []
  // where each residual is: a leaf of the arguments, a tensor from outside, or a further result
  let sources: readonly (Tensor | number)[] = []
  const values = staged(name, args.leaves, (inputs) => {
    const t = recordTree(functionName, args.types, (xs) => withAux(title, call(xs), aux))
    if (t.out.kind !== 'array') return fail(name, 'lost the form of the result. This is a bug of autodiff.')
    structures = [t.out.items[0]!, t.out.items[1]!]
    counts = [leavesOf(structures[0]), leavesOf(structures[1])]
    outTypes = t.outTypes.slice(0, counts[0])
    const lin = linearizeOf(
      t.program,
      [...inputs, ...t.captured],
      [...args.floats, ...t.captured.map(() => false)],
      (tangents) => tangents.map((d, i) => (i < counts[0] ? d : null)),
    )
    linear = lin.linear
    dependent = lin.nonzero.slice(0, counts[0])
    const fresh: Tensor[] = []
    sources = lin.residuals.map((r) => {
      const at = inputs.indexOf(r)
      return at >= 0 ? args.leaves[at]! : t.captured.includes(r) ? r : fresh.push(r) - 1
    })
    return [...lin.outs, ...fresh]
  })
  const n = counts[0] + counts[1]
  const residuals = sources.map((s) => (typeof s === 'number' ? values[n + s]! : s))
  const floatTypes = args.types.filter((_, i) => args.floats[i])
  const own = linear!
  // what a rule makes while it is recorded lives as long as what f made, not only for the pull that records it
  const here = inScopeOf()
  const pullProgram = once((): Recorded => {
    const given = outTypes.filter((_, i) => dependent[i])
    return here(() =>
      record(`pull ${functionName}`, [...given, ...residuals.map(typeOfTensor)], (inputs) => {
        const back = transposeOf(
          own,
          [...floatTypes.map(() => null), ...inputs.slice(given.length)],
          inputs.slice(0, given.length),
        )
        return back.map((c, i) => instantiate(c, floatTypes[i]!))
      }),
    )
  })
  return {
    out: unflatten(structures![0], values.slice(0, counts[0])),
    aux: unflatten(structures![1], values.slice(counts[0], n)),
    outStructure: structures![0],
    outTypes,
    push: (tangents) => filled(dependent, outTypes, inline(own, [...tangents, ...residuals])),
    pull: (cotangents) => {
      const { program, captured } = pullProgram()
      const back = inline(program, [...cotangents.filter((_, i) => dependent[i]), ...residuals, ...captured])
      return filled(args.floats, args.types, back)
    },
    dispose: () => dispose(range(values.length - n).map((i) => values[n + i]!)),
  }
}

/** Tangent trees of a list of arguments, as the float leaves that `push` takes. */
export const tangentLeaves = (name: string, args: Differentiated, trees: readonly unknown[]): readonly Tensor[] => {
  if (!Array.isArray(trees))
    fail(name, `takes tangents as a list, one for each argument, got ${showValue(trees)}: write [v] for one argument.`)
  if (trees.length !== args.structures.length)
    fail(name, `takes a tangent for each of the ${args.structures.length} arguments, got ${trees.length}.`)
  let from = 0
  const leaves = trees.flatMap((tree, i) => {
    const count = leavesOf(args.structures[i]!)
    const own = matching(
      name,
      `tangent ${i}`,
      tree,
      args.structures[i]!,
      args.types.slice(from, from + count),
      `argument ${i}`,
    )
    from += count
    return own
  })
  return leaves.filter((_, i) => args.floats[i])
}
