/** The numbers that every contestant computes with: made from a description, by a rule that is the same in TypeScript and in Python
 *  (`contestants/pytorch.py`), so that nothing but small descriptions crosses between the processes.
 *
 *  uniform    offset + scale · u,  u in [−1, 1): word(i, seed) >> 8 in steps of 2⁻²³; exact in f32 before the scale
 *  index      word(i, seed) mod high, i32
 *  onehot     shape [n, classes]: 1 at word(row, seed) mod classes, f32 */

export interface Input {
  readonly kind: 'uniform' | 'index' | 'onehot'
  readonly shape: readonly number[]
  readonly seed: number
  readonly scale?: number
  readonly offset?: number
  readonly high?: number
}

export type Elements = Float32Array | Int32Array

/** What a contestant gets: elements, row-major, and their shape. */
export interface Given {
  readonly shape: readonly number[]
  readonly data: Elements
}

/** A hash of the index: the finalizer of MurmurHash3 over i · golden + seed. */
export const word = (i: number, seed: number): number => {
  let h = (Math.imul(i, 0x9e3779b1) + Math.imul(seed, 0x85ebca77)) | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const countOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

export const elementsOf = ({ kind, shape, seed, scale = 1, offset = 0, high = 1 }: Input): Elements => {
  const count = countOf(shape)
  if (kind === 'index') return Int32Array.from({ length: count }, (_, i) => word(i, seed) % high)
  const out = new Float32Array(count)
  if (kind === 'onehot') {
    const [rows, classes] = shape as readonly [number, number]
    for (let row = 0; row < rows; row++) out[row * classes + (word(row, seed) % classes)] = 1
  } else for (let i = 0; i < count; i++) out[i] = offset + scale * ((word(i, seed) >>> 8) * 2 ** -23 - 1)
  return out
}

export const givenOf = (inputs: { readonly [name: string]: Input }): Readonly<Record<string, Given>> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, { shape: input.shape, data: elementsOf(input) }]),
  )
