/** @neumann/nn: neural networks as pairs of pure functions, their layers, models and losses. */

export { type Composed, compose, type Layer, type Layers, type Parts, sequential } from './compose.js'
export {
  type AttentionOptions,
  attention,
  type CrossAttention,
  type MultiHeadOptions,
  type MultiHeadParams,
  multiHeadAttention,
} from './layers/attention.js'
export { type BatchNormOptions, batchNorm } from './layers/batchNorm.js'
export { type ConvolutionOptions, type ConvolutionParams, convolution } from './layers/convolution.js'
export { type DenseOptions, type DenseParams, dense } from './layers/dense.js'
export { dropout } from './layers/dropout.js'
export { type EmbeddingParams, embedding } from './layers/embedding.js'
export { groupNorm } from './layers/groupNorm.js'
export { layerNorm } from './layers/layerNorm.js'
export {
  type LstmCarry,
  type LstmInput,
  type LstmOptions,
  type LstmOutput,
  type LstmParams,
  lstm,
} from './layers/lstm.js'
export type { Moments, NormParams } from './layers/normalise.js'
export { averagePooling, globalAverage, maxPooling } from './layers/pooling.js'
export { binaryCrossEntropy } from './losses/binaryCrossEntropy.js'
export { type CrossEntropyOptions, crossEntropy } from './losses/crossEntropy.js'
export { meanSquaredError } from './losses/meanSquaredError.js'
export type { LossOptions, Reduction } from './losses/reduction.js'
export type { Call, Mode, Model, StatefulCall, StatefulModel } from './model.js'
export { type LenetOptions, type LenetParams, lenet } from './models/lenet.js'
export { type MlpOptions, mlp } from './models/mlp.js'
export { type ResnetOptions, type ResnetParams, type ResnetState, resnet18 } from './models/resnet18.js'
