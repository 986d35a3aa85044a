import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { fails } from '../support.testing.js'
import { decodeWords, wordSequences, wordStreams } from './words.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const range = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i)

test('words by their first use, blanks around lines, an end after each line, also after an empty one', () => {
  const { ids, vocabulary } = unwrap(decodeWords(bytes(' b a \n\nb  c\n')))
  assert.equal(vocabulary, ['b', 'a', '<eos>', 'c'])
  assert.equal([...ids], [0, 1, 2, 2, 0, 3, 2])
})

test('names that objects have by themselves are words like any other', () => {
  assert.equal([...unwrap(decodeWords(bytes('constructor __proto__ constructor\n'))).ids], [0, 1, 0, 2])
})

test('a vocabulary that is given numbers the words; one that it lacks is refused with its line, or has a stand-in', () => {
  const vocabulary = ['<eos>', '<unk>', 'é']
  assert.equal([...unwrap(decodeWords(bytes('é é\n'), { vocabulary })).ids], [2, 2, 0])
  const error = fails(decodeWords(bytes('é\nx\n'), { vocabulary }), 'badValue', /line 2: the vocabulary lacks "x"/)
  assert.is(error.offset, 3)
  assert.equal([...unwrap(decodeWords(bytes('é x\n'), { vocabulary, unknown: '<unk>' })).ids], [2, 1, 0])
  assert.throws(
    () => decodeWords(bytes('x\n'), { vocabulary: ['a'], unknown: '<unk>' }),
    /the vocabulary lacks "<unk>"/,
  )
  fails(decodeWords(bytes('a\n'), { vocabulary: ['a'] }), 'badValue', /lacks "<eos>"/)
})

test('a text whose last line is not ended is refused', () => {
  fails(decodeWords(bytes('a b\nc')), 'truncated', /the last line does not end/)
})

test('streams: each column is a piece of the text, what is over is left out', () => {
  assert.equal(wordStreams(range(11), 3), { data: Int32Array.of(0, 3, 6, 1, 4, 7, 2, 5, 8), shape: [3, 3] })
  assert.equal(wordStreams(range(2), 3).shape, [0, 3])
  assert.equal([...wordStreams(range(4), 1).data], [0, 1, 2, 3])
})

test('sequences follow each other; targets are one step later; every step but the last is an input once', () => {
  for (const [steps, length] of [[10, 3], [10, 9], [10, 100], [7, 3], [2, 1]] as const) {
    const streams = wordStreams(range(2 * steps), 2)
    const sequences = wordSequences(streams, length)
    assert.equal(sequences.flatMap(({ inputs }) => [...inputs.data]), [...streams.data.slice(0, -2)])
    for (const { inputs, targets } of sequences) {
      assert.equal(inputs.shape, targets.shape)
      assert.equal([...targets.data], [...inputs.data].map((id) => id + 1)) // biome-ignore format: one line
    }
    const whole = wordSequences(streams, length, { last: 'drop' })
    assert.ok(whole.every(({ inputs }) => inputs.shape[0] === length))
    assert.is(whole.length, Math.floor((steps - 1) / length))
  } // biome-ignore format: a table
})

test('no steps, one step: no sequences', () => {
  assert.equal(wordSequences(wordStreams(range(0), 2), 3), [])
  assert.equal(wordSequences(wordStreams(range(2), 2), 3), [])
})

test('the Penn Treebank in 40 streams of 70 has 332 sequences an epoch', () => {
  // ⌊929,589 / 40⌋ = 23,239 steps; ⌈23,238 / 70⌉
  assert.is(wordSequences(wordStreams(new Int32Array(929_589), 40), 70).length, 332)
})

test('what is no number of streams or steps throws', () => {
  assert.throws(() => wordStreams(range(4), 0), /the number of streams is 0: a whole number ≥ 1/)
  assert.throws(() => wordSequences(wordStreams(range(4), 2), 0), /the length is 0/)
  assert.throws(() => wordSequences({ data: range(4), shape: [4] }, 2), /\[steps, streams\] is expected/)
})

test.run()
