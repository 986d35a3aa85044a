/** Asks a module worker of the page's own what the page could answer itself. */

/** What `/worker.js` answers. */
export const askWorker = <A, T>(ask: A): Promise<T> =>
  new Promise((done, fail) => {
    const worker = new Worker('/worker.js', { type: 'module' })
    worker.onerror = (event) => fail(new Error(`the page's worker: ${event.message}`))
    worker.onmessage = ({ data }) => {
      worker.terminate()
      if (typeof data === 'string') fail(new Error(data))
      else done(data)
    }
    worker.postMessage(ask)
  })

/** The other side: a worker that answers each message, or tells the error as text. */
export const answerAsks = <A, T>(answer: (ask: A) => Promise<T>): void =>
  globalThis.addEventListener('message', async ({ data }: MessageEvent<A>) => {
    try {
      globalThis.postMessage(await answer(data))
    } catch (error) {
      globalThis.postMessage(String(error))
    }
  })
