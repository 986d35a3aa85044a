/** The Penn Treebank, word by word, read by two layers of LSTM: the language model of Clarke et al. 2022.
 *
 *  The text lies in `--batch` streams, which are read side by side in sequences of 70 words. A row is one such sequence, and rows follow each other: where one
 *  ends, the LSTMs hand their carries to the next, as a part of the inner state; at the first row of a text they begin with zeros. The carries are constants to
 *  derivatives: gradients go back through 70 words, and hypergradients see one sequence.
 *
 *    Φ(s, λ)   { w, o, c } ← one step of the rule down the loss of the sequence from c, clipped at ¼ within the step;  c ← where it ended
 *    F, f      the loss of a sequence that is read from rest: what they see of a state is the weights
 *    score     reads a part from its first row to its last, carries handed on;  perplexity = exp(loss), the same number of words in each row
 *
 *  Words that fill no row at the end of a text are left out. First weights are even in ±1/√hidden, for 650 close to the ±0.05 of Zaremba et al.
 *  Source   Clarke, Oldewage, Hernández-Lobato 2022; Zaremba, Sutskever, Vinyals 2014 for the size, and for carries that go on */

import { stopGradient } from '@neumann/autodiff'
import { fromArrays, unwrap, type Words, wordSequences, wordStreams } from '@neumann/data'
import { readPtb } from '@neumann/data/node'
import { field, type Training } from '@neumann/hypergrad'
import { add, equal, squeeze, type Tensor, treeMap, where, zeros } from '@neumann/linalg-gpu'
import { compose, crossEntropy, dense, embedding, type LstmCarry, lstm } from '@neumann/nn'
import { uniform } from '@neumann/nn/initialisers'
import { below } from './below.js'
import { penalty } from './learnerOf.js'
import { stepDown } from './stepDown.js'
import { type Learner, type Part, type Rule, task, type Wanted } from './task.js'

type Carries = readonly [LstmCarry, LstmCarry]

/** Words by number, and those that follow them [1, length, streams]; 1 where a text begins [1]. */
type Sequence = { readonly inputs: Tensor; readonly targets: Tensor; readonly begins: Tensor }

const length = 70

/** Words [time, streams] and carries → logits [time, streams, vocabulary] and the carries behind the last word. */
export const languageModel = (vocabulary: number, hidden: number) => {
  const weight = uniform(1 / Math.sqrt(hidden))
  const layer = () => lstm(hidden, hidden, { input: weight, recurrent: weight })
  return compose(
    {
      embedding: embedding(vocabulary, hidden, { weight }),
      first: layer(),
      second: layer(),
      out: dense(hidden, vocabulary, { weight }),
    },
    ({ embedding, first, second, out }, { words, carries }: { readonly words: Tensor; readonly carries: Carries }) => {
      const low = first({ inputs: embedding(words), carry: carries[0] })
      const high = second({ inputs: low.outputs, carry: carries[1] })
      return { logits: out(high.outputs), carries: [low.carry, high.carry] as Carries }
    },
  )
}

type Weights = ReturnType<ReturnType<typeof languageModel>['init']>

/** Weights, what the optimiser remembers, and where the last sequence ended. */
export interface Reading extends Training<Weights, unknown> {
  readonly carries: Carries
}

export const learner =
  (vocabulary: number, hidden: number, streams: number) =>
  (rule: Rule): Learner<Reading, Weights, Sequence> => {
    const model = languageModel(vocabulary, hidden)
    const step = stepDown(rule)
    const rest = ({ out }: Weights): Carries => {
      const still = () => zeros([streams, hidden], { dtype: out.weight.dtype })
      return [
        { hidden: still(), cell: still() },
        { hidden: still(), cell: still() },
      ]
    }
    const read = (weights: Weights, carries: Carries, { inputs, targets, begins }: Sequence) => {
      const first = equal(squeeze(begins, 0), 1)
      const from = treeMap((x: Tensor) => where(first, 0, x), carries as never) as unknown as Carries
      const { logits, carries: next } = model.apply(weights, { words: squeeze(inputs, 0), carries: stopGradient(from) })
      return [crossEntropy(logits, squeeze(targets, 0)), next] as const
    }
    const fromRest = (weights: Weights, sequence: Sequence): Tensor => read(weights, rest(weights), sequence)[0]
    return {
      problem: {
        weights: field('weights'),
        update: ({ carries, ...before }, hyper, sequence) => {
          const [after, next] = step((w: Weights) => read(w, carries, sequence), before, hyper)
          return { ...after, carries: next }
        },
        outer: (weights, _, sequence) => fromRest(weights, sequence),
        inner: (weights, { decay }, sequence) => add(fromRest(weights, sequence), penalty(weights, decay)),
      },
      begin: (key) => {
        const weights = model.init(key)
        return { weights, optimiser: rule.optimiser.init(weights), carries: rest(weights) }
      },
      score: (state, sequence) => {
        const [loss, carries] = read(state.weights, state.carries, sequence)
        return [{ loss }, { ...state, carries }]
      },
    }
  }

/** The rows of a text, at most so many.
 *  Fails    where its words do not fill one */
const rowsOf = (name: string, { ids }: Words, streams: number, most = Infinity): Part => {
  const all = wordSequences(wordStreams(ids, streams), length, { last: 'drop' }).slice(0, most)
  if (all.length === 0)
    throw new Error(
      `--batch is ${streams}: the ${ids.length} words of ${name} fill no row of ${streams} streams of ${length} words.`,
    )
  const stacked = (what: 'inputs' | 'targets') => ({
    data: Int32Array.from(all.flatMap((row) => [...row[what].data])),
    shape: [all.length, length, streams],
  })
  const begins = { data: Int32Array.from(all, (_, i) => (i === 0 ? 1 : 0)), shape: [all.length] }
  return {
    source: fromArrays({ inputs: stacked('inputs'), targets: stacked('targets'), begins }),
    size: 1,
    order: 'given',
  }
}

/** `--batch` is the number of streams, `--hidden` the size of words and of both layers, `--samples` the most rows of each of the three parts. */
export const ptb = task(
  { epochs: 72, batch: 40, hidden: 650, settings: 1, across: 'in turn', clip: 0.25 },
  async ({ folder, batch, hidden, samples }: Wanted) => {
    if (folder === undefined)
      throw new Error('--task ptb needs --data DIR, a folder with ptb.train.txt, ptb.valid.txt and ptb.test.txt.')
    if (batch === 'all') throw new Error('--batch all: a text has no batch of all, --batch is a number of streams.')
    const { train, valid, test } = unwrap(await readPtb(await below(folder, 'ptb'))())
    const parts = {
      train: rowsOf('ptb.train.txt', train, batch, samples),
      validation: rowsOf('ptb.valid.txt', valid, batch, samples),
      test: rowsOf('ptb.test.txt', test, batch, samples),
    }
    const words = ({ source }: Part): string => (source.count * length * batch).toLocaleString('en')
    const vocabulary = train.vocabulary.length
    return {
      data: `${words(parts.train)} words to train on, ${words(parts.validation)} to validate, ${words(parts.test)} to test, in ${batch} streams, of ${folder}`,
      model: `2 × ${hidden} LSTM over ${vocabulary.toLocaleString('en')} words`,
      parts,
      learner: learner(vocabulary, hidden, batch),
      show: ({ loss }) => ({ perplexity: Math.exp(loss!).toPrecision(4) }),
    }
  },
)
