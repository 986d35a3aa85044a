/** For tests: the line to a thread that holds WebGPU's objects. Calls go there in their order, and in batches: when something is
 *  asked or submitted, and else in a microtask. Objects are numbers there, and proxies here.
 *
 *  What a call throws over there is what the next promise rejects with, or the next blocking call throws, under the method's name. */

import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { fail } from '../../errors.js'

interface PlainError {
  readonly kind?: string
  readonly name: string
  readonly message: string
  readonly reason?: GPUPipelineErrorReason
}
interface Answer {
  readonly ticket: number
  readonly value?: unknown
  readonly error?: PlainError
}
type Message = Answer | { readonly device: number; readonly error: PlainError }

export interface Connection {
  /** A proxy of the numbered object, for use among arguments; the object is let go when the proxy is collected. */
  readonly adopt: <T extends object>(number: number, proxy: Partial<T>) => T
  readonly number: () => number
  /** Calls a method; `makes` is the number that its result gets. */
  readonly call: (target: number, method: string, args: readonly unknown[], makes?: number) => void
  readonly flush: () => void
  readonly ask: (target: number, method: string, args: readonly unknown[], makes?: number) => Promise<unknown>
  /** As `ask`, and does not keep the process alive. */
  readonly watch: (target: number, method: string) => Promise<unknown>
  /** As `ask`, and waits: it throws when the answer takes longer than the limit. */
  readonly block: (target: number, method: string, args: readonly unknown[]) => unknown
  /** What to do with errors of a device that no scope catches. */
  readonly uncaptured: (device: number, handler: (error: GPUError) => void) => void
}

/** An error of WebGPU's, of its own class. */
export const gpuError = ({ kind, message }: PlainError): GPUError =>
  kind === 'GPUOutOfMemoryError'
    ? new GPUOutOfMemoryError(message)
    : kind === 'GPUInternalError'
      ? new GPUInternalError(message)
      : new GPUValidationError(message)

const thrown = ({ name, message, reason }: PlainError): Error => {
  if (reason !== undefined) return new GPUPipelineError(message, { reason })
  if (name === 'TypeError') return new TypeError(message)
  return name === 'Error' ? new Error(message) : new DOMException(message, name)
}

export const connect = (timeLimit: number): Connection => {
  const signal = new Int32Array(new SharedArrayBuffer(4)) // counts the answers to blocking calls
  const { port1: answers, port2 } = new MessageChannel()
  const worker = new Worker(new URL('../../../../../tools/webgpu/remote-worker.mjs', import.meta.url), {
    workerData: { answers: port2, signal },
    transferList: [port2],
    execArgv: [], // not tsx, which this thread may have
  })

  const numbers = new WeakMap<object, number>()
  const released = new FinalizationRegistry<number>((number) => call(0, 'forget', [number]))
  const pending = new Map<number, { readonly resolve: (answer: Answer) => void; readonly awake: boolean }>()
  const handlers = new Map<number, (error: GPUError) => void>()
  let awake = 0 // how many of the pending keep the process alive
  let queue: unknown[] = []
  let unsettled = false // whether calls went out after which nothing was asked
  let lastNumber = 0
  let lastTicket = 0
  let dead: PlainError | undefined

  const wire = (value: unknown): unknown => {
    if (typeof value === 'function' || typeof value === 'symbol')
      throw new TypeError(`${String(value)} cannot go to the thread of the GPU`)
    if (typeof value !== 'object' || value === null) return value
    const number = numbers.get(value)
    if (number !== undefined) return { '@': number }
    if (ArrayBuffer.isView(value)) return (value as Uint8Array).slice()
    if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, wire)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wire(inner)]))
  }

  const flush = (): void => {
    if (queue.length === 0) return
    const calls = queue
    queue = []
    worker.postMessage(calls)
  }
  const push = (
    target: number,
    method: string,
    args: readonly unknown[],
    makes = 0,
    ticket = 0,
    blocks = false,
  ): void => {
    if (queue.length === 0) queueMicrotask(flush)
    queue.push([target, method, args.map(wire), makes, ticket, blocks])
    unsettled = ticket === 0
  }
  const call: Connection['call'] = (target, method, args, makes) => push(target, method, args, makes)

  const request = async (keeps: boolean, target: number, method: string, args: readonly unknown[], makes?: number) => {
    if (dead !== undefined) throw thrown(dead)
    const ticket = ++lastTicket
    push(target, method, args, makes, ticket)
    if (keeps && awake++ === 0) worker.ref()
    const { value, error } = await new Promise<Answer>((resolve) => pending.set(ticket, { resolve, awake: keeps }))
    if (error !== undefined) throw thrown(error)
    return value
  }
  const settle = (answer: Answer): void => {
    const one = pending.get(answer.ticket)
    if (one === undefined) return
    pending.delete(answer.ticket)
    if (one.awake && --awake === 0) worker.unref()
    one.resolve(answer)
  }
  const end = (message: string): void => {
    dead ??= { name: 'Error', message }
    for (const ticket of [...pending.keys()]) settle({ ticket, error: dead })
  }
  worker.on('message', (message: Message) => {
    if ('ticket' in message) settle(message)
    else handlers.get(message.device)?.(gpuError(message.error))
  })
  worker.on('error', (error) => end(`the thread of the GPU failed: ${error.message}`))
  worker.on('exit', (code) => end(`the thread of the GPU ended with code ${code}`))
  // what the last calls threw must not be lost: nobody catches this, and the process fails
  process.on('beforeExit', () => {
    if (unsettled) void request(true, 0, 'settle', [])
  })

  const block: Connection['block'] = (target, method, args) => {
    if (dead !== undefined) throw thrown(dead)
    const ticket = ++lastTicket
    push(target, method, args, 0, ticket, true)
    flush()
    const until = performance.now() + timeLimit
    for (;;) {
      const seen = Atomics.load(signal, 0) // before the look: an answer that comes after it is not slept through
      const answer: Answer | undefined = receiveMessageOnPort(answers)?.message
      if (answer?.ticket === ticket) {
        if (answer.error !== undefined) throw thrown(answer.error)
        return answer.value
      }
      if (answer !== undefined) continue // too late for one that gave up
      const left = until - performance.now()
      if (left <= 0 || Atomics.wait(signal, 0, seen, left) === 'timed-out')
        return fail(
          method,
          `no answer from the thread of the GPU within ${timeLimit / 1000} s: its work is longer than that, or it hangs.`,
        )
    }
  }

  return {
    adopt: <T extends object>(number: number, proxy: Partial<T>): T => {
      numbers.set(proxy, number)
      released.register(proxy, number)
      return proxy as T
    },
    number: () => ++lastNumber,
    call,
    flush,
    ask: (...of) => request(true, ...of),
    watch: (target, method) => request(false, target, method, []),
    block,
    uncaptured: (device, handler) => void handlers.set(device, handler),
  }
}
