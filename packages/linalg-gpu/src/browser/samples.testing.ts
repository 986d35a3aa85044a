/** Runs samples on a device, in a page, a worker or Node, and tells what came of them in plain data. */

import type { TypedArray } from '../dtype.js'
import { type Device, dispose, onDevice, plain, read, type Tensor } from '../index.js'
import { type Sample, samples } from './programs.testing.js'

export interface Results {
  /** By title of a sample, what it printed and its results: their types, and every bit. */
  readonly results: Readonly<Record<string, string>>
  /** By title, the largest difference from the plain device: in units of the dtype's epsilon at the largest element. */
  readonly differences: Readonly<Record<string, number>>
}

const elements = async (x: Tensor): Promise<TypedArray> => {
  const outcome = await read(x)()
  if (outcome._tag === 'Left') throw new Error(outcome.left.message)
  return outcome.right
}

// one NaN is as good as another: which one comes is the engine's choice
const bits = (data: TypedArray): string => {
  const copy = data.map((x) => (x === x ? x : NaN)) as TypedArray
  return Array.from(new Uint8Array(copy.buffer), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const epsilon: Readonly<Record<string, number>> = { f32: 2 ** -23, f64: 2 ** -52, f16: 2 ** -10 }

const difference = (dtype: string, ours: TypedArray, theirs: TypedArray): number => {
  let [largest, scale] = [0, 0]
  for (let i = 0; i < theirs.length; i++) {
    const [a, b] = [ours[i]!, theirs[i]!]
    if (Object.is(a, b) || a === b) {
      if (Number.isFinite(b)) scale = Math.max(scale, Math.abs(b))
      continue
    }
    if (epsilon[dtype] === undefined || !Number.isFinite(a) || !Number.isFinite(b)) return Infinity
    scale = Math.max(scale, Math.abs(b))
    largest = Math.max(largest, Math.abs(a - b))
  }
  return largest === 0 ? 0 : largest / (scale * epsilon[dtype]!)
}

type Run = { readonly text: string; readonly tensors: readonly { readonly x: Tensor; readonly data: TypedArray }[] }

const on = async (device: Device, run: Sample['run']): Promise<Run> => {
  const printed: string[] = []
  const made = onDevice(device, () => run((text) => printed.push(text)))
  const tensors = []
  for (const x of made) tensors.push({ x, data: await elements(x) })
  dispose(made)
  return { text: printed.join('\n'), tensors }
}

/** The samples that are wanted, on a device; also on the plain device where they are to be compared. */
export const runSamples = async (
  device: Device,
  { wanted = () => true, compare = false }: { wanted?: (sample: Sample) => boolean; compare?: boolean } = {},
): Promise<Results> => {
  const results: Record<string, string> = {}
  const differences: Record<string, number> = {}
  for (const sample of samples.filter(wanted)) {
    const { title, run } = sample
    const ours = await on(device, run)
    results[title] = [ours.text, ...ours.tensors.map(({ x, data }) => `${x.dtype}[${x.shape}] ${bits(data)}`)].join(
      '\n',
    )
    if (!compare) continue
    const theirs = await on(plain, run)
    const each = ours.tensors.map(({ x, data }, i) => difference(x.dtype, data, theirs.tensors[i]!.data))
    differences[title] = ours.text === theirs.text ? Math.max(...each) : Infinity
  }
  return { results, differences }
}
