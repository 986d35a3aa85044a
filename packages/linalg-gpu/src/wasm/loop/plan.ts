/** From a kernel to its form, and to the words that hold what the form leaves out. */

import { bytesOf } from '../../dtype.js'
import type { Bound, Loop, Node } from '../../kernel/kernel.js'
import type { BoundForm, Form, NodeForm } from './form.js'
import { type Lanes, memoryWordsOf, wordsOf } from './lanes.js'
import { tableOf, type Words } from './table.js'

export interface Plan {
  readonly form: Form
  readonly words: Words
}

export interface Choices {
  readonly lanes: Lanes
  readonly across: Form['across']
  readonly block: number
  readonly unroll: number
}

/** Constants of the code itself. */
const common: ReadonlySet<number> = new Set([0, 1, -1, 2, 0.5, Infinity, -Infinity, Number.NaN])

/** A kernel whose lanes run over the last dimension of its grid, or over its last inner one. */
export const planOf = (kernel: Loop, choices: Choices): Plan => {
  const { across } = choices
  const rank = kernel.grid.length
  const sizes = [...kernel.grid, ...kernel.inner]
  const outer = across === 'grid' ? rank - 1 : rank
  const lane = across === 'grid' ? outer : sizes.length - 1
  const { words, affines, word, affineOf } = tableOf(sizes, outer, lane)
  if (across === 'grid') word(Math.ceil(sizes[lane]! / choices.block))

  const boundsOf = (bounds: readonly Bound[]): BoundForm[] =>
    bounds.map(({ offset, coefficients, size }) => ({ affine: affineOf(offset, coefficients, 1), size: word(size) }))

  const nodes: NodeForm[] = []
  const depthOf = (d: number): number => (d < outer ? 1 : d - outer + 2)
  const placed = (which: readonly number[]): { depth: number; laneful: boolean } => ({
    depth: Math.max(0, ...which.flatMap((i) => affines[i]!.strides.map((stride, d) => (stride < 0 ? 0 : depthOf(d))))),
    laneful: which.some((i) => affines[i]!.lane !== 'zero'),
  })
  const nodeOf = (node: Node): NodeForm => {
    const { dtype } = node
    switch (node.kind) {
      case 'load': {
        const { offset, strides, dynamic } = node.access
        const affine = affineOf(offset, strides, bytesOf(dtype), node.operand, dynamic)
        const bounds = boundsOf(node.access.bounds)
        const where = placed([affine, ...bounds.map((bound) => bound.affine)])
        const [fill, raw] = [wordsOf(dtype, node.fill), memoryWordsOf(dtype, node.fill)]
        return { kind: 'load', dtype, affine, bounds, fill, raw, ...where }
      }
      case 'constant': {
        const bits = wordsOf(dtype, node.value)
        if (common.has(node.value)) return { kind: 'constant', dtype, words: bits, ...placed([]) }
        const [at] = bits.map(word)
        return { kind: 'number', dtype, at: at!, ...placed([]) }
      }
      case 'index': {
        const affine = affineOf(node.offset, node.strides, 1)
        return { kind: 'index', dtype, affine, ...placed([affine]) }
      }
      case 'inside': {
        const bounds = boundsOf(node.bounds)
        return { kind: 'inside', dtype, bounds, ...placed(bounds.map((bound) => bound.affine)) }
      }
      case 'reduced':
        // of this point of the grid: where lanes run over the grid, one for each
        return { ...node, depth: across === 'grid' ? 2 : 1, laneful: across === 'grid' }
      case 'apply': {
        const inputs = node.inputs.map((i) => nodes[i]!)
        return {
          ...node,
          depth: Math.max(0, ...inputs.map((input) => input.depth)),
          laneful: inputs.some((input) => input.laneful),
        }
      }
    }
  }
  for (const node of kernel.nodes) nodes.push(nodeOf(node))
  const stages = kernel.stages.map(({ over, reductions, stores }) => ({
    over,
    reductions,
    stores: stores.map(({ operand, access, node }) => {
      const { dtype } = kernel.operands[operand]!
      return { node, dtype, affine: affineOf(access.offset, access.strides, bytesOf(dtype), operand, access.dynamic) }
    }),
    needs: neededBy(kernel.nodes, [...reductions, ...stores]),
  }))
  return { form: { ...choices, outer, inner: kernel.inner.length, affines, nodes, stages }, words }
}

/** The nodes that these are made of, in order. */
const neededBy = (nodes: readonly Node[], roots: readonly { readonly node: number }[]): number[] => {
  const used = new Set(roots.map(({ node }) => node))
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!
    if (used.has(i) && node.kind === 'apply') for (const input of node.inputs) used.add(input)
  }
  return [...used].sort((a, b) => a - b)
}
