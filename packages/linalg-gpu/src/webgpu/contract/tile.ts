/** How a contraction is cut into pieces of work. */

import type { Traits } from '../traits.js'

/** A thread keeps `height` x `width` sums in registers and shares nothing. */
export interface RegisterTile {
  readonly kind: 'registers'
  readonly height: number
  readonly width: number
  /** Of a workgroup. */
  readonly threads: number
  /** Pieces of k, each summed by threads of its own; a second dispatch adds them up. */
  readonly parts: number
}

/** A workgroup brings `depth` of k for `rows` x `columns` sums into shared memory at a time; each thread keeps `height` x `width` of them.
 *  All are powers of two, and depth, height and width at least 4;
 *  there are at least as many threads as a piece has vectors along any side. */
export interface SharedTile {
  readonly kind: 'shared'
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly height: number
  readonly width: number
  readonly parts: number
}

export type Tile = RegisterTile | SharedTile

export const threadsOf = (tile: Tile): number =>
  tile.kind === 'registers' ? tile.threads : (tile.rows / tile.height) * (tile.columns / tile.width)

/** Bytes that a workgroup shares: both pieces, with a vector of padding after each k. */
export const sharedBytes = ({ rows, columns, depth }: SharedTile): number =>
  16 * depth * (rows / 4 + 1 + columns / 4 + 1)

const isPower = (x: unknown, least: number): boolean =>
  Number.isInteger(x) && (x as number) >= least && Number.isInteger(Math.log2(x as number))

/** Pieces of k at most. */
export const mostParts = 256

/** Whether something that was read is a tile that an adapter can carry. */
export const fits = (value: unknown, { invocations, workgroupBytes }: Traits): value is Tile => {
  if (typeof value !== 'object' || value === null) return false
  const tile = value as Tile
  if (!isPower(tile.parts, 1) || tile.parts > mostParts) return false
  if (tile.kind === 'registers')
    return (
      isPower(tile.height, 1) &&
      isPower(tile.width, 1) &&
      tile.height * tile.width <= 128 &&
      isPower(tile.threads, 1) &&
      tile.threads <= invocations
    )
  if (tile.kind !== 'shared') return false
  const { rows, columns, depth, height, width } = tile
  if (![rows, columns, depth, height, width].every((x) => isPower(x, 4)) || height * width > 64) return false
  const threads = threadsOf(tile)
  return (
    Number.isInteger(rows / height) &&
    Number.isInteger(columns / width) &&
    threads >= Math.max(depth, rows / 4, columns / 4) &&
    threads <= invocations &&
    sharedBytes(tile) <= workgroupBytes
  )
}
