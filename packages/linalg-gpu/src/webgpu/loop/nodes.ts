/** The nodes of a loop kernel as statements: each once, in the outermost loop where all that it is made of is known. */

import type { Node, Scalar } from '../../kernel/kernel.js'
import { needed } from '../../kernel/point.js'
import { applied, threefry } from '../wgsl/apply.js'
import { call } from '../wgsl/library.js'
import { literal } from '../wgsl/literal.js'
import { affineOf, depthOf, depthOfBounds, indexOf, inside, prepareBounds, prepareIndex } from './affine.js'
import type { Writer } from './writer.js'

type Apply = Extract<Node, { readonly kind: 'apply' }>

/** For each node, the innermost group that it depends on. */
export const depthsOf = (w: Writer): readonly number[] => {
  const depths: number[] = []
  for (const node of w.kernel.nodes) depths.push(depthOfNode(w, node, depths))
  return depths
}

const depthOfNode = (w: Writer, node: Node, depths: readonly number[]): number => {
  switch (node.kind) {
    case 'load':
      return Math.max(depthOf(w, node.access.strides), depthOfBounds(w, node.access.bounds))
    case 'index':
      return depthOf(w, node.strides)
    case 'inside':
      return depthOfBounds(w, node.bounds)
    case 'apply':
      return Math.max(0, ...node.inputs.map((i) => depths[i]!))
    default:
      return 0
  }
}

/** Writes, of the nodes that these need, those of one depth, and what deeper ones will ask of this one. */
export const evaluate = (
  w: Writer,
  depths: readonly number[],
  roots: readonly { readonly node: number }[],
  depth: number,
): void => {
  for (const i of needed(w.kernel.nodes, roots)) {
    const node = w.kernel.nodes[i]!
    if (depths[i] === depth) {
      if (node.kind !== 'constant' && node.kind !== 'reduced') valueOf(w, i)
    } else if (depths[i]! > depth) {
      if (node.kind === 'load') {
        prepareBounds(w, node.access.bounds, depth)
        prepareIndex(w, node.access, depth)
      } else if (node.kind === 'inside') prepareBounds(w, node.bounds, depth)
      else if (node.kind === 'index') prepareIndex(w, node, depth)
    }
  }
}

/** The name of a node's value, or a literal. */
export const valueOf = (w: Writer, i: number): string => w.once(`node ${i}`, () => made(w, i))

const made = (w: Writer, i: number): string => {
  const node = w.kernel.nodes[i]!
  const { dtype } = node
  const name = `n${i}`
  const declared = (expression: string): string => {
    w.line(`let ${name} = ${unwrapped(expression)};`)
    return name
  }
  switch (node.kind) {
    case 'constant':
      return literal(node.value, dtype, w.uses)
    case 'reduced':
      return `r${node.reduction}`
    case 'index':
      return declared(
        applied({ kind: 'cast' }, 'i32', dtype, [w.named('at', affineOf(w, node.offset, node.strides))], w.uses),
      )
    case 'inside':
      return w.named('within', inside(w, node.bounds))
    case 'load': {
      const condition = inside(w, node.access.bounds)
      if (condition === 'true') return declared(w.memory.load(node.operand, indexOf(w, node.access)))
      const fill = literal(node.fill, dtype, w.uses)
      if (condition === 'false') return declared(fill)
      const within = w.named('within', condition)
      w.line(`var ${name} = ${fill};`)
      w.block(`if (${within})`, () => w.line(`${name} = ${w.memory.load(node.operand, indexOf(w, node.access))};`))
      return name
    }
    case 'apply':
      if (node.scalar.kind === 'threefry') {
        const inputs = runtime(w, node.inputs)
        const pair = w.once(`threefry ${node.inputs.join()}`, () => {
          w.line(`let words${i} = ${threefry(inputs, w.uses)};`)
          return `words${i}`
        })
        return `${pair}.${node.scalar.word === 0 ? 'x' : 'y'}`
      }
      return declared(applied(node.scalar, w.kernel.nodes[node.inputs[0]!]!.dtype, dtype, argumentsOf(w, node), w.uses))
  }
}

// where a literal beside a value can be no error of compilation: others, such as to shift by 40, can
const plainWithLiterals: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'div', 'max', 'min', 'and', 'or', 'xor'])

/** The values of inputs; literals where they may stand. */
const argumentsOf = (w: Writer, { scalar, inputs, dtype }: Apply): readonly string[] => {
  const constant = inputs.map((i) => w.kernel.nodes[i]!.kind === 'constant')
  const plain =
    scalar.kind === 'select'
      ? !constant[0]
      : (scalar.kind === 'compare' || (scalar.kind === 'binary' && plainWithLiterals.has(scalar.fn))) &&
        constant.includes(false)
  const values = plain ? inputs.map((i) => valueOf(w, i)) : runtime(w, inputs)
  const own = chainOf(scalar)
  if (own === undefined || dtype !== 'f32') return values
  return values.map((value, k) => {
    const input = w.kernel.nodes[inputs[k]!]!
    return input.kind === 'apply' && chainOf(input.scalar) === own ? call(w.uses, 'kept', value) : value
  })
}

/** Sums of sums, and products of products, which a compiler of WGSL may make in another order: (x + c) − c is then x. */
const chainOf = (scalar: Scalar): 'sum' | 'product' | undefined => {
  if (scalar.kind === 'unary') return scalar.fn === 'neg' ? 'sum' : undefined
  if (scalar.kind !== 'binary') return undefined
  if (scalar.fn === 'add' || scalar.fn === 'sub') return 'sum'
  return scalar.fn === 'mul' || scalar.fn === 'div' ? 'product' : undefined
}

/** The values of inputs as names: expressions of literals alone are evaluated, and refused, when the shader is compiled. */
const runtime = (w: Writer, inputs: readonly number[]): readonly string[] =>
  inputs.map((i) =>
    w.kernel.nodes[i]!.kind !== 'constant'
      ? valueOf(w, i)
      : w.once(`runtime ${i}`, () => {
          w.line(`let n${i} = ${unwrapped(valueOf(w, i))};`)
          return `n${i}`
        }),
  )

/** Without parentheses around the whole. */
export const unwrapped = (expression: string): string => {
  if (!expression.startsWith('(')) return expression
  let open = 0
  for (let i = 0; i < expression.length; i++) {
    if (expression[i] === '(') open++
    if (expression[i] === ')' && --open === 0) return i === expression.length - 1 ? expression.slice(1, -1) : expression
  }
  return expression
}
