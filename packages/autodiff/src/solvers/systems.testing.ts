/** For tests of derivatives of solutions: dense systems in plain numbers, solved by an elimination that shares no code with the solvers. */

export type Dense = readonly (readonly number[])[]

/** Uniform numbers in [−1, 1), the same for the same seed (mulberry32). */
export const draws = (seed: number): (() => number) => {
  let state = Math.imul(seed, 2654435761)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1
  }
}

export const vectorFrom = (n: number, random: () => number): number[] => Array.from({ length: n }, random)
export const matrixFrom = (m: number, n: number, random: () => number): number[][] =>
  Array.from({ length: m }, () => vectorFrom(n, random))

export const transposeOf = (a: Dense): number[][] => (a[0] ?? []).map((_, j) => a.map((row) => row[j]!))
export const applied = (a: Dense, x: readonly number[]): number[] =>
  a.map((row) => row.reduce((sum, v, j) => sum + v * x[j]!, 0))
export const product = (a: Dense, b: Dense): number[][] =>
  transposeOf(transposeOf(b).map((column) => applied(a, column)))
/** a + c b */
export const combined = (a: Dense, c: number, b: Dense): number[][] =>
  a.map((row, i) => row.map((v, j) => v + c * b[i]![j]!))
export const diagonal = (values: readonly number[]): number[][] =>
  values.map((v, i) => values.map((_, j) => (i === j ? v : 0)))

/** The solution of A x = b by elimination with partial pivoting. */
export const eliminated = (a: Dense, b: readonly number[]): number[] => {
  const n = b.length
  const rows = a.map((row, i) => [...row, b[i]!])
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i
    ;[rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!]
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!
    }
  }
  const x = new Array<number>(n).fill(0)
  for (let i = n - 1; i >= 0; i--) {
    let rest = rows[i]![n]!
    for (let j = i + 1; j < n; j++) rest -= rows[i]![j]! * x[j]!
    x[i] = rest / rows[i]![i]!
  }
  return x
}
