/** An allocator over one WebAssembly memory, in JavaScript and in constant time: no allocation makes a JavaScript object.
 *
 *  The memory is a row of blocks. A block is a header of 16 bytes and its data, which begins at a multiple of 64:
 *
 *    word −4  size of the block, a multiple of 64, + 1 while it is in use
 *    word −3  size of the block before it
 *    word −2  bytes that were asked for
 *
 *  Free neighbours are joined at once. Free blocks stand in lists by size class, eight classes to a power of two, the last
 *  released first, since its bytes are still in the cache: who asks for the same sizes again and again gets the same blocks.
 *  Source   M. Masmano et al. 2004, TLSF: a new dynamic memory allocator for real-time systems. */

export interface Views {
  readonly u8: Uint8Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
}

export interface Heap {
  readonly memory: WebAssembly.Memory
  /** The memory as it is now: read it anew after every `allocate`, which may grow the memory. */
  readonly views: () => Views
  /** The address of so many bytes, a multiple of 64 and never 0, their contents left as they are; undefined when there are no more. */
  readonly allocate: (bytes: number) => number | undefined
  readonly release: (address: number) => void
  /** Bytes that were asked for and not released, those of the runtime itself included. */
  readonly bytes: () => number
  /** Blocks that were asked for and not released. */
  readonly count: () => number
  /** The most bytes since the start or the last `resetPeak`. */
  readonly peak: () => number
  readonly resetPeak: () => void
}

export interface HeapOptions {
  readonly shared: boolean
  /** The memory never becomes larger; its whole range of addresses, at most 4 GiB, where it is left out. */
  readonly maximumBytes?: number | undefined
}

const pageBytes = 65536
const head = 16
const first = 64 // where the first block's data begins: address 0 is never given out
const lists = 200

/** The size class of a block of n · 64 bytes: n itself up to 15, then eight classes to a power of two. */
const classOf = (n: number): number => {
  if (n < 16) return n
  const power = 31 - Math.clz32(n)
  return 16 + 8 * (power - 4) + ((n >>> (power - 3)) & 7)
}

/** A memory with the largest range of addresses that the host grants. */
const open = (shared: boolean, maximumBytes: number): WebAssembly.Memory => {
  const limit = Math.max(2, Math.min(65536, Math.floor(maximumBytes / pageBytes)))
  for (let maximum = limit; ; maximum = Math.floor(maximum / 2))
    try {
      return new WebAssembly.Memory({ initial: Math.min(16, maximum), maximum, shared })
    } catch (error) {
      if (maximum < 256) throw error
    }
}

export const heap = ({ shared, maximumBytes = 65536 * pageBytes }: HeapOptions): Heap => {
  const memory = open(shared, maximumBytes)
  const limit = Math.max(memory.buffer.byteLength, Math.min(maximumBytes, 65536 * pageBytes))
  let views!: Views
  let u32!: Uint32Array
  let end = 0 // where the data of a block behind the last would begin; its header, a fence, is in use and of size 0
  const look = (): void => {
    const { buffer } = memory
    u32 = new Uint32Array(buffer)
    views = {
      u8: new Uint8Array(buffer),
      i32: new Int32Array(buffer),
      u32,
      f32: new Float32Array(buffer),
      f64: new Float64Array(buffer),
    }
    end = buffer.byteLength
  }
  const newest = new Uint32Array(lists) // the first free block of every list; its data begins with the next and the one before
  const filled = new Int32Array(Math.ceil(lists / 32)) // a bit for every list that is not empty
  let bytes = 0
  let count = 0
  let peak = 0

  const insert = (at: number, size: number): void => {
    const list = classOf(size / 64)
    const next = newest[list]!
    u32[at >>> 2] = next
    u32[(at + 4) >>> 2] = 0
    if (next !== 0) u32[(next + 4) >>> 2] = at
    newest[list] = at
    filled[list >>> 5]! |= 1 << (list & 31)
    u32[(at - 16) >>> 2] = size
    u32[(at + size - 12) >>> 2] = size
  }
  const remove = (at: number, size: number): void => {
    const next = u32[at >>> 2]!
    const before = u32[(at + 4) >>> 2]!
    if (next !== 0) u32[(next + 4) >>> 2] = before
    if (before !== 0) u32[before >>> 2] = next
    else {
      const list = classOf(size / 64)
      newest[list] = next
      if (next === 0) filled[list >>> 5]! &= ~(1 << (list & 31))
    }
  }
  /** Makes size bytes at `at` a free block, joined with its free neighbours. */
  const free = (at: number, size: number): void => {
    let from = at
    let all = size
    const after = u32[(at + size - 16) >>> 2]!
    if ((after & 1) === 0) {
      remove(at + size, after)
      all += after
    }
    const before = u32[(at - 12) >>> 2]!
    if (before !== 0 && (u32[(at - before - 16) >>> 2]! & 1) === 0) {
      from -= before
      remove(from, before)
      all += before
    }
    insert(from, all)
  }
  /** A block of at least so many bytes among the first few of a list, or 0. */
  const among = (list: number, size: number, few: number): number => {
    let left = few
    for (let at = newest[list]!; at !== 0 && left > 0; at = u32[at >>> 2]!, left--)
      if (u32[(at - 16) >>> 2]! >= size) return at
    return 0
  }
  /** A free block of at least so many bytes, or 0: of its own class, else of the next that has one, where every block fits. */
  const find = (size: number): number => {
    const own = classOf(size / 64)
    const near = among(own, size, 8)
    if (near !== 0) return near
    let mask = -1 << ((own + 1) & 31)
    for (let w = (own + 1) >>> 5; w < filled.length; w++, mask = -1) {
      const some = filled[w]! & mask
      if (some !== 0) return newest[32 * w + 31 - Math.clz32(some & -some)]!
    }
    return among(own, size, Infinity)
  }
  /** More pages, by a quarter of what there is, so that growing is rare: at least enough for a block of this size. */
  const grow = (size: number): boolean => {
    const last = u32[(end - 12) >>> 2]!
    const tail = (u32[(end - last - 16) >>> 2]! & 1) === 0 ? last : 0
    const needed = Math.ceil((size - tail) / pageBytes)
    const room = Math.floor((limit - end) / pageBytes)
    const step = Math.ceil(Math.min(end / 4, 2 ** 26) / pageBytes)
    for (const pages of [Math.min(room, Math.max(needed, step)), needed]) {
      if (pages < needed || pages > room) continue
      try {
        memory.grow(pages)
      } catch {
        continue // the host refuses: perhaps it grants less
      }
      const at = end
      look()
      u32[(end - 16) >>> 2] = 1
      free(at, pages * pageBytes)
      return true
    }
    return false
  }

  look()
  u32[(end - 16) >>> 2] = 1
  free(first, end - first)

  return {
    memory,
    views: () => views,
    allocate: (asked) => {
      const size = Math.ceil((asked + head) / 64) * 64
      if (!(size <= limit)) return undefined
      let at = find(size)
      if (at === 0) {
        if (!grow(size)) return undefined
        at = find(size)
      }
      const whole = u32[(at - 16) >>> 2]!
      remove(at, whole)
      if (whole > size) insert(at + size, whole - size)
      u32[(at - 16) >>> 2] = size + 1
      u32[(at + size - 12) >>> 2] = size
      u32[(at - 8) >>> 2] = asked
      bytes += asked
      count++
      if (bytes > peak) peak = bytes
      return at
    },
    release: (at) => {
      const size = u32[(at - 16) >>> 2]!
      if ((size & 1) === 0)
        throw new Error(`release: nothing is in use at address ${at}: it may have been released before.`)
      bytes -= u32[(at - 8) >>> 2]!
      count--
      free(at, size - 1)
    },
    bytes: () => bytes,
    count: () => count,
    peak: () => peak,
    resetPeak: () => {
      peak = bytes
    },
  }
}
