/** One turn of the innermost loop of a pass: a point, or some neighbours.
 *
 *  Reductions of neighbours go to lanes of their own, so that none waits for the one before it; narrow stores are made of as many
 *  neighbours as make up words. */

import { bytesOf } from '../../dtype.js'
import type { Stage, Store } from '../../kernel/kernel.js'
import { bitsOf } from '../memory.js'
import { indexOf } from './affine.js'
import { unwrapped, valueOf } from './nodes.js'
import { type Part, put } from './part.js'
import type { Reducer } from './reduce.js'
import type { Writer } from './writer.js'

export interface Pass {
  readonly w: Writer
  readonly part: Part
  readonly stage: Stage
  readonly reducers: readonly Reducer[]
  /** Writes what is known once so many groups of dimensions have values. */
  readonly enter: (depth: number) => void
  /** How many neighbours a turn takes, and the stores that this makes words for. */
  readonly each: 1 | 2 | 4
  readonly packed: readonly Store[]
}

export const declare = (w: Writer, reducers: readonly Reducer[], names: readonly string[]): void => {
  reducers.forEach(({ type, start }, r) => w.line(`var ${names[r]}: ${type} = ${start};`))
}

/** total ← total ∘ x */
export const step = (w: Writer, reducer: Reducer, total: string, x: string): void =>
  w.line(`${total} = ${unwrapped(reducer.step(total, x))};`)

/** One point, reduced into these. */
export const point = ({ w, part, stage, reducers, packed }: Pass, into: readonly string[]): void => {
  stage.reductions.forEach(({ node }, r) => step(w, reducers[r]!, into[r]!, valueOf(w, node)))
  put(w, part, 'inner', stage.stores.filter((store) => !packed.includes(store))) // biome-ignore format: short
}

/** A loop whose turns take the neighbours k … k + each − 1. */
export const neighbours = (
  pass: Pass,
  head: string,
  variable: string,
  depth: number,
  into: readonly string[],
): void => {
  const { w, reducers, each, packed } = pass
  const lanes = reducers.map(() => w.fresh('lanes'))
  reducers.forEach(({ type, start }, r) => w.line(`var ${lanes[r]} = vec4<${type}>(${start});`))
  w.block(head, () => {
    packed.forEach((_, i) => w.line(`var word${i}: u32;`))
    for (let k = 0; k < each; k++)
      w.block('', () => {
        w.line(`let ${variable} = k${k === 0 ? '' : ` + ${k}`};`)
        pass.enter(depth)
        point(pass, lanes.map((name) => `${name}.${'xyzw'[k]!}`)) // biome-ignore format: short
        packed.forEach((store, i) => partOfWord(pass, store, `word${i}`, k))
      })
  })
  lanes.forEach((name, r) => {
    const both = reducers[r]!.step
    step(w, reducers[r]!, into[r]!, both(both(`${name}.x`, `${name}.y`), both(`${name}.z`, `${name}.w`)))
  })
}

/** Neighbour k's bits, and the store of the word when it is whole. */
const partOfWord = ({ w, part }: Pass, store: Store, word: string, k: number): void => {
  const { dtype } = w.kernel.operands[store.operand]!
  const per = 4 / bytesOf(dtype)
  const bits = bitsOf(dtype, valueOf(w, store.node), w.uses)
  w.line(k % per === 0 ? `${word} = ${bits};` : `${word} |= (${bits}) << ${((k % per) * 32) / per}u;`)
  if (k % per === per - 1) part.storeWord(store, `(${indexOf(w, store.access)}) / ${per}`, word)
}
