/** Products that do not overflow on the way. */

import { fail, showType } from '../errors.js'
import type { CustomKernel } from '../program/custom.js'
import { type Type, typeOf } from '../program/type.js'
import type { Tensor } from '../trace/tensor.js'
import { lowerProduct } from '../wasm/dense/product.js'
import { run1 } from './operands.js'

/** ∏ xᵢ over the last axis of f32 or f64: it overflows or vanishes only where the whole product does. Without a derivative.
 *  Shapes    […, n] → […]. */
export const product = (x: Tensor): Tensor => run1(productKernel, x)

const infer = ([x]: readonly Type[]): readonly Type[] =>
  x !== undefined && x.shape.length > 0 && (x.dtype === 'f32' || x.dtype === 'f64')
    ? [typeOf(x.dtype, x.shape.slice(0, -1))]
    : fail('product', `needs rows of f32 or f64, got ${x === undefined ? 'nothing' : showType(x)}.`)

export const productKernel: CustomKernel = {
  name: 'product',
  infer,
  oracle: ([x], [out], { inputs }) => {
    const n = inputs[0]!.shape.at(-1)!
    out!.forEach((_, unit) => {
      const row = Array.from(x!.subarray(unit * n, (unit + 1) * n))
      const small = row.filter((v) => Math.abs(v) < 1)
      const large = row.filter((v) => !(Math.abs(v) < 1))
      let product = 1
      for (let left = n; left > 0; left--) {
        const wanted = Math.abs(product) < 1 ? large : small
        product *= (wanted.length > 0 ? wanted : wanted === small ? large : small).shift()!
      }
      out![unit] = product
    })
  },
  wasm: lowerProduct,
  dense: { kind: 'product' },
  rules: { jvp: () => [null] },
}
