/** Every exported function of @neumann/linalg-gpu: both modes against differences of its values, to order 2; its vmap against the loop is that of its operations. */

import { jit, scope, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { vjp } from '../api/derivatives.js'
import { subsetsOf } from './cases.testing.js'
import { checked, restricted } from './derivatives.testing.js'
import { functionCases } from './functions.testing.js'
import { drawn, elements, randomOf, tensors } from './numeric.testing.js'

for (const name of new Set(functionCases.map((c) => c.name)))
  test(`${name}: both modes agree with differences, order 1 and 2`, () => {
    for (const c of functionCases.filter((one) => one.name === name))
      for (const wrt of subsetsOf(c)) scope(() => checked(c, wrt))
  })

test('a jitted gradient is the gradient', () => {
  for (const c of functionCases.filter((one) => one.modes === undefined))
    scope(() => {
      const wrt = subsetsOf(c)[0]
      if (wrt === undefined) return
      const { f, operands, x } = restricted(c, wrt, drawn(c.operands, randomOf(`jit ${c.title}`)))
      const xs = tensors(x, operands)
      const k = f(...xs)
      const pull = (...a: Tensor[]): readonly Tensor[] => vjp(f, a).pull(k as never) as readonly Tensor[]
      // one program instead of two: values for the pull are not rounded on the way, so the same bits
      assert.equal(elements(jit(pull)(...xs)), elements(pull(...xs)), c.title)
    })
})

test.run()
