import { fromArrays } from '@neumann/data'
import { whole } from '@neumann/hypergrad'
import { add, array, liveBuffers, mean, mul, plain, sum, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Learner, Part } from '../tasks/task.js'
import { scoring } from './score.js'

type Batch = { readonly x: Tensor }

const part = (count: number, size: number, order: Part['order']): Part => ({
  source: fromArrays({ x: { data: Float32Array.from({ length: count }, (_, i) => i), shape: [count] } }),
  size,
  order,
})

const learner = (score: Learner<Tensor, Tensor, Batch>['score']): Learner<Tensor, Tensor, Batch> => ({
  problem: { update: (s) => s, outer: (w) => w, weights: whole() },
  begin: () => array(0),
  score,
})

test('means are over all rows, also where the last batch is smaller, and of each setting by itself', async () => {
  const scored = scoring(
    learner((state, { x }) => [{ loss: mul(state, mean(x)), rows: mean(x) }, state]),
    plain,
  )
  // 1000 rows of mean 499.5 and 500 of mean 1249.5
  assert.equal(await scored(array([1, 2]), part(1500, 50, 'shuffled')), { loss: [749.5, 1499], rows: [749.5, 749.5] })
})

test('where rows follow from each other they come one by one, and what one leaves the next finds', async () => {
  const sums = scoring(
    learner((state, { x }) => {
      const next = add(state, sum(x))
      return [{ loss: next }, next]
    }),
    plain,
  )
  // running sums 0, 1, 3, 6 have the mean 2.5
  assert.equal(await sums(array([7]), part(4, 1, 'given')), { loss: [9.5] })
})

test('nothing is left in memory, and the state is still there', async () => {
  const state = array([1, 2])
  const score = scoring(
    learner((s, { x }) => [{ loss: mean(x) }, s]),
    plain,
  )
  await score(state, part(10, 5, 'shuffled'))
  const before = liveBuffers().count
  await score(state, part(10, 5, 'shuffled'))
  assert.is(liveBuffers().count, before)
  assert.match(String(state), '[1, 2]')
})

test.run()
