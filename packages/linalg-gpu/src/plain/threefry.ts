/** Threefry-2×32 with 20 rounds: a keyed bijection of 64 bits; its outputs at the counters 0, 1, 2, … are random.
 *
 *    round      x₀ ← x₀ + x₁;   x₁ ← rotl(x₁, r) ⊕ x₀          r = 13 15 26 6, then 17 29 16 24, and again
 *    every 4    x₀ ← x₀ + k₀;   x₁ ← x₁ + k₁ + block number;   the keys k₀, k₁, k₂ = k₀ ⊕ k₁ ⊕ 0x1BD11BDA turn by one
 *
 *  All words are 32 bits, all sums modulo 2³². The constants are those of Random123 and of JAX.
 *  Laws     the known answers of Random123; for a fixed key no two counters give the same pair.
 *  Source   Salmon, Moraes, Dror, Shaw 2011, “Parallel random numbers: as easy as 1, 2, 3”. */

/** One pair of words. */
export const threefry2x32 = (k0: number, k1: number, c0: number, c1: number): [number, number] => {
  const out0 = new Uint32Array(1)
  const out1 = new Uint32Array(1)
  mix(k0, k1, c0, c1, out0, out1, 0)
  return [out0[0]!, out1[0]!]
}

/** The first n pairs, elementwise: (out0, out1)[i] = threefry2x32(k0[i], k1[i], c0[i], c1[i]). Allocates nothing;
 *  an output may be one of the inputs. */
export const threefryInto = (
  k0: Uint32Array,
  k1: Uint32Array,
  c0: Uint32Array,
  c1: Uint32Array,
  out0: Uint32Array,
  out1: Uint32Array,
  n: number,
): void => {
  for (let i = 0; i < n; i++) mix(k0[i]!, k1[i]!, c0[i]!, c1[i]!, out0, out1, i)
}

const rotations: readonly number[] = [13, 15, 26, 6, 17, 29, 16, 24]

const mix = (
  key0: number,
  key1: number,
  c0: number,
  c1: number,
  out0: Uint32Array,
  out1: Uint32Array,
  at: number,
): void => {
  let k0 = key0 | 0
  let k1 = key1 | 0
  let k2 = key0 ^ key1 ^ 0x1bd11bda
  let x0 = (c0 + k0) | 0
  let x1 = (c1 + k1) | 0
  for (let block = 1; block <= 5; block++) {
    const first = block % 2 === 1 ? 0 : 4
    for (let round = first; round < first + 4; round++) {
      const r = rotations[round]!
      x0 = (x0 + x1) | 0
      x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0
    }
    const turned = k0
    k0 = k1
    k1 = k2
    k2 = turned
    x0 = (x0 + k0) | 0
    x1 = (x1 + k1 + block) | 0
  }
  out0[at] = x0
  out1[at] = x1
}
