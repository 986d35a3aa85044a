/** What the shaders of a contraction have in common: how operands are read and written, and where a row or a column stands in them. */

import type { Contract } from '../../kernel/kernel.js'
import type { Run } from '../../kernel/roles.js'
import { type Memory, memoryOf } from '../memory.js'
import type { Site } from '../rendered.js'
import type { Uses } from '../wgsl/library.js'
import { type Finish, finishOf, parametersOf } from './finish.js'
import { type Form, left, out, right, type Side, sizeOfRuns } from './form.js'
import { affine, type Index, type Terms, termsOf, unflatten } from './text.js'
import type { Tile } from './tile.js'

/** Terms of one block: sums of more than two are sums of sums, whose error is that of their blocks. */
export const block = 64

/** Four neighbours of an operand are one vector along k, across it (along its rows or columns), or are not. */
export type Way = 'k' | 'across' | 'single'

export interface Setting {
  readonly kernel: Contract
  readonly form: Form
  readonly site: Site
  readonly memory: Memory
  readonly uses: Uses
  readonly type: 'f32' | 'i32' | 'u32'
  /** Rows and columns in all, terms of a sum, and products of the batch. */
  readonly M: number
  readonly N: number
  readonly K: number
  readonly Z: number
  readonly parts: number
  readonly ways: readonly [Way, Way]
  /** Whether four columns of out are stored as one vector. */
  readonly storesVectors: boolean
  /** Functions beyond those of the contraction whose operands are vectors of four columns. */
  readonly vectorMoves: ReadonlySet<number>
  /** What is done with sums before they leave, where they leave at once. */
  readonly finish: Finish | undefined
  /** Rows and columns whose indices along runs the code has by now, by their names. */
  readonly split: Map<string, Index>
}

/** Whether an operand's fours along run `d` of `runs` begin at whole vectors, and are in bounds or out of them together. */
export const quads = (form: Form, f: number, runs: readonly Run[], d: number): boolean => {
  const run = runs[d]
  const { batch, rows, columns, k, bases, limits } = form
  return (
    run !== undefined &&
    run.factors[f] === 1 &&
    run.size % 4 === 0 &&
    bases[f]! % 4 === 0 &&
    [...batch, ...rows, ...columns, ...k].every((other) => other === run || other.factors[f]! % 4 === 0) &&
    (f >= out || limits[f as Side].every((limit) => run.factors[limit.function] === 0))
  )
}

/** The operands of the functions of an epilogue. */
const operandsBeyond = ({ epilogue }: Contract): readonly (number | undefined)[] =>
  epilogue === undefined
    ? []
    : [...parametersOf(epilogue).map(({ operand }) => operand), ...epilogue.stores.map(({ operand }) => operand)]

/** Operands of an epilogue that are looked at by four columns wherever it looks at them. */
const quadsBeyond = (kernel: Contract, form: Form): readonly number[] => {
  const all = operandsBeyond(kernel)
  return [...new Set(all)].filter(
    (operand): operand is number =>
      operand !== undefined &&
      all.every((other, e) => other !== operand || quads(form, form.beyond + e, form.columns, 0)),
  )
}

export const settingOf = (kernel: Contract, form: Form, site: Site, { kind, height, width, parts }: Tile): Setting => {
  const { rows, columns, k, batch, operands, limits } = form
  // registers take four of k at a turn, all in bounds or none
  const whole = kind === 'shared' || limits.flat().every((limit) => k[0]?.factors[limit.function] === 0)
  const wayOf = (f: Side): Way => {
    if (whole && quads(form, f, k, 0)) return 'k'
    const [runs, count] = f === left ? [rows, height] : [columns, width]
    return count % 4 === 0 && quads(form, f, runs, 0) ? 'across' : 'single'
  }
  const wished = [wayOf(left), wayOf(right)] as const
  const wishes = parts === 1 && width % 4 === 0 && quads(form, out, columns, 0)
  const uses: Uses = new Set()
  const plain = [wished[left] !== 'single', wished[right] !== 'single', wishes].flatMap((yes, f) =>
    yes ? [operands[f]!] : [],
  )
  const further = wishes ? quadsBeyond(kernel, form) : []
  const wishing = memoryOf(kernel.operands, site, uses, { vectors: [...plain, ...further] })
  // all four at a time, or each alone
  const memory = wishing.vector(operands[out])
    ? wishing
    : memoryOf(kernel.operands, site, uses, { vectors: plain.filter((operand) => operand !== operands[out]) })
  const way = (f: Side): Way => (memory.vector(operands[f]) ? wished[f] : 'single')
  return {
    kernel,
    form,
    site,
    memory,
    uses,
    type: kernel.dtype as Setting['type'],
    M: sizeOfRuns(rows),
    N: sizeOfRuns(columns),
    K: sizeOfRuns(k),
    Z: sizeOfRuns(batch),
    parts,
    ways: [way(left), way(right)],
    storesVectors: parts === 1 && memory.vector(operands[out]),
    vectorMoves: new Set(
      operandsBeyond(kernel).flatMap((operand, e) =>
        operand !== undefined && memory.vector(operand) ? [form.beyond + e] : [],
      ),
    ),
    finish: parts > 1 || kernel.epilogue === undefined ? undefined : finishOf(kernel, kernel.epilogue, memory, uses),
    split: new Map(),
  }
}

/** By how much the indices of a function are divided: vectors count fours. */
export const grain = ({ ways, storesVectors, vectorMoves }: Setting, f: number): 1 | 4 =>
  f === out ? (storesVectors ? 4 : 1)
  : vectorMoves.has(f) || (ways[f] !== undefined && ways[f] !== 'single') ? 4 : 1 // biome-ignore format: a table

/** An affine function of indices, in units of the function's own. */
export const valueOf = (setting: Setting, f: number, base: number, terms: Terms): string => {
  const own = grain(setting, f)
  if (own === 1) return affine(base, terms)
  // all that is no multiple of four is a lone index of fours
  if (base % 4 === 0 && terms.every(([factor]) => factor % 4 === 0))
    return affine(
      base / 4,
      terms.map(([factor, name]) => [factor / 4, name] as const),
    )
  const text = affine(base, terms)
  return `${text.includes(' ') ? `(${text})` : text} / 4`
}

export const namesOf = ['left', 'right'] as const

/** The name of a bound's function. */
export const edgeOf = (f: number): string => `Edge${f - out - 1}`

/** The indices of a row or column along its runs; made once for each name. */
export const splitOf = ({ split, form }: Setting, side: Side, flat: string): Index => {
  const known = split.get(flat)
  if (known !== undefined) return { ...known, lines: [] }
  const own = unflatten(side === left ? form.rows : form.columns, flat, `${flat}At`)
  split.set(flat, own)
  return own
}

/** Statements that find a row of left or a column of right, by a flat index that is a name: `NAME` is its place in the operand and
 *  `NAMEEdge0`, … its part of the bounds' functions. */
export const findLine = (setting: Setting, side: Side, flat: string, name: string, z: Index): string[] => {
  const { form } = setting
  const runs = side === left ? form.rows : form.columns
  const { at, lines } = splitOf(setting, side, flat)
  const terms = (f: number): Terms => [...termsOf(form.batch, z.at, f), ...termsOf(runs, at, f)]
  return [
    ...lines,
    `let ${name} = ${valueOf(setting, side, form.bases[side]!, terms(side))};`,
    ...form.limits[side].map(
      (limit) =>
        `let ${name}${edgeOf(limit.function)} = ${affine(form.bases[limit.function]!, terms(limit.function))};`,
    ),
  ]
}

/** Whether a row or column is inside, with the part of k given for each function. */
export const insideOf = ({ form }: Setting, side: Side, name: string, partOfK: (f: number) => Terms): string =>
  form.limits[side]
    .map(
      (limit) =>
        `u32(${affine(0, [[1, `${name}${edgeOf(limit.function)}`], ...partOfK(limit.function)])}) < ${limit.size}u`,
    )
    .join(' && ')
