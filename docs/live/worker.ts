/** The live page's work, away from the page: draws batches of real digits, steps, and tells the page what it sees. */

import { certificateStatuses } from '@neumann/hypergrad'
import { array, data, dispose, foldIn, jit, key, onDevice, randint, scope, take } from '@neumann/linalg-gpu'
import { type Choice, chosenDevice } from './device.js'
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
      /** The device, and why it is that. */
      readonly where: string
      /** 10 × 784, from 0 to 1. */
      readonly images: Float32Array
    }
  | { readonly kind: 'failed'; readonly message: string }

/** From the page to the worker. */
export type Start = { readonly digits: string; readonly choice: Choice }

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

const work = async ({ digits: url, choice }: Start): Promise<void> => {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  const bytes = await answer.arrayBuffer()
  const { device, why, dispose: end } = await chosenDevice(choice)
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
    const [next, seen] = onDevice(device, () =>
      scope(() => {
        const rows = randint(foldIn(key(1), t), [256], 0, count - held)
        const validation = { x: take(train.x, rows, { axis: 0 }), y: take(train.y, rows) }
        const [next, { value, certificate, hyper }] = step(state, { train: null, validation })
        const { images } = hyper
        return [next, [value, accuracy(next.inner.weights, other), certificate.status, images]] as const
      }),
    )
    state = next
    // a page cannot wait for its GPU: results are read later
    const [loss, right, status, images] = await Promise.all(seen.map((x) => data(x)))
    tell({
      kind: 'step',
      step: t,
      loss: loss![0]!,
      accuracy: right![0]!,
      status: certificateStatuses[status![0]!]!,
      images: Float32Array.from(images!),
      milliseconds: performance.now() - begun,
      where: why,
    })
    dispose(seen)
    // the page's messages have their turn
    await new Promise((go) => setTimeout(go))
  }
  end()
}

globalThis.addEventListener('message', ({ data }: MessageEvent<Start | 'stop'>) => {
  if (data === 'stop') running = false
  else work(data).catch((error: Error) => tell({ kind: 'failed', message: error.message }))
})
