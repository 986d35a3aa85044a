import { data, plain, readSync, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { choiceOf, line } from '../support.testing.js'
import { tasks } from '../tasks/index.js'
import { type Ended, experiment, stepsOf } from './experiment.js'
import { quantile, timeRatio } from './history.js'
import { samples } from './samples.js'

const { defaults } = tasks['mnist']!

interface Run {
  readonly ended: Ended
  readonly kept: readonly { readonly why: string; readonly steps: number }[]
  /** What was kept last, its tensors as numbers. */
  readonly last: { readonly weights: readonly number[] }
}

const run = async (
  words: readonly string[],
  more: { readonly stopAfter?: number; readonly signal?: AbortSignal } = {},
): Promise<Run> => {
  const kept: { why: string; steps: number }[] = []
  let last: Run['last'] | undefined
  const ended = await experiment(line, {
    choice: choiceOf(...words),
    defaults,
    device: plain,
    signal: new AbortController().signal,
    told: () => {},
    keep: async (saved, why) => {
      kept.push({ why, steps: saved.steps })
      const { tuned } = saved.state as { tuned: { run: { inner: { weights: Tensor } } } }
      last = {
        weights: [...(await data(tuned.run.inner.weights))],
      }
    },
    ...more,
  })
  return { ended, kept, last: last ?? { weights: [] } }
}

/** What does not depend on the clock. */
const numbers = ({ ended: { history, test, steps } }: Run): unknown => {
  const { seconds: _, ...rest } = history
  return { rest, test, steps }
}

const words = ['--epochs', '10', '--start', 'lr=0.02,momentum=0.5,decay=0.001']

test('an epoch is as many steps as full batches, and hyperparameters move each so many', () => {
  assert.is(stepsOf(line.parts, choiceOf('--epochs', '10')), 20)
  assert.is(stepsOf(line.parts, choiceOf('--epochs', '1', '--interval', '4')), 1)
  assert.throws(
    () => stepsOf(line.parts, choiceOf('--epochs', '1', '--interval', '7')),
    /--interval is 7, there are 6 training steps/,
  )
})

test('what is not tuned stays, and both ways begin alike', async () => {
  const { ended } = await run([...words, '--tune', 'lr'])
  const { history } = ended
  assert.equal(Object.keys(history.steps[0]!.hyper), ['lr'])
  assert.equal(history.scores[0]!.fixed, history.scores[0]!.tuned)
  assert.equal(history.start['momentum'], [0.5, 0.5])
  assert.ok(history.steps.every(({ hyper }) => hyper['lr']!.every((lr) => lr! > 0 && lr! <= 1)))
  assert.not.equal(history.steps[0]!.hyper, history.steps.at(-1)!.hyper)
  assert.is(ended.steps, 20)
  assert.is(history.steps.length, 20)
})

test('tuning nothing but what does nothing trains like fixed hyperparameters, bit by bit', async () => {
  // with sgd the decay of a weight vector moves by 0.05 decades a step from 1e-30, which no float of the weights sees
  const { ended } = await run([
    '--epochs',
    '4',
    '--optimiser',
    'sgd',
    '--tune',
    'decay',
    '--start',
    'lr=0.05,decay=1e-30',
  ])
  for (const { fixed, tuned } of ended.history.scores) assert.equal(fixed, tuned)
  assert.equal(ended.test!.fixed, ended.test!.tuned)
})

test('the fixed way is gradient descent, by hand', async () => {
  const { ended } = await run([
    '--epochs',
    '4',
    '--optimiser',
    'momentum',
    '--start',
    'lr=0.05,momentum=0.5,decay=0.01',
  ])
  // batches of 4 of 24 rows, in the order of the seed: gone through again with plain numbers
  let [w, v] = [
    [0.5, 0.25],
    [0, 0],
  ]
  for await (const { samples: batch } of samples(line.parts, { interval: 3, seed: 0, count: 8, device: plain })) {
    const [x, y] = [readSync(batch.train['x']!), readSync(batch.train['y']!)]
    for (let step = 0; step < 3; step++) {
      const gradient = [0, 1].map((j) => {
        let sum = 0.01 * w[j]!
        for (let row = 4 * step; row < 4 * step + 4; row++)
          sum += (2 / 4) * (w[0]! * x[2 * row]! + w[1]! * x[2 * row + 1]! - y[row]!) * x[2 * row + j]!
        return sum
      })
      v = v.map((old, j) => 0.5 * old + gradient[j]!)
      w = w.map((old, j) => old - 0.05 * v[j]!)
    }
  }
  const length = w[0]! ** 2 + w[1]! ** 2
  // 24 steps in f32
  for (const got of ended.history.scores.at(-1)!.fixed['length']!) assert.ok(Math.abs(got! - length) < 1e-5 * length)
})

test('settings trained in turn are those trained together', async () => {
  const some = await run(words)
  const again = await experiment(line, {
    choice: choiceOf(...words),
    defaults: { ...defaults, across: 'in turn' },
    device: plain,
    signal: new AbortController().signal,
    told: () => {},
    keep: async () => {},
  })
  const [a, b] = [some.ended.history.steps.at(-1)!.value, again.history.steps.at(-1)!.value]
  // sums in another order: a few units in the last place, over 60 steps
  a.forEach((x, i) => assert.ok(Math.abs(x! - b[i]!) < 1e-4 * Math.abs(x!)))
})

test('one learning rate for each weight moves each by itself', async () => {
  const [one, each] = [await run([...words, '--tune', 'lr']), await run([...words, '--tune', 'lr:each'])]
  assert.equal(one.ended.history.start, each.ended.history.start)
  assert.not.equal(one.ended.history.steps.at(-1)!.hyper, each.ended.history.steps.at(-1)!.hyper)
})

test('every optimiser and every estimator takes its steps', async () => {
  for (const optimiser of ['sgd', 'momentum', 'nesterov', 'adam', 'rmsprop', 'adagrad'])
    assert.is((await run(['--epochs', '1', '--optimiser', optimiser])).ended.steps, 2, optimiser)
  for (const estimator of ['unrolled', 'implicit']) {
    const { ended } = await run(['--epochs', '1', '--estimator', estimator, '--terms', '2'])
    assert.ok(
      ended.history.steps.every(({ status }) => status.every((one) => one !== 'disconnected' && one !== 'nonfinite')),
      estimator,
    )
  }
})

test('a training that runs away is told as nulls, and its steps are not followed', async () => {
  const { ended } = await run(['--epochs', '40', '--optimiser', 'sgd', '--start', 'lr=1,decay=1000'])
  const last = ended.history.steps.at(-1)!
  assert.equal(last.value, [null, null])
  assert.equal(last.status, ['nonfinite', 'nonfinite'])
  assert.equal(last.accepted, [false, false])
  assert.ok(last.hyper['lr']!.every((lr) => lr !== null && lr > 0))
})

test('it is kept whenever it is scored, and when it is stopped', async () => {
  const { ended, kept } = await run(words, { stopAfter: 5 })
  assert.equal(kept, [
    { why: 'scored', steps: 2 },
    { why: 'scored', steps: 4 },
    { why: 'stopped', steps: 5 },
  ])
  assert.is(ended.test, undefined)
  assert.is(ended.steps, 5)
})

test('a signal stops it after the step that is being taken', async () => {
  const stopping = new AbortController()
  setTimeout(() => stopping.abort(), 50)
  const { ended } = await run(['--epochs', '5000'], { signal: stopping.signal })
  assert.ok(ended.steps > 0 && ended.steps < 10_000)
  assert.is(ended.history.steps.length, ended.steps)
  const none = await run(words, { signal: stopping.signal })
  assert.equal([none.ended.steps, none.kept], [0, []])
})

test('one run is like another', async () => {
  const [one, two] = [await run(words), await run(words)]
  assert.equal(numbers(one), numbers(two))
  assert.equal(one.last.weights, two.last.weights)
  assert.not.equal(numbers(one), numbers(await run([...words, '--seed', '1'])))
})

test('quantiles are of the numbers that are known', () => {
  assert.is(quantile([3, null, 1, 2], 0.5), 2)
  assert.ok(Number.isNaN(quantile([null], 0.5)))
  const seconds = { fixed: [9, 1, 1, 1, 7], tuned: [50, 3, 2, 2, 2] }
  assert.is(timeRatio({ start: {}, steps: [], scores: [], seconds }), 2)
})

test.run()
