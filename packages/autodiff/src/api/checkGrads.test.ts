/** checkGrads passes what is right, and names the order and the mode of what is wrong. */

import {
  add,
  array,
  cast,
  dot,
  exp,
  floor,
  foriLoop,
  mul,
  sin,
  square,
  sum,
  type Tensor,
  tanh,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads, checkpoint, customJvp, customVjp, stopGradient, vmap } from '../index.js'
import { f64, messageOf } from '../support.testing.js'

const x = f64([0.4, -0.9])

test('right derivatives pass, to order 3, of trees, integers, several arguments and results', () => {
  checkGrads((v: Tensor) => sum(mul(sin(v), exp(v))), [x], { order: 3 })
  checkGrads((v: Tensor) => tanh(v), [x])
  checkGrads(
    ({ a, b }: { a: Tensor; b: readonly Tensor[] }, n: Tensor) => [mul(a, cast(n, 'f64')), { y: dot(b[0]!, b[0]!), n }],
    [{ a: x, b: [x] }, array([2, 3], { dtype: 'i32' })],
  )
  checkGrads((v: Tensor) => foriLoop(0, 4, (_, c: Tensor) => sin(add(c, v)), v), [x])
  checkGrads(
    checkpoint((v: Tensor) => sin(exp(v))),
    [x],
  )
  checkGrads(
    vmap((v: Tensor) => square(square(v))),
    [x],
  )
  checkGrads((v: Tensor) => sum(sin(v)), [array([0.4, -0.9])], { order: 1 })
})

test('a function of other things than arguments, and one that is constant', () => {
  checkGrads((v: Tensor) => dot(v, x), [x])
  checkGrads((_: Tensor) => f64(3), [x])
})

const rule = (slope: (v: Tensor) => Tensor) =>
  customJvp(
    (v: Tensor) => sin(v),
    ([v], [d]) => [sin(v), mul(d, slope(v))],
  )
const backRule = (slope: (v: Tensor) => Tensor) =>
  customVjp(
    (v: Tensor) => sin(v),
    (v) => [sin(v), v],
    (v, c) => [mul(c, slope(v))],
  )
const cosine = (v: Tensor): Tensor => sin(add(v, Math.PI / 2))
// right in value everywhere, and its derivative is lost: seen at order 2 alone
const frozen = (v: Tensor): Tensor => stopGradient(cosine(v))
const at = f64([0.4])

test('a wrong customJvp is found in forward mode, and in reverse mode alone', () => {
  const wrong = rule((v) => mul(cosine(v), 1.001))
  assert.match(
    messageOf(() => checkGrads(wrong, [at])),
    /^checkGrads: .*, order 1, forward: output 0 of shape \[1\], element 0: jvp gives .*, differences give /,
  )
  assert.match(
    messageOf(() => checkGrads(wrong, [at], { modes: ['reverse'] })),
    /^checkGrads: .*, order 1, reverse: ⟨pull\(c\), v⟩ = .*, ⟨c, differences⟩ = /,
  )
  checkGrads(rule(cosine), [at])
})

test('a wrong customVjp is found in reverse mode', () => {
  assert.match(
    messageOf(() =>
      checkGrads(
        backRule((v) => mul(cosine(v), 1.001)),
        [at],
        { modes: ['reverse'] },
      ),
    ),
    /order 1, reverse/,
  )
  checkGrads(backRule(cosine), [at], { modes: ['reverse'] })
})

test('a rule that is wrong at order 2 only is found there, with the trail of modes', () => {
  checkGrads(rule(frozen), [at], { order: 1 })
  checkGrads(backRule(frozen), [at], { order: 1, modes: ['reverse'] })
  assert.match(
    messageOf(() => checkGrads(rule(frozen), [at])),
    /order 2, forward then forward/,
  )
  assert.match(
    messageOf(() => checkGrads(rule(frozen), [at], { modes: ['reverse'] })),
    /order 2, reverse then reverse/,
  )
  assert.match(
    messageOf(() => checkGrads(backRule(frozen), [at], { modes: ['reverse'] })),
    /order 2, reverse then reverse/,
  )
})

test('NaN is not agreement, nor is a jump between the points', () => {
  const broken = customJvp(
    (v: Tensor) => sin(v),
    ([v], [d]) => [sin(v), mul(d, NaN)],
  )
  assert.match(
    messageOf(() => checkGrads(broken, [at])),
    /jvp gives NaN/,
  )
  assert.match(
    messageOf(() => checkGrads((v: Tensor) => floor(v), [f64([1])], { order: 1 })),
    /order 1, forward/,
  )
})

test('the differences take one Richardson step: their error is of the fourth order', () => {
  checkGrads((v: Tensor) => sum(mul(sin(v), exp(v))), [x], { order: 1, step: 1e-2, tolerance: 1e-8 })
})

test('the seed moves the directions, the tolerance is obeyed', () => {
  const slightly = rule((v) => mul(cosine(v), 1 + 1e-4))
  for (const seed of [0, 1, 2, 3]) {
    assert.match(
      messageOf(() => checkGrads(slightly, [at], { seed })),
      /order 1/,
    )
    checkGrads(slightly, [at], { seed, tolerance: 1e-3, order: 1 })
  }
})

test.run()
