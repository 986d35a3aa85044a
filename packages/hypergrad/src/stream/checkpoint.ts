/** Moments of a run in files, from which it goes on bit by bit as if it had not stopped. */

import { array, type Device, data } from '@neumann/linalg-gpu'
import { load, save } from '@neumann/linalg-gpu/io'
import { fail } from '@neumann/linalg-gpu/program'
import type { Moment } from './stream.js'

/** What is kept of a moment. */
export type Kept<S, P> = Pick<Moment<S, P, unknown>, 'state' | 'steps' | 'seconds' | 'position'>

/** Writes a moment as `.safetensors` or `.npz`: the state's tensors, and the rest as text among them. Whole or not at all.
 *  Fails    rejects with what `save` fails with, the path in the message
 *  @example
 *  import { tmpdir } from 'node:os'
 *  const path = `${tmpdir()}/neumann-moment.safetensors`
 *  await saveMoment(path, { state: { w: array([1, 2]) }, steps: 3, seconds: 1.5, position: { epoch: 1 } })
 *  await loadMoment(path) // => { state: { w: f32[2] [1, 2] }, steps: 3, seconds: 1.5, position: { epoch: 1 } } */
export const saveMoment = async <S, P>(
  path: string,
  { state, steps, seconds, position }: Kept<S, P>,
): Promise<void> => {
  const text = new TextEncoder().encode(JSON.stringify({ steps, seconds, position }))
  const rest = array(text, { dtype: 'u8' })
  try {
    const outcome = await save(path, { state, rest })()
    if (outcome._tag === 'Left') fail('saveMoment', `${path}: ${outcome.left.message}`)
  } finally {
    rest[Symbol.dispose]()
  }
}

/** Reads a moment; the state's tensors are made on the device. The state has the type that it was saved with, which the caller says.
 *  Fails    rejects with what `load` fails with, or where the file is no moment
 *  @example await loadMoment('/no/such/moment.npz') // throws loadMoment: /no/such/moment.npz */
export const loadMoment = async <S, P>(
  path: string,
  options: { readonly device?: Device } = {},
): Promise<Kept<S, P>> => {
  const outcome = await load(path, options)()
  if (outcome._tag === 'Left') return fail('loadMoment', `${path}: ${outcome.left.message}`)
  const { state, rest } = outcome.right as { readonly state?: S; readonly rest?: Parameters<typeof data>[0] }
  if (state === undefined || rest === undefined)
    return fail('loadMoment', `${path} holds tensors, but no moment of a run: saveMoment writes those.`)
  const text = new TextDecoder().decode(Uint8Array.from(await data(rest)))
  rest[Symbol.dispose]()
  return { state, ...(JSON.parse(text) as Omit<Kept<S, P>, 'state'>) }
}
