/** What is measured on WebGPU: rows of the benchmark's own tasks, at sizes that a software adapter carries. */

import { type Row, tasks } from '../tasks.js'

export const rowOf = (task: string, size: string): Row => {
  const row = tasks.find(({ name }) => name === task)?.rows.find((one) => one.size === size)
  if (row === undefined) throw new Error(`there is no row ${task} ${size}`)
  return row
}

/** For an HVP and the series @jax-js/jax's quickest way is measured, one linearisation that is not jitted: its jitted ways, `hvp-forward`,
 *  `hvp-reverse` and `neumann-jvp`, were seen to take two to three times as long here. */
export const webgpuRows: readonly Row[] = [
  rowOf('mlp-step', '784-256-10 batch 128'),
  rowOf('mlp-step', '784-64-10 batch 128'),
  rowOf('hvp', '784-256-10 batch 128'),
  rowOf('hvp', '784-64-10 batch 128'),
  rowOf('neumann', '5 terms, 784-256-10 batch 128'),
  rowOf('conv', '8x3x32x32, 16 of 3x3'),
  rowOf('softmax', '128x1000'),
]

/** Chains of products that depend on one another and cannot fuse: what a kernel costs the host. */
export const chainRows: readonly Row[] = [1, 2, 4, 8, 16, 32, 64].map((count) => rowOf('jit-kernels', `${count} products`)) // biome-ignore format: one line
