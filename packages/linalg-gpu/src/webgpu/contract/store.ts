/** How sums leave their threads: to where they stand in out, through the epilogue if there is one; or, where k is cut into parts, to
 *  scratch memory. */

import { parametersOf } from './finish.js'
import { left, out, right } from './form.js'
import { grain, type Setting, splitOf, valueOf } from './setting.js'
import { affine, guarded, type Index, letters, type Terms, termsOf, upTo } from './text.js'

export interface Sums {
  /** Where this product of the batch, and this part of k, stand: texts that are names or numbers. */
  readonly z: string
  readonly zAt: Index
  readonly part: string
  /** Index of each row of the thread's tile, and of each column: names. */
  readonly rows: readonly string[]
  readonly columns: readonly string[]
  /** Whether some of them may be past the end. */
  readonly tests: readonly [rows: boolean, columns: boolean]
  /** Components of a vector of sums, 1 for a scalar. */
  readonly lanes: number
  /** The sums of row i in vector c of columns. */
  readonly sum: (i: number, c: number) => string
}

/** A lone name stands for itself. */
const named = (name: string, text: string, to: string[]): string => {
  if (/^\w+$/.test(text)) return text
  to.push(`let ${name} = ${text};`)
  return name
}

export const storeSums = (setting: Setting, sums: Sums): string[] =>
  setting.parts > 1 ? storeParts(setting, sums) : storeResults(setting, sums)

/** The sums of a part, row-major, behind those of the parts before. */
const storeParts = (setting: Setting, { z, part, rows, columns, tests, lanes, sum }: Sums): string[] => {
  const { memory, M, N, Z, type } = setting
  return rows.flatMap((row, i) => {
    const stores: string[] = []
    const line = affine(0, [[M * Z, part], [M, z], [1, row]]) // biome-ignore format: a sum
    const place = named(`${row}Place`, affine(0, [[N, line]]), stores)
    columns.forEach((column, j) => {
      const value = lanes === 1 ? sum(i, j) : `${sum(i, Math.floor(j / lanes))}.${letters[j % lanes]!}`
      const store = `${memory.scratch(0, type)}[${affine(0, [[1, place], [1, column]])}] = ${value};` // biome-ignore format: a sum
      stores.push(...guarded(tests[1] ? [`${column} < ${N}`] : [], [store]))
    })
    return guarded(tests[0] ? [`${row} < ${M}`] : [], stores)
  })
}

const storeResults = (setting: Setting, { zAt, rows, columns, tests, lanes, sum }: Sums): string[] => {
  const { form, M, N, storesVectors } = setting
  const lines: string[] = []
  const step = storesVectors ? 4 : 1
  const functions = functionsOf(setting)
  const suffix = (f: number): string => (f === out ? 'Place' : `Place${f - form.beyond}`)
  const places = columns.map((name, j) => {
    if (j % step > 0) return []
    const { at, lines: own } = splitOf(setting, right, name)
    lines.push(...own)
    return functions.map((f) =>
      named(`${name}${suffix(f)}`, valueOf(setting, f, 0, termsOf(form.columns, at, f)), lines),
    )
  })
  rows.forEach((row, i) => {
    const { at, lines: stores } = splitOf(setting, left, row)
    const own = [...stores]
    const rowPlaces = functions.map((f) => {
      const base: Terms = termsOf(form.batch, zAt.at, f)
      const text = valueOf(setting, f, form.bases[f]!, [...base, ...termsOf(form.rows, at, f)])
      return named(`${row}${suffix(f)}`, text, own)
    })
    for (const j of upTo(columns.length).filter((j) => j % step === 0)) {
      const vector = sum(i, Math.floor(j / lanes))
      const value = lanes === 1 || storesVectors ? vector : `${vector}.${letters[j % lanes]!}`
      const place = functions.map((_, e) => affine(0, [[1, rowPlaces[e]!], [1, places[j]![e]!]])) // biome-ignore format: a sum
      const results = finished(setting, value, place, `${row}${columns[j]}`)
      own.push(...guarded(tests[1] ? [`${columns[j]} < ${N}`] : [], results))
    }
    lines.push(...guarded(tests[0] ? [`${row} < ${M}`] : [], own))
  })
  return lines
}

/** The functions that say where a result is stored and what its epilogue looks at. */
const functionsOf = ({ form, finish }: Setting): readonly number[] =>
  finish === undefined ? [out] : [out, ...upTo(form.bases.length - form.beyond).map((e) => form.beyond + e)]

/** The statements that store what is made of a sum, or of four; `place` has where each function is. */
const finished = (setting: Setting, value: string, place: readonly string[], name: string): string[] => {
  const { kernel, form, memory, finish, storesVectors } = setting
  if (finish === undefined) return [memory.store(form.operands[out], place[0]!, value)]
  const parameters = parametersOf(kernel.epilogue!)
  const lanes = storesVectors ? 4 : 1
  const lines: string[] = []
  /** How far columns that are neighbours lie apart. */
  const apart = (f: number): number => form.columns[0]?.factors[f] ?? 0
  // what is the same for all four, or four at a time, is read once
  const given = parameters.map(({ operand }, e) => {
    const f = form.beyond + e
    const at = place[1 + e]!
    if (operand === undefined) return (lane: number): string => affine(lane * apart(f), [[1, at]])
    const whole = grain(setting, f) === 4
    if (lanes === 1 || (!whole && apart(f) !== 0))
      return (lane: number): string => memory.load(operand, affine(lane * apart(f), [[1, at]]))
    const read = named(`${name}X${e}`, memory.load(operand, at), lines)
    return (lane: number): string => (whole ? `${read}.${letters[lane]}` : read)
  })
  const results = upTo(lanes).map((lane) => {
    const own = lanes === 1 ? value : `${value}.${letters[lane]}`
    const call = `finish(${[own, ...given.map((one) => one(lane))].join(', ')})`
    return finish.results.length === 1 ? call : named(`${name}Y${lane}`, call, lines)
  })
  finish.results.forEach(({ operand, of }, s) => {
    const f = s === 0 ? out : form.beyond + parameters.length + s - 1
    const at = place[s === 0 ? 0 : parameters.length + s]!
    const values = results.map(of)
    const type = kernel.operands[operand]!.dtype
    if (lanes === 4 && grain(setting, f) === 4)
      lines.push(memory.store(operand, at, `vec4<${type}>(${values.join(', ')})`))
    else values.forEach((one, lane) => lines.push(memory.store(operand, affine(lane * apart(f), [[1, at]]), one)))
  })
  return lanes === 1 && lines.length === 1 ? lines : ['{', ...lines.map((line) => `  ${line}`), '}']
}
