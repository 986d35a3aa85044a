/** The words of a kernel's descriptor, and its affine functions, of which the words hold the numbers. */

import type { Access } from '../../kernel/kernel.js'
import type { Lowered } from '../lowered.js'
import type { Affine } from './form.js'

export type Words = Lowered['words'][number][]

export interface Table {
  readonly words: Words
  readonly affines: readonly Affine[]
  /** Adds a word and gives its number. */
  readonly word: (value: Words[number]) => number
  /** The number of an affine function, in units of so many bytes or ones; what is looked at twice is kept once. */
  readonly affineOf: (
    offset: number,
    strides: readonly number[],
    unit: number,
    operand?: number,
    dynamic?: Access['dynamic'],
  ) => number
}

export const tableOf = (sizes: readonly number[], outer: number, lane: number): Table => {
  const words: Words = [...sizes]
  const affines: Affine[] = []
  const known = new Map<string, number>()
  const cells = new Map<number, number>()
  const word = (value: Words[number]): number => words.push(value) - 1
  const strideWord = (value: number): number => (value === 0 ? -1 : word(value))
  const cellOf = (operand: number): number => {
    const cell = cells.get(operand) ?? word({ operand })
    cells.set(operand, cell)
    return cell
  }
  const dynamicOf = (
    { starts, limits, strides }: NonNullable<Access['dynamic']>,
    unit: number,
  ): NonNullable<Affine['dynamic']> => {
    const [cell, at] = [cellOf(starts), words.length]
    for (const [j, stride] of strides.entries()) words.push(limits[j]!, stride * unit)
    return { cell, at, terms: strides.length }
  }
  return {
    words,
    affines,
    word,
    affineOf: (offset, strides, unit, operand, dynamic) => {
      const key = JSON.stringify([offset, strides, unit, operand, dynamic])
      const same = known.get(key)
      if (same !== undefined) return same
      const of = strides.map((stride) => stride * unit)
      affines.push({
        base: word(offset * unit),
        ...(operand === undefined ? {} : { cell: cellOf(operand) }),
        ...(dynamic === undefined ? {} : { dynamic: dynamicOf(dynamic, unit) }),
        strides: of.map(strideWord),
        carries: of.slice(0, outer).map((stride, d) => {
          const next = d + 1 < outer ? of[d + 1]! : 0
          return stride === 0 && next === 0 ? -1 : word(stride - next * sizes[d + 1]!)
        }),
        lane: of[lane] === 0 ? 'zero' : of[lane] === unit ? 'unit' : 'other',
        unit,
      })
      known.set(key, affines.length - 1)
      return affines.length - 1
    },
  }
}
