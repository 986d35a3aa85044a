/** For tests: a job that takes milliseconds, and its numbers by hand. */

import { fromArrays } from '@neumann/data'
import type { Training } from '@neumann/hypergrad'
import { array, dot, matmul, mean, square, sub, type Tensor } from '@neumann/linalg-gpu'
import { type Choice, parseOptions } from './options.js'
import { learnerOf } from './tasks/learnerOf.js'
import type { Job, Part } from './tasks/task.js'

type Line = { readonly x: Tensor; readonly y: Tensor }
export type LineState = Training<Tensor, unknown>

/** y = 3 x₀ − 2 x₁, and something else. */
const rows = (count: number, phase: number, size: number): Part => {
  const x = Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(phase + 1.7 * i))
  const y = Float32Array.from({ length: count }, (_, i) => 3 * x[2 * i]! - 2 * x[2 * i + 1]! + 0.1 * Math.cos(i * i))
  return {
    source: fromArrays({ x: { data: x, shape: [count, 2] }, y: { data: y, shape: [count] } }),
    size,
    order: 'shuffled',
  }
}

const error = (w: Tensor, { x, y }: Line): Tensor => mean(square(sub(matmul(x, w), y)))

/** Linear regression with two weights. */
export const line: Job<LineState, Tensor, Line> = {
  data: '24 rows',
  model: 'line <1>',
  parts: { train: rows(24, 0, 4), validation: rows(10, 1, 5), test: rows(7, 2, 7) },
  learner: learnerOf<Tensor, Line>({
    init: () => array([0.5, 0.25]),
    loss: error,
    score: (w, batch) => ({ loss: error(w, batch), length: dot(w, w) }),
  }),
  show: ({ loss }) => ({ loss: loss!.toFixed(4) }),
}

export const choiceOf = (...words: string[]): Choice =>
  parseOptions(['--interval', '3', '--batch', '4', '--settings', '2', '--device', 'plain', ...words], {}).choice
