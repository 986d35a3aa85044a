/** ResNet-18 for images of 32 × 32, as a pair of pure functions on a tree: what is differentiated where no small network will do.
 *
 *  A 3 × 3 stem, four stages of two basic blocks, widths 64 128 256 512, batch normalisation by the statistics of the batch, mean over
 *  the image, one dense layer: 62 tensors of 11.2 million numbers for 10 classes.
 *  Differs from the original in its stem (3 × 3 with stride 1, no pooling), as usual for CIFAR-10; running statistics are left out.
 *  Source   He, Zhang, Ren, Sun 2015 */

import {
  add,
  conv,
  div,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  ones,
  relu,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  zeros,
} from '@neumann/linalg-gpu'

interface Norm {
  readonly scale: Tensor
  readonly shift: Tensor
}
interface ConvNorm {
  readonly filter: Tensor
  readonly norm: Norm
}
interface Block {
  readonly first: ConvNorm
  readonly second: ConvNorm
  /** A 1 × 1 convolution where the block changes the number of channels. */
  readonly shortcut?: ConvNorm
}
export interface ResNet {
  readonly stem: ConvNorm
  readonly blocks: readonly Block[]
  readonly head: { readonly weight: Tensor; readonly bias: Tensor }
}

const widths = [64, 128, 256, 512]
const blocksPerStage = 2

const convNorm = (inputs: number, filters: number, window: number): ConvNorm => ({
  filter: zeros([filters, inputs, window, window]),
  norm: { scale: ones([filters]), shift: zeros([filters]) },
})

/** Symbolic zeros and ones, which no device holds: to be traced. To be trained, filters are to be drawn instead. */
export const init = (classes = 10): ResNet => ({
  stem: convNorm(3, widths[0]!, 3),
  blocks: widths.flatMap((width, stage) =>
    Array.from({ length: blocksPerStage }, (_, i): Block => {
      const inputs = i > 0 || stage === 0 ? width : widths[stage - 1]!
      return {
        first: convNorm(inputs, width, 3),
        second: convNorm(width, width, 3),
        ...(inputs === width ? {} : { shortcut: convNorm(inputs, width, 1) }),
      }
    }),
  ),
  head: { weight: zeros([widths.at(-1)!, classes]), bias: zeros([classes]) },
})

/** γ (x − μ) / √(σ² + ε) + β, with the mean and the variance of each channel over batch and image. */
const batchNorm = ({ scale, shift }: Norm, x: Tensor): Tensor => {
  const along = { axis: [0, 2, 3], keepDims: true }
  const centred = sub(x, mean(x, along))
  const normal = div(centred, sqrt(add(mean(square(centred), along), 1e-5)))
  const perChannel = (v: Tensor): Tensor => reshape(v, [v.shape[0]!, 1, 1])
  return add(mul(normal, perChannel(scale)), perChannel(shift))
}

const applyConvNorm = ({ filter, norm }: ConvNorm, x: Tensor, strides = 1): Tensor =>
  batchNorm(norm, conv(x, filter, { strides, padding: filter.shape[2] === 3 ? 1 : 0 }))

const applyBlock = ({ first, second, shortcut }: Block, x: Tensor): Tensor => {
  const strides = first.filter.shape[0] === first.filter.shape[1] ? 1 : 2
  const inner = applyConvNorm(second, relu(applyConvNorm(first, x, strides)))
  return relu(add(inner, shortcut === undefined ? x : applyConvNorm(shortcut, x, strides)))
}

/** images [n, 3, s, s] → logits [n, classes] */
export const apply = ({ stem, blocks, head }: ResNet, images: Tensor): Tensor => {
  const features = blocks.reduce((x, block) => applyBlock(block, x), relu(applyConvNorm(stem, images)))
  return add(matmul(mean(features, { axis: [2, 3] }), head.weight), head.bias)
}

/** Mean cross-entropy against one-hot targets [n, classes]. */
export const loss = (network: ResNet, images: Tensor, targets: Tensor): Tensor =>
  neg(mean(sum(mul(targets, logSoftmax(apply(network, images))), { axis: 1 })))
