import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, cond, full, greater, item, jit, map, mul, print, readSync, scan, scope, sin, sum, type Tensor, toNested, whileLoop, zeros,
} from '../index.js' // biome-ignore format: a list
import { typeOf } from '../program/type.js'
import { trace } from '../run/jit.js'
import { context } from './context.js'
import { emit1, inline, isTracing, staged } from './emit.js'
import type { Tensor as T, TensorValue } from './tensor.js'
import { inParent, record } from './trace.js'

const f32 = typeOf('f32', [])
const x = array([1, 2, 3])

/** A value of a trace that has ended. */
const stale = (): T => {
  let kept: T | undefined
  record('earlier', [f32], ([v]) => [(kept = sin(v!))])
  return kept!
}

test('outside values and concrete tensors become captured inputs, after the declared ones, each once', () => {
  const w = array(2)
  const { program, captured } = record('outer', [f32], ([a]) => {
    const inner = record('inner', [f32], ([b]) => [add(mul(b!, a!), mul(w, add(a!, w)))])
    assert.equal(inner.captured, [a, w])
    assert.is(inner.program.inputs.length, 3)
    return [a!]
  })
  assert.equal(captured, [])
  assert.is(program.eqns.length, 0)
})

test('constants are recorded, not captured, and each number once', () => {
  const z = zeros([])
  const { program, captured } = record('f', [f32], ([a]) => [add(add(mul(a!, 2), mul(a!, 2)), add(add(z, z), 2))])
  assert.equal(captured, [])
  assert.equal(
    program.eqns.filter((eqn) => eqn.op.kind === 'full').map((eqn) => (eqn.op as { value: number }).value),
    [2, 0],
  )
})

test('0 and −0 are two constants', () => {
  const { program } = record('f', [f32], ([a]) => [mul(a!, 0), mul(a!, -0), mul(a!, 0)])
  const value = (id: number): number =>
    (program.eqns.find((eqn) => eqn.outputs[0] === id)!.op as { value: number }).value
  const factors = program.eqns.filter((eqn) => eqn.op.kind === 'binary').map((eqn) => value(eqn.inputs[1]!))
  assert.equal(
    factors.map((v) => Object.is(v, -0)),
    [false, true, false],
  )
  assert.is(program.eqns.filter((eqn) => eqn.op.kind === 'full').length, 2)
})

test('an input unchanged, a duplicate, a constant, a captured value are legal outputs', () => {
  const w = array(5)
  const { program, captured } = record('f', [f32], ([a]) => [a!, a!, full([], 7), w, w])
  assert.is(
    print(program),
    'f { a:f32[] c:f32[] ->\n  b:f32[] = full[value=7]\n  return a a b c c }',
  )
  assert.equal(captured, [w])
  assert.equal(jit((v: Tensor) => [v, v, full([], 7), w])(array(1)).map(item), [1, 1, 7, 5])
}) // biome-ignore format: one program

test('a value of an ended trace: used, returned or read, is an error that says where it was made', () => {
  const old = stale()
  const here = /trace\.test\.ts:\d+:\d+/
  for (const use of [
    () => jit((v: Tensor) => add(v, old))(x),
    () => jit(() => old)(),
    () => scan((c: Tensor) => [add(c, old), null], array(0), null, { length: 2 }),
    () => add(old, 1),
    () => add(x, old),
    () => readSync(old),
    () => item(old),
    () => toNested(old),
  ]) {
    assert.throws(use, /traced/)
    assert.throws(use, /earlier/)
    assert.throws(use, here)
    assert.throws(use, /ended/)
  }
  assert.throws(() => jit((v: Tensor) => add(v, old))(x), /Return it from the function/)
  assert.throws(() => item(old), /^item: /)
})

test('a value of an inner trace that is still open cannot be used further out', () => {
  record('outer', [f32], ([a]) => {
    record('inner', [f32], ([b]) => {
      assert.throws(() => inParent(() => add(b!, 1)), /got f32\[\] of inner, a trace inside it that has not ended/)
      assert.throws(() => inParent(() => inParent(() => a)), /there is no enclosing trace/)
      return [inParent(() => add(a!, 1))]
    })
    return [a!]
  })
})

test('an exception inside a trace restores the context: later traces and eager operations work', () => {
  const bad = jit((v: Tensor) => {
    const body = (): never => {
      throw new Error('inside')
    }
    scan(body, v, null, { length: 3 })
    return v
  })
  assert.throws(() => bad(x), /inside/)
  assert.is(context.trace, null)
  assert.not(isTracing())
  assert.equal(toNested(add(x, 1)), [2, 3, 4])
  assert.equal(toNested(jit((v: Tensor) => add(v, 1))(x)), [2, 3, 4])
})

test('async functions are refused wherever a function is traced or a scope ends with it, and their later failure is silent', async () => {
  const f = (async (v: Tensor) => {
    await Promise.resolve()
    return add(v, 1)
  }) as unknown as (v: Tensor) => Tensor
  const refused = 'the function returned a promise: it must be synchronous'
  const row = array([1, 2])
  for (const [name, call] of [
    ['jit', () => jit(f, { name: 'jit' })(x)],
    ['scan', () => scan(f as never, array(0), row)],
    ['map', () => map(f, row)],
    ['f', () => cond(greater(1, 0), f, (v: Tensor) => v, x)],
    ['f', () => whileLoop(f, (v) => v, array(1))],
    ['whileLoop', () => whileLoop((v) => greater(v, 0), f, array(1))],
    ['scope', () => scope(() => f(x))],
    ['scope', () => jit(() => scope(() => f(x)))()],
  ] as const)
    assert.throws(call, (error: Error) => error.message.includes(refused), name)
  // the bodies go on after the await and fail, for their traces have ended: nobody hears of it
  await new Promise((done) => setTimeout(done, 5))
})

test('a promise as operand or result leaf is named', () => {
  const promise = Promise.resolve(x) as never
  assert.throws(() => add(promise, 1), 'got a promise')
  assert.throws(() => jit(() => [x, promise])(), 'returned a promise at result[1]')
  assert.throws(() => jit((v: unknown) => v)(promise), 'argument a promise is neither')
})

test('JavaScript cannot see into a traced value: comparison, arithmetic and JSON say what to do instead', () => {
  const inside = (use: (v: number) => unknown): (() => unknown) => () => jit((v: Tensor) => [v, use(v as never)], { name: 'loss' })(x)
  for (const use of [
    (v: number) => (v > 0 ? 1 : 2),
    (v: number) => +v,
    (v: number) => v + 1,
    (v: number) => v === (v as unknown) && v < 1,
    (v: number) => Math.max(v, 0),
    (v: number) => JSON.stringify({ v }),
  ]) {
    assert.throws(inside(use), 'traced value: f32[3], recorded in loss, has no number yet')
    assert.throws(inside(use), 'Use cond or where to choose, debugPrint to look, or return it as an auxiliary output')
  }
  for (const use of [item, readSync, toNested] as const)
    assert.throws(inside((v) => use(sum(v as never))), 'is traced in loss and has no elements yet')
}) // biome-ignore format: lists

test('a template string shows the type of a traced value', () => {
  let seen = ''
  const look = (v: Tensor): Tensor => {
    seen = `${v} and ${String(sum(v))}`
    return v
  }
  jit(look, { name: 'loss' })(x)
  assert.is(seen, 'f32[3] traced in loss and f32[] traced in loss')
})

test('concrete tensors are no numbers and no JSON either', () => {
  assert.throws(() => +(x as never), 'tensor: f32[3] is no number: use add, mul, less')
  assert.throws(() => JSON.stringify({ x }), 'tensor: f32[3] is no JSON: use toNested(x), or item(x) for a scalar.')
  assert.is(`${x}`, 'f32[3] [1, 2, 3]')
})

test('a sealed trace refuses traced values from outside, and takes concrete ones', () => {
  const w = array(2)
  record('outer', [f32], ([a]) => {
    assert.throws(
      () => record('rule', [f32], ([b]) => [mul(a!, b!)], 'declare it as an input.'),
      'rule: uses f32[] of the enclosing trace outer: declare it as an input.',
    )
    assert.equal(record('rule', [f32], ([b]) => [mul(w, b!)], 'declare it.').captured, [w])
    return [a!]
  })
})

test('what is not a tensor cannot leave a trace', () => {
  assert.throws(() => jit(() => ({ loss: 'text' }))(), 'returned "text" at result.loss: a traced function returns tensors')
  assert.throws(() => jit(() => {})(), 'returned nothing: a traced function returns tensors, or trees of tensors. Is a return missing?')
  assert.throws(() => jit(() => [x, undefined])(), 'returned nothing at result[1]')
  assert.throws(() => record('f', [], () => [3 as never]), 'f: expected a tensor, got number.')
  assert.throws(() => record('f', [], () => x as never), 'f: returned no list of tensors.')
}) // biome-ignore format: one case a line

test('numbers and booleans of a result become scalars', () => {
  const [a, b] = jit(() => [2, true] as const)() as unknown as [Tensor, Tensor]
  assert.is(String(a), 'f32[] 2')
  assert.is(String(b), 'bool[] true')
})

test('an inlined program joins the open trace, or runs as one', () => {
  const { program } = record('square', [f32], ([a]) => [mul(a!, a!)])
  const three = array(3)
  assert.equal(inline(program, [three]).map(item), [9])
  const f = (v: Tensor): unknown => inline(program, [inline(program, [v])[0]!])
  assert.is(print(trace(f)(three)), 'f { a:f32[] ->\n  b:f32[] = mul a a\n  c:f32[] = mul b b\n  return c }')
})

test('staged is one program outside traces and plain calls inside', () => {
  const f = (v: Tensor): Tensor => staged('twice', [v], ([a]) => [add(mul(a!, x), a!)])[0]!
  assert.equal(toNested(f(x)), [2, 6, 12])
  assert.equal(toNested(jit(f)(x)), [2, 6, 12])
  assert.not.match(print(trace(f)(x)), 'twice')
})

test('a symbolic constant has no device until it is used, and can be used in and out of traces', () => {
  const z = zeros([2])
  assert.is(z.device, undefined)
  assert.is((z as TensorValue).buffer, null)
  assert.equal(toNested(jit(() => add(z, 1))()), [1, 1])
  assert.equal(toNested(emit1({ kind: 'unary', fn: 'cos' }, z)), [1, 1])
  assert.is((z as TensorValue).buffer, null)
})

test.run()
