/** Random bits as a function of a key and a counter: Threefry-2x32 with 20 rounds, the generator of JAX.
 *
 *      x ← counter + key;   20 ×: x₀ += x₁, x₁ ← rotate(x₁, r) ⊕ x₀;   after every 4: x += next words of the key
 *      third word of the key: k₂ = k₀ ⊕ k₁ ⊕ 0x1BD11BDA
 *
 *  There is no state, so any place of the sequence costs the same; integers only, so the bits are those of every host.
 *  Source   Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */

export type Words = readonly [number, number]

/** Two words of 32 random bits.
 *  @example
 *  threefry([0, 0], [0, 0]).map((word) => word.toString(16)) // => [ '6b200159', '99ba4efe' ] */
export const threefry = ([k0, k1]: Words, [c0, c1]: Words): Words => {
  const key = [k0, k1, k0 ^ k1 ^ 0x1bd11bda]
  let [x0, x1] = [(c0 + k0) | 0, (c1 + k1) | 0]
  for (let group = 0; group < 5; group++) {
    for (const r of rotations[group % 2]!) {
      x0 = (x0 + x1) | 0
      x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0
    }
    x0 = (x0 + key[(group + 1) % 3]!) | 0
    x1 = (x1 + key[(group + 2) % 3]! + group + 1) | 0
  }
  return [x0 >>> 0, x1 >>> 0]
}

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const
