/** Derivatives of a user's function, checked against differences. */

import {
  array,
  eager,
  fail,
  foldIn,
  isFloat,
  key,
  nameOf,
  readSync,
  scope,
  showShape,
  type Tensor,
  tensorsOf,
  typeOfTensor,
  unflatten,
  uniform,
} from '../language.js'
import { jvp, vjp } from './derivatives.js'

export interface CheckOptions {
  /** Highest derivative to check; 2 by default. */
  readonly order?: number
  /** Which modes; both by default. Order k checks every sequence of k modes. */
  readonly modes?: readonly ('forward' | 'reverse')[]
  /** Relative and absolute tolerance; by default 1e-6 in f64, 1e-2 in f32, times the size of what is compared. */
  readonly tolerance?: number
  /** Step of the differences, relative to the size of the arguments; by default 1e-3 in f64, 1e-2 in f32. */
  readonly step?: number
  /** Of the random directions. */
  readonly seed?: number
}

type Flat = (leaves: readonly Tensor[]) => readonly Tensor[]

const elements = (xs: readonly Tensor[]): Float64Array[] => xs.map((x) => Float64Array.from(readSync(x)))
const inner = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  a.reduce((sum, x, i) => sum + x.reduce((s, v, j) => s + v * b[i]![j]!, 0), 0)

/** Checks f's derivatives at the arguments along random directions, against central differences with one Richardson step, to `order`, in both modes.
 *  Forward: ∂f v = (4 D(h/2) − D(h)) / 3 with D(h) = (f(x + hv) − f(x − hv)) / 2h.  Reverse: ⟨c, ∂f v⟩ = ⟨pull(c), v⟩.
 *  Use f64 arguments: f32 leaves 2 to 3 digits. Kinks within the step make differences wrong, not derivatives.
 *  Errors   names the order, the mode, the output and both numbers
 *  @example checkGrads((x: Tensor) => sin(x), [array(1, { dtype: 'f64' })]) // => undefined */
export const checkGrads = <A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  args: readonly [...A],
  { order = 2, modes = ['forward', 'reverse'], tolerance, step, seed = 0 }: CheckOptions = {},
): void => {
  const { leaves, structure } = tensorsOf('checkGrads', args)
  const types = leaves.map(typeOfTensor)
  const floats = types.map((t) => isFloat(t.dtype))
  if (!floats.includes(true)) fail('checkGrads', 'no argument is a float.')
  const double = types.every((t, i) => !floats[i] || t.dtype === 'f64')
  const [tol, h] = [tolerance ?? (double ? 1e-6 : 1e-2), step ?? (double ? 1e-3 : 1e-2)]
  let draws = 0
  const base: Flat = (xs) => {
    let at = 0
    const all = leaves.map((x, i) => (floats[i] ? xs[at++]! : x))
    return tensorsOf('checkGrads', f(...(unflatten(structure, all) as unknown as A))).leaves.filter((y) =>
      isFloat(typeOfTensor(y).dtype),
    )
  }
  const variables = leaves.filter((_, i) => floats[i])
  const like = eager(
    ({ dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>): Tensor =>
      uniform(foldIn(key(seed), draws++), shape, { low: -0.5, high: 0.5, dtype: dtype as 'f64' }),
  )

  const check = (g: Flat, xs: readonly Tensor[], left: number, trail: string): void => {
    const directions = xs.map((x) => like(x))
    const call = (...inputs: Tensor[]): readonly Tensor[] => g(inputs)
    let shapes: readonly Pick<Tensor, 'dtype' | 'shape'>[] = []
    const moved = (t: number): Float64Array[] => {
      let result: Float64Array[] = []
      const along = elements(directions)
      scope(() => {
        const outs = g(
          elements(xs).map((x, i) =>
            array(
              x.map((v, j) => v + t * along[i]![j]!),
              { dtype: xs[i]!.dtype, shape: xs[i]!.shape },
            ),
          ),
        )
        shapes = outs.map(({ dtype, shape }) => ({ dtype, shape }))
        result = elements(outs)
      })
      return result
    }
    const difference = (t: number): Float64Array[] => {
      const [up, down] = [moved(t), moved(-t)]
      return up.map((u, i) => u.map((v, j) => (v - down[i]![j]!) / (2 * t)))
    }
    const [fine, coarse] = [difference(h / 2), difference(h)]
    const expected = fine.map((d, i) => d.map((v, j) => (4 * v - coarse[i]![j]!) / 3))
    const scale = 1 + Math.max(0, ...expected.map((e) => e.reduce((m, v) => Math.max(m, Math.abs(v)), 0)))
    const where = `order ${order - left + 1}, ${trail}`

    const cotangents = expected.map((_, i) => like(shapes[i]!))
    for (const mode of modes) {
      if (mode === 'forward') {
        const tangent = jvp(call, xs as Tensor[], directions).tangent
        elements(tangent).forEach((got, i) => {
          got.forEach((v, j) => {
            if (!(Math.abs(v - expected[i]![j]!) <= tol * scale))
              fail(
                'checkGrads',
                `${nameOf(f)}, ${where}forward: output ${i} of shape ${showShape(tangent[i]!.shape)}, element ${j}: jvp gives ${v}, differences give ${expected[i]![j]}.`,
              )
          })
        })
      } else {
        const at = vjp(call, xs as Tensor[])
        const pulled = at.pull(cotangents as never) as readonly Tensor[]
        const [got, wanted] = [inner(elements(pulled), elements(directions)), inner(elements(cotangents), expected)]
        if (!(Math.abs(got - wanted) <= tol * scale * Math.max(1, Math.sqrt(xs.length))))
          fail('checkGrads', `${nameOf(f)}, ${where}reverse: ⟨pull(c), v⟩ = ${got}, ⟨c, differences⟩ = ${wanted}.`)
      }
      if (left > 1) {
        const next: Flat =
          mode === 'forward'
            ? (ys) => jvp((...inputs: Tensor[]) => g(inputs), ys as Tensor[], directions).tangent
            : (ys) => {
                const at = vjp((...inputs: Tensor[]) => g(inputs), ys as Tensor[])
                return at.pull(cotangents as never) as readonly Tensor[]
              }
        check(next, xs, left - 1, `${trail}${mode} then `)
      }
    }
  }
  scope(() => check(base, variables, order, ''))
}
