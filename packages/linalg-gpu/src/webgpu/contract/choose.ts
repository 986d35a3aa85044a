/** Which tile a contraction gets where nobody measured, and which are worth measuring. All of it depends on shapes and on what the
 *  adapter can do, so that sums have one order. */

import { powerBelow } from '../powers.js'
import type { Traits } from '../traits.js'
import { type Form, left, right, sizeOfRuns } from './form.js'
import { fits, mostParts, type RegisterTile, type SharedTile, type Tile } from './tile.js'

interface Sizes {
  readonly M: number
  readonly N: number
  readonly K: number
  readonly Z: number
}

const sizesOf = ({ rows, columns, k, batch }: Form): Sizes => ({
  M: sizeOfRuns(rows),
  N: sizeOfRuns(columns),
  K: sizeOfRuns(k),
  Z: sizeOfRuns(batch),
})

/** Threads that a software adapter works on side by side, about: four lanes on each of some cores. */
const lanes = 16
/** Products of terms below which a software adapter takes longer to compile a large tile than to do without one. */
const worthCompiling = 2 ** 17
/** And products below which the largest are not worth it: of 16 x 8 sums, which take a second to compile, and read a quarter less. */
const worthMuch = 2 ** 22
/** Workgroups that keep a GPU busy. */
const crowd = 96
/** Terms of a part of k at least. */
const leastTerms = 128
/** Bytes of scratch memory for parts at most. */
const mostScratch = 2 ** 24

const powersTo = (most: number): number[] => {
  const list = [1]
  while (2 * list.at(-1)! <= most) list.push(2 * list.at(-1)!)
  return list
}

/** Into how many parts k may be cut: one that runs few threads side by side gains nothing by many. */
const partsAtMost = ({ M, N, K, Z }: Sizes, { bindingBytes, software }: Traits): number =>
  Math.max(
    1,
    Math.min(
      software ? 64 : mostParts,
      Math.floor(K / leastTerms),
      Math.floor(Math.min(mostScratch, bindingBytes) / (4 * M * N * Z)),
    ),
  )

/** The longest run of k, which parts share. */
const shareable = ({ k }: Form): number => Math.max(1, Math.floor(Math.max(1, ...k.map(({ size }) => size)) / 4))

/** The tiles of registers, the quickest first: by what one term costs a thread in multiplications, in reads (three times as much) and in
 *  loops, and by how many threads there are to share it. Measured on SwiftShader; orders of magnitude hold elsewhere. */
const registers = (form: Form, traits: Traits): RegisterTile[] => {
  const sizes = sizesOf(form)
  const { M, N, K, Z } = sizes
  const side = traits.software ? lanes : 64 * crowd
  const terms = M * N * K * Z
  const most = traits.software && terms < worthCompiling ? 4 : 8
  const tallest = traits.software && terms >= worthMuch ? 16 : most
  const widths = [1, 2, 4, 8].filter((width) => width === 1 || (width < 2 * N && width <= most))
  const heights = [1, 2, 4, 8, 16].filter((height) => height === 1 || (height < 2 * M && height <= tallest))
  // a second dispatch, and sums that are written and read once more: only where tiles of 4 x 4 are too few to share out
  const parts = M * N * Z >= 16 * side ? [1] : powersTo(Math.min(partsAtMost(sizes, traits), shareable(form)))
  return heights
    .flatMap((height) => widths.flatMap((width) => parts.map((part) => ({ height, width, parts: part }))))
    .map(({ height, width, parts }) => {
      const threads = parts * Z * Math.ceil(M / height) * Math.ceil(N / width)
      const turn = height * width + 3 * (height + width) + 6
      const adding = parts === 1 ? 0 : 200 + Math.ceil((M * N * Z) / side) * (20 + 3 * parts)
      const cost = Math.ceil(threads / side) * ((K / parts) * turn + 50) + adding
      const group = traits.software ? Math.max(4, Math.min(32, powerBelow(threads / 32))) : 64
      return { cost, tile: { kind: 'registers', height, width, threads: group, parts } as const }
    })
    .sort((x, y) => x.cost - y.cost)
    .map(({ tile }) => tile)
}

/** Rows and columns of a workgroup, k at a time, and rows and columns of a thread. */
const shapes: readonly (readonly [number, number, number, number, number])[] = [
  [64, 64, 16, 8, 4],
  [32, 32, 16, 4, 4],
  [64, 64, 16, 4, 4],
  [128, 64, 16, 8, 8],
  [64, 128, 16, 8, 8],
  [128, 128, 8, 8, 8],
  [128, 16, 16, 4, 4],
  [16, 128, 16, 4, 4],
]

/** The tiles of shared memory, the quickest first: by what is computed in vain, by what is read from memory, and by how many workgroups
 *  there are. From what is known of such kernels: nothing of it was measured here. */
const shared = (form: Form, traits: Traits): SharedTile[] => {
  const sizes = sizesOf(form)
  const { M, N, K, Z } = sizes
  const most = partsAtMost(sizes, traits)
  return shapes
    .map(([rows, columns, depth, height, width]) => {
      const groups = Z * Math.ceil(M / rows) * Math.ceil(N / columns)
      const parts = groups >= crowd ? 1 : Math.min(most, powerBelow(crowd / groups))
      const tile: SharedTile = { kind: 'shared', rows, columns, depth, height, width, parts }
      // each thread multiplies height x width and reads height + width from shared memory; each workgroup reads rows + columns
      const term = rows * columns * (1 + 1.5 / height + 1.5 / width) + 8 * (rows + columns)
      const cost = Math.max(1, (groups * parts) / crowd) * (K / parts + 32) * term + parts * M * N * Z * 0.1
      return { cost, tile }
    })
    .filter(({ tile }) => fits(tile, traits))
    .sort((x, y) => x.cost - y.cost)
    .map(({ tile }) => tile)
}

/** Few rows or columns have nothing to share, and barriers are dear in software. */
const keepsApart = (form: Form, traits: Traits): boolean => {
  const { M, N } = sizesOf(form)
  return traits.software || Math.min(M, N) <= 4
}

/** Tiles that are worth measuring, the likeliest first. */
export const candidates = (form: Form, traits: Traits): readonly [Tile, ...Tile[]] => {
  const apart = registers(form, traits)
  const all: Tile[] = keepsApart(form, traits)
    ? apart.slice(0, 6)
    : [...shared(form, traits).slice(0, 5), ...apart.slice(0, 1)]
  return [all[0] ?? apart[0]!, ...all.slice(1)]
}

/** The class of shapes to which a measurement applies: sizes within a factor of two, and how operands lie. */
export const shapeClass = (form: Form, dtype: string): string => {
  const { M, N, K, Z } = sizesOf(form)
  const power = (x: number): number => Math.round(Math.log2(Math.max(1, x)))
  const way = (f: 0 | 1): string => {
    const across = f === left ? form.rows : form.columns
    const lies = form.k[0]?.factors[f] === 1 ? 'k' : across[0]?.factors[f] === 1 ? 'x' : 's'
    return `${lies}${form.limits[f].length > 0 ? 'b' : ''}`
  }
  const even = [M, N, K].map((x) => (x % 4 === 0 ? 'e' : 'o')).join('')
  return [dtype, ...[Z, M, N, K].map(power), way(left), way(right), even].join(' ')
}
