import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultDevice } from '../run/onDevice.js'
import { hardSystem, isSolved, krylov, type Solve, silentFailures } from './hard.testing.js'
import { cg } from './index.js'
import { integer } from './refine.js'
import { draws, eliminated, size } from './systems.testing.js'
import { zeroLike } from './vectors.js'

test('hundreds of hard systems, each solver: what is said to be solved is', () => {
  // the plain device interprets, and is slow at it; a GPU is to be asked after each of thousands of small steps
  const count = { plain: 100, webgpu: 6 }[defaultDevice().name] ?? 300
  const { answers, converged, silent } = silentFailures(count, 1, { among: krylov, sizes: [1, 2, 3, 5, 8, 12] })
  assert.equal(silent, [])
  // singular, skew and inconsistent ones among them have no solution; most of the others are solved by one or the other
  assert.ok(converged > answers / 4 && converged < (3 * answers) / 4, `${converged} of ${answers}`)
})

test('a solver that claims too much is found out: 0 for everything, and whatever conjugate gradients end with', () => {
  const sizes = [2, 5]
  const count = defaultDevice().name === 'webgpu' ? 8 : 40
  const nothing: Solve = (operator) => (b, start) => {
    const { x, ...rest } = cg({ maxIterations: 0 })(operator)(b, start)
    return { ...rest, x: zeroLike(x), status: integer(0) }
  }
  const lying = silentFailures(count, 2, { sizes, among: { nothing } })
  assert.ok(lying.silent.length > 0.75 * count, `${lying.silent.length}`)
  const sure: Solve = (operator) => (b, start) => ({ ...cg()(operator)(b, start), status: integer(0) })
  const confident = silentFailures(count, 2, { sizes, among: { sure } })
  assert.ok(confident.silent.length > count / 2, `${confident.silent.length}`)
})

test('the judge lets the solutions of elimination pass', () => {
  const random = draws(3)
  let judged = 0
  for (let i = 0; i < 200; i++) {
    const system = hardSystem(1 + (i % 12), 'f64', random)
    const x = eliminated(system.a, system.b)
    if (!['indefinite', 'large', 'skew', 'shift'].includes(system.kind) || !Number.isFinite(size(x))) continue
    judged++
    // a skew matrix of odd size is singular: elimination finds pivots of rounding size
    if (system.kind !== 'skew' || system.b.length % 2 === 0) assert.ok(isSolved(system, x, 'f64'), system.kind)
  }
  assert.ok(judged > 30)
})

test.run()
