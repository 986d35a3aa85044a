/** A kernel as shaders. */

import type { Kernel } from '../kernel/kernel.js'
import { renderContract } from './contract/render.js'
import type { Tile } from './contract/tile.js'
import { renderLoop } from './loop/render.js'
import type { Rendered, Site } from './rendered.js'
import { renderSpecial } from './special/render.js'

/** The shaders of a kernel at a site; undefined where there are none, and the host must do it. A contraction is cut as `tile` says. */
export const render = (kernel: Kernel, site: Site, tile?: Tile): Rendered | undefined => {
  switch (kernel.kind) {
    case 'loop':
      return renderLoop(kernel, site)
    case 'contract':
      return renderContract(kernel, site, tile)
    case 'special':
      return renderSpecial(kernel, site)
  }
}
