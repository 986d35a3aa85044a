/** Softmax regression on MNIST: losses of each example, accuracy, and data put together. */

import { concatenate, type Tensor, zeros } from '@neumann/linalg-gpu'
import { crossEntropy, type DenseParams, dense } from '@neumann/nn'
import { accuracy, type Labelled } from './mnistParts.js'

const { apply: logitsOf } = dense(784, 10)

/** Weights of nothing: the problem is convex, where it starts does not matter to where it ends. */
export const start = (): DenseParams => ({ weight: zeros([784, 10]), bias: zeros([10]) })

/** The cross-entropy of each example. */
export const losses = (weights: DenseParams, { images, labels }: Labelled): Tensor =>
  crossEntropy(logitsOf(weights, images), labels, { reduction: 'none' })

export const score = (weights: DenseParams, { images, labels }: Labelled): Tensor =>
  accuracy(logitsOf(weights, images), labels)

/** Both, one after the other. */
export const joined = (a: Labelled, b: Labelled): Labelled => ({
  images: concatenate([a.images, b.images]),
  labels: concatenate([a.labels, b.labels]),
})
