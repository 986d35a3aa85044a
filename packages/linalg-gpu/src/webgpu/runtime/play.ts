/** Running an executable: its steps in order, recorded for the GPU.
 *
 *  A scan is unrolled as it is recorded: the host knows where each turn's operands stand. Of a branch all ways are recorded, behind
 *  gates that the device itself sets. A loop without a known end is recorded some turns ahead, behind a gate that closes when its test
 *  fails, and then the host looks: as many turns as it made the last time, twice as many each time that is not enough. Where the host
 *  has to take part in between (a loop in a loop, a print, a kernel without shaders), it looks at the flag of each turn. */

import { storage, type TypedArray } from '../../dtype.js'
import { showType } from '../../errors.js'
import { interpret } from '../../kernel/interpret.js'
import type { Carry } from '../../kernel/schedule.js'
import { type Type, typeOf } from '../../program/type.js'
import { decoded } from '../../run/decode.js'
import { showElements } from '../../run/show.js'
import { bind, type Standing } from './bind.js'
import { controlShader } from './control.js'
import { boundBytes, type Executable, elementBytes, type KernelNode, type Node } from './executable.js'
import type { Host } from './host.js'
import { hidden } from './patience.js'
import type { Watch } from './pipelines.js'
import type { Allocation } from './pool.js'
import type { Look, Task } from './queue.js'

export interface Run {
  readonly host: Host
  readonly executable: Executable
  /** By storage. */
  readonly places: Standing[]
  readonly scratch: (bytes: number) => Allocation
  readonly watch: Watch
  /** Called around each kernel, where it is to be timed: then the host looks wherever the way forks, and nothing is recorded that does not run. */
  readonly timed?: (node: KernelNode, record: () => void) => void
}

/** A storage that stands by itself. */
export const standing = (allocation: Allocation, offset: number, type: Type): Standing => ({
  allocation,
  offset,
  bytes: boundBytes(type),
  shift: 0,
  row: false,
})

type WhileNode = Extract<Node, { kind: 'while' }>
type ScanNode = Extract<Node, { kind: 'scan' }>

const kernel = (run: Run, node: KernelNode, gate: number): void => {
  const { host, places, scratch, watch } = run
  const found = bind(host, node, places, gate > 0, scratch)
  if ('code' in found) {
    watch(Promise.resolve(found))
    return
  }
  const { dispatches, told } = found
  if (dispatches.length === 0) return
  let at = 0
  if (gate > 0 || told.length > 0) {
    const words = [gate]
    for (let i = 0; i < told.length; i++) words.push(places[node.operands[told[i]!]!]!.shift)
    // all are told the same, and before they are timed: a full ring is a submit
    at = host.tell(words)
  }
  const record = (): void => {
    for (let i = 0; i < dispatches.length; i++) {
      const bound = dispatches[i]!
      if (bound.pipeline.trouble !== undefined) watch(bound.pipeline.trouble)
      host.dispatch(bound, at)
    }
  }
  if (run.timed === undefined) record()
  else run.timed(node, record)
}

const begin = ({ places }: Run, carry: readonly Carry[]): void => {
  for (const { before, start } of carry) places[before] = places[start]!
}
const aim = ({ places }: Run, carry: readonly Carry[], intoResult: boolean): void => {
  for (const { after, result, spare } of carry) places[after] = places[intoResult ? result : spare]!
}
const turn = ({ places }: Run, carry: readonly Carry[]): void => {
  for (const { before, after } of carry) places[before] = places[after]!
}

/** Points the rows of a scan at those of a turn. */
const rows = ({ places }: Run, node: ScanNode, i: number): void => {
  const at = node.reverse ? node.length - 1 - i : i
  for (const { whole, row, size } of node.rows) {
    const from = places[whole]!
    places[row] = { ...from, shift: from.shift + at * size, row: true }
  }
}

/** Long loops leave by several submits, of about this time each. */
const millisecondsPerSubmit = 60

const pause = ({ host, executable }: Run): void => {
  const count = host.waiting()
  if (count < executable.pace) return
  const begun = performance.now()
  const unseen = hidden()
  host.flush()
  // promises of the queue come in order: the time from submit to done is that of these dispatches, and of what was before them
  host.device.queue.onSubmittedWorkDone().then(
    () => {
      if (unseen || hidden()) return
      const each = (performance.now() - begun) / count
      executable.pace = Math.min(65536, Math.max(64, Math.round(millisecondsPerSubmit / Math.max(each, 1e-4))))
    },
    () => {},
  )
}

/** Records steps in which the host takes no part. */
const encode = (run: Run, nodes: readonly Node[], gate: number): void => {
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!
    switch (node.kind) {
      case 'kernel':
        kernel(run, node, gate)
        break
      case 'scan':
        begin(run, node.carry)
        for (let t = 0; t < node.length; t++) {
          rows(run, node, t)
          aim(run, node.carry, (node.length - t) % 2 === 1)
          encode(run, node.body, gate)
          turn(run, node.carry)
          pause(run)
        }
        break
      case 'switch':
        control(run, { op: 'choose', slot: node.slot, parent: gate, count: node.branches.length, from: node.index })
        node.branches.forEach((branch, j) => encode(run, branch, node.slot + j))
        break
      default:
        throw new Error(`webgpu: ${node.kind} needs the host.`)
    }
  }
}

/** Whether the host takes part in a node. */
const isDriven = ({ timed }: Run, { direct }: { readonly direct: boolean }): boolean => direct || timed !== undefined

/** Runs steps of which some need the host. */
function* drive(run: Run, nodes: readonly Node[]): Task {
  for (const node of nodes)
    switch (node.kind) {
      case 'kernel':
        if (node.hosted) yield* byHost(run, node)
        else kernel(run, node, 0)
        break
      case 'print': {
        const data = yield* elements(run, node.from, node.type)
        node.sink(`${node.label} ${showType(node.type)} ${showElements(node.type, decoded(node.type, data))}`)
        break
      }
      case 'scan':
        if (!isDriven(run, node)) {
          encode(run, [node], 0)
          break
        }
        begin(run, node.carry)
        for (let t = 0; t < node.length; t++) {
          rows(run, node, t)
          aim(run, node.carry, (node.length - t) % 2 === 1)
          yield* drive(run, node.body)
          turn(run, node.carry)
          pause(run)
        }
        break
      case 'switch':
        if (!isDriven(run, node)) encode(run, [node], 0)
        else {
          const [index] = yield* elements(run, node.index, run.executable.types[node.index]!)
          const at = Math.max(0, Math.min(node.branches.length - 1, index!))
          yield* drive(run, node.branches[at]!)
        }
        break
      case 'while':
        yield* whileLoop(run, node)
    }
}

/** Turns that are recorded before the host looks: those behind the end cost their dispatches, though they do nothing. */
const mostAhead = 1024
const mostExpected = 128

function* whileLoop(run: Run, node: WhileNode): Task {
  const { places } = run
  const { carry, flag } = node
  begin(run, carry)
  let turns = 0
  if (isDriven(run, node)) {
    for (; ; turns++) {
      yield* drive(run, node.test)
      const [holds] = yield* elements(run, flag, boolean)
      if (holds === 0) break
      aim(run, carry, turns % 2 === 0)
      yield* drive(run, node.body)
      turn(run, carry)
    }
  } else {
    control(run, { op: 'open', slot: node.slot, parent: 0, count: 0, from: flag })
    for (let ahead = node.expected, sent = 0; ; ahead = Math.min(2 * ahead, mostAhead)) {
      for (let i = 0; i < ahead; i++, sent++) {
        encode(run, node.test, node.slot)
        control(run, { op: 'test', slot: node.slot, parent: 0, count: 0, from: flag })
        aim(run, carry, sent % 2 === 0)
        encode(run, node.body, node.slot)
        turn(run, carry)
        pause(run)
      }
      const words = new Uint32Array((yield* seen(run.host.look(run.host.gates, 4 * node.slot, 8), run.host)).buffer)
      turns = words[1]!
      if (words[0] === 0) break
    }
    node.expected = Math.min(turns + 1, mostExpected)
    for (const { before, start, result, spare } of carry)
      places[before] = places[turns === 0 ? start : turns % 2 === 1 ? result : spare]!
  }
  carry.forEach(({ before, result }, i) => {
    if (places[before] !== places[result]) kernel(run, node.endings[i]!, 0)
  })
}

const boolean = typeOf('bool', [])

function* seen(look: Look, host: Host): Generator<Look, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const bytes = yield look
  host.lookedAt(look)
  return bytes
}

/** The elements of a storage, as they are stored. */
export function* elements(
  { host, places }: Pick<Run, 'host' | 'places'>,
  id: number,
  type: Type,
): Generator<Look, TypedArray, Uint8Array<ArrayBuffer>> {
  const out = storage(type.dtype, type.size)
  if (type.size === 0) return out
  const { allocation, offset, shift } = places[id]!
  const from = offset + shift * elementBytes(type)
  const before = from % 4
  const bytes = yield* seen(host.look(allocation, from - before, before + out.byteLength), host)
  new Uint8Array(out.buffer).set(bytes.subarray(before, before + out.byteLength))
  return out
}

/** A kernel without shaders, by its meaning. */
function* byHost(run: Run, { kernel: own, operands, written }: KernelNode): Task {
  if (own.kind !== 'special') throw new Error(`${own.name}: has no shaders.`)
  const { host, places } = run
  const data: TypedArray[] = []
  for (const [i, type] of [...own.inputs, ...own.outputs].entries())
    data.push(written[i] ? storage(type.dtype, type.size) : yield* elements(run, operands[i]!, type))
  interpret(own, data)
  for (const [i, result] of data.entries()) {
    if (!written[i] || result.length === 0) continue
    const { allocation, offset, shift } = places[operands[i]!]!
    write(host, allocation, offset + shift * result.BYTES_PER_ELEMENT, result)
  }
}

/** Host data into a buffer, in order with what is recorded. Narrow elements may end, or begin, within a word: what else it holds is
 *  nobody's, as storages begin at multiples of 256 bytes. */
const write = (host: Host, to: Allocation, offset: number, data: TypedArray): void => {
  if (offset % 4 !== 0) throw new Error('webgpu: a row of narrow elements cannot be written by the host.')
  host.flush()
  const bytes = new Uint8Array(Math.ceil(data.byteLength / 4) * 4)
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  host.device.queue.writeBuffer(to.buffer, offset, bytes)
}

interface Control {
  readonly op: 'choose' | 'open' | 'test'
  readonly slot: number
  readonly parent: number
  readonly count: number
  /** The storage of the index, or of the flag. */
  readonly from: number
}

/** Sets gates. */
const control = ({ host, places, watch }: Run, { op, slot, parent, count, from }: Control): void => {
  const { allocation, offset, bytes, shift } = places[from]!
  const pipeline = host.pipelines.get(controlShader, true, false)
  if (pipeline.trouble !== undefined) watch(pipeline.trouble)
  const group = groupOf(host, pipeline.layout, allocation, offset, bytes)
  const at = host.tell([['choose', 'open', 'test'].indexOf(op), slot, parent, count, shift])
  host.dispatch({ pipeline, group, second: host.second(false), workgroups: [1, 1, 1] }, at)
}

const groups = new WeakMap<Host, Map<string, GPUBindGroup>>()
const groupOf = (
  host: Host,
  layout: GPUBindGroupLayout,
  { id, buffer }: Allocation,
  offset: number,
  size: number,
): GPUBindGroup => {
  const known = groups.get(host) ?? new Map<string, GPUBindGroup>()
  groups.set(host, known)
  const key = `${id}:${offset}:${size}`
  let group = known.get(key)
  if (group === undefined) {
    if (known.size >= 1024) known.clear()
    group = host.bindGroup(layout, [
      { binding: 0, resource: { buffer: host.gates.buffer } },
      { binding: 1, resource: { buffer, offset, size } },
    ])
    known.set(key, group)
  }
  return group
}

/** Runs all; a task that the queue can go on with, where the host has to look at something. */
export const play = (run: Run): Task | undefined => {
  const { executable, host } = run
  if (!isDriven(run, executable)) {
    encode(run, executable.nodes, 0)
    host.flush()
    return undefined
  }
  return whole(run)
}

function* whole(run: Run): Task {
  yield* drive(run, run.executable.nodes)
  run.host.flush()
}
