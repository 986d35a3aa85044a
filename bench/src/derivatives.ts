/** The programs that `jit` would run for the derivatives of a network's loss. */

import { grad, hvp } from '@neumann/autodiff'
import { foriLoop, mul, sub, type Tensor, trace, treeMap } from '@neumann/linalg-gpu'
import { type Program, simplify } from '@neumann/linalg-gpu/program'
import type { Network } from './networks.js'

/** As `jit` prepares it. */
export const programOf = <A extends readonly unknown[]>(f: (...args: A) => unknown, ...args: A): Program =>
  simplify(trace(f)(...args))

// the tree of a derivative has the form of the parameters; TypeScript cannot see that of a generic P
type Loss<P> = (params: P, input: Tensor, target: Tensor) => Tensor
const gradientOf = <P>(loss: Loss<P>, params: P, input: Tensor, target: Tensor): P =>
  (grad(loss) as unknown as (...args: Parameters<Loss<P>>) => P)(params, input, target)
const productOf = <P>(loss: Loss<P>, params: P, input: Tensor, target: Tensor, v: P): P =>
  hvp(loss)(params, input, target)(v as never) as P

export const gradProgram = <P>({ loss, params, input, target }: Network<P>): Program =>
  programOf((w: P, x: Tensor, y: Tensor) => gradientOf(loss, w, x, y), params, input, target)

export const hvpProgram = <P>({ loss, params, input, target }: Network<P>): Program =>
  programOf((w: P, v: P, x: Tensor, y: Tensor) => productOf(loss, w, x, y, v), params, params, input, target)

export const gradAndHvpProgram = <P>({ loss, params, input, target }: Network<P>): Program =>
  programOf(
    (w: P, v: P, x: Tensor, y: Tensor) => [gradientOf(loss, w, x, y), productOf(loss, w, x, y, v)],
    params,
    params,
    input,
    target,
  )

/** Three calls that do not know of one another. */
export const valueGradAndHvpProgram = <P>({ loss, params, input, target }: Network<P>): Program =>
  programOf(
    (w: P, v: P, x: Tensor, y: Tensor) => [loss(w, x, y), gradientOf(loss, w, x, y), productOf(loss, w, x, y, v)],
    params,
    params,
    input,
    target,
  )

/** v ← v − ½ H v, again and again, with the product formed in the loop: what a Neumann series does. */
export const hvpLoopProgram = <P>({ loss, params, input, target }: Network<P>): Program =>
  programOf(
    (w: P, v: P, x: Tensor, y: Tensor) =>
      foriLoop(
        0,
        10,
        (_, u: P) =>
          treeMap((a: Tensor, b: Tensor) => sub(a, mul(0.5, b)), u, productOf(loss, w, x, y, u)) as unknown as P,
        v,
      ),
    params,
    params,
    input,
    target,
  )
