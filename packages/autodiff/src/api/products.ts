/** Second-order products at one point: linearised once, applied as often as wanted. */

import { dispose, eager, fail, nameOf, showValue, type Tensor, unflatten } from '../language.js'
import { differentiated, type Gradient, matching, type TangentOf } from './arguments.js'
import { grad, type Kept, linearize, vjp } from './derivatives.js'
import { forwardAt, tangentLeaves } from './forward.js'

/** A linear map as a function, which keeps residuals until it is disposed. */
export type Product<V, R> = ((v: TangentOf<V>) => R) & Kept

/** Products at w. The value there is nobody's, so it goes with the residuals. */
const product = <V, R>(
  name: string,
  w: V,
  apply: (v: TangentOf<V>) => R,
  kept: Kept & { readonly out: unknown },
): Product<V, R> => {
  const { structures, types } = differentiated(name, [w], [0], true)
  const checked = eager((v: TangentOf<V>): R => {
    const leaves = matching(name, 'the vector', v, structures[0]!, types, 'the point')
    return apply(unflatten(structures[0]!, leaves) as TangentOf<V>)
  })
  return Object.assign(checked, {
    [Symbol.dispose]: () => {
      kept[Symbol.dispose]()
      dispose(kept.out)
    },
  })
}

const known = (name: string, mode: Mode['mode']): void => {
  if (mode !== 'forward' && mode !== 'reverse') fail(name, `mode is 'forward' or 'reverse', got ${showValue(mode)}.`)
}

/** How a second derivative is taken: forward over reverse (fewest operations), or reverse over reverse (the only way through a customVjp). */
export interface Mode {
  readonly mode?: 'forward' | 'reverse'
}

/** Hessian-vector products of a scalar function by its first argument: hvp(f)(w, …rest)(v) = ∇²f(w) v.
 *  Shapes   v: tree of w · returns the tree of w
 *  Cost     the linearisation once, then about 2 to 2.5 gradients a product, whatever the size of w.
 *  Laws     linear in v; symmetric: ⟨u, Hv⟩ = ⟨v, Hu⟩
 *  Source   Pearlmutter 1994
 *  @example hvp((w: Tensor) => sum(mul(w, mul(w, w))))(array([1, 2]))(array([1, 1])) // => f32[2] [6, 12] */
export const hvp =
  <W, D extends readonly unknown[]>(
    f: (w: W, ...rest: D) => Tensor,
    { mode = 'forward' }: Mode = {},
  ): ((w: W, ...rest: D) => Product<W, Gradient<W>>) =>
  (w, ...rest) => {
    known('hvp', mode)
    const gradient = (x: W): Gradient<W> => grad(f as (w: W, ...rest: D) => Tensor)(x, ...rest) as Gradient<W>
    if (mode === 'reverse') {
      const at = vjp(gradient, [w])
      return product<W, Gradient<W>>('hvp', w, (v) => at.pull(v as never)[0] as Gradient<W>, at)
    }
    const at = linearize(gradient, [w])
    return product<W, Gradient<W>>('hvp', w, (v) => at.push(v as never), at)
  }

/** Both products that a hypergradient needs, in one pass: with H = ∂²f/∂w² and M = ∂²f/∂w∂h, crossVjp(f)(w, h, …rest)(v) = { hv: H v, mv: Mᵀ v }.
 *  Shapes   v and hv: trees of w · mv: tree of h
 *  Cost     as one Hessian-vector product, with the gradient by h beside it.
 *  Source   Pearlmutter 1994: the direction (v, 0) pushed through the gradient by (w, h)
 *  @example crossVjp((w: Tensor, h: Tensor) => mul(h, mul(w, w)))(array(3), array(5))(1) // => { hv: f32[] 10, mv: f32[] 6 } */
export const crossVjp =
  <W, H, D extends readonly unknown[]>(
    f: (w: W, h: H, ...rest: D) => Tensor,
    { mode = 'forward' }: Mode = {},
  ): ((w: W, h: H, ...rest: D) => Product<W, { readonly hv: Gradient<W>; readonly mv: Gradient<H> }>) =>
  (w, h, ...rest) => {
    known('crossVjp', mode)
    type Both = { readonly hv: Gradient<W>; readonly mv: Gradient<H> }
    if (mode === 'reverse') {
      const at = vjp((x: W, y: H) => grad(f)(x, y, ...rest) as Gradient<W>, [w, h])
      return product<W, Both>(
        'crossVjp',
        w,
        (v) => {
          const [hv, mv] = at.pull(v as never)
          return { hv, mv } as Both
        },
        at,
      )
    }
    const at = linearize(
      (x: W) =>
        grad(f as (w: W, h: H, ...rest: D) => Tensor, { wrt: [0, 1] })(x, h, ...rest) as unknown as readonly [
          Gradient<W>,
          Gradient<H>,
        ],
      [w],
    )
    return product<W, Both>(
      'crossVjp',
      w,
      (v) => {
        const [hv, mv] = at.push(v as never)
        return { hv, mv }
      },
      at,
    )
  }

/** Gauss–Newton products: with z = model(w), J = ∂z/∂w and C = ∇²loss(z), gaussNewtonVp(model, loss)(w, …rest)(v) = Jᵀ C J v.
 *  Positive semidefinite wherever the loss is convex in z; equals the Hessian where the model is linear or the residuals vanish.
 *  Shapes   v: tree of w · returns the tree of w
 *  Cost     one push and one pull through the model, one Hessian-vector product of the loss.
 *  Source   Schraudolph 2002
 *  @example gaussNewtonVp((w: Tensor) => mul(w, w), (z: Tensor) => sum(mul(z, z)))(array([1, 2]))(array([1, 1])) // => f32[2] [8, 32] */
export const gaussNewtonVp =
  <W, Z, D extends readonly unknown[]>(
    model: (w: W, ...rest: D) => Z,
    loss: (z: Z) => Tensor,
  ): ((w: W, ...rest: D) => Product<W, Gradient<W>>) =>
  (w, ...rest) => {
    const args = differentiated('gaussNewtonVp', [w], [0], true)
    const at = forwardAt(
      `gaussNewtonVp ${nameOf(model)}`,
      nameOf(model),
      args,
      (xs) => model(...(args.rebuild(xs) as unknown as [W]), ...rest),
      false,
    )
    const args2 = differentiated('gaussNewtonVp', [at.out], [0], true)
    const curvature = forwardAt(
      'gaussNewtonVp loss',
      nameOf(loss),
      args2,
      (xs) => grad(loss)(...(args2.rebuild(xs) as unknown as [Z])),
      false,
    )
    const apply = (v: TangentOf<W>): Gradient<W> => {
      const jv = at.push(tangentLeaves('gaussNewtonVp', args, [v]))
      const back = at.pull(curvature.push(jv))
      return (args.trees(back) as readonly unknown[])[0] as Gradient<W>
    }
    return product<W, Gradient<W>>('gaussNewtonVp', w, apply, {
      out: [at.out, curvature.out],
      [Symbol.dispose]: () => {
        at.dispose()
        curvature.dispose()
      },
    })
  }
