/** A schedule as cells in order, each with the storages that it reads and makes, and those that nobody wants after it. */

import type { Schedule } from '../kernel/schedule.js'
import type { Type } from '../program/type.js'
import type { Cell } from './cell.js'
import { type Engine, type Held, letGo, type Play } from './engine.js'
import { render } from './render.js'
import { whyNot } from './whyNot.js'

interface Launch {
  readonly kind: 'launch'
  readonly kernel: string
  readonly cell: Cell
  readonly reads: readonly number[]
  readonly to: number
}

type Act = Launch | { readonly kind: 'copy'; readonly from: number; readonly to: number }

export interface Executable {
  readonly acts: readonly Act[]
  /** After each act, what is no longer wanted. */
  readonly idle: readonly (readonly number[])[]
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly outputTypes: readonly Type[]
  /** Kernels of gpu.js. */
  readonly kernels: number
  /** The most bytes of temporaries and results at once. */
  readonly peakBytes: number
  /** What gpu.js has compiled, made when it is first run. */
  readonly plays: (Play | undefined)[]
}

/** What a schedule becomes, or why it cannot. */
export const executableOf = (
  schedule: Schedule,
  { mostReads, mostCells }: Pick<Engine, 'mostReads' | 'mostCells'>,
): Executable | { readonly reason: string } => {
  const reason = whyNot(schedule)
  if (reason !== undefined) return { reason }
  const large = schedule.storages.find(({ type }) => type.size > mostCells)
  if (large !== undefined) return { reason: `an array of ${large.type.size} elements, of a texture's ${mostCells}` }
  const acts: Act[] = []
  let count = schedule.storages.length
  for (const step of schedule.steps) {
    if (step.kind === 'copy') acts.push({ kind: 'copy', from: step.from, to: step.to })
    if (step.kind !== 'kernel') continue
    const { cells, temporaries } = render(step.kernel)
    const ids = [...step.operands, ...temporaries.map((_, i) => count + i)]
    count += temporaries.length
    for (const cell of cells) {
      const { name } = step.kernel
      if (cell.reads.length > mostReads)
        return { reason: `kernel ${name}: it reads ${cell.reads.length} arrays, and ${mostReads} can be bound` }
      acts.push({ kind: 'launch', kernel: name, cell, reads: cell.reads.map((i) => ids[i]!), to: ids[cell.writes]! })
    }
  }
  const { inputs, outputs } = schedule
  const idle = idleAfter(acts, new Set([...inputs, ...outputs]))
  return {
    acts,
    idle,
    inputs,
    outputs,
    outputTypes: outputs.map((id) => schedule.storages[id]!.type),
    kernels: acts.filter(({ kind }) => kind === 'launch').length,
    peakBytes: peakOf(acts, idle),
    plays: acts.map(() => undefined),
  }
}

const readsOf = (act: Act): readonly number[] => (act.kind === 'copy' ? [act.from] : act.reads)

const idleAfter = (acts: readonly Act[], owned: ReadonlySet<number>): readonly (readonly number[])[] => {
  const last = new Map<number, number>()
  acts.forEach((act, at) => {
    for (const id of [...readsOf(act), act.to]) if (!owned.has(id)) last.set(id, at)
  })
  return acts.map((_, at) => [...last].flatMap(([id, end]) => (end === at ? [id] : [])))
}

const peakOf = (acts: readonly Act[], idle: readonly (readonly number[])[]): number => {
  const sizes = new Map<number, number>()
  let [bytes, peak] = [0, 0]
  acts.forEach((act, at) => {
    const own = act.kind === 'launch' ? 4 * act.cell.size : 0
    // what is written again stands beside what it was until it is made
    peak = Math.max(peak, bytes + own)
    bytes += own - (sizes.get(act.to) ?? 0)
    sizes.set(act.to, own)
    for (const id of idle[at]!) {
      bytes -= sizes.get(id) ?? 0
      sizes.delete(id)
    }
  })
  return peak
}

/** Runs it; the results have one user each, and the inputs as many as before. */
export const runOn = (engine: Engine, executable: Executable, given: readonly Held[]): readonly Held[] => {
  const { acts, idle, inputs, outputs, plays, outputTypes } = executable
  const places = new Map<number, Held>()
  const put = (id: number, held: Held): void => {
    const before = places.get(id)
    places.set(id, held)
    if (before !== undefined) letGo(before)
  }
  const shared = (held: Held): Held => {
    held.users++
    return held
  }
  const blank = (size: number): Held => engine.upload(new Float32Array(size))
  try {
    inputs.forEach((id, i) => put(id, shared(given[i]!)))
    acts.forEach((act, at) => {
      if (act.kind === 'copy') put(act.to, shared(places.get(act.from)!))
      else {
        // a store to some of the cells keeps the others, which the first finds empty
        if (act.reads.includes(act.to) && !places.has(act.to)) places.set(act.to, blank(act.cell.size))
        const play = (plays[at] ??= engine.compile(act.cell))
        put(act.to, play.run(act.reads.map((id) => places.get(id)!)))
      }
      for (const id of idle[at]!) {
        const held = places.get(id)
        if (held !== undefined) letGo(held)
        places.delete(id)
      }
    })
    return outputs.map((id, i) => {
      // nothing writes what has no elements
      if (!places.has(id)) places.set(id, blank(outputTypes[i]!.size))
      return shared(places.get(id)!)
    })
  } finally {
    for (const held of places.values()) letGo(held)
  }
}
