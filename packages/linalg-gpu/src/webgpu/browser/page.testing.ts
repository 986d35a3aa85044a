/** The script of the test's pages: what the test may ask for. */

import { askWorker } from '../../browser/worker.testing.js'
import { array, matmul, read } from '../../index.js'
import { webgpuDevice } from '../index.js'
import { perform, type Told } from './perform.testing.js'

export interface Ask {
  /** Whether results are to be compared with those of the plain device, in the page. */
  readonly compare?: boolean
  /** Titles of the samples to run; all of them where it is left out. */
  readonly only?: readonly string[]
  /** Do it in a module worker of the page's own. */
  readonly inWorker?: boolean
}

export const answer = (it: Ask): Promise<Told> => perform({}, it)

export interface Late {
  /** Codes of the failures before the result was there. */
  readonly codes: readonly string[]
  readonly first: number
}

/** Reads a product that takes long, with little patience, until it is there. */
const readLate = async (): Promise<Late> => {
  const device = await webgpuDevice({ patience: 5 })
  const x = array(new Float32Array(400 ** 2).fill(1), { shape: [400, 400], device })
  const y = matmul(x, x)
  const codes: string[] = []
  for (;;) {
    const outcome = await read(y)()
    if (outcome._tag === 'Right') {
      device.dispose()
      return { codes, first: outcome.right[0]! }
    }
    codes.push(outcome.left.code)
  }
}

Object.assign(globalThis, { ask: (it: Ask) => (it.inWorker ? askWorker(it) : answer(it)), readLate })
