/** Text as numbers of words: the Penn Treebank as language models read it.
 *
 *      words of a line … <eos>                                    one more word at the end of every line
 *      streams[t, b] = ids[b · steps + t],  steps = ⌊n / count⌋    the text in `count` columns that are read at once
 *      inputs  = streams[k · length …],  targets = one step later
 *
 *  The last line must be ended.
 *  Fails    truncated | badValue: a word that the vocabulary lacks | as `unpacked`
 *  Source   Mikolov 2010 (the data); Zaremba, Sutskever, Vinyals 2014 (columns, and state carried from one sequence to
 *           the next). */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { checkWhole, fail } from '../errors.js'
import { linesOf } from '../formats/text.js'
import type { NdArray } from '../ndarray.js'
import { type DataError, quote, refuse } from '../outcome.js'

export interface WordOptions {
  /** The words that there are, by number; those of the text itself, in the order of their first use, when left out. */
  readonly vocabulary?: readonly string[]
  /** The word that stands for those that the vocabulary lacks; without it they are refused. */
  readonly unknown?: string
  /** What ends a line; `<eos>` when left out. */
  readonly endOfLine?: string
}

export interface Words {
  readonly ids: Int32Array
  readonly vocabulary: readonly string[]
}

/** The words of a text file as numbers, packed with gzip or not.
 *  @example
 *  decodeWords(new TextEncoder().encode(' to be or\n not to be \n'))
 *  // => { _tag: 'Right', right: { ids: Int32Array(8) [ 0, 1, 2, 3, 4, 0, 1, 3 ],
 *  //      vocabulary: [ 'to', 'be', 'or', '<eos>', 'not' ] } } */
export const decodeWords = (
  file: Uint8Array,
  { vocabulary, unknown, endOfLine = '<eos>' }: WordOptions = {},
): Either<DataError, Words> => {
  const lines = linesOf('decodeWords', file)
  if (isLeft(lines)) return lines
  const numbers = new Map((vocabulary ?? []).map((word, number) => [word, number]))
  const standIn = unknown === undefined ? undefined : numbers.get(unknown)
  if (unknown !== undefined && vocabulary !== undefined && standIn === undefined)
    fail('decodeWords', `the vocabulary lacks ${quote(unknown)}, which is to stand for unknown words: add it.`)
  const ids: number[] = []
  for (const [k, { content, at }] of lines.right.entries())
    for (const word of [...content.split(/\s+/).filter((word) => word !== ''), endOfLine]) {
      if (vocabulary === undefined && !numbers.has(word)) numbers.set(word, numbers.size)
      const id = numbers.get(word) ?? standIn
      if (id === undefined)
        return refuse('badValue', `decodeWords: line ${k + 1}: the vocabulary lacks ${quote(word)}.`, at)
      ids.push(id)
    }
  return right({ ids: Int32Array.from(ids), vocabulary: vocabulary ?? [...numbers.keys()] })
}

/** The text in columns that are read at the same time; the words that fill no step are left out.
 *  Shapes   [steps, count]
 *  @example
 *  wordStreams(Int32Array.of(0, 1, 2, 3, 4, 5, 6), 2)
 *  // => { data: Int32Array(6) [ 0, 3, 1, 4, 2, 5 ], shape: [ 3, 2 ] } */
export const wordStreams = (ids: Int32Array, count: number): NdArray<Int32Array> => {
  checkWhole('wordStreams', 'the number of streams', count, 1)
  const steps = Math.floor(ids.length / count)
  const data = Int32Array.from(
    { length: steps * count },
    (_, at) => ids[(at % count) * steps + Math.floor(at / count)]!,
  )
  return { data, shape: [steps, count] }
}

export interface Sequence {
  readonly inputs: NdArray<Int32Array>
  /** The words that follow those of the inputs. */
  readonly targets: NdArray<Int32Array>
}

/** The streams cut into sequences to be read one after another; views, not copies. The last one is as long as the rest,
 *  or dropped.
 *  Shapes   inputs and targets [length, count]
 *  @example
 *  const { inputs, targets } = wordSequences(wordStreams(Int32Array.of(0, 1, 2, 3, 4, 5), 2), 2)[0]!
 *  inputs.data // => Int32Array(4) [ 0, 3, 1, 4 ]
 *  targets.data // => Int32Array(4) [ 1, 4, 2, 5 ] */
export const wordSequences = (
  { data, shape }: NdArray<Int32Array>,
  length: number,
  { last = 'keep' }: { readonly last?: 'keep' | 'drop' } = {},
): readonly Sequence[] => {
  checkWhole('wordSequences', 'the length', length, 1)
  const [steps = 0, count = 0] = shape
  if (shape.length !== 2)
    fail('wordSequences', `shape [${shape.join(', ')}]: [steps, streams] is expected, as wordStreams gives.`)
  const pairs = Math.max(0, steps - 1) // the last step has no next one
  const rows = (from: number, to: number): NdArray<Int32Array> => ({
    data: data.subarray(from * count, to * count),
    shape: [to - from, count],
  })
  return Array.from({ length: last === 'keep' ? Math.ceil(pairs / length) : Math.floor(pairs / length) }, (_, k) => {
    const [from, to] = [k * length, Math.min(pairs, (k + 1) * length)]
    return { inputs: rows(from, to), targets: rows(from + 1, to + 1) }
  })
}
