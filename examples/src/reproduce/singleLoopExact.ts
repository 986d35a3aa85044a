/** The logistic problem solved to rounding, by other means than what is compared: Newton's method inside, BFGS outside, on plain arrays.
 *
 *  z*: ∇₁G = 0 by Newton;   ∇h_k = e^xₖ zₖ vₖ,   ∇²₁₁G v = −∇F(z*) */

export interface LogisticData {
  /** [n, p], row by row. */
  readonly features: Float64Array
  /** ±1 */
  readonly label: Float64Array
}

/** Mean loss, its gradient and its Hessian at z. */
const logistic = ({ features, label }: LogisticData, z: readonly number[]) => {
  const [n, p] = [label.length, z.length]
  const gradient = new Array<number>(p).fill(0)
  const hessian = new Float64Array(p * p)
  let value = 0
  for (let i = 0; i < n; i++) {
    let margin = 0
    for (let k = 0; k < p; k++) margin += features[i * p + k]! * z[k]!
    margin *= label[i]!
    value += Math.max(-margin, 0) + Math.log1p(Math.exp(-Math.abs(margin)))
    const share = 1 / (1 + Math.exp(margin))
    const [slope, bend] = [-share * label[i]!, share * (1 - share)]
    for (let k = 0; k < p; k++) {
      const f = features[i * p + k]!
      const bent = bend * f
      gradient[k]! += slope * f
      for (let l = 0; l <= k; l++) hessian[k * p + l]! += bent * features[i * p + l]!
    }
  }
  const full = z.map((_, k) => z.map((_, l) => hessian[Math.max(k, l) * p + Math.min(k, l)]! / n))
  return { value: value / n, gradient: gradient.map((g) => g / n), hessian: full }
}

/** A⁻¹ b by Gauss's elimination; A is positive definite. */
const solved = (A: readonly (readonly number[])[], b: readonly number[]): number[] => {
  const rows = A.map((row, k) => [...row, b[k]!])
  for (const [k, pivot] of rows.entries())
    for (const row of rows.slice(k + 1)) {
      const factor = row[k]! / pivot[k]!
      for (let l = k; l < row.length; l++) row[l]! -= factor * pivot[l]!
    }
  const x = new Array<number>(b.length).fill(0)
  for (let k = b.length - 1; k >= 0; k--) {
    const known = x.reduce((sum, v, l) => (l > k ? sum + rows[k]![l]! * v : sum), 0)
    x[k] = (rows[k]![b.length]! - known) / rows[k]![k]!
  }
  return x
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, k) => sum + v * b[k]!, 0)

/** h and ∇h at x. */
export const exactly = (train: LogisticData, validation: LogisticData, x: readonly number[]) => {
  const penalty = x.map(Math.exp)
  let z = x.map(() => 0)
  let at = logistic(train, z)
  const full = () => at.hessian.map((row, k) => row.map((v, l) => (k === l ? v + penalty[k]! : v)))
  for (let i = 0; i < 30; i++) {
    const slope = at.gradient.map((g, k) => g + penalty[k]! * z[k]!)
    if (Math.hypot(...slope) < 1e-13) break
    const move = solved(full(), slope)
    z = z.map((v, k) => v - move[k]!)
    at = logistic(train, z)
  }
  const outside = logistic(validation, z)
  const v = solved(full(), outside.gradient).map((q) => -q)
  return { value: outside.value, gradient: x.map((_, k) => penalty[k]! * z[k]! * v[k]!) }
}

/** The least h, by BFGS from x. */
export const leastValue = (
  train: LogisticData,
  validation: LogisticData,
  start: readonly number[],
  steps = 120,
): number => {
  let x = [...start]
  let at = exactly(train, validation, x)
  let inverse: readonly (readonly number[])[] = x.map((_, k) => x.map((_, l) => (k === l ? 10 : 0)))
  for (let i = 0; i < steps && Math.hypot(...at.gradient) > 1e-9; i++) {
    const d = inverse.map((row) => -dot(row, at.gradient))
    // a log-penalty that moves by more than 2 at once has left what is known
    let t = Math.min(1, 2 / Math.max(...d.map(Math.abs)))
    let next = at
    for (let tries = 0; tries < 20; tries++, t /= 2) {
      next = exactly(
        train,
        validation,
        x.map((v, k) => v + t * d[k]!),
      )
      if (next.value <= at.value + 1e-4 * t * dot(d, at.gradient)) break
    }
    const s = d.map((v) => t * v)
    const y = next.gradient.map((g, k) => g - at.gradient[k]!)
    const sy = dot(s, y)
    if (sy > 0) {
      const left = inverse.map((row) => dot(row, y))
      const scale = (1 + dot(y, left) / sy) / sy
      inverse = inverse.map((row, k) =>
        row.map((v, l) => v + scale * s[k]! * s[l]! - (left[k]! * s[l]! + s[k]! * left[l]!) / sy),
      )
    }
    if (next.value >= at.value) break
    x = x.map((v, k) => v + s[k]!)
    at = next
  }
  return at.value
}
