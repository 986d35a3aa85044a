import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { grad } from '@neumann/autodiff'
import { onePass } from '@neumann/hypergrad'
import { array, cast, concatenate, key, squeeze, type Tensor, uniform, zeros } from '@neumann/linalg-gpu'
import { crossEntropy } from '@neumann/nn'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { folder, removeFolders } from './files.testing.js'
import { languageModel, learner, ptb } from './ptb.js'
import { smallRun } from './smallRun.testing.js'
import { apart, byDifferences, double, numbers, sgdHyper, sgdRule } from './support.testing.js'

const [vocabulary, hidden, streams, steps] = [7, 4, 2, 5]

const words = (seed: number): Tensor => cast(uniform(key(seed), [1, steps, streams], { high: vocabulary }), 'i32')
const row = (seed: number, begins = 0) => ({
  inputs: words(seed),
  targets: words(seed + 100),
  begins: array([begins], { dtype: 'i32' }),
})

const small = (clip?: number) => {
  const { problem, begin, score } = learner(vocabulary, hidden, streams)(sgdRule(clip))
  const state = double(begin(key(0)))
  // so that steps go on from somewhere
  return { problem, score, state: problem.update(state, sgdHyper(0.1, 0), row(8)) }
}

/** The loss of words that are read at once, from rest. */
const lossOf = (weights: ReturnType<typeof small>['state']['weights'], inputs: Tensor, targets: Tensor): Tensor => {
  const still = () => zeros([streams, hidden], { dtype: 'f64' })
  const carry = () => ({ hidden: still(), cell: still() })
  const carries = [carry(), carry()] as const
  const { logits } = languageModel(vocabulary, hidden).apply(weights, { words: inputs, carries })
  return crossEntropy(logits, targets)
}

test('two rows are read as one that is as long as both', () => {
  const { score, state } = small()
  const [a, b] = [row(1, 1), row(2)]
  const [first, between] = score(state, a)
  const [second] = score(between, b)
  const both = (name: 'inputs' | 'targets'): Tensor => squeeze(concatenate([a[name], b[name]], 1), 0)
  const together = numbers(lossOf(state.weights, both('inputs'), both('targets')))[0]!
  const mean = (numbers(first['loss'])[0]! + numbers(second['loss'])[0]!) / 2
  assert.ok(Math.abs(mean - together) < 1e-14)
})

test('a text begins at rest, whatever was read before it; the objective always does', () => {
  const { score, state, problem } = small()
  const { inputs, targets } = row(3)
  const atRest = numbers(lossOf(state.weights, squeeze(inputs, 0), squeeze(targets, 0)))[0]!
  const loss = (begins: number): number => numbers(score(state, row(3, begins))[0]['loss'])[0]!
  assert.ok(Math.abs(loss(1) - atRest) < 1e-14)
  assert.ok(Math.abs(loss(0) - atRest) > 1e-6)
  assert.ok(Math.abs(numbers(problem.outer(state.weights, sgdHyper(1, 0), row(3)))[0]! - atRest) < 1e-14)
})

test('a step goes down the gradient from the carries, and training hands them on', () => {
  const { problem, score, state } = small()
  const after = problem.update(state, sgdHyper(0.5, 0), row(4, 1))
  const { inputs, targets } = row(4)
  const g = grad((w: typeof state.weights) => lossOf(w, squeeze(inputs, 0), squeeze(targets, 0)))(state.weights)
  const want = numbers(state.weights).map((w, i) => w - 0.5 * numbers(g)[i]!)
  assert.ok(Math.hypot(...numbers(after.weights).map((w, i) => w - want[i]!)) < 1e-13)
  assert.equal(numbers(after.carries), numbers(score(state, row(4, 1))[1].carries))
})

test('a step is no longer than the clip lets it be', () => {
  const { problem, state } = small(1e-3)
  const after = problem.update(state, sgdHyper(0.5, 0), row(4))
  // differences of weights about 1 have some 1e-16 of error each, of 200 weights
  assert.ok(Math.abs(apart(after.weights, state.weights) - 0.5 * 1e-3) < 1e-13)
})

test('hypergradients differentiate the step with its clip, and take the carries as they are', () => {
  const { problem, state } = small(0.01)
  const point = { state, hyper: sgdHyper(2, 0.1), train: row(5), validation: row(6) }
  const at = { ...point, previous: state }
  for (const name of ['lr', 'decay'] as const) {
    const want = byDifferences({ ...point, problem }, name)
    for (const terms of [1, 2]) {
      const { gradient } = onePass({ terms })(problem)(null, at)
      const got = numbers(gradient[name])[0]!
      // errors of central differences by 1e-5 are about 1e-9
      assert.ok(Math.abs(got - want[terms - 1]!) < 1e-6 * Math.abs(got), `${name}, ${terms} terms: ${got}, ${want}`)
    }
  }
})

/** A text in which each word follows from the one before. */
const text = (count: number): string =>
  Array.from(
    { length: count },
    (_, i) => ` ${['one', 'two', 'three', 'four', 'five'].slice(0, 2 + (i % 4)).join(' ')} \n`,
  ).join('')

const fewWords = (lines: number): string => {
  const home = folder()
  for (const [part, times] of Object.entries({ train: 3, valid: 1, test: 1 }))
    writeFileSync(join(home, `ptb.${part}.txt`), text(times * lines))
  return home
}

test('the command trains on a small text', async () => {
  const { history, test, steps, of } = await smallRun(
    `--task ptb --data ${fewWords(100)} --hidden 16 --batch 3 --epochs 6 --interval 2 --terms 2 --start lr=1,momentum=0.9,decay=1e-6`,
  )
  assert.is(steps, of)
  // 450 words are 150 in each stream, so 2 rows; 1350 are 6
  assert.is(of, 18)
  const [first, last] = [history.scores[0]!.fixed['loss']![0]!, history.scores.at(-1)!.tuned['loss']![0]!]
  // six words, which at first are all alike
  assert.ok(Math.abs(first - Math.log(6)) < 0.2, `${first}`)
  assert.ok(last < first - 0.2, `${last}`)
  assert.ok(test!.tuned['loss']![0]! < first - 0.2)
  assert.ok(history.steps.every(({ accepted }) => accepted[0]))
})

test('data, model and perplexity are told', async () => {
  const home = fewWords(100)
  const wanted = { folder: home, variant: undefined, batch: 3, hidden: 16, samples: 4 }
  await ptb.run(wanted, async ({ data, model, parts, show }) => {
    assert.is(data, `840 words to train on, 420 to validate, 420 to test, in 3 streams, of ${home}`)
    assert.is(model, '2 × 16 LSTM over 6 words')
    assert.is(parts.train.source.count, 4)
    assert.equal(show({ loss: Math.log(100) }), { perplexity: '100.0' })
  })
})

test('what cannot be read is said in one line', async () => {
  const home = fewWords(10)
  const said = (given: object): Promise<string> => {
    const wanted = { folder: home, variant: undefined, batch: 3, hidden: 16, samples: undefined, ...given }
    return ptb.run(wanted, async () => '').catch((error) => error.message)
  }
  assert.match(await said({}), /^--batch is 3: the 133 words of ptb.train.txt fill no row of 3 streams of 70 words\.$/)
  assert.match(await said({ batch: 'all' }), /--batch is a number of streams/)
  assert.match(await said({ folder: undefined }), /^--task ptb needs --data DIR/)
  assert.match(await said({ folder: '/nowhere/at/all' }), /there is no such folder/)
})

test.after(removeFolders)

test.run()
