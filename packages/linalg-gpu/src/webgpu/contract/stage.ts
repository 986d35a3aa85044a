/** How a workgroup brings a piece of an operand into shared memory: `depth` of k for `extent` rows or columns.
 *
 *  It lies there as vectors of four neighbours across k, whichever way it lay before, so transposes end here. A thread moves quads: four
 *  rows or columns at one k, or, where vectors lie along k, a square of four by four. Neighbouring threads follow the direction that
 *  is closer in memory. A place of padding after every k keeps writes along k out of each other's banks. */

import { left, type Side } from './form.js'
import { findLine, insideOf, namesOf, type Setting, valueOf } from './setting.js'
import { affine, guarded, type Index, letters, type Terms, termsOf, unflatten, upTo } from './text.js'

export interface Stage {
  /** The shared array, its declaration, and how many vectors one k has there. */
  readonly array: string
  readonly declaration: string
  readonly pitch: number
  /** Once, before the loop over k: what stays the same. */
  readonly before: readonly string[]
  /** Reads the piece at k `from` on, below `last`, into the variables that `before` declares. */
  readonly fetch: (from: string) => readonly string[]
  /** Writes the variables to shared memory. */
  readonly put: readonly string[]
}

/** `origin` is the first row or column, a name or 0; `mayEnd` whether k may end within a piece. */
export const stageOf = (
  setting: Setting,
  side: Side,
  {
    extent,
    depth,
    threads,
    origin,
    z,
    mayEnd,
  }: {
    readonly extent: number
    readonly depth: number
    readonly threads: number
    readonly origin: string
    readonly z: Index
    readonly mayEnd: boolean
  },
): Stage => {
  const { form, memory, ways, type, M, N } = setting
  const name = namesOf[side]
  const runs = side === left ? form.rows : form.columns
  const end = side === left ? M : N
  const way = ways[side]
  const stride = (list: typeof runs): number => Math.abs(list[0]?.factors[side] ?? 0)
  const [wide, deep] = [extent / 4, way === 'k' ? depth / 4 : depth]
  const alongK = way === 'k' || (way === 'single' && form.k.length > 0 && stride(form.k) < stride(runs))
  const units = wide * deep
  const count = Math.ceil(units / threads)
  /** Of the direction that neighbouring threads follow: threads are a multiple of it, so it is the same for all units of a thread. */
  const fast = alongK ? deep : wide
  const hops = Math.max(1, threads / fast)
  const pitch = wide + 1
  const array = `${name}s`
  const vector = `vec4<${type}>`
  const fastAt = `${name}Fast`
  const slowAt = `${name}Slow`
  /** Which quad of rows or columns, and which k (or four of it), unit u has. */
  const across = (u: number): string => (alongK ? affine(u * hops, [[1, slowAt]]) : fastAt)
  const inK = (u: number): string => (alongK ? fastAt : affine(u * hops, [[1, slowAt]]))
  const own = alongK ? upTo(count) : [0]
  const lanes = way === 'across' ? [0] : upTo(4)
  const last = end - (way === 'across' ? 4 : 1)
  const even = end % extent === 0
  const before = [
    `let ${fastAt} = lane % ${fast};`,
    `let ${slowAt} = lane / ${fast};`,
    ...own.flatMap((u) =>
      lanes.flatMap((j) => {
        const at = affine(j, [
          [1, origin],
          [4, across(u)],
        ])
        const line = `${name}${u}${letters[j]}`
        return [
          `let ${line}At = ${even ? at : `min(${at}, ${last})`};`,
          ...findLine(setting, side, `${line}At`, line, z),
        ]
      }),
    ),
    ...upTo(count).flatMap((u) =>
      (way === 'k' ? upTo(4) : [0]).map((j) => `var ${name}Held${u}${way === 'k' ? letters[j] : ''} = ${vector}();`),
    ),
  ]
  // where there are fewer units than threads, the first threads have one
  const wrap = (lines: readonly string[]): string[] => guarded(units < threads ? [`lane < ${units}`] : [], lines)

  const fetch = (from: string): string[] => {
    const lines: string[] = []
    for (const u of upTo(count)) {
      const k = `${name}K${u}`
      const shared = alongK && u > 0 // the same k as of unit 0
      const kName = shared ? `${name}K0` : k
      const { at, lines: split } = unflatten(form.k, kName, `${kName}At`)
      if (!shared) {
        const stepped =
          way === 'k'
            ? affine(0, [
                [1, from],
                [4, inK(u)],
              ])
            : affine(0, [
                [1, from],
                [1, inK(u)],
              ])
        lines.push(`let ${k} = ${stepped};`)
        lines.push(...split)
        lines.push(`let ${k}Place = ${valueOf(setting, side, 0, termsOf(form.k, at, side))};`)
      }
      if (mayEnd && !shared) lines.push(`let ${k}Inside = ${k} < last;`)
      const moved = (f: number): Terms => termsOf(form.k, at, f)
      const value = (j: number): string => {
        const line = `${name}${alongK ? u : 0}${letters[j]}`
        const place = `${line} + ${kName}Place`
        const nothing = way === 'single' ? `${type}(0)` : `${vector}()`
        const where = (inside: string): string =>
          `select(${nothing}, ${memory.load(form.operands[side], `select(0, ${place}, ${inside})`)}, ${inside})`
        if (form.limits[side].length === 0)
          return mayEnd ? where(`${kName}Inside`) : memory.load(form.operands[side], place)
        const inside = `${line}Inside${u}`
        lines.push(`let ${inside} = ${mayEnd ? `${kName}Inside && ` : ''}${insideOf(setting, side, line, moved)};`)
        return where(inside)
      }
      if (way === 'across') lines.push(`${name}Held${u} = ${value(0)};`)
      else if (way === 'k') for (const j of upTo(4)) lines.push(`${name}Held${u}${letters[j]} = ${value(j)};`)
      else {
        const values = upTo(4).map(value)
        lines.push(`${name}Held${u} = ${vector}(${values.join(', ')});`)
      }
    }
    return wrap(lines)
  }
  const put = wrap(
    upTo(count).flatMap((u) => {
      if (way !== 'k')
        return [
          `${array}[${affine(0, [
            [pitch, inK(u)],
            [1, across(u)],
          ])}] = ${name}Held${u};`,
        ]
      return upTo(4).map((kk) => {
        const parts = upTo(4).map((j) => `${name}Held${u}${letters[j]}.${letters[kk]}`)
        return `${array}[${affine(pitch * kk, [
          [4 * pitch, inK(u)],
          [1, across(u)],
        ])}] = ${vector}(${parts.join(', ')});`
      })
    }),
  )
  return {
    array,
    declaration: `var<workgroup> ${array}: array<${vector}, ${depth * pitch}>;`,
    pitch,
    before,
    fetch,
    put,
  }
}
