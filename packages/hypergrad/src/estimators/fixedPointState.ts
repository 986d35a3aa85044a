/** A state that is looked at as a fixed point: all of it moves, so that all of it has a derivative. */

import { fail, showType, tensorsOf, typeOfTensor } from '@neumann/linalg-gpu/program'

/** The state as it is.
 *  Fails    where a leaf is no float, such as the step counter of Adam, or where dtypes differ: I − Jᵀ is no operator on such a tree */
export const fixedPointState = <S>(name: string, state: S): S => {
  const types = tensorsOf(name, state).leaves.map(typeOfTensor)
  const dtype = types[0]?.dtype
  if (types.some((type) => type.dtype !== dtype || (type.dtype !== 'f32' && type.dtype !== 'f64')))
    fail(
      name,
      `the state is ${types.map(showType).join(' ')}, and a fixed point is of floats of one dtype, f32 or f64: counters and keys never settle. Take onePass, unrolled or forward, or implicit of the form 'loss'.`,
    )
  return state
}
