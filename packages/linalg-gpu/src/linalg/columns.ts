/** A batch of right sides of one matrix, as columns: A Xᵢ = Bᵢ for all i is A [X₀ X₁ …] = [B₀ B₁ …]. */

import { moveAxis, reshape } from '../ops/shape.js'
import { sizeOf } from '../shape.js'
import type { Tensor } from '../trace/tensor.js'

/** `f` of what has its first `lead` axes among the columns: [s…, …, n, k] → [x, …, n, s·k], and the way back for the result. */
export const throughColumns = (b: Tensor, f: (columns: Tensor) => Tensor, lead = 1): Tensor => {
  const [outer, rest] = [b.shape.slice(0, lead), b.shape.slice(lead)]
  const [s, k] = [sizeOf(outer), rest[rest.length - 1]!]
  const side = moveAxis(reshape(b, [s, ...rest]), 0, rest.length - 1)
  const out = f(reshape(side, [...rest.slice(0, -1), s * k]))
  const own = out.shape.slice(0, -1)
  const back = moveAxis(reshape(out, [...own, s, k]), own.length, 0)
  return reshape(back, [...outer, ...own, k])
}
