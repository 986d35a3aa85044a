/** Dropout: some elements are left out at random, by a key. */

import { bernoulli, cast, div, isTensor, sub, type Tensor, type TensorLike, where } from '@neumann/linalg-gpu'
import { eager, fail, showValue } from '@neumann/linalg-gpu/program'
import { type Model, modeOf } from '../model.js'

/** y = x / (1 − rate) with probability 1 − rate, else 0: the expectation is x. In `eval`, y = x.
 *  rate     in [0, 1); a tensor too, to be tuned. The mask does not move with it: what remains is the derivative of 1 / (1 − rate).
 *  Fails    without a key in `train` and `frozen`
 *  Source   Srivastava et al. 2014, scaled in training as everywhere since
 *  @example dropout(0.5).apply(null, ones([6]), { mode: 'train', key: key(1) }) // => f32[6] [2, 0, 2, 2, 0, 0]
 *  @example dropout(0.5).apply(null, ones([2])) // => f32[2] [1, 1] */
export const dropout = (rate: TensorLike): Model<null> => {
  if (!isTensor(rate) && !(typeof rate === 'number' && rate >= 0 && rate < 1))
    fail('dropout', `rate, the part that is left out, is in 0 ≤ rate < 1, got ${showValue(rate)}.`)
  return {
    init: () => null,
    apply: eager((_: null, x: Tensor, call = {}): Tensor => {
      const mode = modeOf('dropout', call)
      if (mode === 'eval' || rate === 0) return x
      const key =
        call.key ?? fail('dropout', `mode is '${mode}' and there is no key: pass { mode, key }, a new key each step.`)
      const kept = isTensor(rate) ? sub(1, rate) : 1 - Number(rate)
      // drawn in f32 whatever the dtypes: one key is one mask
      return where(bernoulli(key, isTensor(kept) ? cast(kept, 'f32') : kept, x.shape), div(x, kept), 0)
    }),
  }
}
