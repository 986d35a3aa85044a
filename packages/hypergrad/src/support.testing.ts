/** For tests: comparison of trees of tensors with numbers. */

import { readSync, type Tensor } from '@neumann/linalg-gpu'
import { flattenTree, isTensor } from '@neumann/linalg-gpu/program'
import * as assert from 'uvu/assert'

export const elements = (x: Tensor): number[] => Array.from(readSync(x))

/** All numbers of a tree, from left to right, records by sorted keys. */
export const numbers = (tree: unknown): number[] =>
  flattenTree(tree).leaves.flatMap((x) => (isTensor(x) ? elements(x) : [x as number]))

/** Asserts that two trees hold the same numbers, within `tolerance` of the largest of them (at least 1). */
export const near = (got: unknown, want: unknown, tolerance = 1e-10, note = ''): void => {
  const [a, b] = [numbers(got), numbers(want)]
  if (a.length !== b.length) assert.unreachable(`${note}: ${a.length} numbers, expected ${b.length}`)
  const scale = b.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 1)
  a.forEach((v, i) => {
    if (!(Object.is(v, b[i]) || Math.abs(v - b[i]!) <= tolerance * scale))
      assert.unreachable(`${note}: element ${i} is ${v}, expected ${b[i]} (all: ${a} / ${b})`)
  })
}

/** ‖a − b‖ / ‖b‖ */
export const relativeError = (got: unknown, want: unknown): number => {
  const [a, b] = [numbers(got), numbers(want)]
  return Math.hypot(...a.map((v, i) => v - b[i]!)) / Math.hypot(...b)
}
