/** First derivatives of functions of trees, in both modes. Any of these may stand inside any other, inside loops, branches and custom rules. */

import type { Tensor } from '../language.js'
import {
  eager,
  fail,
  isFloat,
  leafCount,
  nameOf,
  recordTree,
  type Structure,
  showStructure,
  showType,
  staged,
  type Type,
  unflatten,
} from '../language.js'
import { instantiate, ones } from '../rules/raw.js'
import { transposedAt } from '../transforms/calls.js'
import { jvpOf } from '../transforms/jvp.js'
import { linearizeOf } from '../transforms/linearize.js'
import { placed } from '../transforms/masks.js'
import { transposeOf } from '../transforms/transpose.js'
import {
  type ByPosition,
  differentiated,
  type Gradient,
  matching,
  type Positions,
  type TangentOf,
} from './arguments.js'
import { forwardAt, tangentLeaves, titled, withAux } from './forward.js'

type Function<A extends readonly unknown[], R> = (...args: A) => R
type Tangents<A extends readonly unknown[]> = { readonly [K in keyof A]: TangentOf<A[K]> }
type Gradients<A extends readonly unknown[]> = { -readonly [K in keyof A]: Gradient<A[K]> }

/** All arguments are differentiated. */
const positions = (args: readonly unknown[]): readonly number[] => (Array.isArray(args) ? args.map((_, i) => i) : [])

/** Forward mode: the value and its derivative along a direction.
 *  out = f(x), tangent = ∂f(x) v
 *  Shapes   tangents: one tree for each argument, of its form · returns trees of the form of f's result
 *  Cost     about 2 to 3 times f, whatever the number of inputs; no residuals.
 *  With `aux`, f returns [result, aux], and aux is handed out beside, without a tangent.
 *  @example jvp((x: Tensor) => sin(x), [array(0)], [2]) // => { out: f32[] 0, tangent: f32[] 2 } */
export const jvp: {
  <A extends readonly unknown[], R>(
    f: Function<A, R>,
    primals: readonly [...A],
    tangents: Tangents<A>,
    options?: { readonly aux?: false },
  ): { readonly out: R; readonly tangent: R }
  <A extends readonly unknown[], R, X>(
    f: Function<A, readonly [R, X]>,
    primals: readonly [...A],
    tangents: Tangents<A>,
    options: { readonly aux: true },
  ): { readonly out: R; readonly tangent: R; readonly aux: X }
} = (
  f: Function<never[], unknown>,
  primals: readonly unknown[],
  tangents: readonly unknown[],
  { aux = false }: { readonly aux?: boolean } = {},
) => eager(() => jvpAt(f, primals, tangents, aux))() as never

const jvpAt = (
  f: Function<never[], unknown>,
  primals: readonly unknown[],
  tangents: readonly unknown[],
  aux: boolean,
): { readonly out: unknown; readonly tangent: unknown; readonly aux?: unknown } => {
  const args = differentiated('jvp', primals, positions(primals), false)
  const directions = tangentLeaves('jvp', args, tangents)
  let forms: readonly Structure[] = []
  const n = args.leaves.length
  const values = staged(`jvp ${nameOf(f)}`, [...args.leaves, ...directions], (inputs) => {
    const t = recordTree(nameOf(f), args.types, (xs) =>
      withAux(titled('jvp', f), f(...(args.rebuild(xs) as never[])), aux),
    )
    forms = t.out.kind === 'array' ? t.out.items : []
    const beside = placed(args.floats, inputs, n)
    const dual = jvpOf(t.program, [...inputs.slice(0, n), ...t.captured], [...beside, ...t.captured.map(() => null)])
    return [...dual.outs, ...dual.tangents.slice(0, leafCount(forms[0]!)).map((d, i) => instantiate(d, t.outTypes[i]!))]
  })
  const [m, k] = [leafCount(forms[0]!), leafCount(forms[1]!)]
  const value = { out: unflatten(forms[0]!, values.slice(0, m)), tangent: unflatten(forms[0]!, values.slice(m + k)) }
  return aux ? { ...value, aux: unflatten(forms[1]!, values.slice(m, m + k)) } : value
}

/** What a linearisation keeps is freed by `using`, by dispose, or by the scope around it. */
export interface Kept {
  readonly [Symbol.dispose]: () => void
}

/** The value at a point and the linear map of directions there: `push(v)` = ∂f(x) v, as often as wanted, for the price of the linear program.
 *  With `aux`, f returns [result, aux], and aux is handed out beside.
 *  @example const { out, push } = linearize((x: Tensor) => mul(x, x), [array(3)])
 *  String(push(1)) // => f32[] 6 */
export const linearize: {
  <A extends readonly unknown[], R>(
    f: Function<A, R>,
    primals: readonly [...A],
    options?: { readonly aux?: false },
  ): { readonly out: R; readonly push: (...tangents: Tangents<A>) => R } & Kept
  <A extends readonly unknown[], R, X>(
    f: Function<A, readonly [R, X]>,
    primals: readonly [...A],
    options: { readonly aux: true },
  ): { readonly out: R; readonly aux: X; readonly push: (...tangents: Tangents<A>) => R } & Kept
} = (f: Function<never[], unknown>, primals: readonly unknown[], { aux = false }: { readonly aux?: boolean } = {}) => {
  const args = differentiated('linearize', primals, positions(primals), false)
  const point = forwardAt(`linearize ${nameOf(f)}`, nameOf(f), args, (xs) => f(...(args.rebuild(xs) as never[])), aux)
  const push = eager((...tangents: readonly unknown[]) =>
    unflatten(point.outStructure, point.push(tangentLeaves('push', args, tangents))),
  )
  return { out: point.out, ...(aux ? { aux: point.aux } : {}), push, [Symbol.dispose]: point.dispose } as never
}

/** Reverse mode: the value at a point and the transposed map, `pull(c)` = cᵀ ∂f(x), as often as wanted, for the price of the linear program.
 *  Shapes   c: tree of the form of f's result · returns one tree for each argument (zeros for integer leaves)
 *  Cost     a pull is about 2 to 3 times f, whatever the number of inputs; keeps the residuals of f.
 *  With `aux`, f returns [result, aux], and aux is handed out beside.
 *  @example const { out, pull } = vjp((x: Tensor, y: Tensor) => mul(x, y), [array(3), array(4)])
 *  pull(1) // => [ f32[] 4, f32[] 3 ] */
export const vjp: {
  <A extends readonly unknown[], R>(
    f: Function<A, R>,
    primals: readonly [...A],
    options?: { readonly aux?: false },
  ): { readonly out: R; readonly pull: (cotangent: TangentOf<R>) => Gradients<A> } & Kept
  <A extends readonly unknown[], R, X>(
    f: Function<A, readonly [R, X]>,
    primals: readonly [...A],
    options: { readonly aux: true },
  ): { readonly out: R; readonly aux: X; readonly pull: (cotangent: TangentOf<R>) => Gradients<A> } & Kept
} = (f: Function<never[], unknown>, primals: readonly unknown[], { aux = false }: { readonly aux?: boolean } = {}) => {
  const args = differentiated('vjp', primals, positions(primals), false)
  const point = forwardAt(`vjp ${nameOf(f)}`, nameOf(f), args, (xs) => f(...(args.rebuild(xs) as never[])), aux)
  const pull = eager((cotangent: unknown): unknown =>
    args.trees(
      point.pull(matching('pull', 'the cotangent', cotangent, point.outStructure, point.outTypes, 'the result')),
    ),
  )
  return { out: point.out, ...(aux ? { aux: point.aux } : {}), pull, [Symbol.dispose]: point.dispose } as never
}

const scalarOut = (name: string, form: Structure, types: readonly Type[]): void => {
  const [type] = types
  if (form.kind !== 'leaf' || type === undefined || type.shape.length !== 0)
    fail(
      name,
      `the function returned ${form.kind === 'leaf' ? showType(type!) : `the tree ${showStructure(form)}`}; a gradient is of one scalar. Reduce it with sum or mean, or use vjp or jacrev; what else it returns goes into aux.`,
    )
  if (!isFloat(type!.dtype))
    fail(name, `the function returned ${showType(type!)}; a gradient is of a float. Cast it to one.`)
}

/** Value, gradient and aux in one program. */
const gradAt = (
  name: string,
  f: Function<never[], unknown>,
  callArgs: readonly unknown[],
  wrt: Positions,
  aux: boolean,
): { readonly value: Tensor; readonly grad: unknown; readonly aux: unknown } => {
  const args = differentiated(name, callArgs, wrt, true)
  let auxStructure: Structure | undefined
  const values = staged(`${name} ${nameOf(f)}`, args.leaves, (inputs) => {
    const title = titled(name, f)
    const t = recordTree(nameOf(f), args.types, (xs) => withAux(title, f(...(args.rebuild(xs) as never[])), aux))
    if (t.out.kind === 'array') {
      auxStructure = t.out.items[1]
      scalarOut(title, t.out.items[0]!, t.outTypes)
    }
    const lin = linearizeOf(
      t.program,
      [...inputs, ...t.captured],
      [...args.floats, ...t.captured.map(() => false)],
      (tangents) => tangents.map((d, i) => (i === 0 ? d : null)),
    )
    const back = lin.nonzero[0]
      ? transposeOf(lin.linear, [...args.leaves.map(() => null), ...lin.residuals], [ones(t.outTypes[0]!)])
      : args.leaves.map(() => null)
    return [...lin.outs, ...back.map((c, i) => instantiate(c, args.types[i]!))]
  })
  const m = values.length - args.leaves.length
  return { value: values[0]!, grad: args.trees(values.slice(m)), aux: unflatten(auxStructure!, values.slice(1, m)) }
}

/** The value and the gradient of a scalar function, by its first argument or those at `wrt`.
 *  value = f(x), grad = ∇f(x)
 *  Shapes   f returns one float scalar (with `aux`: [scalar, aux]) · grad has the form of the argument; a list of trees where wrt is a list
 *  Cost     about 3 to 4 times f.
 *  @example valueAndGrad((x: Tensor) => sum(mul(x, x)))(array([1, 2])) // => { grad: f32[2] [2, 4], value: f32[] 5 } */
export const valueAndGrad: {
  // a form of its own without options: in grad(grad(f)) nothing but the outer call's expectation would fix W
  <A extends readonly unknown[]>(
    f: Function<A, Tensor>,
  ): Function<A, { readonly value: Tensor; readonly grad: ByPosition<A, 0> }>
  <A extends readonly unknown[], const W extends Positions = 0>(
    f: Function<A, Tensor>,
    options?: { readonly wrt?: W; readonly aux?: false },
  ): Function<A, { readonly value: Tensor; readonly grad: ByPosition<A, W> }>
  <A extends readonly unknown[], X, const W extends Positions = 0>(
    f: Function<A, readonly [Tensor, X]>,
    options: { readonly wrt?: W; readonly aux: true },
  ): Function<A, { readonly value: Tensor; readonly grad: ByPosition<A, W>; readonly aux: X }>
} = (
  f: Function<never[], unknown>,
  { wrt = 0, aux = false }: { readonly wrt?: Positions; readonly aux?: boolean } = {},
) =>
  eager((...args: readonly unknown[]) => {
    const result = gradAt('valueAndGrad', f, args, wrt, aux)
    return (aux ? result : { grad: result.grad, value: result.value }) as never
  }) as never

/** The gradient of a scalar function, by its first argument or those at `wrt`: ∇f(x).
 *  Shapes   as `valueAndGrad`; with `aux`, f returns [scalar, aux], and the result is { grad, aux }
 *  Fails    where f does not return one float scalar, where an argument has integer leaves
 *  @example grad((x: Tensor) => sum(mul(x, x)))(array([1, 2])) // => f32[2] [2, 4]
 *  @example grad((x: Tensor, y: Tensor) => mul(x, y), { wrt: [0, 1] })(array(3), array(4)) // => [ f32[] 4, f32[] 3 ]
 *  @example grad(grad((x: Tensor) => mul(x, mul(x, x))))(array(2)) // => f32[] 12 */
export const grad: {
  <A extends readonly unknown[]>(f: Function<A, Tensor>): Function<A, ByPosition<A, 0>>
  <A extends readonly unknown[], const W extends Positions = 0>(
    f: Function<A, Tensor>,
    options?: { readonly wrt?: W; readonly aux?: false },
  ): Function<A, ByPosition<A, W>>
  <A extends readonly unknown[], X, const W extends Positions = 0>(
    f: Function<A, readonly [Tensor, X]>,
    options: { readonly wrt?: W; readonly aux: true },
  ): Function<A, { readonly grad: ByPosition<A, W>; readonly aux: X }>
} = (
  f: Function<never[], unknown>,
  { wrt = 0, aux = false }: { readonly wrt?: Positions; readonly aux?: boolean } = {},
) =>
  eager((...args: readonly unknown[]) => {
    const result = gradAt('grad', f, args, wrt, aux)
    return (aux ? { grad: result.grad, aux: result.aux } : result.grad) as never
  }) as never

/** The transpose of a linear function: the map c ↦ Aᵀ c where f(x) = A x. Only the form and types of `example` count.
 *  Nothing checks that f is linear: of another function this is the transposed derivative at zero.
 *  @example linearTranspose((x: Tensor) => mul(x, 3), zeros([2]))(array([1, 2])) // => f32[2] [3, 6] */
export const linearTranspose = <X, Y>(f: (x: X) => Y, example: X): ((cotangent: TangentOf<Y>) => Gradient<X>) => {
  const name = 'linearTranspose'
  const { types, structures, rebuild } = differentiated(name, [example], [0], true)
  const t = recordTree(nameOf(f), types, (xs) => f(...(rebuild(xs) as unknown as [X])))
  return eager((cotangent: TangentOf<Y>): Gradient<X> => {
    const cts = matching(name, 'the cotangent', cotangent, t.out, t.outTypes, 'the result')
    const back = staged(`${name} ${nameOf(f)}`, [...cts, ...t.captured], (inputs) =>
      transposedAt(t.program, types, inputs.slice(cts.length), inputs.slice(0, cts.length)),
    )
    return unflatten(structures[0]!, back) as Gradient<X>
  })
}
