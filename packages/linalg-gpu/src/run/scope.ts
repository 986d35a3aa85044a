/** Ownership: who frees what. No reference counts in user code. */

import { synchronous } from '../errors.js'
import { context, withContext } from '../trace/context.js'
import { isTensor, type TensorValue } from '../trace/tensor.js'
import { flatten } from '../tree.js'
import type { Device } from './device.js'
import { defaultDevice } from './onDevice.js'

/** Frees the tensor's buffer, or those of a tree. Twice is once. Using the tensor afterwards is an error.
 *  @example const x = array([1]); dispose(x); String(x) // => f32[1] disposed */
export const dispose = (tree: unknown): void => {
  for (const leaf of flatten(tree).leaves) if (isTensor(leaf)) leaf[Symbol.dispose]()
}

/** Runs `f` and frees all tensors that were made in it, but those that it returns, also in trees. Scopes nest: what an inner one
 *  returns belongs to the outer. Where `f` throws all is freed. Under a trace it is `f`, whose work the program looks after.
 *  @example scope(() => mul(add(array([1, 2]), 1), 2)) // => f32[2] [4, 6] */
export const scope = <R>(f: () => R): R => {
  if (context.trace !== null) return synchronous('scope', f())
  const outer = context.made
  const made: TensorValue[] = []
  context.made = made
  let kept: ReadonlySet<unknown> = new Set()
  try {
    const result = synchronous('scope', f())
    kept = new Set(flatten(result).leaves)
    return result
  } finally {
    context.made = outer
    for (const x of made)
      if (kept.has(x)) outer?.push(x)
      else x[Symbol.dispose]()
  }
}

/** The training loop that owns its state: state ← step(state, batch) for each batch.
 *  `step` returns [state, value]. What a step made is freed when the loop leaves it behind: a state when the next one stands,
 *  a value when the next step begins. The first state, the batches and what else the steps did not make stay the caller's
 *  (a jitted step that donates takes the first state too).
 *  A for-await loop over it may stop at any time; the last state and value are the caller's then.
 *  @example for await (const { state, value } of iterate((w: Tensor, x: Tensor) => [add(w, x), w], array(1), [array(2), array(3)])) console.log(String(state)) */
export async function* iterate<S, B, V>(
  step: (state: S, batch: B) => readonly [S, V],
  state: S,
  batches: Iterable<B> | AsyncIterable<B>,
): AsyncGenerator<{ readonly state: S; readonly value: V; readonly index: number }, S> {
  const own = new Set<TensorValue>()
  const leave = (...kept: readonly unknown[]): void => {
    const leaves = new Set(flatten(kept).leaves)
    for (const x of own)
      if (!leaves.has(x)) {
        own.delete(x)
        x[Symbol.dispose]()
      }
  }
  let current = state
  let index = 0
  for await (const batch of batches) {
    const made: TensorValue[] = []
    const [next, value] = withContext({ made }, () => scope(() => step(current, batch)))
    for (const x of made) own.add(x)
    current = next
    leave(current, value)
    yield { state: current, value, index: index++ }
    leave(current)
  }
  return current
}

/** Buffers that are alive on a device, their bytes, the highest mark, and what made them.
 *  @example liveBuffers().bytes >= 0 // => true */
export const liveBuffers = (device: Device = defaultDevice()): ReturnType<Device['memory']> => device.memory()
