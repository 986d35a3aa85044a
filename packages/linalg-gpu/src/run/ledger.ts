/** What a device has given out: buffers, bytes, and who made them. */

import { fail } from '../errors.js'
import type { Memory } from './device.js'

export interface Ledger {
  readonly add: (maker: string, bytes: number) => void
  readonly remove: (maker: string, bytes: number) => void
  /** Throws where so many bytes more would be above the device's limit. */
  readonly room: (name: string, bytes: number) => void
  /** Counts bytes that are in use during a run, beside the buffers. */
  readonly during: (bytes: number) => void
  readonly bytes: () => number
  readonly memory: () => Memory
  readonly resetPeak: () => void
  /** The makers of the most bytes, in words. */
  readonly largest: () => string
}

export const remedy = 'Free tensors by scope(() => …), iterate, donate or dispose.'

export const ledgerOf = (device: string, limit: number): Ledger => {
  const makers = new Map<string, number>()
  let [count, bytes, peak] = [0, 0, 0]
  // makers that hold nothing stay in the map: who makes and frees the same again and again changes no more than a number
  const account = (maker: string, change: number, buffers: number): void => {
    count += buffers
    makers.set(maker, (makers.get(maker) ?? 0) + change)
    bytes += change
    if (bytes > peak) peak = bytes
  }
  const sorted = (): [string, number][] => [...makers].filter(([, n]) => n !== 0).sort((a, b) => b[1] - a[1])
  const largest = (): string =>
    sorted()
      .slice(0, 3)
      .map((entry) => entry.join(' '))
      .join(', ') || 'none'
  return {
    add: (maker, more) => account(maker, more, 1),
    remove: (maker, less) => account(maker, -less, -1),
    room: (name, more) => {
      if (bytes + more > limit)
        fail(
          name,
          `needs ${more} bytes more on ${device}, which holds ${bytes} of at most ${limit}. Largest makers: ${largest()}. ${remedy}`,
        )
    },
    during: (more) => {
      peak = Math.max(peak, bytes + more)
    },
    bytes: () => bytes,
    memory: () => ({ count, bytes, peak, makers: new Map(sorted()) }),
    resetPeak: () => {
      peak = bytes
    },
    largest,
  }
}
