/** What every estimator begins with: F at a point, and its derivatives by weights and by hyperparameters. */

import { vjp } from '@neumann/autodiff'
import { isTensor, type Tensor } from '@neumann/linalg-gpu'
import {
  fail,
  isFloat,
  leafCount,
  showShape,
  showType,
  showValue,
  tensorsOf,
  typeOfTensor,
} from '@neumann/linalg-gpu/program'
import { reached } from '../certificate/reach.js'

export interface Direct<W, H> {
  /** F(w, λ) */
  readonly value: Tensor
  /** ∂F/∂w */
  readonly byWeights: W
  /** ∂F/∂λ, the direct part. */
  readonly byHyper: H
  /** Whether F sees the weights at all. */
  readonly seesWeights: boolean
  /** For each leaf of the weights whether F sees it. */
  readonly sees: readonly boolean[]
  /** For each leaf of λ whether F sees it. */
  readonly seesHyper: readonly boolean[]
}

/** The derivatives of an objective.
 *  Fails    where it does not return one scalar, or λ is empty, or weights and λ are of two dtypes: derivatives by both are added up
 *  Cost     a gradient */
export const direct = <W, H, V>(
  outer: (weights: W, hyper: H, validation: V) => Tensor,
  weights: W,
  hyper: H,
  validation: V,
): Direct<W, H> => {
  if (leafCount(tensorsOf('outer', hyper).structure) === 0)
    fail('outer', 'there is no hyperparameter: λ is a tree without tensors. Put those in it whose gradient is wanted.')
  oneDtype(weights, hyper)
  const at = vjp((w: W, h: H) => scalar(outer(w, h, validation)), [weights, hyper])
  const pull = at.pull as (cotangent: unknown) => readonly [W, H]
  const [byWeights, byHyper] = pull(1)
  const all = reached('outer', pull, at.out)
  const n = leafCount(tensorsOf('outer', weights).structure)
  const sees = all.slice(0, n)
  return { value: at.out, byWeights, byHyper, sees, seesWeights: sees.some(Boolean), seesHyper: all.slice(n) }
}

/** For each leaf of λ whether F sees it, or sees weights that it gets to by at most so many products: `products` is that of a vector of weights with
 *  [A, B], leaves of the first before those of the second. */
export const reachedBy = <W, H>(
  products: (from: readonly boolean[]) => readonly boolean[],
  { sees, seesHyper }: Pick<Direct<W, H>, 'sees' | 'seesHyper'>,
  most = Infinity,
): readonly boolean[] => {
  const n = sees.length
  let met = sees
  for (let k = 1; k < most; k++) {
    const out = products(met)
    const next = met.map((mark, i) => mark || out[i]!)
    if (next.every((mark, i) => mark === met[i])) break
    met = next
  }
  return products(met)
    .slice(n)
    .map((mark, i) => mark || seesHyper[i]!)
}

/** Numbers that jit was given take the dtype that is wanted. */
const oneDtype = (weights: unknown, hyper: unknown): void => {
  const { leaves } = tensorsOf('outer', [weights, hyper])
  const types = leaves.map(typeOfTensor).filter(({ dtype, weak }) => isFloat(dtype) && !weak)
  if (types.some(({ dtype }) => dtype !== types[0]!.dtype))
    fail(
      'outer',
      `weights and hyperparameters are of two dtypes, ${types.map(showType).join(' ')}: make them of one, as array(0.1, { dtype: 'f64' }). A plain number is f32.`,
    )
}

const scalar = (value: Tensor): Tensor =>
  isTensor(value) && value.shape.length === 0
    ? value
    : fail(
        'outer',
        `the outer objective returned ${isTensor(value) ? showShape(value.shape) : showValue(value)}, expected one scalar: reduce it with sum or mean.`,
      )
