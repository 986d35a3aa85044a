/** The live page's work, away from the page: draws batches of real digits, steps, and tells the page what it sees. */

import { certificateStatuses } from '@neumann/hypergrad'
import { array, foldIn, jit, key, onDevice, randint, readSync, scope, type Tensor, take } from '@neumann/linalg-gpu'
import { wasmDevice } from '@neumann/linalg-gpu/wasm'
import { type Digits, distillation } from './distillation.js'

/** From the worker to the page. */
export type Message =
  | {
      readonly kind: 'step'
      readonly step: number
      readonly loss: number
      readonly accuracy: number
      readonly status: string
      readonly milliseconds: number
      /** 10 × 784, from 0 to 1. */
      readonly images: Float32Array
    }
  | { readonly kind: 'failed'; readonly message: string }

/** The file of digits: u32 count, that many bytes of labels, that many × 784 bytes of pixels. */
const decoded = (bytes: ArrayBuffer, from: number, to: number): Digits => {
  const count = new DataView(bytes).getUint32(0, true)
  const pixels = new Uint8Array(bytes, 4 + count + from * 784, (to - from) * 784)
  return {
    x: array(
      Float32Array.from(pixels, (v) => v / 255),
      { shape: [to - from, 784] },
    ),
    y: array(Int32Array.from(new Uint8Array(bytes, 4 + from, to - from))),
  }
}

const tell = (message: Message): void =>
  (globalThis as unknown as { postMessage: (message: Message) => void }).postMessage(message)

let running = true

const work = async (url: string): Promise<void> => {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  const bytes = await answer.arrayBuffer()
  const device = await wasmDevice({ threads: 1 })
  const count = new DataView(bytes).getUint32(0, true)
  const held = Math.floor(count / 2)
  const { train, other, step, accuracy, begin } = onDevice(device, () => {
    const { begin, step, accuracy } = distillation()
    return {
      train: decoded(bytes, 0, count - held),
      other: decoded(bytes, count - held, count),
      step: jit(step, { donate: 0 }),
      accuracy: jit(accuracy),
      begin,
    }
  })
  let state = onDevice(device, begin)
  for (let t = 1; running; t++) {
    const begun = performance.now()
    const [next, told] = onDevice(device, () =>
      scope(() => {
        const rows = randint(foldIn(key(1), t), [256], 0, count - held)
        const validation = { x: take(train.x, rows, { axis: 0 }), y: take(train.y, rows) }
        const [next, report] = step(state, { train: null, validation })
        const number = (x: Tensor): number => readSync(x)[0]!
        const seen = {
          loss: number(report.value),
          accuracy: number(accuracy(next.inner.weights, other)),
          status: certificateStatuses[number(report.certificate.status)]!,
          images: Float32Array.from(readSync(report.hyper.images)),
        }
        return [next, seen] as const
      }),
    )
    state = next
    tell({ kind: 'step', step: t, milliseconds: performance.now() - begun, ...told })
    // the page's messages have their turn
    await new Promise((go) => setTimeout(go))
  }
  device.dispose()
}

globalThis.addEventListener('message', ({ data }: MessageEvent<{ readonly start: string } | 'stop'>) => {
  if (data === 'stop') running = false
  else work(data.start).catch((error: Error) => tell({ kind: 'failed', message: error.message }))
})
