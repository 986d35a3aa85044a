/** One ordered queue of work on a device. Work runs at once, unless something before it waits for the GPU.
 *
 *  A task may be a generator: what it yields is a buffer to be mapped, and it goes on with the bytes. Where buffers can be mapped at
 *  once (`mapSync`, a proposal of gpuweb for workers) nobody waits; elsewhere tasks after it stand in line. */

/** A buffer that can be mapped for reading, of which so many bytes are wanted. It is unmapped afterwards. */
export interface Look {
  readonly buffer: GPUBuffer
  readonly bytes: number
}

export type Task = Generator<Look, void, Uint8Array<ArrayBuffer>>

interface SyncBuffer extends GPUBuffer {
  readonly mapSync?: (mode: GPUMapModeFlags, offset?: number, size?: number) => undefined
}

export const canMapAtOnce = (buffer: GPUBuffer): boolean => (buffer as SyncBuffer).mapSync !== undefined

const taken = ({ buffer, bytes }: Look): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(buffer.getMappedRange(0, padded(bytes)).slice(0, bytes))
  buffer.unmap()
  return out
}
const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4

export const lookAtOnce = (look: Look): Uint8Array<ArrayBuffer> => {
  ;(look.buffer as SyncBuffer).mapSync!(GPUMapMode.READ, 0, padded(look.bytes))
  return taken(look)
}

export const lookLater = async (look: Look): Promise<Uint8Array<ArrayBuffer>> => {
  await look.buffer.mapAsync(GPUMapMode.READ, 0, padded(look.bytes))
  return taken(look)
}

export interface Queue {
  /** Runs it after all that was put in before it. What it promises never rejects; what comes after it waits for that, too. */
  readonly put: (entry: Entry) => void
  readonly idle: () => boolean
}

type Entry = () => Task | Promise<void> | undefined

export const queueOf = (): Queue => {
  const line: Entry[] = []
  /** Whether something runs, or waits for the GPU: what a task itself puts in stands in line, too. */
  let busy = false
  /** Runs a stretch of a task; whether it then waits. */
  const advance = (running: Task, go: () => IteratorResult<Look, void>): boolean => {
    let step = go()
    while (step.done !== true) {
      const look = step.value
      if (!canMapAtOnce(look.buffer)) {
        lookLater(look).then(
          (bytes) => stretch(() => advance(running, () => running.next(bytes))),
          (error) => stretch(() => advance(running, () => running.throw(error))),
        )
        return true
      }
      let bytes: Uint8Array<ArrayBuffer>
      try {
        bytes = lookAtOnce(look)
      } catch (error) {
        step = running.throw(error)
        continue
      }
      step = running.next(bytes)
    }
    return false
  }
  const begin = (entry: Entry): boolean => {
    const begun = entry()
    if (begun === undefined) return false
    if ('then' in begun) {
      begun.then(() => stretch(() => false))
      return true
    }
    return advance(begun, () => begun.next())
  }
  /** Does something, and then what stands in line, up to where something waits. What throws goes to the caller, or, where that is
   *  nobody, surfaces as an unhandled rejection; the others still run. */
  const stretch = (f: () => boolean): void => {
    busy = true
    let waits = false
    try {
      waits = f()
      while (!waits && line.length > 0) waits = begin(line.shift()!)
      busy = waits
    } catch (error) {
      stretch(() => false)
      throw error
    }
  }
  const put = (entry: Entry): void => {
    if (busy) line.push(entry)
    else stretch(() => begin(entry))
  }
  return { put, idle: () => !busy }
}
