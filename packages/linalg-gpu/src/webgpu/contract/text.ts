/** Pieces of WGSL: affine functions of indices, and indices out of flat ones. */

import type { Run } from '../../kernel/roles.js'

export type Terms = readonly (readonly [factor: number, name: string])[]

/** base + Σ factor · name; terms of nothing are left out.
 *  @example
 *  affine(2, [[3, 'i'], [-1, 'j'], [0, 'k']]) // => 3 * i - j + 2 */
export const affine = (base: number, terms: Terms): string => {
  let text = ''
  for (const [factor, name] of terms) {
    if (factor === 0 || name === '0') continue
    const size = Math.abs(factor)
    const own = / [-+%/] /.test(name) && size !== 1 ? `(${name})` : name
    const term = size === 1 ? own : `${size} * ${own}`
    text += text === '' ? `${factor < 0 ? '-' : ''}${term}` : `${factor < 0 ? ' - ' : ' + '}${term}`
  }
  if (text === '') return `${base}`
  return base === 0 ? text : `${text}${base < 0 ? ' - ' : ' + '}${Math.abs(base)}`
}

/** Index `place` of a mixed radix number: what is left above `below`, of `size`, where the whole has `all` values.
 *  @example
 *  [digit('thread', 1, 4, 24), digit('thread', 4, 6, 24), digit('thread', 24, 1, 24)] // => [ 'thread % 4', 'thread / 4', '0' ] */
export const digit = (flat: string, below: number, size: number, all: number): string => {
  if (size === 1) return '0'
  const rest = below === 1 ? flat : `${flat} / ${below}`
  return below * size >= all ? rest : `${rest} % ${size}`
}

export interface Index {
  /** The index along each run, innermost first. */
  readonly at: readonly string[]
  /** The statements that make them. */
  readonly lines: readonly string[]
}

/** The indices along runs out of a flat one, which is a name or `0`. */
export const unflatten = (runs: readonly Run[], flat: string, name: string): Index => {
  if (runs.length < 2 || flat === '0') return { at: runs.map(() => flat), lines: [] }
  const all = runs.reduce((product, { size }) => product * size, 1)
  let below = 1
  const lines = runs.map(({ size }, d) => {
    const own = digit(flat, below, size, all)
    below *= size
    return `let ${name}${d} = ${own};`
  })
  return { at: runs.map((_, d) => `${name}${d}`), lines }
}

/** Function f of indices along runs, without its base. */
export const termsOf = (runs: readonly Run[], at: readonly string[], f: number): Terms =>
  runs.map(({ factors }, d) => [factors[f]!, at[d]!] as const)

export const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`)

/** Statements under conditions, of which there may be none. */
export const guarded = (tests: readonly string[], lines: readonly string[]): string[] =>
  tests.length === 0 ? [...lines] : [`if (${tests.join(' && ')}) {`, ...indented(lines), '}']

/** The components of vectors. */
export const letters = ['x', 'y', 'z', 'w'] as const

/** Numbers from 0. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
