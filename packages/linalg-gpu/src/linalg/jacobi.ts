/** Jacobi's methods in plain JavaScript: what eigenvalues and singular values mean, on devices that compile and on this one.
 *
 *  Both rotate two rows at a time by the angle that makes one number zero, again and again, until no number is worth a rotation:
 *
 *    ζ = (b − a) / 2g,   t = sign ζ / (|ζ| + √(1 + ζ²)),   c = 1/√(1 + t²),   s = t c
 *
 *  They are slow and hard to get wrong, and nothing in them is shared with the compiled kernels.
 *  Source   Golub, Van Loan 2013, §8.5 and §8.6.3. */

/** Rows of numbers. */
export type Rows = Float64Array[]

/** The power of two that brings the largest element near 1; NaN where an element is not finite. */
const scaleOf = (a: ArrayLike<number>): number => {
  let top = 0
  for (let i = 0; i < a.length; i++) top = Math.max(top, Math.abs(a[i]!))
  if (top === 0) return 1
  return Number.isFinite(top) ? 2 ** -Math.max(-1000, Math.min(1000, Math.floor(Math.log2(top)))) : NaN
}

/** A component of x decides its sign: the first of those within 15 % of the largest, so that what is equal but for rounding,
 *  as in (1, −1)/√2, does not decide differently each time. */
export const signOf = (x: ArrayLike<number>): number => {
  let top = 0
  for (let i = 0; i < x.length; i++) top = Math.max(top, Math.abs(x[i]!))
  for (let i = 0; i < x.length; i++) if (Math.abs(x[i]!) >= 0.85 * top) return x[i]! < 0 ? -1 : 1
  return 1
}

/** Eigenvalues, ascending, and unit eigenvectors, as rows, of a symmetric matrix of n × n elements; NaN where one is not finite. */
export const symmetricJacobi = (
  elements: ArrayLike<number>,
  n: number,
): { readonly values: number[]; readonly vectors: Rows } => {
  const scale = scaleOf(elements)
  if (Number.isNaN(scale)) return { values: new Array(n).fill(NaN), vectors: unknown(n, n) }
  const a: Rows = identity(n).map((row, i) => row.map((_, j) => scale * elements[i * n + j]!))
  const v = identity(n)
  let turns = 1
  for (let sweep = 0; turns > 0 && sweep < 60; sweep++) {
    turns = 0
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const g = a[p]![q]!
        const [x, y] = [a[p]![p]!, a[q]![q]!]
        // less than the roundings of the two: among equal values it would turn them by any angle, and undo what others did
        if (Math.abs(g) <= Math.max(2 ** -80, 2 ** -56 * Math.sqrt(Math.abs(x * y)))) continue
        turns++
        const [c, s] = rotation(x, y, g)
        rotate(a[p]!, a[q]!, c, s)
        for (const row of a) {
          const [x, y] = [row[p]!, row[q]!]
          row[p] = c * x - s * y
          row[q] = s * x + c * y
        }
        // what these four are, with fewer roundings
        a[p]![p] = x - (s / c) * g
        a[q]![q] = y + (s / c) * g
        a[p]![q] = a[q]![p] = 0
        rotate(v[p]!, v[q]!, c, s)
      }
  }
  const order = a.map((_, i) => i).sort((i, j) => a[i]![i]! - a[j]![j]!)
  return {
    values: order.map((i) => a[i]![i]! / scale),
    vectors: order.map((i) => v[i]!.map((x, _, row) => signOf(row) * x)),
  }
}

/** B = Jᵀ diag(s) Z of k rows of l ≥ k elements: s descending, J and Z with orthonormal rows; NaN where an element is not finite.
 *  The rows of J B are made orthogonal, then s are their lengths. Those of length 0 get any unit vectors orthogonal to the others. */
export const rowJacobi = (b: Rows, l: number): { readonly s: number[]; readonly j: Rows; readonly z: Rows } => {
  const scale = scaleOf(b.flatMap((row) => [...row]))
  if (Number.isNaN(scale))
    return { s: new Array(b.length).fill(NaN), j: unknown(b.length, b.length), z: unknown(b.length, l) }
  const w = b.map((row) => row.map((x) => scale * x))
  const turn = identity(b.length)
  const tolerance = 2 ** -50 * Math.sqrt(l)
  let turns = 1
  for (let sweep = 0; turns > 0 && sweep < 60; sweep++) {
    turns = 0
    for (let p = 0; p < w.length; p++)
      for (let q = p + 1; q < w.length; q++) {
        const [x, y, g] = [dot(w[p]!, w[p]!), dot(w[q]!, w[q]!), dot(w[p]!, w[q]!)]
        if (Math.min(x, y) < 2 ** -900 || Math.abs(g) <= tolerance * Math.sqrt(x) * Math.sqrt(y)) continue
        turns++
        const [c, s] = rotation(x, y, g)
        rotate(w[p]!, w[q]!, c, s)
        rotate(turn[p]!, turn[q]!, c, s)
      }
  }
  const lengths = w.map((row) => Math.sqrt(dot(row, row)))
  const order = lengths.map((_, i) => i).sort((i, k) => lengths[k]! - lengths[i]!)
  const z = order.map((i) => (lengths[i]! < 2 ** -450 ? new Float64Array(l) : w[i]!.map((x) => x / lengths[i]!)))
  complete(z, l)
  return { s: order.map((i) => lengths[i]! / scale), j: order.map((i) => turn[i]!), z }
}

/** Replaces rows of zeros by unit vectors orthogonal to all others: what remains of the first axes that are not nearly in their span. */
const complete = (rows: Rows, l: number): void => {
  let axis = 0
  for (const row of rows) {
    if (row.some((x) => x !== 0)) continue
    for (let left = 0; left < 0.5 / l; axis++) {
      const rest = new Float64Array(l)
      rest[axis] = 1
      // twice is enough for orthogonality to rounding
      for (const other of [...rows, ...rows]) {
        const part = dot(rest, other)
        for (let i = 0; i < l; i++) rest[i]! -= part * other[i]!
      }
      left = dot(rest, rest)
      if (left >= 0.5 / l) row.set(rest.map((x) => x / Math.sqrt(left)))
    }
  }
}

const unknown = (k: number, l: number): Rows => Array.from({ length: k }, () => new Float64Array(l).fill(NaN))

const identity = (n: number): Rows =>
  Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (__, j) => (i === j ? 1 : 0)))

const dot = (x: Float64Array, y: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}

/** Cosine and sine that make [[a, g], [g, b]] diagonal. */
const rotation = (a: number, b: number, g: number): readonly [number, number] => {
  const zeta = (b - a) / (2 * g)
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta))
  const c = 1 / Math.sqrt(1 + t * t)
  return [c, t * c]
}

/** (x, y) ← (c x − s y, s x + c y) for c ≥ 0. With c = 1 − s τ, since a c that rounds to 1 makes rows a little longer at each turn (Rutishauser 1966). */
const rotate = (x: Float64Array, y: Float64Array, c: number, s: number): void => {
  const tau = s / (1 + c)
  for (let i = 0; i < x.length; i++) {
    const [u, v] = [x[i]!, y[i]!]
    x[i] = u - s * (v + tau * u)
    y[i] = v + s * (u - tau * v)
  }
}
