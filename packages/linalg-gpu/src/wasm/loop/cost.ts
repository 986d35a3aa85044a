/** What work costs on one core: a rough model in nanoseconds, from measurements. */

import { isFloat } from '../../dtype.js'
import type { Loop, Node } from '../../kernel/kernel.js'
import { inlineBinaryF32, inlineUnaryF32 } from '../math/f32.js'
import { inlineBinaryF64, inlineUnaryF64 } from '../math/f64.js'
import { inlineBinaryI32 } from '../math/i32.js'
import type { Lanes } from './lanes.js'
import type { Choices } from './plan.js'

/** Of a row of lanes, however short. */
const row = 3
const inline = 0.03
// NaN and the sign of zero take instructions of their own
const extreme = 0.2
const half = 1
const call = 3
const hosted = 20

/** Of one element in vectors of four. */
export const costOfNode = (node: Node): number => {
  if (node.kind === 'load') return 0.1 * node.access.bounds.length + (node.dtype === 'f16' ? half : 0)
  if (node.kind !== 'apply') return 0
  const { scalar, dtype } = node
  const wide = dtype === 'f64'
  const rounding = dtype === 'f16' ? half : 0
  switch (scalar.kind) {
    case 'unary':
      if (!isFloat(dtype)) return inline
      if (wide) return inlineUnaryF64(scalar.fn, []) === undefined ? hosted : inline
      return rounding + (inlineUnaryF32(scalar.fn, []) === undefined ? call : inline)
    case 'binary':
      if (!isFloat(dtype)) return inlineBinaryI32(scalar.fn, 'i32', [], []) === undefined ? call : inline
      if (scalar.fn === 'max' || scalar.fn === 'min') return rounding + extreme
      if (wide) return inlineBinaryF64(scalar.fn, [], []) === undefined ? hosted : inline
      return rounding + (inlineBinaryF32(scalar.fn, [], []) === undefined ? call : inline)
    case 'threefry':
      return call
    case 'polygamma':
      return 5 * hosted
    default:
      return inline
  }
}

const costOfStride = (stride: number): number => (stride === 0 ? 0.01 : stride === 1 ? 0.04 : 0.22)

export const stridesOf = (kernel: Loop): (readonly number[])[] => [
  ...kernel.nodes.flatMap((node) => (node.kind === 'load' ? [node.access.strides] : [])),
  ...kernel.stages.flatMap((stage) => stage.stores.map((store) => store.access.strides)),
]

export const product = (sizes: readonly number[]): number => sizes.reduce((n, size) => n * size, 1)

const workOf = ({ nodes, stages }: Loop): number =>
  nodes.reduce((sum, node) => sum + costOfNode(node), 0) +
  stages.reduce((sum, stage) => sum + 0.1 * stage.reductions.length, 0)

const accessOf = (kernel: Loop, dim: number): number =>
  stridesOf(kernel).reduce((sum, strides) => sum + costOfStride(strides[dim]!), 0)

const stagesInside = ({ stages }: Loop): number => stages.filter((stage) => stage.over === 'inner').length

/** Of one element, where lanes run over a dimension: accesses, lanes that are idle, and the start of each row of lanes. */
export const costOfLane = (kernel: Loop, lanes: Lanes, dim: number): number => {
  const n = Math.max(1, [...kernel.grid, ...kernel.inner][dim]!)
  const idle = (Math.ceil(n / lanes) * lanes) / n
  // over the grid the loop of a row of lanes holds the loops over inner dimensions
  const rows = dim < kernel.grid.length ? 1 / Math.max(1, product(kernel.inner)) : stagesInside(kernel)
  return workOf(kernel) * idle + accessOf(kernel, dim) + (row * rows) / n
}

/** Of one unit. */
export const costOfUnit = (kernel: Loop, { lanes, across, block }: Choices): number => {
  const rank = kernel.grid.length
  const [points, lane] =
    across === 'grid' ? [Math.min(block, kernel.grid[rank - 1]!), rank - 1] : [1, rank + kernel.inner.length - 1]
  const element = (workOf(kernel) + accessOf(kernel, lane)) * (4 / lanes)
  return row + points * element * Math.max(1, product(kernel.inner) * stagesInside(kernel))
}
