/** Where a kernel's operands stand at this moment, and the shaders and bind groups for that. */

import { bytesOf } from '../../dtype.js'
import { operandsOf } from '../../kernel/kernel.js'
import type { Failure } from '../../run/device.js'
import { toldOf } from '../memory.js'
import { render } from '../render.js'
import { bindingsOf, type Place, type Rendered } from '../rendered.js'
import type { KernelNode, Variant } from './executable.js'
import type { Bound, Host } from './host.js'
import type { Allocation } from './pool.js'

/** A storage at this moment. */
export interface Standing {
  readonly allocation: Allocation
  /** Bytes, a multiple of 256; and how many are bound. */
  readonly offset: number
  readonly bytes: number
  /** Elements from there to where it begins, and whether code must reckon with such. */
  readonly shift: number
  readonly row: boolean
}

interface Range {
  readonly allocation: Allocation
  readonly offset: number
  readonly bytes: number
}

interface Ranges {
  readonly ranges: readonly Range[]
  /** By operand: its range, and bytes from there to where it stands. */
  readonly of: readonly number[]
  readonly offsets: readonly number[]
}

/** The bindings: operands over one another share one, and so do all that stand in the same buffer for so many buffers, those that hold
 *  most of them; undefined where there are not as many that hold several. */
const rangesOf = (standings: readonly Standing[], shared: number): Ranges | undefined => {
  const ranges: Range[] = []
  const at = ({ allocation, offset, bytes }: Range): number => {
    const known = ranges.findIndex(
      (range) => range.allocation === allocation && range.offset === offset && range.bytes === bytes,
    )
    return known >= 0 ? known : ranges.push({ allocation, offset, bytes }) - 1
  }
  for (const one of standings) at(one)
  const counts = new Map<Allocation, Range[]>()
  for (const range of ranges) counts.set(range.allocation, [...(counts.get(range.allocation) ?? []), range])
  const several = [...counts].filter(([, own]) => own.length > 1).sort(([, a], [, b]) => b.length - a.length)
  if (several.length < shared) return undefined
  const wholes = new Map(
    several.slice(0, shared).map(([allocation, own]) => {
      const offset = Math.min(...own.map((range) => range.offset))
      return [
        allocation,
        { allocation, offset, bytes: Math.max(...own.map((range) => range.offset + range.bytes)) - offset },
      ]
    }),
  )
  ranges.length = 0
  const homes = standings.map((one) => wholes.get(one.allocation) ?? one)
  return { of: homes.map(at), ranges, offsets: standings.map(({ offset }, i) => offset - homes[i]!.offset) }
}

const same = (key: readonly number[], node: KernelNode, places: readonly Standing[], scratch: number): boolean => {
  const { operands } = node
  for (let i = 0; i < operands.length; i++) {
    const { allocation, offset, row } = places[operands[i]!]!
    if (key[3 * i] !== allocation.id || key[3 * i + 1] !== offset || key[3 * i + 2] !== Number(row)) return false
  }
  return key.length === 3 * operands.length || key[3 * operands.length] === scratch
}

/** More than these are forgotten, the oldest first: a call has as many as its buffers have constellations. */
const mostVariants = 64

/** The node, bound to where its operands stand. */
export const bind = (
  host: Host,
  node: KernelNode,
  places: readonly Standing[],
  gated: boolean,
  scratch: (bytes: number) => Allocation,
): Variant | Failure => {
  const variants = gated ? node.gatedVariants : node.variants
  const memory = scratch(0).id
  for (let i = 0; i < variants.length; i++) if (same(variants[i]!.key, node, places, memory)) return variants[i]!
  const made = make(host, node, places, gated, scratch)
  if ('code' in made) return made
  if (variants.length >= mostVariants) variants.shift()
  variants.push(made)
  return made
}

/** Pieces of scratch memory in one buffer, and where it ends. */
export const scratchOf = (
  sizes: readonly number[],
): { readonly pieces: readonly { readonly offset: number; readonly bytes: number }[]; readonly end: number } => {
  const pieces: { readonly offset: number; readonly bytes: number }[] = []
  let end = 0
  for (const size of sizes) {
    const bytes = Math.max(16, Math.ceil(size / 16) * 16)
    pieces.push({ offset: end, bytes })
    end = Math.ceil((end + bytes) / 256) * 256
  }
  return { pieces, end }
}

interface Placed extends Ranges {
  readonly places: readonly Place[]
  readonly rendered: Rendered
}

/** The shaders, with as few operands under one binding as let them have all: code for operands by themselves is simpler. */
const placed = (
  { traits, tileOf }: Host,
  node: KernelNode,
  all: readonly Standing[],
  gated: boolean,
): Placed | undefined => {
  const { kernel, operands, written, looped } = node
  const standings = operands.map((id) => all[id]!)
  const sizes = operandsOf(kernel)
  const dirty = new Set(standings.filter((_, i) => written[i]).map(({ allocation }) => allocation))
  const most = traits.bindings - (gated ? 1 : 0)
  for (let shared = 0; ; shared++) {
    const found = rangesOf(standings, shared)
    if (found === undefined) return undefined
    const places = standings.map(
      ({ allocation, row }, i): Place => ({
        binding: found.of[i]!,
        offset: found.offsets[i]! / bytesOf(sizes[i]!.dtype),
        writable: looped || dirty.has(allocation),
        shifted: row,
      }),
    )
    const site = { traits, places, gated }
    const rendered = render(kernel, site, tileOf?.(node, site))
    if (rendered === undefined) throw new Error(`${kernel.name}: has no shaders.`)
    if (rendered.dispatches.every(({ bindings }) => bindings.length <= most)) return { ...found, places, rendered }
  }
}

const make = (
  host: Host,
  node: KernelNode,
  all: readonly Standing[],
  gated: boolean,
  scratch: (bytes: number) => Allocation,
): Variant | Failure => {
  const found = placed(host, node, all, gated)
  if (found === undefined)
    return {
      code: 'limitExceeded',
      message: `${node.kernel.name}: needs more than the ${host.traits.bindings} storage buffers that this GPU gives a kernel: compute it in parts, or on the wasm device.`,
    }
  const { ranges, places, rendered } = found
  const standings = node.operands.map((id) => all[id]!)
  const count = bindingsOf(places)
  const { pieces, end } = scratchOf(rendered.scratch)
  const { maxBufferSize } = host.device.limits
  if (end > maxBufferSize)
    return {
      code: 'limitExceeded',
      message: `${node.kernel.name}: needs ${end} bytes beside its operands, and this GPU has ${maxBufferSize} at most in a buffer: compute it in parts, or on the wasm device.`,
    }
  const memory = end > 0 ? scratch(end) : undefined
  const told = toldOf({ places })
  const hasTold = gated || told.length > 0
  const dispatches = rendered.dispatches
    .filter(({ workgroups }) => !workgroups.includes(0))
    .map((dispatch): Bound => {
      const pipeline = host.pipelines.get(dispatch, hasTold, gated)
      const group = host.bindGroup(
        pipeline.layout,
        dispatch.bindings.map(({ binding }) => {
          const range = binding < count ? ranges[binding]! : { allocation: memory!, ...pieces[binding - count]! }
          return { binding, resource: { buffer: range.allocation.buffer, offset: range.offset, size: range.bytes } }
        }),
      )
      return { pipeline, group, second: hasTold ? host.second(gated) : undefined, workgroups: dispatch.workgroups }
    })
  const key = standings.flatMap(({ allocation, offset, row }) => [allocation.id, offset, Number(row)])
  if (memory !== undefined) key.push(memory.id)
  return { key, dispatches, told }
}
