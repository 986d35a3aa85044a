/** Weights whose variance keeps what flows through a layer at one size:  Var w = scale / n,  n the fan in, the fan out, or their mean.
 *
 *    name     scale   n         keeps at one size
 *    lecun    1       fan in    values, where the activation is near the identity
 *    glorot   1       average   values and gradients together; also called Xavier
 *    he       2       fan in    values behind relu, which halves the second moment; also called Kaiming
 *
 *  `…Normal` is the normal distribution itself, as in the papers and in PyTorch. What JAX and Keras call by these names is cut at two
 *  standard deviations: `varianceScaling({ …, distribution: 'truncatedNormal' })`.
 *  Source   LeCun, Bottou, Orr, Müller 1998; Glorot, Bengio 2010; He, Zhang, Ren, Sun 2015 */

import { fail, showValue } from '@neumann/linalg-gpu/program'
import { fansOf, type Initialiser } from './initialiser.js'
import { normal, truncatedNormal, uniform } from './random.js'

export interface VarianceScaling {
  readonly scale: number
  readonly mode: 'fanIn' | 'fanOut' | 'fanAverage'
  readonly distribution: 'normal' | 'truncatedNormal' | 'uniform'
}

/** The standard deviation of a standard normal number that lies within (−2, 2):  √(1 − 4 φ(2) / (2 Φ(2) − 1)). */
const spreadWithinTwo = 0.8796256610342398

const distributions = {
  normal: (std) => normal(std),
  truncatedNormal: (std) => truncatedNormal(std / spreadWithinTwo),
  uniform: (std) => uniform(Math.sqrt(3) * std), //                          Var U(−b, b) = b² / 3
} satisfies Record<VarianceScaling['distribution'], (std: number) => Initialiser>

/** Weights of variance scale / n by any of the three distributions.
 *  Fails    where the shape has no fans: fewer than two axes
 *  @example varianceScaling({ scale: 3, mode: 'fanIn', distribution: 'uniform' })(key(0), [100, 2]).shape // => [ 100, 2 ] */
export const varianceScaling = ({ scale, mode, distribution }: VarianceScaling): Initialiser => {
  if (!(scale > 0 && scale < Infinity)) fail('varianceScaling', `scale is a number > 0, got ${showValue(scale)}.`)
  return (key, shape, options) => {
    const fans = fansOf('varianceScaling', shape)
    const n = { fanIn: fans.in, fanOut: fans.out, fanAverage: (fans.in + fans.out) / 2 }[mode]
    return distributions[distribution](Math.sqrt(scale / Math.max(1, n)))(key, shape, options)
  }
}

/** N(0, 1 / fan in). @example lecunNormal(key(0), [4, 2]).shape // => [ 4, 2 ] */
export const lecunNormal = varianceScaling({ scale: 1, mode: 'fanIn', distribution: 'normal' })
/** U(±√(3 / fan in)). @example lecunUniform(key(0), [4, 2]).shape // => [ 4, 2 ] */
export const lecunUniform = varianceScaling({ scale: 1, mode: 'fanIn', distribution: 'uniform' })
/** N(0, 2 / (fan in + fan out)). @example glorotNormal(key(0), [4, 2]).shape // => [ 4, 2 ] */
export const glorotNormal = varianceScaling({ scale: 1, mode: 'fanAverage', distribution: 'normal' })
/** U(±√(6 / (fan in + fan out))). @example glorotUniform(key(0), [4, 2]).shape // => [ 4, 2 ] */
export const glorotUniform = varianceScaling({ scale: 1, mode: 'fanAverage', distribution: 'uniform' })
/** N(0, 2 / fan in). @example heNormal(key(0), [4, 2]).shape // => [ 4, 2 ] */
export const heNormal = varianceScaling({ scale: 2, mode: 'fanIn', distribution: 'normal' })
/** U(±√(6 / fan in)). @example heUniform(key(0), [4, 2]).shape // => [ 4, 2 ] */
export const heUniform = varianceScaling({ scale: 2, mode: 'fanIn', distribution: 'uniform' })
