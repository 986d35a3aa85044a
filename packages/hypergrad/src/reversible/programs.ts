/** What a reversible run asks of the device: gradients of the loss, and both second-order products, in numbers on the host. */

import { crossVjp, grad } from '@neumann/autodiff'
import { array, type Device, full, jit, scope, type Tensor, take, treeMap } from '@neumann/linalg-gpu'
import { fail, isTensor, isTracing, tensorsOf } from '@neumann/linalg-gpu/program'
import type { Layout } from './layout.js'
import type { MomentumProblem } from './momentumProblem.js'
import type { Course } from './sweep.js'

/** Traced once for all runs of a problem. The gradient is one program, so that it gives the same bits forth and back. */
export const programsOf = <S, W, H, T, V>({ inner, update, weights }: MomentumProblem<S, W, H, T, V>) => {
  const batchAt = (batches: T, t: Tensor): T => treeMap((x: Tensor) => take(x, t, { axis: 0 }), batches) as T
  const gradient = (w: W, hyper: H, batches: T, t: Tensor) => grad(inner)(w, hyper, batchAt(batches, t)) as W
  const product = (w: W, hyper: H, batches: T, t: Tensor, v: W) =>
    crossVjp(inner)(w, hyper, batchAt(batches, t))(v as never) as unknown as { readonly hv: W; readonly mv: H }
  const moved = (state: S, hyper: H, batches: T) => weights.get(update(state, hyper, batchAt(batches, zero())))
  return {
    gradient: jit(gradient, { name: 'reversible gradient' }),
    product: jit(product, { name: 'reversible product' }),
    /** The weights after the first step, by the problem's own update. */
    moved: jit(moved, { name: 'reversible update' }),
  }
}

const zero = (): Tensor => full([], 0, { dtype: 'i32' })

export type Programs<S, W, H, T> = ReturnType<typeof programsOf<S, W, H, T, unknown>>

/** The gradients of a course, and the products, whose second half is added up in `mixed`. */
export const asked = <S, W, H, T>(
  programs: Programs<S, W, H, T>,
  { hyper, batches }: { readonly hyper: H; readonly batches: T },
  w: Layout<W>,
  h: Layout<H>,
  mixed: Float64Array,
): Pick<Course, 'gradient' | 'product'> => {
  const at = (t: number): Tensor => full([], t, { dtype: 'i32' })
  return {
    gradient: (values, t) => scope(() => w.read(programs.gradient(w.write(values), hyper, batches, at(t)))),
    product: (values, t, v) => {
      // adjoints shrink or grow over a run, and floats of 32 bits end at 1e±38: the products are linear, and a power of two costs no bits
      const size = v.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
      if (size === 0) return v
      const scale = 2 ** Math.floor(Math.log2(size))
      return scope(() => {
        const direction = w.write(v.map((x) => x / scale))
        const { hv, mv } = programs.product(w.write(values), hyper, batches, at(t), direction)
        h.read(mv).forEach((x, i) => {
          mixed[i]! += scale * x
        })
        return w.read(hv).map((x) => scale * x)
      })
    },
  }
}

/** The device of what is given; it must let the host look, as every step does.
 *  Fails    inside a trace, where there are no numbers yet; on devices that are read by waiting */
export const hostDevice = (name: string, given: unknown): Device => {
  if (isTracing())
    fail(name, 'it reads numbers in every step, so it cannot be traced: call it outside of jit, grad, vmap and scan.')
  const device =
    tensorsOf(name, given)
      .leaves.filter(isTensor)
      .find((x) => x.device !== undefined)?.device ?? array(0).device!
  if (device.readSync === undefined)
    fail(name, `${device.name} cannot be read at once, and every step is: transfer the point to plain or wasm.`)
  return device
}
