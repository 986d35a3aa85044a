/** debugNans across transforms: the NaN of a derivative is blamed on the line whose derivative it is. */

import { array, debugNans, mul, sqrt, sum, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, vmap } from '../index.js'

const loss = (x: Tensor): Tensor => {
  const scaled = mul(x, 0) // back here 0 · ∞ is NaN: line 9
  const root = sqrt(scaled) // its slope at 0 is infinite
  return sum(root)
}

const messageOf = (f: () => unknown): string => {
  try {
    f()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}

test('debugNans(grad(f)) names the line of f, not that of grad', () => {
  const message = messageOf(() => debugNans(grad(loss))(array([4, 9])))
  assert.match(message, /made NaN/)
  assert.match(message, /debug\.test\.ts:9:/)
})

test('debugNans(vmap(f)) names the line of f', () => {
  const message = messageOf(() => debugNans(vmap((x: Tensor) => sqrt(x)))(array([4, -9])))
  assert.match(message, /sqrt made NaN/)
  assert.match(message, /debug\.test\.ts:30:/)
})

test.run()
