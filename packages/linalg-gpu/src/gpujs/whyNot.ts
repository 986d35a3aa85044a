/** What gpu.js cannot carry, in words: kernels are functions of f32 on one output cell, over textures that hold floats.
 *
 *  Integers are there for indices alone, as floats. An i32 from outside may be beyond 2²⁴ and be rounded; but then it is beyond every
 *  array, and stays so when a little is added. So such indices may be compared with what is small, moved by it and chosen from, and
 *  what is computed so may be read by gathers, and by nobody else. */

import type { Kernel, Loop, Node, Operand } from '../kernel/kernel.js'
import type { Schedule, Step } from '../kernel/schedule.js'
import { whyNoScalar } from './scalar.js'

/** Elements of an array: positions are computed as f32, sums of them too. */
const mostElements = 2 ** 23
/** What counts as small beside an index that may be rounded. */
const small = 2 ** 20

/** Why a schedule cannot run here, naming the kernel; undefined where it can. */
export const whyNot = (schedule: Schedule): string | undefined => {
  const { storages, outputs, inputs, steps } = schedule
  const result = outputs.map((id) => storages[id]!.type.dtype).find((dtype) => dtype !== 'f32' && dtype !== 'bool')
  if (result !== undefined) return `a result is ${result}: gpu.js computes f32, and bool`
  const given = new Set(inputs)
  /** Storages of i32 that a kernel has computed. */
  const computed = new Set<number>()
  for (const step of steps) {
    const reason = whyNotStep(step, given, computed)
    if (reason !== undefined) return reason
  }
  return undefined
}

const whyNotStep = (step: Step, given: ReadonlySet<number>, computed: Set<number>): string | undefined => {
  if (step.kind === 'copy') return undefined
  if (step.kind !== 'kernel') return `it has a ${step.kind}, and gpu.js has kernels alone`
  const { kernel, operands } = step
  const because = (reason: string | undefined): string | undefined => reason && `kernel ${kernel.name}: ${reason}`
  if (kernel.kind === 'special') {
    if (kernel.op.kind !== 'gather') return because(`${kernel.op.kind} is not written for gpu.js`)
    const [x, indices] = kernel.inputs
    return because(
      x!.dtype === 'i32'
        ? 'it gathers i32'
        : (whyNotOperand(x!) ??
            whyNotOperand(indices!) ??
            (x!.shape[kernel.op.batch]! > 2 * small ? 'it gathers from an axis of more than 2²¹' : undefined)),
    )
  }
  for (const [i, operand] of kernel.operands.entries()) {
    const reason = whyNotOperand(operand)
    if (reason !== undefined) return because(reason)
    if (operand.dtype === 'i32' && !given.has(operands[i]!) && reads(kernel, i))
      return because('it computes with integers that were computed before')
    if (operand.dtype === 'i32' && !reads(kernel, i)) computed.add(operands[i]!)
  }
  return because(
    kernel.kind === 'loop' ? whyNotLoop(kernel) : kernel.dtype === 'f32' ? undefined : `a product in ${kernel.dtype}`,
  )
}

const whyNotOperand = ({ dtype, size }: Operand): string | undefined =>
  dtype !== 'f32' && dtype !== 'bool' && dtype !== 'i32'
    ? `it needs ${dtype}, and gpu.js computes f32`
    : size > mostElements
      ? `an array of ${size} elements, of which gpu.js can tell 2²³ apart`
      : undefined

const reads = (kernel: Kernel, operand: number): boolean =>
  kernel.kind !== 'loop' || kernel.nodes.some((node) => node.kind === 'load' && node.operand === operand)

const whyNotLoop = (kernel: Loop): string | undefined => {
  const integers = new Map<number, Whole>()
  for (const [i, node] of kernel.nodes.entries()) {
    const reason = whyNotNode(kernel, node, i, integers)
    if (reason !== undefined) return reason
  }
  const reduced = kernel.stages
    .flatMap((stage) => stage.reductions)
    .find(({ dtype }) => dtype !== 'f32' && dtype !== 'bool')
  return reduced && `a reduction in ${reduced.dtype}`
}

/** An integer by how far it is known: below `most`, or, if `rounded`, from outside and moved by as much at the most. */
interface Whole {
  readonly rounded: boolean
  readonly most: number
}

const span = (offset: number, strides: readonly number[], sizes: readonly number[]): number =>
  strides.reduce((all, stride, d) => all + Math.abs(stride) * Math.max(0, sizes[d]! - 1), Math.abs(offset))

const whyNotNode = (kernel: Loop, node: Node, i: number, integers: Map<number, Whole>): string | undefined => {
  const { dtype } = node
  const sizes = [...kernel.grid, ...kernel.inner]
  const known = (rounded: boolean, most: number): string | undefined => {
    integers.set(i, { rounded, most })
    return most <= 2 * small ? undefined : 'integers beyond 2²¹'
  }
  if (node.kind === 'load' && node.access.dynamic !== undefined) return 'where it reads is computed'
  if (node.kind === 'index' && span(node.offset, node.strides, sizes) > 2 * mostElements) return 'indices beyond 2²⁴'
  if (dtype !== 'i32' && dtype !== 'f32' && dtype !== 'bool') return `it computes ${dtype}`
  if (node.kind !== 'apply') {
    if (dtype !== 'i32') return undefined
    if (node.kind === 'load') return known(true, 0)
    if (node.kind === 'constant') return known(false, Math.abs(node.value))
    return node.kind === 'index' ? known(false, span(node.offset, node.strides, sizes)) : 'a reduction in i32'
  }
  const { scalar, inputs } = node
  const from = kernel.nodes[inputs[0]!]!.dtype
  const reason = whyNoScalar(scalar, from, dtype)
  if (reason !== undefined) return reason
  const wholes = inputs.flatMap((input) => integers.get(input) ?? [])
  if (dtype !== 'i32') {
    if (wholes.length === 0) return undefined
    if (scalar.kind === 'cast') return wholes[0]!.rounded && wholes[0]!.most > 0 ? 'it casts an index' : undefined
    return scalar.kind === 'compare' && wholes.filter(({ rounded }) => rounded).length < 2
      ? undefined
      : 'it computes with integers'
  }
  const [most, rounded] = [wholes.map((it) => it.most), wholes.filter((it) => it.rounded).length]
  if (scalar.kind === 'select') return known(rounded > 0, Math.max(...most))
  const moves = scalar.kind === 'binary' && (scalar.fn === 'add' || (scalar.fn === 'sub' && !wholes[1]?.rounded))
  return moves && wholes.length === 2 && rounded < 2
    ? known(rounded > 0, most[0]! + most[1]!)
    : 'it computes with integers'
}
