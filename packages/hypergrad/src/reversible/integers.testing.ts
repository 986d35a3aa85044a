/** For tests: fixed-point numbers and remainders as integers of unbounded length. */

import type { FixedPoint } from './fixedPoint.js'
import type { Rational } from './rational.js'

export const integers = ({ high, low }: FixedPoint): bigint[] =>
  Array.from(high, (h, i) => (BigInt(h) << 32n) + BigInt(low[i]!))

export const fromIntegers = (c: readonly bigint[]): FixedPoint => ({
  high: Int32Array.from(c, (x) => Number(x >> 32n)),
  low: Uint32Array.from(c, (x) => Number(x & 0xffffffffn)),
})

const floorMod = (a: bigint, m: bigint): bigint => ((a % m) + m) % m

/** Steps 1 to 5 on integers without bounds: the oracle. */
export const multiplied = ([c, kept]: readonly [bigint, bigint], { n, d }: Rational): readonly [bigint, bigint] => {
  const [N, D] = [BigInt(n), BigInt(d)]
  const rest = floorMod(c, D)
  const more = kept * D + rest
  return [((c - rest) / D) * N + floorMod(more, N), more / N]
}
