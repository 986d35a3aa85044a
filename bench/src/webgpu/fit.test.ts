import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lineThrough } from './fit.js'

test('points on a line give the line', () => {
  assert.equal(lineThrough([[0, 1], [1, 3], [2, 5]]), { slope: 2, intercept: 1 }) // biome-ignore format: points
})

test('others give the line whose residuals are orthogonal to 1 and to x', () => {
  const points = [[1, 2], [2, 1], [4, 7], [64, 30]] as const // biome-ignore format: points
  const { slope, intercept } = lineThrough(points)
  const residuals = points.map(([x, y]) => y - intercept - slope * x)
  // sums of numbers below 64 · 30, rounded a few times
  assert.ok(Math.abs(residuals.reduce((a, b) => a + b)) < 1e-12 * 64 * 30)
  assert.ok(Math.abs(residuals.reduce((s, r, i) => s + r * points[i]![0], 0)) < 1e-12 * 64 * 30)
})

test.run()
