/** A schedule as the wasm device runs it: cells that hold the addresses of storages, descriptors of kernels, and a tape. */

import { type Arena, arenaOf, livesOf, reusable } from '../kernel/arena.js'
import type { Kernel, Special } from '../kernel/kernel.js'
import type { Carry, Schedule, Step } from '../kernel/schedule.js'
import type { CustomKernel } from '../program/custom.js'
import { byteSize, type Type } from '../program/type.js'
import { lowerContract } from './contract/lower.js'
import { lowerLoop } from './loop/lower.js'
import type { Lowered } from './lowered.js'
import type { Runtime } from './runtime/runtime.js'
import { opcode } from './runtime/tape.js'
import { lowerSpecial } from './special/lower.js'

export interface Executable {
  readonly name: string
  readonly inputs: readonly Type[]
  readonly outputs: readonly Type[]
  readonly outputBytes: readonly number[]
  /** Addresses of the cells of inputs and outputs. */
  readonly inputCells: readonly number[]
  readonly outputCells: readonly number[]
  /** Cells of temporaries, and where in the arena each stands. */
  readonly temporaries: readonly (readonly [cell: number, offset: number])[]
  /** The output that may be written into each donated input. */
  readonly reusable: ReadonlyMap<number, number>
  readonly arenaBytes: number
  readonly scratchBytes: number
  readonly tape: number
  readonly kernels: number
  /** Where each kernel stands on the tape, for `profile`. */
  readonly marks: ReadonlyMap<number, Mark>
  /** What the tape's HOST instructions do. */
  readonly tasks: readonly HostTask[]
  /** The one block that holds cells, descriptors and tape. */
  readonly block: number
  /** Of which arena the cells of temporaries hold addresses. */
  arena: number
}

export interface Mark {
  readonly name: string
  readonly region: string | undefined
}

/** What the host does in the midst of a program; cells hold the addresses of what it looks at. */
export type HostTask =
  | {
      readonly kind: 'print'
      readonly label: string
      readonly sink: (text: string) => void
      readonly type: Type
      readonly cell: number
    }
  /** A kernel that has no code for wasm, by its oracle. */
  | {
      readonly kind: 'oracle'
      readonly kernel: Special
      readonly custom: CustomKernel
      readonly cells: readonly number[]
    }

/** The kernel that the host computes for a step, where it does. */
const hosted = (kernel: Kernel): CustomKernel | undefined =>
  kernel.kind === 'special' && kernel.op.kind === 'custom' && kernel.op.kernel.wasm === undefined
    ? kernel.op.kernel
    : undefined

const lower = (kernel: Kernel, relaxed: boolean): Lowered => {
  switch (kernel.kind) {
    case 'loop':
      return lowerLoop(kernel)
    case 'contract':
      return lowerContract(kernel, { relaxed })
    case 'special':
      return lowerSpecial(kernel)
  }
}

/** Words under construction, with relative addresses in them: word `at` will hold the address of word `to`. */
interface Draft {
  readonly words: number[]
  readonly relocated: { readonly at: number; readonly to: number }[]
}

/** A word that is to hold the address of another. */
interface Address {
  readonly word: number
}

const emit = (draft: Draft, name: keyof typeof opcode, ...operands: readonly (number | Address)[]): number => {
  const at = draft.words.length
  draft.words.push(opcode[name])
  for (const operand of operands) {
    if (typeof operand !== 'number') draft.relocated.push({ at: draft.words.length, to: operand.word })
    draft.words.push(typeof operand === 'number' ? operand : 0)
  }
  return at
}

/** Lets the operand of a jump that was written with an unknown target point to the next instruction. */
const land = (draft: Draft, at: number, operand: number): void => {
  draft.relocated.push({ at: at + 1 + operand, to: draft.words.length })
}

/** A schedule, laid out: all that can be said of an executable before anything is compiled or put into memory. */
export interface Layout {
  readonly words: readonly number[]
  readonly relocated: Draft['relocated']
  /** Where the numbers of kernel functions belong, in the order of `kernels`. */
  readonly functionsAt: readonly number[]
  readonly kernels: readonly Lowered[]
  readonly arena: Arena
  readonly reusable: ReadonlyMap<number, number>
  readonly tape: number
  readonly marks: readonly (readonly [word: number, mark: Mark])[]
  readonly tasks: readonly HostTask[]
  readonly scratchBytes: number
}

export const layOut = (schedule: Schedule, relaxed: boolean): Layout => {
  const { storages } = schedule
  const lives = livesOf(schedule)
  const arena: Arena = arenaOf(schedule, lives)
  const draft: Draft = { words: storages.map(() => 0), relocated: [] }
  const cell = (storage: number): Address => ({ word: storage })
  const fresh = (): Address => ({ word: draft.words.push(0) - 1 })

  // descriptors and words of loops first, so that the tape is one piece
  const lowered = new Map<Step, { readonly kernel: Lowered; readonly words: Address }>()
  const loops = new Map<Step, { readonly counter: Address; readonly next: readonly Address[] }>()
  const prepare = (steps: readonly Step[]): void => {
    for (const step of steps)
      switch (step.kind) {
        case 'kernel': {
          if (hosted(step.kernel) !== undefined) break
          const kernel = lower(step.kernel, relaxed)
          const words = { word: draft.words.length }
          for (const value of kernel.words) {
            if (typeof value !== 'number')
              draft.relocated.push({ at: draft.words.length, to: step.operands[value.operand]! })
            draft.words.push(typeof value === 'number' ? value : 0)
          }
          lowered.set(step, { kernel, words })
          break
        }
        case 'switch':
          step.branches.forEach(prepare)
          break
        case 'scan':
        case 'while':
          loops.set(step, { counter: fresh(), next: step.carry.map(fresh) })
          if (step.kind === 'while') prepare(step.test)
          prepare(step.body)
          break
        default:
      }
  }
  prepare(schedule.steps)
  const kernels: Lowered[] = []
  const functionsAt: number[] = []
  const marks: [number, Mark][] = []
  const tasks: HostTask[] = []
  const turn = (carry: readonly Carry[], next: readonly Address[]): void =>
    carry.forEach(({ before, after }, i) => {
      emit(draft, 'MOVE', cell(before), cell(after))
      emit(draft, 'SWAP', cell(after), next[i]!)
    })
  const begin = (carry: readonly Carry[], next: readonly Address[], intoResult: boolean): void =>
    carry.forEach(({ start, before, after, result, spare }, i) => {
      emit(draft, 'MOVE', cell(before), cell(start))
      emit(draft, 'MOVE', cell(after), cell(intoResult ? result : spare))
      emit(draft, 'MOVE', next[i]!, cell(intoResult ? spare : result))
    })
  const write = (steps: readonly Step[]): void => {
    for (const step of steps)
      switch (step.kind) {
        case 'kernel': {
          const mark = { name: step.kernel.name, region: step.region }
          const custom = hosted(step.kernel)
          if (custom !== undefined) {
            marks.push([draft.words.length, mark])
            emit(draft, 'HOST', tasks.length)
            tasks.push({ kind: 'oracle', kernel: step.kernel as Special, custom, cells: step.operands })
            break
          }
          const { kernel, words } = lowered.get(step)!
          if (kernel.units === 0) break
          marks.push([draft.words.length, mark])
          kernels.push(kernel)
          functionsAt.push(emit(draft, 'KERNEL', 0, words, kernel.units, kernel.grain) + 1)
          break
        }
        case 'copy': {
          const bytes = byteSize(storages[step.to]!.type)
          if (bytes > 0) emit(draft, 'COPY', cell(step.to), cell(step.from), bytes)
          break
        }
        case 'print':
          emit(draft, 'HOST', tasks.length)
          tasks.push({ kind: 'print', label: step.label, sink: step.sink, type: step.type, cell: step.from })
          break
        case 'scan': {
          const { counter, next } = loops.get(step)!
          const rows = step.rows.map(({ whole, row }) => ({ whole, row, bytes: byteSize(storages[row]!.type) }))
          emit(draft, 'SET', counter, step.length)
          begin(step.carry, next, step.length % 2 === 1)
          for (const { whole, row, bytes } of rows) {
            emit(draft, 'MOVE', cell(row), cell(whole))
            if (step.reverse) emit(draft, 'ADD', cell(row), bytes * (step.length - 1))
          }
          const top = { word: draft.words.length }
          write(step.body)
          turn(step.carry, next)
          for (const { row, bytes } of rows) emit(draft, 'ADD', cell(row), step.reverse ? -bytes : bytes)
          emit(draft, 'LOOP', counter, top)
          break
        }
        case 'while': {
          const { next } = loops.get(step)!
          begin(step.carry, next, true)
          const top = { word: draft.words.length }
          write(step.test)
          const out = emit(draft, 'JUMP_IF_ZERO', cell(step.flag), 0)
          write(step.body)
          turn(step.carry, next)
          emit(draft, 'JUMP', top)
          land(draft, out, 1)
          for (const { before, result } of step.carry) {
            const bytes = byteSize(storages[result]!.type)
            if (bytes > 0) emit(draft, 'COPY', cell(result), cell(before), bytes)
          }
          break
        }
        case 'switch': {
          const count = step.branches.length
          const at = emit(draft, 'SWITCH', cell(step.index), count, ...step.branches.map(() => 0))
          const ends = step.branches.map((branch, i) => {
            land(draft, at, 2 + i)
            write(branch)
            return emit(draft, 'JUMP', 0)
          })
          for (const end of ends) land(draft, end, 0)
        }
      }
  }
  const tape = draft.words.length
  write(schedule.steps)
  emit(draft, 'END')

  return {
    words: draft.words,
    relocated: draft.relocated,
    functionsAt,
    kernels,
    arena,
    reusable: reusable(schedule, lives),
    tape,
    marks,
    tasks,
    scratchBytes: Math.max(0, ...kernels.map(({ scratch }) => scratch)),
  }
}

/** Compiles what a schedule needs and puts it into memory; undefined when there is none left. */
export const buildExecutable = (schedule: Schedule, runtime: Runtime): Executable | undefined => {
  const { storages } = schedule
  const {
    words,
    relocated,
    functionsAt,
    kernels,
    arena,
    marks,
    tasks,
    tape,
    reusable: reuse,
    scratchBytes,
  } = layOut(schedule, runtime.relaxed)
  const numbers = runtime.functionIndex(kernels)
  const block = runtime.heap.allocate(4 * words.length)
  if (block === undefined) return undefined
  const { u32 } = runtime.heap.views()
  u32.set(words, block >>> 2)
  const address = (word: number): number => block + 4 * word
  for (const { at, to } of relocated) u32[(block >>> 2) + at] = address(to)
  functionsAt.forEach((at, i) => {
    u32[(block >>> 2) + at] = numbers[i]!
  })
  return {
    name: schedule.name,
    inputs: schedule.inputs.map((id) => storages[id]!.type),
    outputs: schedule.outputs.map((id) => storages[id]!.type),
    outputBytes: schedule.outputs.map((id) => byteSize(storages[id]!.type)),
    inputCells: schedule.inputs.map(address),
    outputCells: schedule.outputs.map(address),
    temporaries: arena.offsets.flatMap((offset, id) => (offset < 0 ? [] : [[address(id), offset] as const])),
    arenaBytes: arena.bytes,
    tape: address(tape),
    kernels: marks.length,
    marks: new Map(marks.map(([word, mark]) => [address(word), mark])),
    tasks: tasks.map((task) =>
      task.kind === 'print' ? { ...task, cell: address(task.cell) } : { ...task, cells: task.cells.map(address) },
    ),
    block,
    arena: -1,
    reusable: reuse,
    scratchBytes,
  }
}
