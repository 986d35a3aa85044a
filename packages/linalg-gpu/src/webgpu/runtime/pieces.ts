/** An arena as buffers: one as a rule. Where it is longer than a buffer may be that can be bound it is cut; what would lie across a cut
 *  has a buffer of its own. */

import type { Arena } from '../../kernel/arena.js'

export interface Home {
  readonly piece: number
  readonly offset: number
}

export interface Pieces {
  /** Where each storage stands; undefined where it is not in the arena. */
  readonly homes: readonly (Home | undefined)[]
  /** Bytes of each piece. */
  readonly bytes: readonly number[]
}

/** `sizes` are the bytes of the storages, `most` those of a piece.
 *  @example
 *  piecesOf({ offsets: [0, 256, -1, 512], bytes: 1024 }, [200, 400, 8, 100], 512)
 *  // => { homes: [ { piece: 0, offset: 0 }, { piece: 2, offset: 0 }, undefined, { piece: 1, offset: 0 } ], bytes: [ 200, 100, 400 ] } */
export const piecesOf = ({ offsets, bytes }: Arena, sizes: readonly number[], most: number): Pieces => {
  const cuts = Math.ceil(bytes / most)
  const ends = new Array<number>(cuts).fill(0)
  const homes = offsets.map((at, id): Home | undefined => {
    if (at < 0) return undefined
    const piece = Math.floor(at / most)
    const offset = at - piece * most
    if (offset + sizes[id]! > most) return { piece: ends.push(sizes[id]!) - 1, offset: 0 }
    ends[piece] = Math.max(ends[piece]!, offset + sizes[id]!)
    return { piece, offset }
  })
  return { homes, bytes: ends }
}
