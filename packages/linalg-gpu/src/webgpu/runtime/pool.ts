/** Buffers of the GPU, used again and again: what is given back waits for the next of its size, the last given first.
 *
 *  Whether the GPU had room for a buffer is known later: until then whoever takes it is told of that trouble, also as the second one to
 *  take it. Where there was none, what waits is destroyed, and from then on it makes place before more is asked for.
 *
 *  Cost     a buffer is made only where none of its size waits; sizes are rounded up to 256 bytes, or to an eighth of their power of two, as far
 *           as a buffer may be that long. */

/** What is wrong with a buffer, or null; known later. */
export type Trouble = Promise<GPUError | null>

export interface Allocation {
  /** Distinct for distinct buffers. */
  readonly id: number
  readonly buffer: GPUBuffer
  readonly bytes: number
}

interface Made extends Allocation {
  /** Until it is known that there is none. */
  trouble: Trouble | undefined
  broken: boolean
}

export interface Pool {
  readonly take: (bytes: number) => Allocation
  readonly give: (allocation: Allocation) => void
  /** Memory of at least so many bytes in place of what there was. */
  readonly larger: (before: Allocation | undefined, bytes: number) => Allocation
  /** Gives back what is not to be used again. */
  readonly drop: (allocation: Allocation) => void
  /** Bytes that the GPU holds for us, those that wait included. */
  readonly bytes: () => number
  /** Buffers made so far. */
  readonly made: () => number
}

/** The size of the buffer for so many bytes. */
export const roundedSize = (bytes: number): number => {
  const least = Math.max(256, bytes)
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(least)) - 3))
  return Math.ceil(least / step) * step
}

let count = 0

export interface PoolOptions {
  readonly make: (bytes: number) => { readonly buffer: GPUBuffer; readonly trouble: Trouble }
  /** Bytes of the longest buffer: a multiple of 4, and more is never asked for. */
  readonly longest: number
  /** What waits is destroyed, the oldest first, when it holds more bytes than these. */
  readonly idle: number
  /** Above so many bytes in all, nothing waits. */
  readonly most: number
  /** Gets the trouble that a taken buffer may still have. */
  readonly told: (trouble: Trouble) => void
}

export const poolOf = ({ make, longest, idle, most, told }: PoolOptions): Pool => {
  const waiting = new Map<number, Made[]>()
  // a Set remembers the order of insertion
  const oldest = new Set<Made>()
  let [bytes, waits, made, room] = [0, 0, 0, most]
  const destroy = (one: Made): void => {
    bytes -= one.bytes
    one.buffer.destroy()
  }
  const leave = (one: Made): void => {
    oldest.delete(one)
    waiting.set(
      one.bytes,
      waiting.get(one.bytes)!.filter((other) => other !== one),
    )
    waits -= one.bytes
  }
  /** Destroys what waits, the oldest first, as long as something is to be made room for. */
  const trim = (needed: () => boolean): void => {
    for (const one of oldest) {
      if (!needed()) return
      leave(one)
      destroy(one)
    }
  }
  const fresh = (size: number): Made => {
    trim(() => bytes + size > room)
    made++
    bytes += size
    const { buffer, trouble } = make(size)
    const one: Made = { id: count++, buffer, bytes: size, trouble, broken: false }
    trouble.then(
      (error) => {
        if (error === null) {
          one.trouble = undefined
          return
        }
        one.broken = true
        room = Math.min(room, bytes - 1)
        if (oldest.has(one)) {
          leave(one)
          destroy(one)
        }
        trim(() => true)
      },
      () => {}, // the GPU was lost, with all of it
    )
    return one
  }
  const used = (one: Made): Made => {
    if (one.trouble !== undefined) told(one.trouble)
    return one
  }
  const drop: Pool['drop'] = (one) => destroy(one as Made)
  const take: Pool['take'] = (asked) => {
    const size = Math.min(roundedSize(asked), longest)
    const known = waiting.get(size)?.pop()
    if (known === undefined) return used(fresh(size))
    oldest.delete(known)
    waits -= size
    return used(known)
  }
  const give: Pool['give'] = (given) => {
    const one = given as Made
    if (one.broken) return destroy(one)
    const list = waiting.get(one.bytes)
    if (list === undefined) waiting.set(one.bytes, [one])
    else list.push(one)
    oldest.add(one)
    waits += one.bytes
    trim(() => waits > idle || bytes > room)
  }
  return {
    take,
    give,
    larger: (before, asked) => {
      const one = before as Made | undefined
      if (one !== undefined && one.bytes >= asked && !one.broken) return used(one)
      if (one !== undefined) give(one)
      return take(asked)
    },
    drop,
    bytes: () => bytes,
    made: () => made,
  }
}
