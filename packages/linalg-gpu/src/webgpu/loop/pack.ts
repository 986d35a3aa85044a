/** Which stores of narrow elements can be of whole words: those where one thread has all elements of each word. */

import { bytesOf } from '../../dtype.js'
import type { Loop, Store } from '../../kernel/kernel.js'
import { sizeOf, stridesOf } from '../../shape.js'
import type { Site } from '../rendered.js'
import type { Group } from './writer.js'

export const storesOf = ({ stages }: Loop): readonly Store[] => stages.flatMap(({ stores }) => stores)

export const isNarrow = ({ operands }: Loop, { operand }: Store): boolean => bytesOf(operands[operand]!.dtype) < 4

const perWord = ({ operands }: Loop, { operand }: Store): number => 4 / bytesOf(operands[operand]!.dtype)

/** Whether words begin where the operand does, and nobody else writes them. */
const alone = (kernel: Loop, { places }: Site, store: Store): boolean => {
  const { binding, shifted, offset } = places[store.operand]!
  const per = perWord(kernel, store)
  return (
    per > 1 &&
    !shifted &&
    offset % per === 0 &&
    store.access.offset % per === 0 &&
    store.access.dynamic === undefined &&
    storesOf(kernel).every((other) => other === store || places[other.operand]!.binding !== binding)
  )
}

const overOf = ({ stages }: Loop, store: Store): 'grid' | 'inner' =>
  stages.find(({ stores }) => stores.includes(store))!.over

/** Stores over the grid of which neighbours are those of neighbouring points. The last word may have fewer, if nothing follows. */
export const packedPoints = (kernel: Loop, site: Site): ReadonlySet<Store> => {
  const points = sizeOf(kernel.grid)
  return new Set(
    storesOf(kernel).filter((store) => {
      const { operand, access } = store
      return (
        alone(kernel, site, store) &&
        overOf(kernel, store) === 'grid' &&
        stridesOf(kernel.grid).every((stride, d) => access.strides[d] === stride) &&
        (points % perWord(kernel, store) === 0 || access.offset + points === kernel.operands[operand]!.size)
      )
    }),
  )
}

/** Stores over the inner points of which neighbours are those of neighbours in a group of dimensions, in whole words. */
export const packedInside = (kernel: Loop, site: Site, group: Group | undefined): ReadonlySet<Store> => {
  if (group === undefined) return new Set()
  const { first, end } = group
  const own = [...kernel.grid, ...kernel.inner].slice(first, end)
  const rowMajor = stridesOf(own)
  const candidates = storesOf(kernel).filter((store) => {
    const { strides } = store.access
    const per = perWord(kernel, store)
    return (
      alone(kernel, site, store) &&
      overOf(kernel, store) === 'inner' &&
      rowMajor.every((stride, d) => strides[first + d] === stride) &&
      strides.every((stride, d) => (d >= first && d < end) || stride % per === 0)
    )
  })
  // a pass takes as many neighbours as the narrowest asks for
  const most = Math.max(1, ...candidates.map((store) => perWord(kernel, store)))
  return new Set(sizeOf(own) % most === 0 ? candidates : [])
}
