/** @neumann/linalg-gpu/wasm/worker: the worker's side, for pages whose policy forbids workers from blobs. */

import { type Start, work } from './work.js'

/** Makes a thread of the worker in which it is called: all that a script of the page's own has to say where the page's policy forbids
 *  workers from blobs. The page names the script by the option `worker`.
 *  @example
 *  ```ts no-run
 *  // threads.js
 *  import { serve } from '@neumann/linalg-gpu/wasm/worker'
 *  serve()
 *  ```
 *  ```ts no-run
 *  // the page
 *  import { wasmDevice } from '@neumann/linalg-gpu/wasm'
 *  const worker = (): Worker => new Worker(new URL('./threads.js', import.meta.url), { type: 'module' })
 *  const device = await wasmDevice({ worker })
 *  ``` */
export const serve = (): void => {
  globalThis.addEventListener('message', ({ data }: MessageEvent<Start>) => work(data), { once: true })
}
