/** The epilogue of a contraction: a function of a sum, and of what stands in other operands at the same point.
 *
 *  What it reads and where it stores are affine functions of the point, numbered after those of the contraction itself: first those of
 *  its parameters, loads and indices, then those of the stores beside out. */

import type { DType } from '../../dtype.js'
import { type Contract, type Epilogue, epilogueLoop } from '../../kernel/kernel.js'
import { needed } from '../../kernel/point.js'
import { valueOf } from '../loop/nodes.js'
import { writerOf } from '../loop/writer.js'
import type { Memory } from '../memory.js'
import { applied, valueType } from '../wgsl/apply.js'
import type { Uses } from '../wgsl/library.js'

/** An affine function of [...batch, ...m, ...n]. */
export interface Move {
  readonly offset: number
  readonly strides: readonly number[]
}

export interface Parameter extends Move {
  readonly node: number
  /** What is loaded; an index has none. */
  readonly operand: number | undefined
  readonly dtype: DType
}

const rootsOf = ({ node, stores }: Epilogue): readonly { readonly node: number }[] => [{ node }, ...stores]

export const parametersOf = (epilogue: Epilogue): readonly Parameter[] =>
  needed(epilogue.nodes, rootsOf(epilogue)).flatMap((i): Parameter[] => {
    const node = epilogue.nodes[i]!
    if (node.kind === 'index')
      return [{ node: i, operand: undefined, offset: node.offset, strides: node.strides, dtype: node.dtype }]
    if (node.kind !== 'load') return []
    const { offset, strides } = node.access
    return [{ node: i, operand: node.operand, offset, strides, dtype: node.dtype }]
  })

/** The affine functions of an epilogue, in order. */
export const movesOf = (epilogue: Epilogue | undefined): readonly Move[] =>
  epilogue === undefined ? [] : [...parametersOf(epilogue), ...epilogue.stores.map(({ access }) => access)]

/** The function `finish`: its declaration, and what it gives of the stores in order, out first, by an expression of its value. */
export interface Finish {
  readonly declaration: string
  readonly results: readonly { readonly operand: number; readonly of: (value: string) => string }[]
}

export const finishOf = (kernel: Contract, epilogue: Epilogue, memory: Memory, uses: Uses): Finish => {
  const loop = epilogueLoop(kernel, epilogue)
  const w = writerOf(loop, memory, uses, [{ first: 0, end: loop.grid.length, variable: '' }])
  const given = parametersOf(epilogue).map(({ node, operand, dtype }) => {
    const name = operand === undefined ? `i${node}` : `x${node}`
    w.once(`node ${node}`, () => (operand === undefined ? applied({ kind: 'cast' }, 'i32', dtype, [name], uses) : name))
    return `${name}: ${operand === undefined ? 'i32' : valueType(dtype)}`
  })
  const values = rootsOf(epilogue).map(({ node }) => valueOf(w, node))
  const types = rootsOf(epilogue).map(({ node }) => valueType(epilogue.nodes[node]!.dtype))
  const several = values.length > 1
  const type = several ? 'Finished' : types[0]!
  const struct = several ? `struct Finished { ${types.map((own, i) => `x${i}: ${own}`).join(', ')} }\n` : ''
  const result = several ? `Finished(${values.join(', ')})` : values[0]!
  const head = `fn finish(${[`r0: ${valueType(kernel.dtype)}`, ...given].join(', ')}) -> ${type} {`
  const lines = [...(w.text() === '' ? [] : w.text().split('\n')), `return ${result};`].map((line) => `  ${line}`)
  return {
    declaration: `${struct}${[head, ...lines, '}'].join('\n')}`,
    results: [2, ...epilogue.stores.map(({ operand }) => operand)].map((operand, i) => ({
      operand,
      of: (value) => (several ? `${value}.x${i}` : value),
    })),
  }
}
