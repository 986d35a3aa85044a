import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../dtype.js'
import { add, array, concatenate, dynamicUpdateSlice, key, matmul, mul, neg, normal, pad, readSync, relu, scan, slice, sub, sum, type Tensor, tanh, trace, transpose, zeros } from '../index.js' // biome-ignore format: a list
import type { Program } from '../program/program.js'
import { simplify } from '../simplify/simplify.js'
import { withEpilogues } from './epilogue.js'
import { executeSchedule } from './execute.testing.js'
import { schedule } from './lower.js'
import { printSchedule } from './printSchedule.js'
import { kernelsOf } from './schedule.js'

const names = (program: Program): readonly string[] => kernelsOf(withEpilogues(schedule(simplify(program))).steps).map(({ kind, name }) => `${kind} ${name}`) // biome-ignore format: a line

const data = (...xs: readonly Tensor[]): TypedArray[] => xs.map((x) => readSync(x))

/** Both schedules of a program on the same data, by the meaning of kernels. */
const agree = (program: Program, inputs: readonly TypedArray[]): void => {
  const plan = schedule(simplify(program))
  assert.equal(executeSchedule(withEpilogues(plan), inputs), executeSchedule(plan, inputs))
}

const draw = (seed: number, shape: readonly number[]): Tensor => normal(key(seed), shape)

test('a bias and an activation are done where the sums leave, and the results are the same bits', () => {
  const [w, b, x] = [draw(0, [3, 4]), draw(1, [4]), draw(2, [5, 3])]
  const program = trace((w: Tensor, b: Tensor, x: Tensor) => tanh(add(matmul(x, w), b)))(w, b, x)
  assert.equal(names(program), ['contract dot add tanh'])
  agree(program, data(w, b, x))
})

test('a step of gradient descent is done where the gradient leaves its product', () => {
  const [w, x, d] = [draw(0, [3, 4]), draw(1, [6, 3]), draw(2, [6, 4])]
  const program = trace((w: Tensor, x: Tensor, d: Tensor) => sub(w, mul(matmul(transpose(x), d), 0.1)))(w, x, d)
  assert.equal(names(program), ['contract dot mul sub'])
  agree(program, data(w, x, d))
})

test('a product may be finished by work on another, which is made before it', () => {
  const [a, b] = [draw(0, [4, 4]), draw(1, [4, 4])]
  const program = trace((a: Tensor, b: Tensor) => add(matmul(a, b), matmul(b, a)))(a, b)
  assert.is(names(program).length, 2)
  agree(program, data(a, b))
})

test('several stores, indices, and a transposed reader', () => {
  const [a, b] = [draw(0, [3, 5]), draw(1, [5, 4])]
  const program = trace((a: Tensor, b: Tensor) => {
    const t = matmul(a, b)
    return [mul(t, 2), transpose(neg(t))]
  })(a, b)
  agree(program, data(a, b))
  const c = draw(2, [4, 1])
  agree(trace((a: Tensor, b: Tensor, c: Tensor) => add(transpose(matmul(a, b)), c))(a, b, c), data(a, b, c))
})

test('sums that others look at stay: outputs, reductions, second readers', () => {
  const [a, b] = [zeros([4, 4]), zeros([4, 4])]
  const plain = (f: (a: Tensor, b: Tensor) => unknown): readonly string[] => names(trace(f)(a, b))
  assert.equal(plain((a, b) => { const t = matmul(a, b); return [t, relu(t)] }), ['contract dot', 'loop relu']) // biome-ignore format: a line
  assert.equal(
    plain((a, b) => sum(relu(matmul(a, b)), { axis: 0 })),
    ['contract dot', 'loop relu sum'],
  )
  assert.is(plain((a, b) => { const t = matmul(a, b); return matmul(t, relu(t)) }).length, 3) // biome-ignore format: a line
})

test('sums that go into a part of a result: padded, joined, written over a piece of it', () => {
  const [a, b, at] = [draw(0, [4, 4]), draw(1, [4, 4]), array([1, 2], { dtype: 'i32' })]
  const programs: readonly (readonly [(a: Tensor, b: Tensor, at: Tensor) => unknown, string])[] = [
    [(a, b) => pad(matmul(a, b), [[1, 1], [0, 2]]), 'loop copy'],
    [(a, b) => concatenate([matmul(a, b), tanh(matmul(b, a))]), 'contract dot copy'],
    [(a, b, at) => dynamicUpdateSlice(matmul(a, b), slice(matmul(b, a), [0, 2], [0, 2]), at), 'contract dot copy'],
  ]
  for (const [f, wanted] of programs) {
    const program = trace(f)(a, b, at)
    assert.ok(names(program).includes(wanted), names(program).join())
    agree(program, data(a, b, at))
    // and what they are a part of is read again by a product
    agree(trace((a: Tensor, b: Tensor, at: Tensor) => {
      const whole = f(a, b, at) as Tensor
      return add(matmul(transpose(whole), whole), 1)
    })(a, b, at), data(a, b, at))
  }
}) // biome-ignore format: a table

test('in the body of a loop, and printed', () => {
  const [w, x] = [draw(0, [3, 3]), draw(1, [2, 3])]
  const program = trace((w: Tensor, x: Tensor) => scan((c: Tensor) => [tanh(matmul(c, w)), null], x, null, { length: 3 })[0])(w, x) // biome-ignore format: a line
  assert.equal(names(program), ['contract dot tanh'])
  agree(program, data(w, x))
  const text = printSchedule(withEpilogues(schedule(simplify(program))))
  assert.match(text, 'r0:f32 = Σ a[3·m0 + k0] · b[3·k0 + n0]')
  assert.match(text, 'store c[3·m0 + n0] = n1')
})

test.run()
