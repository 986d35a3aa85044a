/** The least bytes that a task can move.
 *
 *  A task's work falls into levels: what must have whole sums of the level before it (products, and what stands beside them) begins a new
 *  one. Between levels nothing stays on the chip; within a level every array that is used is read once and every one that is made written
 *  once, however many products use it, and all elementwise work, sums along rows and column sums for biases happen on the way. So inputs
 *  are counted once for each level that uses them, outputs once, and intermediates once as they are written and once for each level that
 *  reads them. 4 bytes an element. This is the least for any schedule whose arrays do not fit beside the arithmetic; a schedule that keeps
 *  whole arrays on the chip from level to level may move less.
 *
 *  A perceptron of two layers, z = relu(a) W₁ + b₁, a = x W₀ + b₀; σ = softmax(z), δ = (σ − y) / batch; a dot is the tangent along
 *  (V₀, c₀, V₁, c₁); ā is the error at a, with ȧ's beside it. relu has no second derivative. By levels, reads → writes:
 *
 *    mlp-step   x W₀ b₀ → a  ·  a W₁ b₁ y → δ loss  ·  a δ W₁ b₁ → ā W₁ b₁  ·  x ā W₀ b₀ → W₀ b₀
 *    hvp        x W₀ b₀ V₀ c₀ → a ȧ  ·  a ȧ W₁ b₁ V₁ c₁ y → δ δ̇  ·  a ȧ δ δ̇ W₁ V₁ → ā̇ R₁ r₁  ·  x ā̇ → R₀ r₀
 *    neumann    the levels of hvp for each term t ← t − α (H t + eʰ t), s ← s + t, where those of H at w are computed once:
 *               first      x W₀ b₀ t₀ → a ȧ  ·  a ȧ W₁ b₁ t₁ y → σ δ̇
 *               others     x t₀ → ȧ  ·  a ȧ σ W₁ t₁ → δ̇
 *               all        a ȧ σ y δ̇ W₁ t₁ h₁ s₁ → ā̇ t₁ s₁  ·  x ā̇ t₀ h₀ s₀ → t₀ s₀        (t and h with their biases; first s = t)
 *               last       reads W beside, and writes −eʰ w s in the place of t and s
 *    conv       one level, as ȳ is given: x f ȳ → y x̄ f̄
 *    softmax    one level: x y → loss x̄
 *    jit-kernels  a level for each product: x w → x */

import type { Row } from '../tasks.js'

type Level = readonly [reads: string, writes: string]
type Sizes = Readonly<Record<string, number>>

/** Elements that the levels read and write; names are separated by spaces. */
const moved = (levels: readonly Level[], sizes: Sizes): number =>
  levels
    .flat()
    .flatMap((names) => names.split(' '))
    .reduce((total, name) => {
      const size = sizes[name]
      if (size === undefined) throw new Error(`least: ${name} has no size`)
      return total + size
    }, 0)

/** Sizes of all that the levels speak of: weights 0 and 1 with their biases, by each of their letters. */
const sizesOf = ([n, m, c]: readonly number[], batch: number): Sizes => {
  const [weights0, weights1, hidden, outs] = [n! * m! + m!, m! * c! + c!, batch * m!, batch * c!]
  const trees = ['w', 'v', 't', 'h', 's', 'r'].flatMap((letter) => [[`${letter}0`, weights0], [`${letter}1`, weights1]]) // biome-ignore format: pairs
  const errors = Object.fromEntries(['a', 'ȧ', 'ā'].map((name) => [name, hidden]))
  const logits = Object.fromEntries(['y', 'δ', 'δ̇', 'σ'].map((name) => [name, outs]))
  return { x: batch * n!, loss: 1, matrix1: m! * c!, ...Object.fromEntries(trees), ...errors, ...logits }
}

const stepLevels: readonly Level[] = [
  ['x w0', 'a'],
  ['a w1 y', 'δ loss'],
  ['a δ w1', 'ā w1'],
  ['x ā w0', 'w0'],
]

const hvpLevels: readonly Level[] = [
  ['x w0 v0', 'a ȧ'],
  ['a ȧ w1 v1 y', 'δ δ̇'],
  // of the second layer's weights and directions the matrices alone
  ['a ȧ δ δ̇ matrix1 matrix1', 'ā r1'],
  ['x ā', 'r0'],
]

const termLevels = (k: number, terms: number): readonly Level[] => {
  const [first, last] = [k === 0, k === terms - 1]
  const series = (layer: 0 | 1): string => (first ? '' : ` s${layer}`)
  const rest = (layer: 0 | 1): string => (last ? `r${layer}` : `t${layer} s${layer}`)
  const weights = (layer: 0 | 1): string => (last ? ` w${layer}` : '')
  return [
    first ? ['x w0 t0', 'a ȧ'] : ['x t0', 'ȧ'],
    first ? ['a ȧ w1 t1 y', 'σ δ̇'] : ['a ȧ σ matrix1 t1', 'δ̇'],
    [`a ȧ σ y δ̇ ${last ? '' : 'matrix1 '}t1 h1${series(1)}${weights(1)}`, `ā ${rest(1)}`],
    [`x ā t0 h0${series(0)}${weights(0)}`, rest(0)],
  ]
}

const perceptron = ({ task, params }: Row): readonly Level[] | undefined => {
  if (task === 'mlp-step') return stepLevels
  if (task === 'hvp') return hvpLevels
  const terms = params.terms as number
  if (task === 'neumann') return Array.from({ length: terms }, (_, k) => termLevels(k, terms)).flat()
  return undefined
}

/** Bytes, for the tasks above.
 *  @example
 *  leastBytes(row('jit-kernels', '16 products')) // => 16 * 3 * 16 * 16 * 4 */
export const leastBytes = (row: Row): number => {
  const { task, params, bytes } = row
  const levels = perceptron(row)
  if (levels !== undefined) {
    const layers = params.layers as readonly number[]
    if (layers.length !== 3 || params.activation !== 'relu' || params.loss !== 'xent')
      throw new Error(`least: the levels of ${task} ${row.size} are not written down`)
    return 4 * moved(levels, sizesOf(layers, params.batch as number))
  }
  // a row's bytes are those of its inputs and outputs
  if (task === 'conv' || task === 'softmax') return bytes
  if (task === 'jit-kernels') return bytes * (params.count as number)
  throw new Error(`least: the levels of ${task} are not written down`)
}
