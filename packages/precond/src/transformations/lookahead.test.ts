/** Lookahead: against plain numbers, closed forms and its laws. */

import { checkGrads } from '@neumann/autodiff'
import { jit, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adam, applyUpdates, lookahead, momentum, sgd } from '../index.js'
import { agrees, elements, f64, gradientAt, messageOf, near, objective, trained, weights } from '../support.testing.js'

test('25 steps are those of plain numbers, with the memory kept and begun anew', () => {
  for (const memory of ['keep', 'reset'] as const)
    agrees(lookahead({ every: 4, memory })(momentum), { inner: { lr: 0.125, mu: 0.75 }, alpha: 0.25 }, () => {
      let [velocity, slow] = [0, Number.NaN]
      return (g, w, t) => {
        if (t === 1) slow = w
        velocity = 0.75 * velocity + g
        const fast = w - 0.125 * velocity
        if (t % 4 !== 0) return fast - w
        slow = 0.75 * slow + 0.25 * fast
        if (memory === 'reset') velocity = 0
        return slow - w
      }
    })
})

test('slow weights on a parabola shrink by 1 − α + α (1 − γ a)ᵏ a cycle', () => {
  const ahead = lookahead({ every: 5 })(sgd)
  let w = f64(1)
  let state = ahead.init(w)
  const seen: number[] = []
  for (let step = 1; step <= 15; step++) {
    const [u, next] = ahead.update(w, state, w, { inner: { lr: 0.1 }, alpha: 0.5 }) // the gradient of ½ w² is w
    ;[w, state] = [applyUpdates(w, u), next]
    if (step === 4) near([w, ahead.weights(state, w)], [0.6561, 1], 1e-15)
    if (step % 5 === 0) {
      seen.push(...elements(w))
      near(ahead.weights(state, w), w, 1e-15)
    }
  }
  near(seen, [0.795245, 0.632414610025, 0.502924556549], 1e-12) // 1.59049 / 2 to the powers 1, 2, 3
})

test('α = 1 is the inner optimiser, k = 1 scales its steps, α = 0 goes nowhere', () => {
  const end = (every: number, alpha: number, lr = 0.125) =>
    trained(lookahead({ every })(sgd), weights(), { inner: { lr }, alpha }, 10)
  near(end(5, 1), trained(sgd, weights(), { lr: 0.125 }, 10), 1e-14)
  near(end(1, 0.25), trained(sgd, weights(), { lr: 0.03125 }, 10), 1e-14)
  near(end(5, 0), weights(), 1e-15)
  near(
    trained(lookahead()(sgd), weights(), { inner: { lr: 0.125 } }, 10),
    end(5, 0.5),
    0,
    'the defaults are k = 5 and α = 0.5',
  )
})

test('around Adam, whose counter is begun anew with its moments', () => {
  const ahead = lookahead({ every: 2, memory: 'reset' })(adam)
  let state = ahead.init(weights())
  const counts = []
  for (let step = 0; step < 4; step++) {
    state = ahead.update(gradientAt(weights()), state, weights(), { inner: { lr: 0.1 } })[1]
    counts.push(...elements([state.since, state.inner.step]))
  }
  assert.equal(counts, [1, 1, 0, 0, 1, 1, 0, 0])
})

test('derivatives by α and the inner hyperparameters, to order 2, in both modes', () => {
  checkGrads(
    (alpha: Tensor, lr: Tensor) =>
      objective(trained(lookahead({ every: 2 })(momentum), weights(), { inner: { lr, mu: 0.75 }, alpha }, 5)),
    [f64(0.25), f64(0.125)],
  )
})

test('its state shares no memory with the weights: both may be donated', () => {
  const ahead = lookahead({ every: 2 })(sgd)
  const w = f64([1, 2])
  const step = jit(
    (w: Tensor, state: ReturnType<typeof ahead.init>) => ahead.update(w, state, w, { inner: { lr: 0.5 }, alpha: 1 }),
    { donate: [0, 1] },
  )
  near(step(w, ahead.init(w))[0], [-0.5, -1], 0)
})

test('wrong options and hyperparameters', () => {
  assert.is(
    messageOf(() => lookahead({ every: 0 })),
    'lookahead: every is a positive integer, the number of fast steps to a slow one, got 0.',
  )
  const ahead = lookahead()(sgd)
  const w = f64(1)
  assert.is(
    messageOf(() => ahead.update(w, ahead.init(w), w, { inner: { lr: 1 }, beta: 1 } as never)),
    'lookahead: there is no hyperparameter beta: there are alpha.',
  )
})

test.run()
