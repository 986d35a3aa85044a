/** Ten images that teach: a linear classifier is trained on them alone, for ten steps from nothing, and the images are tuned until it reads real digits.
 *  What the live page runs, and what its code block shows. */

import { alternation, fromLoss, log, logit, space, unrolled } from '@neumann/hypergrad'
import { add, argmax, array, equal, key, matmul, mean, normal, sigmoid, type Tensor, zeros } from '@neumann/linalg-gpu'
import { crossEntropy } from '@neumann/nn'
import { adam, sgd } from '@neumann/precond'

interface Weights {
  readonly weight: Tensor
  readonly bias: Tensor
}
/** λ: the images, each pixel between 0 and 1, and the step size of learning from them. */
interface Hyper {
  readonly images: Tensor
  readonly lr: Tensor
}
export interface Digits {
  readonly x: Tensor
  readonly y: Tensor
}

const read = ({ weight, bias }: Weights, x: Tensor): Tensor => add(matmul(x, weight), bias)

const untrained = (): Weights => ({ weight: zeros([784, 10]), bias: zeros([10]) })

/** The algorithm, and where it begins: gray noise. */
export const distillation = (steps = 10) => {
  const labels = array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { dtype: 'i32' })
  const problem = fromLoss({
    inner: (w: Weights, { images }: Hyper, _: null) => crossEntropy(read(w, images), labels),
    outer: (w: Weights, _: Hyper, { x, y }: Digits) => crossEntropy(read(w, x), y),
    optimiser: sgd,
    settings: ({ lr }: Hyper) => ({ lr }),
  })
  const { init, step } = alternation({
    problem,
    estimator: unrolled({ steps }),
    optimiser: adam,
    settings: { lr: 0.1 },
    space: space<Hyper>({ images: logit(), lr: log({ max: 1 }) }),
    // cold: what is learnt must be in the images, not in the weights
    start: () => problem.begin(untrained()),
    steps,
  })
  const begin = () =>
    init({
      inner: problem.begin(untrained()),
      hyper: { images: sigmoid(normal(key(0), [10, 784])), lr: array(0.05) },
    })
  /** How many of these digits the weights read. */
  const accuracy = (w: Weights, { x, y }: Digits): Tensor => mean(equal(argmax(read(w, x), { axis: 1 }), y))
  return { begin, step, accuracy }
}
