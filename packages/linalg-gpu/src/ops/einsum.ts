/** Einstein's summation over named axes. */

import { arithmetic } from '../dtype.js'
import { fail, showShape, showValue } from '../errors.js'
import { range } from '../shape.js'
import { eager } from '../trace/eager.js'
import { emit1 } from '../trace/emit.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { contract } from './contraction.js'
import { keepWeak, together } from './operands.js'
import { diagonal, moveAxis, reshape, transpose } from './shape.js'

interface Named {
  readonly x: Tensor
  readonly names: readonly string[]
}

/** Sums products over the names that the result does not have: `einsum('bij,bjk->bik', x, y)`.
 *  A name is one letter; `...` stands for leading axes, which broadcast over operands; a name twice in one operand is its diagonal;
 *  without `->` the result has the names that occur once, in alphabetical order. More than two operands are contracted pairwise, the smallest result first.
 *  @example einsum('ij,j->i', array([[1, 2], [3, 4]]), array([1, 10])) // => f32[2] [21, 43]
 *  @example einsum('ii->', array([[1, 2], [3, 4]])) // => f32[] 5 */
export const einsum = eager((formula: string, ...operands: readonly TensorLike[]): Tensor => {
  if (typeof formula !== 'string')
    fail('einsum', `the first argument is a formula, such as 'ij,jk->ik', got ${showValue(formula)}.`)
  const [left, right, more] = formula.replace(/\s/g, '').split('->')
  const terms = left!.split(',')
  if (more !== undefined) fail('einsum', `'${formula}' has more than one '->'.`)
  if (terms.length !== operands.length)
    fail('einsum', `'${formula}' names ${terms.length} operands, got ${operands.length}.`)
  const tensors = together('einsum', operands)
  const dtype = arithmetic(typeOfTensor(tensors[0]!).dtype)
  const rank = Math.max(
    0,
    ...terms.map((term, i) => (term.includes('...') ? tensors[i]!.shape.length - (term.length - 3) : 0)),
  )
  // the axes of `...` get names that no formula can hold
  const dots = (count: number): string[] => range(count).map((i) => `.${rank - count + i}`)
  const parse = (term: string, count: number): string[] => {
    const [before, after, extra] = term.split('...')
    if (extra !== undefined || !/^[A-Za-z]*$/.test(before! + (after ?? '')))
      fail('einsum', `'${term}' in '${formula}' is no list of letters with at most one '...'.`)
    return after === undefined ? [...before!] : [...before!, ...dots(count), ...after]
  }
  const named = terms.map((term, i): Named => {
    const { shape } = tensors[i]!
    const letters = term.replace('...', '').length
    const names = parse(term, shape.length - letters)
    if (names.length !== shape.length || shape.length < letters)
      fail('einsum', `'${term}' names ${letters} axes of ${showShape(shape)}, which has ${shape.length}.`)
    return diagonals({ x: keepWeak(tensors[i]!, dtype), names })
  })
  const sizes = new Map<string, number>()
  for (const { x, names } of named)
    names.forEach((name, i) => {
      const size = x.shape[i]!
      const known = sizes.get(name) ?? size
      // axes of `...` broadcast
      const broadcasts = name.startsWith('.') && (known === 1 || size === 1)
      if (known !== size && !broadcasts)
        fail(
          'einsum',
          `${name.startsWith('.') ? "an axis of '...'" : `axis '${name}'`} has sizes ${known} and ${size} in '${formula}'.`,
        )
      sizes.set(name, known === 1 ? size : known)
    })
  const once = [...sizes.keys()].filter((name) => !name.startsWith('.') && left!.split(name).length === 2).sort()
  const result = right === undefined ? [...dots(rank), ...once] : parse(right, rank)
  for (const name of result)
    if (!sizes.has(name)) fail('einsum', `axis '${name}' of the result is in no operand of '${formula}'.`)
  if (new Set(result).size !== result.length) fail('einsum', `the result of '${formula}' names an axis twice.`)

  let pool = named
  while (pool.length > 1) {
    const [i, j] = cheapest(pool, result, sizes)
    const rest = pool.filter((_, k) => k !== i && k !== j)
    pool = [...rest, pair(pool[i]!, pool[j]!, new Set([...result, ...rest.flatMap((t) => t.names)]))]
  }
  const { x, names } = summed(pool[0]!, new Set(result))
  return transpose(
    x,
    result.map((name) => names.indexOf(name)),
  )
})

/** A name twice in an operand: its diagonal, as one axis. */
const diagonals = ({ x, names }: Named): Named => {
  const second = names.findIndex((name, i) => names.indexOf(name) !== i)
  if (second < 0) return { x, names }
  const first = names.indexOf(names[second]!)
  if (x.shape[first] !== x.shape[second])
    fail('einsum', `axis '${names[second]}' has sizes ${x.shape[first]} and ${x.shape[second]} in one operand.`)
  const last = moveAxis(moveAxis(x, second, -1), first, -1)
  const rest = names.filter((_, i) => i !== first && i !== second)
  return diagonals({ x: diagonal(last), names: [...rest, names[second]!] })
}

const summed = ({ x, names }: Named, needed: ReadonlySet<string>): Named => {
  const axes = range(names.length).filter((i) => !needed.has(names[i]!))
  return axes.length === 0
    ? { x, names }
    : { x: emit1({ kind: 'reduce', fn: 'sum', axes }, x), names: names.filter((name) => needed.has(name)) }
}

/** Two operands to one, with the axes that are needed afterwards. */
const pair = (a: Named, b: Named, needed: ReadonlySet<string>): Named => {
  const left = summed(unit(a, b), new Set([...needed, ...b.names]))
  const right = summed(unit(b, a), new Set([...needed, ...a.names]))
  const both = left.names.filter((name) => right.names.includes(name))
  const batch = both.filter((name) => needed.has(name))
  const over = both.filter((name) => !needed.has(name))
  const freeA = left.names.filter((name) => !both.includes(name))
  const freeB = right.names.filter((name) => !both.includes(name))
  const at = (term: Named, list: readonly string[]): number[] => list.map((name) => term.names.indexOf(name))
  const x = contract(
    left.x,
    right.x,
    at(left, batch),
    at(right, batch),
    at(left, freeA),
    at(right, freeB),
    at(left, over),
    at(right, over),
  )
  return { x, names: [...batch, ...freeA, ...freeB] }
}

/** Without the axes of `...` that have size 1 here and another size there: they broadcast. */
const unit = (term: Named, other: Named): Named => {
  const drop = term.names.map(
    (name, i) => term.x.shape[i] === 1 && other.names.includes(name) && other.x.shape[other.names.indexOf(name)] !== 1,
  )
  if (!drop.includes(true)) return term
  return {
    x: reshape(
      term.x,
      term.x.shape.filter((_, i) => !drop[i]),
    ),
    names: term.names.filter((_, i) => !drop[i]),
  }
}

/** The pair whose result is smallest. */
const cheapest = (
  pool: readonly Named[],
  result: readonly string[],
  sizes: ReadonlyMap<string, number>,
): [number, number] => {
  let best: [number, number] = [0, 1]
  let least = Infinity
  for (let i = 0; i < pool.length; i++)
    for (let j = i + 1; j < pool.length; j++) {
      const later = new Set([...result, ...pool.flatMap((t, k) => (k === i || k === j ? [] : t.names))])
      const names = new Set([...pool[i]!.names, ...pool[j]!.names].filter((name) => later.has(name)))
      const size = [...names].reduce((product, name) => product * sizes.get(name)!, 1)
      if (size < least) [least, best] = [size, [i, j]]
    }
  return best
}
