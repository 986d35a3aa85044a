/** The loops over k of a thread that reads its operands where they are: what they add up, and when.
 *
 *  Affine functions move from loop to loop, so that an inner one adds only what is its own. Bounds are looked at in the innermost loop
 *  that they depend on. A sum of more than `block` terms is a sum of sums. */

import type { Run } from '../../kernel/roles.js'
import { type Form, left, right, type Side } from './form.js'
import { block, edgeOf, grain, insideOf, namesOf, quads, type Setting } from './setting.js'
import { affine, indented, type Terms, upTo } from './text.js'

/** k with what bounds depend on outside, and inside a run along which vectors lie, if there is one. */
export const walked = (form: Form): Form => {
  const bounded = (run: Run): number => Number(form.limits.flat().some((limit) => run.factors[limit.function] !== 0))
  const vectors = (run: Run): number => [left, right].filter((f) => quads(form, f, form.k, form.k.indexOf(run))).length
  return { ...form, k: form.k.toSorted((x, y) => bounded(x) - bounded(y) || vectors(y) - vectors(x)) }
}

/** How many of the innermost run one turn covers. */
export const depthOf = ({ ways }: Setting): 1 | 4 => (ways.includes('k') ? 4 : 1)

const longest = (sizes: readonly number[]): number =>
  sizes.reduce((best, size, d) => (size > sizes[best]! ? d : best), 0)

export interface Walk {
  /** Names of sums, and the type of all of them. */
  readonly sums: readonly string[]
  readonly type: string
  /** Which part of k: a name, or 0. */
  readonly part: string
  /** Rows and columns whose places are looked at. */
  readonly lines: readonly [readonly number[], readonly number[]]
}

/** Reads a row of left or a column of right at a turn of the innermost loop, so many places on. */
type Read = (side: Side, line: number, more: number) => string

/** The loops, around what `body` does at each turn, and the names under which the sums then stand. */
export const walk = (
  setting: Setting,
  { sums, type, part, lines }: Walk,
  body: (read: Read) => readonly string[],
): { readonly code: readonly string[]; readonly total: (sum: string) => string } => {
  const { form, memory, parts, ways } = setting
  const { k, limits, operands } = form
  // the zero is spelt out: Dawn over SwiftShader does not clear a `var` without initialiser when a loop comes round to it again
  const declared = (names: readonly string[]): string[] => names.map((name) => `var ${name} = ${type}();`)
  if (setting.K === 0) return { code: declared(sums), total: (sum) => sum }

  const unit = (d: number): number => (d === 0 ? depthOf(setting) : 1)
  const turns = k.map(({ size }, d) => size / unit(d))
  /** Along one turn of loop d, in the function's own units. */
  const step = (d: number, f: number): number => (k[d]!.factors[f]! * unit(d)) / grain(setting, f)
  // of the longest run each part has every so manyth turn
  const cut = longest(turns)
  // the loop in which a block is full, and after how many of its turns
  let inner: number = unit(0)
  const full = turns.findIndex((all, d) => {
    const size = d === cut ? Math.ceil(all / parts) : all
    if (setting.K / parts > 2 * block && inner * size > block) return true
    inner *= size
    return false
  })
  const most = full < 0 ? 0 : Math.max(1, Math.floor(block / inner))
  const total = (sum: string): string => (full < 0 ? sum : sum.replace('sum', 'total'))

  /** The innermost loop on which bounds of a side depend; k.length where none does. */
  const looks = [left, right].map((side) => {
    const d = k.findIndex((run) => limits[side as Side].some((limit) => run.factors[limit.function] !== 0))
    return d < 0 ? k.length : d
  })
  // then what is out of bounds is read at the first element and what inner loops add, and counts as 0
  const settles = [left, right].map((side) => upTo(looks[side]!).every((d) => step(d, side) >= 0))

  let moved: readonly Terms[] = form.bases.map(() => [])
  const look = (d: number): string[] =>
    ([left, right] as const).flatMap((side) => {
      if (looks[side] !== d || limits[side].length === 0) return []
      const name = namesOf[side]
      const text = lines[side].flatMap((i) => [
        `let ${name}${i}Inside = ${insideOf(setting, side, `${name}${i}`, (f) => moved[f]!)};`,
        ...(settles[side]
          ? [`let ${name}${i}From = select(0, ${affine(0, [[1, `${name}${i}`], ...moved[side]!])}, ${name}${i}Inside);`]
          : []),
      ])
      if (settles[side]) moved = moved.map((terms, f) => (f === side ? [] : terms))
      return text
    })
  const read: Read = (side, i, more) => {
    const name = `${namesOf[side]}${i}`
    const at = (from: string): string =>
      affine((more * (k[0]?.factors[side] ?? 0)) / grain(setting, side), [[1, from], ...moved[side]!])
    if (limits[side].length === 0) return memory.load(operands[side], at(name))
    const nothing = ways[side] === 'single' ? `${setting.type}(0)` : `vec4<${setting.type}>()`
    const index = settles[side] ? at(`${name}From`) : `select(0, ${at(name)}, ${name}Inside)`
    return `select(${nothing}, ${memory.load(operands[side], index)}, ${name}Inside)`
  }
  const labels = ['leftMoved', 'rightMoved']
  const loops = (d: number): readonly string[] => {
    if (d < 0) return body(read)
    const name = `k${d}`
    const stride = d === cut ? parts : 1
    const from = stride === 1 ? '0' : part
    const to = `${turns[d]}`
    const enter: string[] = []
    const outside = moved
    moved = moved.map((terms, f) => {
      const own = step(d, f)
      if (own === 0) return terms
      const sum: Terms = [...terms, [own, name]]
      if (d === 0 || (own === 1 && terms.length === 0)) return sum
      const label = `${labels[f] ?? `k${edgeOf(f)}`}${d}`
      enter.push(`let ${label} = ${affine(0, sum)};`)
      return [[1, label]]
    })
    const inside = [...enter, ...look(d), ...loops(d - 1)]
    moved = outside
    const loop = (variable: string, from: string, to: string, by: number, content: readonly string[]): string[] => [
      `for (var ${variable} = ${from}; ${variable} < ${to}; ${by === 1 ? `${variable}++` : `${variable} += ${by}`}) {`,
      ...indented(content),
      '}',
    ]
    if (d !== full) return loop(name, from, to, stride, inside)
    const [begin, end] = [declared(sums), sums.map((sum) => `${total(sum)} += ${sum};`)]
    if (most === 1) return loop(name, from, to, stride, [...begin, ...inside, ...end])
    const reach = most * stride
    const within = loop(name, 'block', `min(block + ${reach}, ${to})`, stride, inside)
    return loop('block', from, to, reach, [...begin, ...within, ...end])
  }
  return { code: [...declared(sums.map(total)), ...look(k.length), ...loops(k.length - 1)], total }
}
