/** Contractions for WebGPU: matrix products in all transposed forms, batched, and the three directions of a convolution.
 *
 *  Software adapters get tiles of registers without barriers, real ones tiles in shared memory, thin products registers on both; long
 *  sums of few results are cut into parts, which a second dispatch adds up. Sums are of blocks of 64 terms, in an order that depends
 *  on shapes, tile and adapter class alone.
 *  Cost     2 · m · n · k operations. On SwiftShader (two cores that others used too) 8x8 registers gave 0.9 to 2.4 GFLOP/s on squares
 *           of 64 to 256 in all transposed forms and on convolutions of 3x3, one sum a thread 0.1 to 0.3 beside them; a tile of 8x8
 *           takes 0.2 s to compile there, so small products get 4x4 (0.03 s). Tiles of shared memory were never timed: no GPU was
 *           at hand. */

import type { Contract } from '../../kernel/kernel.js'
import type { Rendered, Site } from '../rendered.js'
import { candidates } from './choose.js'
import { renderCombine } from './combine.js'
import { formOf, sizeOfRuns } from './form.js'
import { renderRegisters } from './registers.js'
import { renderShared } from './shared.js'
import type { Tile } from './tile.js'

/** The shaders of a contraction at a site; `tile` is one that was measured, else one is chosen by shape and adapter. */
export const renderContract = (kernel: Contract, site: Site, tile?: Tile): Rendered => {
  const form = formOf(kernel)
  const [M, N, Z] = [form.rows, form.columns, form.batch].map(sizeOfRuns) as [number, number, number]
  if (M * N * Z === 0) return { dispatches: [], scratch: [] }
  const wished = tile ?? candidates(form, site.traits)[0]
  // one term cannot be shared
  const chosen = form.k.length === 0 ? { ...wished, parts: 1 } : wished
  const first =
    chosen.kind === 'registers' ? renderRegisters(kernel, form, site, chosen) : renderShared(kernel, form, site, chosen)
  return chosen.parts === 1
    ? { dispatches: [first], scratch: [] }
    : { dispatches: [first, renderCombine(kernel, form, site, chosen.parts)], scratch: [4 * chosen.parts * M * N * Z] }
}
