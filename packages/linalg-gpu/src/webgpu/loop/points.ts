/** A thread for each point of the grid, or for as many neighbours as make up words of narrow elements. */

import { bytesOf } from '../../dtype.js'
import type { Loop, Store } from '../../kernel/kernel.js'
import { sizeOf } from '../../shape.js'
import { bitsOf } from '../memory.js'
import type { Dispatch, Site } from '../rendered.js'
import { frameOf, further } from './frame.js'
import { packedPoints } from './pack.js'
import { stagesOf } from './stages.js'

export const renderPoints = (kernel: Loop, site: Site): Dispatch => {
  const packed = packedPoints(kernel, site)
  if (packed.size > 0) return words(kernel, site, packed)
  const frame = frameOf(kernel, site, { each: 1, variable: 'thread', vectors: [], packed })
  const { w, part, memory } = frame
  stagesOf(w, { ...part, store: ({ operand }, _, index, value) => w.line(memory.store(operand, index(), value)) })
  return frame.shader(w.text())
}

const words = (kernel: Loop, site: Site, packed: ReadonlySet<Store>): Dispatch => {
  const list = [...packed]
  const pers = list.map(({ operand }) => 4 / bytesOf(kernel.operands[operand]!.dtype))
  const each = Math.max(...pers)
  const frame = frameOf(kernel, site, { each, variable: 'point', vectors: [], packed })
  const { w, part, memory, uses } = frame
  const points = sizeOf(kernel.grid)
  pers.forEach((per, i) => w.line(`var word${i} = ${per === each ? '0u' : `vec${each / per}<u32>()`};`))
  const last = points % each === 0 ? `${each}` : `min(${each}, ${points} - thread * ${each})`
  w.block(`for (var k = 0; k < ${last}; k++)`, () => {
    w.line(`let point = thread * ${each} + k;`)
    stagesOf(w, {
      ...part,
      store: (store, _, index, value) => {
        const i = list.indexOf(store)
        if (i < 0) {
          w.line(memory.store(store.operand, index(), value))
          return
        }
        const per = pers[i]!
        const bits = bitsOf(kernel.operands[store.operand]!.dtype, value, uses)
        const [word, place] = per === each ? [`word${i}`, 'k'] : [`word${i}[k / ${per}]`, `k % ${per}`]
        w.line(`${word} |= (${bits}) << (u32(${place}) * ${32 / per}u);`)
      },
    })
  })
  list.forEach(({ operand, access }, i) => {
    const per = pers[i]!
    for (let first = 0; first < each; first += per) {
      const index = further(each === per ? 'thread' : `thread * ${each / per}`, (first + access.offset) / per)
      const write = memory.storeWord(operand, index, per === each ? `word${i}` : `word${i}[${first / per}]`)
      // a last word that is beyond all points is not there
      const beyond = points % each > 0 && points % each <= first
      w.line(beyond ? `if (thread * ${each} + ${first} < ${points}) { ${write} }` : write)
    }
  })
  return frame.shader(w.text())
}
