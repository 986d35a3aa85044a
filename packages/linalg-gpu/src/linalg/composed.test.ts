/** Composed kernels mean their operations, on every device, and are differentiated by their rules alone. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { add, array, exp, jit, mul, readSync, type Tensor, trace } from '../index.js'
import { kernelsOf, schedule, simplify } from '../program.js'
import { composed, held } from './composed.js'
import { run } from './operands.js'

const kernel = composed(
  'both',
  ([x]) => [x!, x!],
  ([x]) => [add(exp(x!), 1), mul(x!, 2)],
  { jvp: () => [null, null] },
)

test('the values are those of the operations, eager, traced, and where a result is an operand', () => {
  const x = array([0, 1, -2], { dtype: 'f64' })
  const f = (v: Tensor): readonly Tensor[] => run(kernel, v)
  for (const [y, z] of [f(x), jit(f)(x) as readonly Tensor[]]) {
    readSync(y!).forEach((v, i) => assert.ok(Math.abs(v - Math.exp([0, 1, -2][i]!) - 1) <= 2 ** -52))
    assert.equal(Array.from(readSync(z!)), [0, 2, -4])
  }
  const passed = composed(
    'passed',
    ([v]) => [v!],
    ([v]) => [v!],
    { jvp: () => [null] },
  )
  assert.equal(Array.from(readSync(run(passed, x)[0]!)), [0, 1, -2])
  assert.equal(Array.from(readSync(jit((v: Tensor) => run(passed, v)[0]!)(x))), [0, 1, -2])
})

test('it is one equation of a program and no kernel of its schedule', () => {
  const program = simplify(trace((v: Tensor) => run(kernel, v))(array([1, 2])))
  assert.equal(
    program.eqns.map(({ op }) => op.kind),
    ['custom'],
  )
  assert.ok(kernelsOf(schedule(program).steps).every(({ kind }) => kind === 'loop'))
  assert.is(kernel.wasm, undefined)
})

test('what is held has its value', () => {
  assert.equal(Array.from(readSync(held(array([3])))), [3])
})

test.run()
