/** A thread for four neighbouring points of elementwise work, whose elements it reads and writes as vectors: a function computes a
 *  point, and the thread calls it for each of its own.
 *
 *  Faster where there is much to do (twice on SwiftShader), and four times the code to compile: so for light work alone. */

import { bytesOf } from '../../dtype.js'
import type { Access, Loop, Store } from '../../kernel/kernel.js'
import { needed } from '../../kernel/point.js'
import { sizeOf, stridesOf } from '../../shape.js'
import { bitsOf } from '../memory.js'
import type { Dispatch, Site } from '../rendered.js'
import { valueType } from '../wgsl/apply.js'
import { frameOf, further } from './frame.js'
import { packedPoints, storesOf } from './pack.js'
import { stagesOf } from './stages.js'
import { isLight } from './weight.js'

const each = 4

// fewer threads are not worth their longer work
const fewest: Readonly<Record<'software' | 'real', number>> = { software: 2 ** 14, real: 2 ** 18 }

/** Whether points are to be taken in fours. */
export const wantsVectors = (kernel: Loop, { traits }: Site): boolean =>
  kernel.inner.length === 0 &&
  sizeOf(kernel.grid) % each === 0 &&
  sizeOf(kernel.grid) >= fewest[traits.software ? 'software' : 'real'] &&
  vectorsOf(kernel).length > 0 &&
  isLight(kernel, needed(kernel.nodes, storesOf(kernel)))

/** What the function of a point gives back, for its thread to store. */
interface Result {
  readonly store: Store
  readonly type: string
  readonly value: string
}

export const renderVectors = (kernel: Loop, site: Site): Dispatch => {
  const packed = packedPoints(kernel, site)
  const frame = frameOf(kernel, site, { each, variable: 'point', vectors: vectorsOf(kernel), packed })
  const { w, part, memory, uses } = frame
  const given = loadsOf(kernel).filter(({ operand }) => memory.vector(operand))
  for (const { node } of given) w.once(`node ${node}`, () => `n${node}`)
  const results: Result[] = []
  stagesOf(w, {
    ...part,
    store: (store, _, index, value) => {
      const { dtype } = kernel.operands[store.operand]!
      if (packed.has(store)) results.push({ store, type: 'u32', value: bitsOf(dtype, value, uses) })
      else if (memory.vector(store.operand)) results.push({ store, type: valueType(dtype), value })
      else w.line(memory.store(store.operand, index(), value))
    },
  })
  const { text, call } = functionOf(kernel, w.text(), given, results)
  const four = [0, 1, 2, 3]
  const lines = [
    ...given.map(
      ({ node, operand, access }) => `let v${node} = ${memory.load(operand, further('thread', access.offset / each))};`,
    ),
    ...four.map((k) => `${results.length > 0 ? `let p${k} = ` : ''}${call(k)};`),
  ]
  results.forEach(({ store: { operand, access }, type }, i) => {
    const per = 4 / bytesOf(kernel.operands[operand]!.dtype)
    const values = four.map((k) => (results.length === 1 ? `p${k}` : `p${k}.x${i}`))
    if (per === 1)
      lines.push(memory.store(operand, further('thread', access.offset / each), `vec4<${type}>(${values.join(', ')})`))
    for (let first = 0; per > 1 && first < each; first += per) {
      const word = values.slice(first, first + per).map((x, k) => (k === 0 ? x : `(${x} << ${(k * 32) / per}u)`))
      const index = further(each === per ? 'thread' : `thread * ${each / per}`, (first + access.offset) / per)
      lines.push(memory.storeWord(operand, index, word.join(' | ')))
    }
  })
  return frame.shader(lines.join('\n'), text)
}

/** The function of a point, and its call for point k of a thread. */
const functionOf = (
  kernel: Loop,
  body: string,
  given: readonly Load[],
  results: readonly Result[],
): { readonly text: string; readonly call: (k: number) => string } => {
  const [only, another] = results
  const several = another !== undefined
  const type = several ? 'Point' : only?.type
  const values = results.map(({ value }) => value).join(', ')
  const lines = [body, ...(several ? [`return Point(${values});`] : only === undefined ? [] : [`return ${values};`])]
  const placed = /\bpoint\b/.test(body)
  const parameters = [
    ...(placed ? ['point: i32'] : []),
    ...given.map(({ node }) => `n${node}: ${valueType(kernel.nodes[node]!.dtype)}`),
  ]
  const struct = several ? `struct Point { ${results.map((result, i) => `x${i}: ${result.type}`).join(', ')} }\n` : ''
  const inner = lines.join('\n').replace(/^(?=.)/gm, '  ')
  return {
    text: `${struct}fn compute(${parameters.join(', ')})${type === undefined ? '' : ` -> ${type}`} {\n${inner}\n}`,
    call: (k) =>
      `compute(${[
        ...(placed ? [further(`thread * ${each}`, k)] : []),
        ...given.map(({ node }) => `v${node}.${'xyzw'[k]!}`),
      ].join(', ')})`,
  }
}

interface Load {
  readonly node: number
  readonly operand: number
  readonly access: Access
}

/** The loads that are asked for. */
const loadsOf = (kernel: Loop): readonly Load[] =>
  needed(kernel.nodes, storesOf(kernel)).flatMap((i) => {
    const node = kernel.nodes[i]!
    return node.kind === 'load' ? [{ node: i, operand: node.operand, access: node.access }] : []
  })

/** Whether element = point, but for whole vectors before it. */
const alongPoints = ({ grid }: Loop, { offset, strides, bounds, dynamic }: Access): boolean =>
  offset % each === 0 &&
  bounds.length === 0 &&
  dynamic === undefined &&
  stridesOf(grid).every((stride, d) => strides[d] === stride)

/** Operands of 4 bytes an element that points read and write side by side, and nothing else. */
const vectorsOf = (kernel: Loop): readonly number[] => {
  const uses = [...loadsOf(kernel), ...storesOf(kernel)]
  const starts = new Set(uses.map(({ access }) => access.dynamic?.starts))
  return kernel.operands.flatMap(({ dtype }, operand) => {
    const own = uses.filter((use) => use.operand === operand)
    const fits = bytesOf(dtype) === 4 && !starts.has(operand) && own.length > 0
    return fits && own.every(({ access }) => alongPoints(kernel, access)) ? [operand] : []
  })
}
