/** The line through points that leaves the least squares.
 *
 *    y ≈ intercept + slope · x,   slope = Σ (x − x̄)(y − ȳ) / Σ (x − x̄)² */

export interface Line {
  readonly slope: number
  readonly intercept: number
}

/** Needs two points with different x.
 *  @example lineThrough([[0, 1], [1, 3], [2, 5]]) // => { slope: 2, intercept: 1 } */
export const lineThrough = (points: readonly (readonly [number, number])[]): Line => {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
  const [x, y] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const slope = points.reduce((s, [a, b]) => s + (a - x) * (b - y), 0) / points.reduce((s, [a]) => s + (a - x) ** 2, 0)
  return { slope, intercept: y - slope * x }
}
