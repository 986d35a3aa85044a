/** A schedule as the WebGPU device runs it: steps that remember what they were bound to. */

import { bytesOf, type DType } from '../../dtype.js'
import { arenaOf, livesOf, reusable } from '../../kernel/arena.js'
import { type Kernel, type Loop, operandsOf } from '../../kernel/kernel.js'
import type { Carry, Row, Schedule, Step } from '../../kernel/schedule.js'
import { byteSize, type Type, typeOf } from '../../program/type.js'
import { render } from '../render.js'
import type { Rendered } from '../rendered.js'
import type { Traits } from '../traits.js'
import { scratchOf } from './bind.js'
import type { Bound } from './host.js'
import { gateSlots } from './host.js'
import { type Pieces, piecesOf } from './pieces.js'

/** A kernel, bound: to be used again where its operands stand in the same places. */
export interface Variant {
  /** By operand: the allocation and the offset in it; then the scratch memory. */
  readonly key: readonly number[]
  readonly dispatches: readonly Bound[]
  /** The operands whose shifts it is told. */
  readonly told: readonly number[]
}

export interface KernelNode {
  readonly kind: 'kernel'
  readonly kernel: Kernel
  readonly operands: readonly number[]
  readonly written: readonly boolean[]
  readonly region: string | undefined
  /** In a loop bindings are all for writing, so that code is the same from turn to turn, whatever buffers come round. */
  readonly looped: boolean
  /** Whether it has no shaders, and the host computes it. */
  readonly hosted: boolean
  readonly variants: Variant[]
  /** The variants that a gate may close. */
  readonly gatedVariants: Variant[]
}

export type Node =
  | KernelNode
  | {
      readonly kind: 'scan'
      readonly length: number
      readonly reverse: boolean
      readonly carry: readonly Carry[]
      readonly rows: readonly (Row & { readonly size: number })[]
      readonly body: readonly Node[]
      readonly direct: boolean
    }
  | {
      readonly kind: 'while'
      readonly carry: readonly Carry[]
      /** Leave the last value of each carry where it belongs. */
      readonly endings: readonly KernelNode[]
      readonly test: readonly Node[]
      readonly flag: number
      readonly body: readonly Node[]
      readonly direct: boolean
      /** Its gate, and in the next word how many turns it has made. */
      readonly slot: number
      /** How many turns are sent at once: as many as it made the last time. */
      expected: number
    }
  | {
      readonly kind: 'switch'
      readonly index: number
      readonly branches: readonly (readonly Node[])[]
      readonly direct: boolean
      /** The gates of its branches, from this one on. */
      readonly slot: number
    }
  | {
      readonly kind: 'print'
      readonly label: string
      readonly sink: (text: string) => void
      readonly from: number
      readonly type: Type
    }

export interface Executable {
  readonly name: string
  readonly types: readonly Type[]
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly inputTypes: readonly Type[]
  readonly outputTypes: readonly Type[]
  readonly nodes: readonly Node[]
  /** Where its temporaries stand. */
  readonly arena: Pieces
  readonly arenaBytes: number
  /** Of its storages the longest. */
  readonly largest: Type
  /** The adapter that it was made for. */
  readonly traits: Traits
  /** The output that may be written into each donated input. */
  readonly reusable: ReadonlyMap<number, number>
  /** Whether the host must look at something on the way. */
  readonly direct: boolean
  /** Dispatches of a loop that one submit takes, as measured. */
  pace: number
}

/** Offsets of bindings are multiples of it, on every adapter. */
const alignment = 256

/** Whether the host has to take part in a step. */
const isDirect = (nodes: readonly Node[]): boolean =>
  nodes.some(
    (node) =>
      node.kind === 'while' ||
      node.kind === 'print' ||
      (node.kind === 'kernel' && node.hosted) ||
      ((node.kind === 'scan' || node.kind === 'switch') && node.direct),
  )

/** Which operands a kernel writes. */
export const writtenBy = (kernel: Kernel): readonly boolean[] => {
  const count = operandsOf(kernel).length
  const written = new Array<boolean>(count).fill(false)
  if (kernel.kind === 'contract') {
    written[2] = true
    for (const { operand } of kernel.epilogue?.stores ?? []) written[operand] = true
  } else if (kernel.kind === 'special') written.fill(true, kernel.inputs.length)
  else for (const { stores } of kernel.stages) for (const { operand } of stores) written[operand] = true
  return written
}

/** A copy of all elements. */
const copyKernel = (dtype: DType, size: number): Loop => ({
  kind: 'loop',
  name: 'copy',
  grid: [size],
  inner: [],
  operands: [
    { dtype, size },
    { dtype, size },
  ],
  nodes: [{ kind: 'load', operand: 0, access: { offset: 0, strides: [1], bounds: [] }, fill: 0, dtype }],
  stages: [
    {
      over: 'grid',
      reductions: [],
      stores: [{ operand: 1, access: { offset: 0, strides: [1], bounds: [] }, node: 0 }],
    },
  ],
})

export const executableOf = (schedule: Schedule, traits: Traits): Executable => {
  const { storages } = schedule
  const types = storages.map(({ type }) => type)
  const lives = livesOf(schedule)
  const arena = arenaOf(schedule, lives, alignment)
  // the first slot is that of what no gate closes
  let slots = 1
  const claim = (count: number): number => {
    const slot = slots
    slots += count
    if (slots > gateSlots) throw new Error(`${schedule.name}: more than ${gateSlots} loops and branches.`)
    return slot
  }
  const kernelNode = (
    kernel: Kernel,
    operands: readonly number[],
    region: string | undefined,
    looped: boolean,
  ): KernelNode => ({
    kind: 'kernel',
    kernel,
    operands,
    written: writtenBy(kernel),
    region,
    looped,
    hosted: kernel.kind === 'special' && isHosted(kernel, traits),
    variants: [],
    gatedVariants: [],
  })
  const copy = (from: number, to: number, region: string | undefined, looped: boolean): KernelNode => {
    const { dtype, size } = types[to]!
    return kernelNode(copyKernel(dtype, size), [from, to], region, looped)
  }
  const build = (steps: readonly Step[], looped: boolean): readonly Node[] =>
    steps.map((step): Node => {
      switch (step.kind) {
        case 'kernel':
          return kernelNode(step.kernel, step.operands, step.region, looped)
        case 'copy':
          return copy(step.from, step.to, step.region, looped)
        case 'print':
          return { kind: 'print', label: step.label, sink: step.sink, from: step.from, type: step.type }
        case 'scan': {
          const body = build(step.body, true)
          const rows = step.rows.map(({ whole, row }) => ({ whole, row, size: types[row]!.size }))
          const { length, reverse, carry } = step
          return { kind: 'scan', length, reverse, carry, rows, body, direct: isDirect(body) }
        }
        case 'while': {
          const [test, body] = [build(step.test, true), build(step.body, true)]
          const endings = step.carry.map(({ before, result }) => copy(before, result, step.region, true))
          const direct = isDirect(test) || isDirect(body)
          return {
            kind: 'while', carry: step.carry, endings, test, flag: step.flag, body, direct, slot: claim(2), expected: 4,
          } // biome-ignore format: a list
        }
        default: {
          const branches = step.branches.map((branch) => build(branch, looped))
          return {
            kind: 'switch',
            index: step.index,
            branches,
            direct: branches.some(isDirect),
            slot: claim(branches.length),
          }
        }
      }
    })
  const nodes = build(schedule.steps, false)
  return {
    name: schedule.name,
    types,
    inputs: schedule.inputs,
    outputs: schedule.outputs,
    inputTypes: schedule.inputs.map((id) => types[id]!),
    outputTypes: schedule.outputs.map((id) => types[id]!),
    nodes,
    arena: piecesOf(arena, types.map(boundBytes), traits.bindingBytes - (traits.bindingBytes % alignment)),
    arenaBytes: arena.bytes,
    largest: types.reduce((most, type) => (byteSize(type) > byteSize(most) ? type : most), typeOf('bool', [])),
    traits,
    reusable: reusable(schedule, lives),
    direct: isDirect(nodes),
    pace: 512,
  }
}

/** The shaders of a kernel of which each operand has a binding of its own. */
export const apart = (kernel: Kernel, traits: Traits): Rendered | undefined => {
  const places = operandsOf(kernel).map((_, binding) => ({ binding, offset: 0, writable: true, shifted: false }))
  return render(kernel, { traits, places, gated: false })
}

const isHosted = (kernel: Kernel, traits: Traits): boolean => apart(kernel, traits) === undefined

/** The most bytes of scratch memory that one of the kernels takes. */
export const scratchBytesOf = (kernels: readonly Kernel[], traits: Traits): number =>
  Math.max(0, ...kernels.map((kernel) => scratchOf(apart(kernel, traits)?.scratch ?? []).end))

/** Bytes of a storage as it is bound: whole vectors of four words. */
export const boundBytes = (type: Type): number => Math.max(16, Math.ceil(byteSize(type) / 16) * 16)
export const elementBytes = (type: Type): number => bytesOf(type.dtype)
