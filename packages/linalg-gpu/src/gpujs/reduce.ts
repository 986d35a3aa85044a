/** Reductions as text: the loops, where they begin, and how they go on. */

import type { Reduction } from '../kernel/kernel.js'
import type { ReduceFn } from '../program/op.js'
import type { Shape } from '../shape.js'

const neutral: { readonly [F in ReduceFn]: string } = {
  sum: '0', max: 'k_neg(k_infinity())', min: 'k_infinity()', and: '1', or: '0',
} // biome-ignore format: a table
/** What a reduction over nothing is. */
export const neutralOf = ({ fn, dtype }: Reduction): string =>
  dtype === 'bool' && fn !== 'sum' ? (fn === 'max' || fn === 'or' ? '0' : '1') : neutral[fn]
const stepOf = ({ fn }: Reduction, total: string, x: string): string => `k_${fn === 'sum' ? 'add' : fn}(${total}, ${x})`

/** The most terms that one sum takes in one go: parts are summed by themselves, so that errors grow with their number and not with n. */
const most = 128

/** Loops over the inner dimensions i; each level sums by itself, and none more than `most` terms but the outermost. */
export const loops = (
  lines: string[],
  reduction: Reduction,
  total: string,
  inner: Shape,
  rank: number,
  value: () => string,
): void => {
  const levels = inner.flatMap((n, k) => {
    const d = rank + k
    if (n === 1) return []
    const whole = { head: `for (let i${d} = 0; i${d} < ${n}; i${d}++) {`, inside: [] as string[], ends: 1 }
    if (n <= most || reduction.fn !== 'sum') return [whole]
    const part = {
      head: `for (let j${d} = 0; j${d} < ${most}; j${d}++) {`,
      inside: [`const i${d} = h${d} * ${most} + j${d};`, ...(n % most === 0 ? [] : [`if (i${d} < ${n}) {`])],
      ends: n % most === 0 ? 1 : 2,
    }
    return [{ head: `for (let h${d} = 0; h${d} < ${Math.ceil(n / most)}; h${d}++) {`, inside: [], ends: 1 }, part]
  })
  const enter = (level: number, into: string): void => {
    const it = levels[level]
    if (it === undefined) {
      const x = value()
      lines.push(`${into} = ${stepOf(reduction, into, x)};`)
      return
    }
    const part = level === 0 ? into : `${into}p`
    if (level > 0) lines.push(`let ${part} = k_same(${neutralOf(reduction)});`)
    lines.push(it.head, ...it.inside)
    enter(level + 1, part)
    lines.push('}'.repeat(it.ends))
    if (level > 0) lines.push(`${into} = ${stepOf(reduction, into, part)};`)
  }
  enter(0, total)
}
