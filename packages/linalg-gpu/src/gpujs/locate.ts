/** Positions as text: sums over the dimensions of a kernel, and the way back from a position to the point that is stored there. */

import type { Access } from '../kernel/kernel.js'
import { type Shape, sizeOf } from '../shape.js'

/** offset + Σ factor · name, as gpu.js reads it: no number has a sign of its own. */
export const sum = (offset: number, terms: readonly (readonly [factor: number, name: string])[]): string => {
  const parts = terms.filter(([factor]) => factor !== 0).sort(([a], [b]) => Math.sign(b) - Math.sign(a))
  const term = ([factor, name]: readonly [number, string]): string =>
    Math.abs(factor) === 1 ? name : `${name} * ${Math.abs(factor)}`
  const text = parts.map((part, i) => `${part[0] < 0 ? `${i === 0 ? '0 ' : ''}- ` : i === 0 ? '' : '+ '}${term(part)}`)
  if (offset !== 0 || text.length === 0)
    text.push(text.length === 0 ? `${offset}` : `${offset < 0 ? '-' : '+'} ${Math.abs(offset)}`)
  return text.join(' ')
}

/** Writes the index d of the point that the cell stores, and tells how to know that there is one, where not all cells have one.
 *  Strides leave room for all that is smaller, so the largest comes off first. */
export const locate = (lines: string[], access: Access, size: number, sizes: Shape): string | undefined => {
  const { offset, strides } = access
  const order = sizes
    .flatMap((n, d) => (n > 1 ? [d] : []))
    .sort((a, b) => Math.abs(strides[b]!) - Math.abs(strides[a]!))
  const base = order.reduce((low, d) => low + Math.min(0, strides[d]! * (sizes[d]! - 1)), offset)
  const all = sizeOf(sizes) === size
  const checks = all || base === 0 ? [] : [`k_ge(this.thread.x, ${base})`]
  let rest = sum(-base, [[1, 'this.thread.x']])
  for (const d of order) {
    const [stride, n] = [Math.abs(strides[d]!), sizes[d]!]
    const last = d === order.at(-1)
    lines.push(`const q${d} = ${stride === 1 ? `k_same(${rest})` : `k_quotient(${rest}, ${stride})`};`)
    lines.push(`const d${d} = ${strides[d]! < 0 ? `${n - 1} - q${d}` : `q${d}`};`)
    if (!all) checks.push(`k_inside(q${d}, ${n})`)
    if (stride === 1) {
      rest = '0'
      continue
    }
    if (last && all) continue
    lines.push(`const e${d} = ${rest} - q${d} * ${stride};`)
    rest = `e${d}`
  }
  if (all) return undefined
  if (rest !== '0') checks.push(`k_eq(${rest}, 0)`)
  return checks.reduce((every, one) => `k_and(${every}, ${one})`)
}
