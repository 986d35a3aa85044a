/** How far a device is from the plain one, and on what it fell back. */

import { type Device, dispose, onDevice, plain, read, scope, type Tensor } from '../index.js'

const on = async (
  device: Device,
  run: () => readonly Tensor[],
): Promise<readonly (readonly [string, readonly number[]])[]> => {
  const made = onDevice(device, () => scope(run))
  const out: (readonly [string, readonly number[]])[] = []
  for (const x of made) {
    const outcome = await read(x)()
    if (outcome._tag === 'Left') throw new Error(outcome.left.message)
    out.push([`${x.dtype}[${x.shape}]`, Array.from(outcome.right)])
  }
  dispose(made)
  return out
}

/** The largest difference from the plain device, in ulp of the largest element of each result; infinite where types, truths, NaN or
 *  infinities differ. */
export const distance = async (device: Device, run: () => readonly Tensor[]): Promise<number> => {
  const [ours, theirs] = [await on(device, run), await on(plain, run)]
  let worst = 0
  theirs.forEach(([type, expected], k) => {
    const [own, actual] = ours[k]!
    if (own !== type || actual.length !== expected.length) worst = Infinity
    const largest = Math.max(0, ...expected.map(Math.abs).filter(Number.isFinite))
    expected.forEach((e, i) => {
      const a = actual[i]!
      if (e === a || (e !== e && a !== a)) return
      const off = Number.isFinite(e) && Number.isFinite(a) && !type.startsWith('bool')
      worst = Math.max(worst, off ? Math.abs(a - e) / (largest * 2 ** -23) : Infinity)
    })
  })
  return worst
}
