/** Every operation, in both modes, to order 2, in all sequences of modes, against differences of its values in f64.
 *
 *  With F(x, u) = ∂f(x) u and G(x, c) = cᵀ ∂f(x), and directions (v, w):
 *    forward, forward   ∂F (v, w)      = ∂²f[u, v] + ∂f w
 *    forward, reverse   ⟨∂Fᵀ c, (v, w)⟩ = ⟨c, ∂²f[u, v] + ∂f w⟩
 *    reverse, forward   ⟨u, ∂G (v, e)⟩  = ⟨c, ∂²f[u, v]⟩ + ⟨e, ∂f u⟩
 *    reverse, reverse   ⟨∂Gᵀ u, (v, e)⟩ = the same
 *  so that linear operations have an order 2 as well: that of their dependence on tangents and cotangents. */

import { scope, square, type Tensor } from '@neumann/linalg-gpu'
import { emit, print, record, typeOf } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, jvp } from '../api/derivatives.js'
import { vmap } from '../api/vmap.js'
import { allCases, cases, listed, subsetsOf } from './cases.testing.js'
import { checked, f64 } from './derivatives.testing.js'

test('each case contains the operation that it stands for', () => {
  for (const { kind, title, f, operands } of allCases) {
    if (kind === 'opaque') continue // made by reverse mode alone
    const { program } = record(
      'case',
      operands.map((x) => typeOf(x.dtype, x.shape)),
      (x) => listed(f(x)),
    )
    const has = (p: typeof program): boolean =>
      p.eqns.some(
        ({ op }) => op.kind === kind || ('body' in op && has(op.body)) || ('branches' in op && op.branches.some(has)),
      )
    assert.ok(has(program), `${title}: ${print(program)}`)
  }
})

let count = 0
for (const kind of Object.keys(cases))
  test(`${kind}: both modes agree with differences, order 1 and 2`, () => {
    for (const c of allCases.filter((one) => one.kind === kind))
      for (const wrt of subsetsOf(c)) {
        scope(() => checked(c, wrt))
        count++
      }
  })

test('print prints values, once for each run, and never tangents', () => {
  const printed: string[] = []
  const f = (x: Tensor): Tensor => {
    emit({ kind: 'print', label: 'x', sink: (text) => printed.push(text) }, [x])
    return square(x)
  }
  const x = f64(3)
  jvp(f, [x], [x])
  assert.equal(printed.splice(0), ['x f64[] 3'])
  grad(f)(x)
  assert.equal(printed.splice(0), ['x f64[] 3'])
  grad((y: Tensor) => grad(f)(y))(x)
  assert.equal(printed.splice(0), ['x f64[] 3'])
  vmap(f)(f64([1, 2]))
  assert.equal(printed.splice(0), ['x f64[2] [1, 2]'])
})

test('the table is not empty by accident', () => {
  assert.ok(count > 500, `${count} combinations of case and differentiated operands`)
})

test.run()
