/** Affine functions of the dimensions as expressions: of each, the part that a loop changes is computed in that loop and no deeper.
 *
 *  A variable v that counts several dimensions row-major has the coordinates i_d = ⌊v / Π_{e>d} size_e⌋ mod size_d. Where strides are
 *  to each other as those of such an array, s_d = s_{d+1} · size_{d+1}, a run of dimensions d … e is one: ⌊v / …⌋ mod (size_d … size_e). */

import type { Access, Bound } from '../../kernel/kernel.js'
import { sizeOf } from '../../shape.js'
import type { Writer } from './writer.js'

const sizesOf = ({ kernel }: Writer): readonly number[] => [...kernel.grid, ...kernel.inner]

/** The innermost of the groups that a list over the dimensions depends on; 0 for the grid and for none. */
export const depthOf = (w: Writer, list: readonly number[]): number => {
  const last = list.findLastIndex((c) => c !== 0)
  return Math.max(
    0,
    w.groups.findIndex(({ end }) => last < end),
  )
}

export const depthOfBounds = (w: Writer, bounds: readonly Bound[]): number =>
  Math.max(0, ...bounds.map(({ coefficients }) => depthOf(w, coefficients)))

/** The dimensions first … last of a group as one number. */
const run = (w: Writer, depth: number, first: number, last: number): string => {
  const group = w.groups[depth]!
  const sizes = sizesOf(w)
  const below = sizeOf(sizes.slice(last + 1, group.end))
  if (first === group.first && below === 1) return group.variable
  return w.once(`run ${first} ${last}`, () => {
    const divided = below === 1 ? group.variable : `${group.variable} / ${below}`
    const quotient = below === 1 || first === group.first ? divided : `(${divided})`
    const name = first === last ? `i${first}` : `i${first}_${last}`
    w.line(`let ${name} = ${quotient}${first === group.first ? '' : ` % ${sizeOf(sizes.slice(first, last + 1))}`};`)
    return name
  })
}

/** Terms with their signs, of the dimensions of one group. */
const termsOf = (w: Writer, strides: readonly number[], depth: number): string[] => {
  const { first, end } = w.groups[depth]!
  const sizes = sizesOf(w)
  const terms: string[] = []
  for (let d = first; d < end; d++) {
    const from = d
    if (strides[d] === 0) continue
    while (d + 1 < end && strides[d + 1] !== 0 && strides[d] === strides[d + 1]! * sizes[d + 1]!) d++
    const stride = strides[d]!
    const name = run(w, depth, from, d)
    terms.push(`${stride < 0 ? '-' : '+'} ${name}${Math.abs(stride) === 1 ? '' : ` * ${Math.abs(stride)}`}`)
  }
  return terms
}

const joined = (start: string, terms: readonly string[]): string => {
  const all = (start === '0' ? terms : [`+ ${start}`, ...terms]).join(' ')
  return all === '' ? '0' : all.replace(/^\+ /, '').replace(/^- /, '-').replace('+ -', '- ')
}

/** start + Σ strides · dimension over the groups up to a depth. What the groups before the last give is named where it can be. */
const sum = (w: Writer, start: string, strides: readonly number[], depth: number): string => {
  const own = w.groups[depth]!
  const terms = termsOf(w, strides, depth)
  if (depth === 0) {
    // a constant reads better at the end
    return /^-?\d+$/.test(start) && terms.length > 0 && start !== '0'
      ? `${joined('0', terms)} ${start.startsWith('-') ? `- ${start.slice(1)}` : `+ ${start}`}`
      : joined(start, terms)
  }
  const before = strides.map((c, d) => (d < own.first ? c : 0))
  const outer = sum(w, start, before, depth - 1)
  return terms.length === 0 ? outer : joined(w.named('at', outer), terms)
}

/** An offset with what starts at run time add. */
const startOf = (w: Writer, { offset, dynamic }: Pick<Access, 'offset' | 'dynamic'>): string => {
  if (dynamic === undefined) return `${offset}`
  const terms = dynamic.strides.map((stride, j) => {
    const from = `clamp(${w.memory.load(dynamic.starts, `${j}`)}, 0, ${dynamic.limits[j]})`
    return stride === 1 ? from : `${from} * ${stride}`
  })
  return w.named(
    'start',
    joined(
      `${offset}`,
      terms.map((term) => `+ ${term}`),
    ),
  )
}

/** The index of an access. */
export const indexOf = (w: Writer, access: Access): string =>
  sum(w, startOf(w, access), access.strides, depthOf(w, access.strides))

export const affineOf = (w: Writer, offset: number, strides: readonly number[]): string =>
  sum(w, `${offset}`, strides, depthOf(w, strides))

/** Names, in the scope of a loop, what an affine function that depends on deeper ones has there. */
export const prepareIndex = (
  w: Writer,
  access: Pick<Access, 'offset' | 'strides' | 'dynamic'>,
  depth: number,
): void => {
  const end = w.groups[depth]!.end
  if (depthOf(w, access.strides) <= depth) return
  const before = access.strides.map((c, d) => (d < end ? c : 0))
  w.named('at', sum(w, startOf(w, access), before, depth))
}

interface Comparison {
  /** Of the affine function. */
  readonly offset: number
  readonly test: (value: string) => string
}

/** What is to be compared for a bound: one side of it if that is enough, with the offset on the other side. */
const comparisonOf = (w: Writer, { offset, coefficients, size }: Bound): Comparison | boolean => {
  const sizes = sizesOf(w)
  let [least, most] = [offset, offset]
  coefficients.forEach((c, d) => {
    const reach = c * Math.max(0, sizes[d]! - 1)
    if (reach < 0) least += reach
    else most += reach
  })
  if (most < 0 || least >= size) return false
  if (least >= 0 && most < size) return true
  if (most < size) return { offset: 0, test: (value) => `${value} >= ${-offset}` }
  if (least >= 0) return { offset: 0, test: (value) => `${value} < ${size - offset}` }
  return { offset, test: (value) => `u32(${value}) < ${size}u` }
}

const holds = (w: Writer, bound: Bound): string => {
  const comparison = comparisonOf(w, bound)
  return typeof comparison === 'boolean'
    ? `${comparison}`
    : comparison.test(affineOf(w, comparison.offset, bound.coefficients))
}

/** Whether all bounds hold, by the groups that they depend on: what is known further out is named there. */
export const inside = (w: Writer, bounds: readonly Bound[], depth = depthOfBounds(w, bounds)): string => {
  const here = bounds.filter(({ coefficients }) => depthOf(w, coefficients) === depth).map((bound) => holds(w, bound))
  const further = bounds.filter(({ coefficients }) => depthOf(w, coefficients) < depth)
  const outer = further.length === 0 ? 'true' : inside(w, further)
  if (outer === 'false' || here.includes('false')) return 'false'
  const all = [...(outer === 'true' ? [] : [w.named('within', outer)]), ...here.filter((one) => one !== 'true')]
  return all.length === 0 ? 'true' : [...new Set(all)].join(' && ')
}

/** Names, in the scope of a loop, the bounds that hold or not throughout deeper ones, and the parts of the others. */
export const prepareBounds = (w: Writer, bounds: readonly Bound[], depth: number): void => {
  if (depthOfBounds(w, bounds) <= depth) return
  const known = bounds.filter(({ coefficients }) => depthOf(w, coefficients) <= depth)
  if (known.length > 0 && depthOfBounds(w, known) === depth) {
    const condition = inside(w, known)
    if (condition !== 'true' && condition !== 'false') w.named('within', condition)
  }
  for (const bound of bounds) {
    const comparison = comparisonOf(w, bound)
    if (typeof comparison !== 'boolean')
      prepareIndex(w, { offset: comparison.offset, strides: bound.coefficients }, depth)
  }
}
