import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bytesOf } from '../dtype.js'
import {
  add,
  array,
  exp,
  flip,
  foriLoop,
  matmul,
  mul,
  scan,
  sin,
  softmax,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../index.js'
import { simplify } from '../program.js'
import { trace } from '../run/jit.js'
import { programOf, scripts } from '../simplify/random.testing.js'
import { arenaOf, livesOf, overwrites, reusable } from './arena.js'
import { schedule } from './lower.js'
import type { Schedule } from './schedule.js'

const planned = (f: (...x: Tensor[]) => unknown, ...args: Tensor[]): Schedule => schedule(simplify(trace(f)(...args)))
const bytes = ({ storages }: Schedule, id: number): number =>
  storages[id]!.type.size * bytesOf(storages[id]!.type.dtype)
const matrix = array(new Float32Array(64 * 64), { shape: [64, 64] })
const whole = 4 * 64 * 64

/** Whether a storage is written over another where the other is read for the last time. */
const isOver = (plan: Schedule, before: number, after: number): boolean => {
  const { first, last, steps } = livesOf(plan)
  const step = steps[first[after]!]
  if (last[before] !== first[after] || step?.kind !== 'kernel') return false
  return overwrites(step.kernel, step.operands.indexOf(before), step.operands.indexOf(after))
}

const check = (plan: Schedule): void => {
  const { first, last, steps } = livesOf(plan)
  const { offsets, bytes: all } = arenaOf(plan)
  const placed = offsets.flatMap((at, id) => (at < 0 ? [] : [id]))
  for (const id of placed) {
    assert.is(plan.storages[id]!.role, 'temporary')
    assert.is(offsets[id]! % 64, 0)
    assert.ok(offsets[id]! + bytes(plan, id) <= all)
  }
  // all that a step touches has a place
  plan.storages.forEach(({ role }, id) => {
    if (role === 'temporary' && first[id]! >= 0) assert.ok(offsets[id]! >= 0)
  })
  for (const a of placed)
    for (const b of placed) {
      const together = a < b && first[a]! <= last[b]! && first[b]! <= last[a]!
      const apart = offsets[a]! + bytes(plan, a) <= offsets[b]! || offsets[b]! + bytes(plan, b) <= offsets[a]!
      if (together && !apart) assert.ok(isOver(plan, a, b) || isOver(plan, b, a), `storages ${a} and ${b} share bytes`)
    }
  // what is kept from one step to the next must be somewhere
  const kept = steps.map((_, t) =>
    placed.reduce((sum, id) => sum + (first[id]! <= t && t < last[id]! ? bytes(plan, id) : 0), 0),
  )
  assert.ok(all >= Math.max(0, ...kept), `${all} bytes for ${Math.max(...kept)}`)
  const aligned = placed.reduce((sum, id) => sum + Math.max(64, 64 * Math.ceil(bytes(plan, id) / 64)), 0)
  assert.ok(all <= aligned)
}

test('no two temporaries that are alive at once share bytes, but where one is written over the other', () => {
  fc.assert(
    fc.property(scripts, (script) => {
      check(schedule(simplify(programOf(script, () => {}))))
    }),
    { numRuns: 300 },
  )
})

test('nothing needs nothing, a chain of kernels needs one or two', () => {
  assert.is(arenaOf(planned((x) => x, matrix)).bytes, 0)
  assert.is(arenaOf(planned((x) => exp(add(x, 1)), matrix)).bytes, 0)
  // a product is no element's own: it goes elsewhere
  let products: Tensor[] = []
  const chain = (n: number) => (x: Tensor) => {
    products = [x]
    for (let i = 0; i < n; i++) products.push(matmul(products.at(-1)!, products.at(-1)!))
    return products.at(-1)!
  }
  assert.is(arenaOf(planned(chain(2), matrix)).bytes, whole)
  assert.is(arenaOf(planned(chain(3), matrix)).bytes, 2 * whole)
  assert.is(arenaOf(planned(chain(9), matrix)).bytes, 2 * whole)
})

test('an elementwise kernel writes over what it reads for the last time', () => {
  const f = (x: Tensor): Tensor => {
    let y = x
    for (let i = 0; i < 5; i++) y = matmul(exp(matmul(y, y)), x)
    return y
  }
  check(planned(f, matrix))
  // a product and its operand; the exponential stands where the product stood
  assert.is(arenaOf(planned(f, matrix)).bytes, 2 * whole)
})

test('what is read again later, or in the next turn of a loop, is kept', () => {
  const kept = (x: Tensor): Tensor => {
    const early = matmul(x, x)
    return add(matmul(exp(matmul(early, x)), x), early)
  }
  check(planned(kept, matrix))
  // the early product, an operand and a result
  assert.is(arenaOf(planned(kept, matrix)).bytes, 3 * whole)
  const inLoop = (x: Tensor): Tensor => {
    const fixed = matmul(x, x)
    return foriLoop(0, 5, (_, c: Tensor) => sin(matmul(matmul(c, fixed), fixed)), x)
  }
  const plan = planned(inLoop, matrix)
  check(plan)
  const { first, last, steps } = livesOf(plan)
  const loop = steps.findIndex((step) => step?.kind === 'scan')
  const fixed = plan.storages.findIndex(({ role }, id) => role === 'temporary' && first[id]! >= 0 && first[id]! < loop)
  assert.ok(fixed >= 0)
  assert.is(last[fixed], steps.length - 1)
})

/** Whether the one kernel of a function may write its result over its first operand. */
const overIn = (f: (...x: Tensor[]) => unknown, ...args: Tensor[]): boolean => {
  const plan = planned(f, ...args)
  const [step, ...others] = plan.steps
  if (step?.kind !== 'kernel' || others.length > 0) throw new Error(`not one kernel: ${String(f)}`)
  return overwrites(step.kernel, step.operands.indexOf(plan.inputs[0]!), step.operands.indexOf(plan.outputs[0]!))
}
const vector = array(new Float32Array(64))

test('a kernel may write over what it looks at in the same place alone', () => {
  assert.ok(overIn((x) => add(mul(x, x), 1), matrix))
  assert.ok(overIn((x, y) => sub(x, transpose(y)), matrix, matrix))
  assert.not.ok(overIn((x) => add(x, transpose(x)), matrix))
  assert.not.ok(overIn((x) => exp(transpose(x)), matrix))
  assert.not.ok(overIn((x) => exp(flip(x, 0)), vector))
  assert.not.ok(overIn((v, x) => add(v, x), vector, matrix))
  assert.not.ok(overIn((x) => softmax(x), matrix))
  assert.not.ok(overIn((x) => matmul(x, x), matrix))
  assert.not.ok(overIn((x) => sum(x, { axis: 0 }), matrix))
})

test('an input that is given up becomes an output’s memory, where it is not read afterwards', () => {
  const pairs = (f: (...x: Tensor[]) => unknown, ...args: Tensor[]): [number, number][] => [...reusable(planned(f, ...args))] // biome-ignore format: a line
  assert.equal(pairs((x) => add(mul(x, 2), 1), matrix), [[0, 0]])
  assert.equal(pairs((w, m) => [add(w, 1), mul(m, 2)], matrix, matrix), [[0, 0], [1, 1]])
  assert.equal(pairs((x) => [add(x, 1), sub(x, 1)], matrix), [[0, 0]])
  assert.equal(pairs((x) => add(x, transpose(x)), matrix), [])
  assert.equal(pairs((x) => matmul(x, x), matrix), [])
  assert.equal(pairs((v, x) => add(v, x), vector, matrix), [[1, 0]])
  // read for the last time before the output is written
  assert.equal(pairs((x) => matmul(exp(matmul(x, x)), matmul(x, x)), matrix), [[0, 0]])
  // a loop reads its input in the first turn alone, and writes its output in all
  assert.equal(pairs((x) => scan((c: Tensor, row: Tensor) => [add(c, row), c], sum(x, { axis: 0 }), x), matrix), [])
}) // biome-ignore format: a table

test.run()
