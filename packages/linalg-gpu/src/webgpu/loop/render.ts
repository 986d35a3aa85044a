/** Loop kernels in WGSL: a thread for each point of the grid, for some neighbours, or a team of threads for a point, in two dispatches
 *  where there is much to reduce to little. */

import { bytesOf } from '../../dtype.js'
import type { Loop } from '../../kernel/kernel.js'
import { normalise } from '../../kernel/normalise.js'
import { sizeOf } from '../../shape.js'
import { bindingsOf, type Dispatch, type Rendered, type Site } from '../rendered.js'
import { renderPoints } from './points.js'
import { splitOf } from './split.js'
import { renderTeam, type Team } from './team.js'
import { teamOf } from './teamOf.js'
import { renderVectors, wantsVectors } from './vectors.js'

/** The shaders of a loop kernel; none where nothing is stored. `team` is for tests: otherwise `teamOf` chooses. */
export const renderLoop = (kernel: Loop, site: Site, team?: Team): Rendered => {
  const form = normalise(kernel)
  // over nothing inside, only what is stored over the grid is there
  const idle =
    sizeOf(form.grid) === 0 ||
    form.stages.every(({ over, stores }) => stores.length === 0 || (over === 'inner' && sizeOf(form.inner) === 0))
  if (idle) return { dispatches: [], scratch: [] }
  const both = team === undefined ? splitOf(form, site.traits) : undefined
  return both === undefined ? { dispatches: [whole(form, site, team)], scratch: [] } : inTwo(both, site)
}

const whole = (form: Loop, site: Site, team?: Team): Dispatch => {
  const chosen = form.inner.length === 0 ? undefined : (team ?? teamOf(form, site.traits))
  if (chosen !== undefined) return renderTeam(form, site, chosen)
  return wantsVectors(form, site) ? renderVectors(form, site) : renderPoints(form, site)
}

/** What is between two kernels stands in scratch memory, which both see as operands. */
const inTwo = (both: readonly [Loop, Loop], site: Site): Rendered => {
  const count = bindingsOf(site.places)
  const between = both[0].operands.slice(site.places.length)
  const places = between.map((_, r) => ({ binding: count + r, offset: 0, writable: true, shifted: false }))
  const own = { ...site, places: [...site.places, ...places] }
  return {
    dispatches: both.map((kernel) => whole(normalise(kernel), own)),
    scratch: between.map(({ dtype, size }) => bytesOf(dtype) * size),
  }
}
