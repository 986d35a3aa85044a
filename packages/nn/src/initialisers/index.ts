/** @neumann/nn/initialisers: what first weights are drawn by. Names of their own entry, as `zeros` and `normal` are functions of
 *  `@neumann/linalg-gpu` too: `import * as initialisers from '@neumann/nn/initialisers'`. */

export { constant, ones, zeros } from './constant.js'
export type { Initialiser } from './initialiser.js'
export { orthogonal } from './orthogonal.js'
export { normal, truncatedNormal, uniform } from './random.js'
export {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  type VarianceScaling,
  varianceScaling,
} from './varianceScaling.js'
