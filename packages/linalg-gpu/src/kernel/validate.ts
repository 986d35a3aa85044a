/** Checks that a Kernel is well formed: nodes and stages in order, dtypes as the rules of operations say, memory within bounds.
 *  Tests switch it on everywhere; it throws with the node or store that is wrong. */

import { arithmetic, type DType, represents } from '../dtype.js'
import { fail, showShape, showType } from '../errors.js'
import { infer } from '../program/infer.js'
import type { Op } from '../program/op.js'
import { typeOf } from '../program/type.js'
import { type Shape, sameShape } from '../shape.js'
import { injective, reached } from './access.js'
import { type Access, type Bound, type Contract, epilogueLoop, type Kernel, type Loop, type Node, type Operand, type Special } from './kernel.js' // biome-ignore format: a list
import { needed } from './point.js'

export const validateKernel = (kernel: Kernel): Kernel => {
  if (kernel.kind === 'loop') loop(kernel)
  else if (kernel.kind === 'contract') contract(kernel)
  else special(kernel)
  return kernel
}

const checkBounds = (name: string, what: string, bounds: readonly Bound[], rank: number): void => {
  for (const { offset, coefficients, size } of bounds)
    if (coefficients.length !== rank || ![offset, size, ...coefficients].every(Number.isInteger))
      fail(name, `${what}: a bound of ${coefficients.length} coefficients over ${rank} dimensions.`)
}

const checkAccess = (
  name: string,
  what: string,
  operands: readonly Operand[],
  operand: number,
  access: Access,
  sizes: Shape,
): Operand => {
  const own = operands[operand] ?? fail(name, `${what}: there is no operand ${operand}.`)
  const { offset, strides, bounds, dynamic } = access
  if (strides.length !== sizes.length || ![offset, ...strides].every(Number.isInteger))
    fail(name, `${what}: strides ${showShape(strides)} over the dimensions ${showShape(sizes)}.`)
  checkBounds(name, what, bounds, sizes.length)
  if (dynamic !== undefined) {
    const starts = operands[dynamic.starts]
    if (
      starts?.dtype !== 'i32' ||
      starts.size < dynamic.strides.length ||
      dynamic.limits.length !== dynamic.strides.length
    )
      fail(name, `${what}: operand ${dynamic.starts} does not hold ${dynamic.strides.length} starts.`)
  }
  const [least, most] = reached(access, sizes) ?? [0, -1]
  if (least <= most && (least < 0 || most >= own.size))
    fail(name, `${what} reaches elements ${least} … ${most} of operand ${operand}, which has ${own.size}.`)
  return own
}

const checkStore = (name: string, what: string, access: Access, sizes: Shape): void => {
  if (access.bounds.length > 0) fail(name, `${what} has bounds: what is not stored has no value.`)
  if (!sizes.includes(0) && !injective(access.strides, sizes))
    fail(name, `${what} writes an element twice: strides ${showShape(access.strides)} over ${showShape(sizes)}.`)
}

const loop = (kernel: Loop): void => {
  const { grid, inner, operands, nodes, stages } = kernel
  const name = `kernel ${kernel.name}`
  const sizes = [...grid, ...inner]
  const reductions = stages.flatMap((stage) => stage.reductions)
  // work at grid points is done over an empty inner shape too
  const used = (strides: readonly number[]): number[] =>
    sizes.map((size, d) => (d >= grid.length && strides[d] === 0 ? Math.max(1, size) : size))
  nodes.forEach((node, i) => checkNode(name, kernel, node, i, reductions, used))
  let numbered = 0
  stages.forEach(({ over, reductions: own, stores }, s) => {
    if (over === 'grid' && own.length > 0) fail(name, `stage ${s} reduces over the grid, whose points are independent.`)
    const roots = [...own, ...stores]
    for (const { node } of roots) if (nodes[node] === undefined) fail(name, `stage ${s}: there is no node n${node}.`)
    for (const i of needed(nodes, roots)) {
      const node = nodes[i]!
      if (node.kind === 'reduced' && node.reduction >= numbered)
        fail(name, `stage ${s} reads n${i}, reduction ${node.reduction}, which is not of an earlier stage.`)
      if (
        over === 'grid' &&
        dimensions(node).some((list) => list.some((stride, d) => d >= grid.length && stride !== 0))
      )
        fail(name, `stage ${s} is over the grid, and n${i} uses an inner dimension.`)
    }
    own.forEach(({ fn, node, dtype }, r) => {
      if (
        nodes[node]!.dtype !== dtype ||
        (fn === 'and' || fn === 'or' ? dtype !== 'bool' : fn === 'sum' && arithmetic(dtype) !== dtype)
      )
        fail(name, `reduction ${numbered + r}: ${fn} of n${node}, ${nodes[node]!.dtype}, in ${dtype}.`)
    })
    stores.forEach(({ operand, access, node }) => {
      const what = `store of n${node} in stage ${s}`
      const { dtype } = checkAccess(name, what, operands, operand, access, used(access.strides))
      if (nodes[node]!.dtype !== dtype)
        fail(name, `${what}: ${nodes[node]!.dtype} into operand ${operand} of ${dtype}.`)
      if (over === 'grid' && access.strides.some((stride, d) => d >= grid.length && stride !== 0))
        fail(name, `${what} uses an inner dimension over the grid.`)
      checkStore(name, what, access, over === 'grid' ? grid : sizes)
    })
    numbered += own.length
  })
}

const dimensions = (node: Node): readonly (readonly number[])[] =>
  node.kind === 'load'
    ? [node.access.strides, ...node.access.bounds.map((bound) => bound.coefficients)]
    : node.kind === 'index'
      ? [node.strides]
      : node.kind === 'inside'
        ? node.bounds.map((bound) => bound.coefficients)
        : []

const checkNode = (
  name: string,
  { operands, nodes, grid, inner }: Loop,
  node: Node,
  i: number,
  reductions: readonly { readonly dtype: DType }[],
  used: (strides: readonly number[]) => number[],
): void => {
  const what = `n${i}, ${node.kind}`
  const rank = grid.length + inner.length
  const expect = (dtype: DType | undefined): void => {
    if (dtype !== node.dtype) fail(name, `${what} is ${node.dtype}, its rule says ${dtype}.`)
  }
  if (node.kind === 'load')
    expect(checkAccess(name, what, operands, node.operand, node.access, used(node.access.strides)).dtype)
  else if (node.kind === 'constant') {
    if (!represents(node.dtype, node.value)) fail(name, `${what}: ${node.value} is no ${node.dtype}.`)
  } else if (node.kind === 'index') {
    if (node.strides.length !== rank) fail(name, `${what}: strides ${showShape(node.strides)} over ${rank} dimensions.`)
  } else if (node.kind === 'inside') checkBounds(name, what, node.bounds, rank)
  else if (node.kind === 'reduced') expect(reductions[node.reduction]?.dtype)
  else {
    const types = node.inputs.map((input) =>
      input < i && nodes[input] !== undefined
        ? typeOf(nodes[input].dtype, [])
        : fail(name, `${what} reads n${input}, which is not before it.`),
    )
    // a scalar is an operation on arrays of rank 0; a cast says its dtype there
    expect(infer({ ...node.scalar, dtype: node.dtype } as unknown as Op, types)[0]!.dtype)
  }
}

const contract = (kernel: Contract): void => {
  const { batch, m, n, k, operands, dtype } = kernel
  const name = `kernel ${kernel.name}`
  const shapes = { a: [...batch, ...m, ...k], b: [...batch, ...k, ...n], out: [...batch, ...m, ...n] }
  ;(['a', 'b', 'out'] as const).forEach((which, i) => {
    const own = checkAccess(name, which, operands, i, kernel[which], shapes[which])
    if (own.dtype !== dtype && (i < 2 || kernel.epilogue === undefined))
      fail(name, `${which} is ${own.dtype}, the sums are ${dtype}.`)
  })
  checkStore(name, 'out', kernel.out, shapes.out)
  if (kernel.epilogue === undefined) return
  const last = epilogueLoop(kernel, kernel.epilogue)
  last.nodes.forEach((node, i) => {
    if (node.kind === 'inside' || (node.kind === 'load' && (node.access.bounds.length > 0 || node.access.dynamic)))
      fail(name, `n${i}, ${node.kind}, has bounds or moves: an epilogue looks at what is always there.`)
    checkNode(name, last, node, i, [{ dtype }], () => shapes.out)
  })
  for (const { operand, access, node } of last.stages[0]!.stores) {
    const what = `store of n${node} in the epilogue`
    const { dtype: to } = checkAccess(name, what, operands, operand, access, shapes.out)
    if (last.nodes[node]?.dtype !== to)
      fail(name, `${what}: ${last.nodes[node]?.dtype} into operand ${operand} of ${to}.`)
    checkStore(name, what, access, shapes.out)
  }
}

const special = ({ name, op, inputs, outputs }: Special): void => {
  const types = infer(op, inputs)
  if (
    types.length !== outputs.length ||
    types.some((t, i) => t.dtype !== outputs[i]!.dtype || !sameShape(t.shape, outputs[i]!.shape))
  )
    fail(`kernel ${name}`, `${op.kind} gives ${types.map(showType).join(' ')}, not ${outputs.map(showType).join(' ')}.`)
}
