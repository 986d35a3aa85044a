/** Losses take two tensors of one shape: what broadcasts silently is a mistake more often than a wish. */

import type { Tensor } from '@neumann/linalg-gpu'
import { fail, sameShape, showType } from '@neumann/linalg-gpu/program'

export const sameShapes = (name: string, what: string, x: Tensor, targets: Tensor): void => {
  if (!sameShape(x.shape, targets.shape))
    fail(
      name,
      `targets in the shape of ${what} ${showType(x)} expected, got ${showType(targets)}: reshape one of them.`,
    )
}
