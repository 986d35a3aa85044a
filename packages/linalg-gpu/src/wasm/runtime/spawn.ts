/** Workers of the host: Node's, or a page's. */

import { type Start, work } from './work.js'

export interface Helper {
  readonly end: () => void
  /** From now on the worker does not keep the program from ending. */
  readonly letGo: () => void
}

type Gone = (why: string) => void

// asked for at run time, so that bundlers for pages see no import
const builtin = globalThis.process?.getBuiltinModule
const node = builtin?.('node:worker_threads')

/** Threads that the host suggests. */
export const processors = (): number =>
  builtin !== undefined ? Math.min(8, builtin('node:os').availableParallelism()) : (navigator.hardwareConcurrency ?? 1)

/** Whether memory can be shared with workers: in Node, and in pages that are isolated from those of other origins. */
export const canShare = (): boolean =>
  typeof SharedArrayBuffer === 'function' && (node !== undefined || globalThis.crossOriginIsolated === true)

/** Whether this thread may sleep: a page's own may not, and asking it to is an error, whatever the value. */
export const canWait = (): boolean => {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0)
    return true
  } catch {
    return false
  }
}

/** A worker that begins to work at once. `gone` is told when it ends, by itself or not. */
export const spawn = (start: Start, gone: Gone, made?: () => Worker): Helper => {
  if (node !== undefined && made === undefined) {
    const worker = new node.Worker(`(${work})(require('node:worker_threads').workerData)`, {
      eval: true,
      execArgv: [], // no loaders of the program
      workerData: start,
      name: 'neumann',
    })
    worker.on('error', (error) => gone(String(error)))
    worker.on('exit', () => gone('it ended'))
    return { end: () => void worker.terminate(), letGo: () => worker.unref() }
  }
  const url = made === undefined ? addressOfText() : ''
  const worker = made === undefined ? new Worker(url, { name: 'neumann' }) : made()
  worker.addEventListener('error', (event) =>
    gone(event.message ?? (made === undefined ? refused : 'its script could not be loaded')),
  )
  worker.postMessage(start)
  const letGo = (): void => URL.revokeObjectURL(url)
  const end = (): void => {
    worker.terminate()
    letGo()
  }
  return { end, letGo }
}

const refused =
  "it could not be loaded. Where the page's content-security policy is the reason, allow worker-src blob: there, or pass the option `worker`"

const addressOfText = (): string =>
  URL.createObjectURL(new Blob([`onmessage=e=>(${work})(e.data)`], { type: 'text/javascript' }))
