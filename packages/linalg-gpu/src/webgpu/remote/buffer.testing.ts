/** For tests: a `GPUBuffer` whose bytes are in another thread, with `mapSync` as gpuweb proposes it for workers.
 *
 *  Mapped for reading only. As in a browser, what was mapped is detached by `unmap`, and two ranges must not overlap.
 *
 *  Source gpuweb proposal "Synchronous buffer mapping on workers". */

import { fail } from '../../errors.js'
import type { Connection } from './connection.testing.js'

export interface SyncBuffer extends GPUBuffer {
  /** As `mapAsync`, and done when it returns. */
  readonly mapSync: (mode: GPUMapModeFlags, offset?: number, size?: number) => undefined
}

interface Mapping {
  readonly offset: number
  readonly size: number
  /** None while it is pending. */
  bytes?: ArrayBuffer
  readonly given: { readonly from: number; readonly to: number; readonly bytes: ArrayBuffer }[]
}

const wrong = (message: string): DOMException => new DOMException(message, 'OperationError')

export const remoteBuffer = (connection: Connection, device: number, descriptor: GPUBufferDescriptor): SyncBuffer => {
  const { size, usage, label = '', mappedAtCreation = false } = descriptor
  if (mappedAtCreation) fail('createBuffer', 'mappedAtCreation is not there on this GPU for tests: use writeBuffer.')
  const { adopt, ask, block, call } = connection
  const number = connection.number()
  call(device, 'createBuffer', [descriptor], number)

  let mapping: Mapping | undefined
  const begin = (mode: GPUMapModeFlags, offset: number, length: number): Mapping => {
    if (mode !== GPUMapMode.READ)
      fail('mapAsync', `mode is ${mode}: this GPU for tests maps with GPUMapMode.READ alone.`)
    if (mapping !== undefined) throw wrong(`buffer ${label} is mapped, or about to be`)
    mapping = { offset, size: length, given: [] }
    return mapping
  }
  const unmap = (): undefined => {
    if (mapping === undefined) return
    for (const { bytes } of mapping.given) structuredClone(bytes, { transfer: [bytes] })
    mapping = undefined
    call(number, 'unmap', [])
  }

  return adopt<SyncBuffer>(number, {
    size,
    usage,
    label,
    get mapState() {
      return mapping === undefined ? 'unmapped' : mapping.bytes === undefined ? 'pending' : 'mapped'
    },
    mapAsync: async (mode, offset = 0, length = size - offset) => {
      const mine = begin(mode, offset, length)
      try {
        mine.bytes = (await ask(number, 'mapAsync', [mode, offset, length])) as ArrayBuffer
      } catch (error) {
        if (mapping === mine) unmap()
        throw error
      }
      if (mapping !== mine) throw new DOMException(`buffer ${label} was unmapped before it was mapped`, 'AbortError')
    },
    mapSync: (mode, offset = 0, length = size - offset) => {
      const mine = begin(mode, offset, length)
      try {
        mine.bytes = block(number, 'mapAsync', [mode, offset, length]) as ArrayBuffer
      } catch (error) {
        unmap()
        throw error
      }
    },
    getMappedRange: (offset = 0, length = size - offset) => {
      if (mapping?.bytes === undefined) throw wrong(`buffer ${label} is not mapped`)
      const from = offset - mapping.offset
      const to = from + length
      if (from < 0 || to > mapping.size)
        throw wrong(`[${offset}, ${offset + length}) is not within what is mapped of buffer ${label}`)
      if (mapping.given.some((range) => from < range.to && range.from < to))
        throw wrong(`[${offset}, ${offset + length}) of buffer ${label} overlaps a range that was given out`)
      const bytes = mapping.bytes.slice(from, to)
      mapping.given.push({ from, to, bytes })
      return bytes
    },
    unmap,
    destroy: () => {
      unmap()
      call(number, 'destroy', [])
    },
  })
}
