/** How much code a kernel's nodes are, roughly, in plain operations.
 *
 *  Four points in one thread are twice as fast on SwiftShader where they have one long function, and slower where they have several,
 *  since registers run out; and code takes time to compile, some 20 ms a long function. So only what is light, and has much to do, is
 *  written several times over. */

import type { Loop, Node } from '../../kernel/kernel.js'
import { sizeOf } from '../../shape.js'

const plain: ReadonlySet<string> = new Set([
  'neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc', 'not', 'square', 'relu', 'sqrt',
  'add', 'sub', 'mul', 'div', 'max', 'min', 'and', 'or', 'xor', 'shl', 'shr',
]) // biome-ignore format: a list

const long = 10
const half = 3
/** One long function and some operations. */
const light = 14

const weightOf = (node: Node): number => {
  const rounding = node.dtype === 'f16' ? half : 0
  if (node.kind === 'load') return 1 + rounding + node.access.bounds.length
  if (node.kind !== 'apply') return 0
  const { scalar } = node
  if (scalar.kind === 'threefry' || scalar.kind === 'polygamma') return long
  return rounding + ((scalar.kind === 'unary' || scalar.kind === 'binary') && !plain.has(scalar.fn) ? long : 1)
}

/** Whether these nodes may be written several times over. */
export const isLight = ({ nodes }: Loop, which: readonly number[]): boolean =>
  which.reduce((sum, i) => sum + weightOf(nodes[i]!), 0) <= light

/** Whether there is much to do. */
export const isMuch = ({ grid, inner }: Loop): boolean => sizeOf(grid) * sizeOf(inner) >= 2 ** 15
