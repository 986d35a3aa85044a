/** One pass over the inner points of a grid point: reductions, and stores at each. */

import { bytesOf } from '../../dtype.js'
import type { Stage, Store } from '../../kernel/kernel.js'
import { needed } from '../../kernel/point.js'
import { sizeOf } from '../../shape.js'
import { prepareIndex } from './affine.js'
import { levelsOf } from './loops.js'
import { evaluate } from './nodes.js'
import type { Part } from './part.js'
import { reducerOf } from './reduce.js'
import { declare, neighbours, type Pass, point, step } from './turn.js'
import { isLight } from './weight.js'
import type { Writer } from './writer.js'

/** `first` is the number of the stage's first reduction. */
export const passOver = (w: Writer, part: Part, stage: Stage, first: number, depths: readonly number[]): void => {
  const { reductions, stores } = stage
  const reducers = reductions.map((reduction) => reducerOf(reduction, w.uses))
  const totals = reductions.map((_, r) => `r${first + r}`)
  // over nothing there are no values, and nothing to store
  if (sizeOf(w.kernel.inner) === 0) {
    declare(w, reducers, totals)
    return
  }
  const packed = stores.filter((store) => part.packed.has(store))
  const pass: Pass = {
    w,
    part,
    stage,
    reducers,
    packed,
    each: eachOf(w, part, stage, packed, depths),
    enter: (depth) => {
      evaluate(w, depths, [...reductions, ...stores], depth)
      for (const { access } of stores) prepareIndex(w, access, depth)
    },
  }
  pass.enter(0)
  declare(w, reducers, totals)
  loops(pass, totals)
  if (reducers.length > 0) part.join?.(reducers, totals)
  reducers.forEach(({ end }, r) => {
    const total = end(totals[r]!)
    if (total !== totals[r]) w.line(`${totals[r]} = ${total};`)
  })
}

const loops = (pass: Pass, totals: readonly string[]): void => {
  const { w, reducers, each } = pass
  const { counts } = pass.part
  const last = counts.at(-1)
  const rest = (last?.size ?? 0) % each
  const strides = counts.map((count) =>
    count !== last || each === 1
      ? count
      : {
          variable: 'k',
          size: count.size - rest,
          first: count.first === '0' ? '0' : `${count.first} * ${each}`,
          step: count.step * each,
        },
  )
  const levels = levelsOf(
    strides,
    reducers.some(({ inexact }) => inexact),
  )
  // the outermost of the loops over the last dimension
  const begins = levels.slice(0, -1).findLastIndex(({ opens }) => opens) + 1
  const inside = (i: number, depth: number, into: readonly string[]): void => {
    const level = levels[i]
    if (level === undefined) {
      point(pass, into)
      return
    }
    const within = level.opens ? depth + 1 : depth
    if (i === levels.length - 1 && each > 1) neighbours(pass, level.head, last!.variable, within, into)
    else {
      // sums alone are made in parts: the others are the same in any order
      const own = into.map((total, r) => (level.partial && reducers[r]!.inexact ? w.fresh('part') : total))
      const parts = own.flatMap((name, r) => (name === into[r] ? [] : [r]))
      declare(w, parts.map((r) => reducers[r]!), parts.map((r) => own[r]!)) // biome-ignore format: short
      w.block(level.head, () => {
        if (level.opens) pass.enter(within)
        inside(i + 1, within, own)
      })
      for (const r of parts) step(w, reducers[r]!, into[r]!, own[r]!)
    }
    if (i !== begins || rest === 0) return
    const { variable, size } = last!
    w.block(`for (var ${variable} = ${size - rest}; ${variable} < ${size}; ${variable}++)`, () => {
      pass.enter(depth + 1)
      point(pass, into)
    })
  }
  inside(0, 0, totals)
}

/** How many neighbours a turn takes: as many as words ask for, or some for reductions that are light work. */
const eachOf = (
  { kernel, groups }: Writer,
  { counts, together }: Part,
  { reductions, stores }: Stage,
  packed: readonly Store[],
  depths: readonly number[],
): 1 | 2 | 4 => {
  if (packed.length > 0) return packed.some(({ operand }) => bytesOf(kernel.operands[operand]!.dtype) === 1) ? 4 : 2
  if (stores.length > 0 || (counts.at(-1)?.size ?? 0) < 16) return 1
  const turn = needed(kernel.nodes, reductions).filter((i) => depths[i] === groups.length - 1)
  return isLight(kernel, turn) ? together : 1
}
