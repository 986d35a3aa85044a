/** What kernels of linear algebra are to this device, which has code for them: a kernel says which it is by its member `dense`. The code
 *  is kept here, so that nobody carries it who has no WebGPU; and what says which it is, is data. f32 alone.
 *
 *  Eigenvalues and singular values are not among them: they are promised to two roundings of f32, which takes f64, and so the host. */

import type { Special } from '../../kernel/kernel.js'
import type { Triangle } from '../../wasm/dense/triangular.js'
import type { Rendered, Site } from '../rendered.js'
import { renderCholesky } from './cholesky.js'
import { renderHouseholder } from './householder.js'
import { renderLu } from './lu.js'
import { renderProduct } from './product.js'
import { renderTriangular } from './triangular.js'

export type Dense =
  | { readonly kind: 'cholesky'; readonly upper: boolean }
  | { readonly kind: 'triangular'; readonly triangle: Triangle }
  | { readonly kind: 'lu' | 'householder' | 'product' }

/** The shaders of such a kernel; undefined where the host must do it. */
export const renderDense = (kernel: Special, dense: Dense, site: Site): Rendered | undefined => {
  if (kernel.inputs.some(({ dtype }) => dtype !== 'f32')) return undefined
  switch (dense.kind) {
    case 'cholesky':
      return renderCholesky(kernel, dense.upper, site)
    case 'triangular':
      return renderTriangular(kernel, dense.triangle, site)
    case 'lu':
      return renderLu(kernel, site)
    case 'householder':
      return renderHouseholder(kernel, site)
    case 'product':
      return renderProduct(kernel, site)
  }
}
