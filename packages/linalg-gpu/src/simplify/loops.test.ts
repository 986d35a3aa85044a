// Loops after simplification: what they carry, what they read, and what has left them.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, cond, debugPrint, foriLoop, greater, jit, less, matmul, mul, neg, print, readSync, scan, sin, sub, sum, type Tensor, toNested, trace, whileLoop,
} from '../index.js' // biome-ignore format: a list
import { dense } from '../plain/dense.js'
import { run } from '../plain/executor.js'
import {
  emit1,
  type Kind,
  type Op,
  type OpOf,
  type Program,
  record,
  simplify,
  typeOf,
  typeOfTensor,
} from '../program.js'

const x = array([1, 2, 3])
const w = array([[1, 1], [0, 1]]) // biome-ignore format: a matrix

const simple = (f: (...args: Tensor[]) => unknown, ...args: Tensor[]): Program => simplify(trace(f)(...args))
const kinds = (program: Program): Kind[] => program.eqns.map((eqn) => eqn.op.kind)
const loopOf = <K extends 'scan' | 'while' | 'cond' | 'call'>(kind: K, program: Program): OpOf<K> =>
  program.eqns.find((eqn) => eqn.op.kind === kind)!.op as OpOf<K>
/** The simplified program gives the very numbers of the one that was traced. */
const agree = (f: (...args: Tensor[]) => unknown, ...args: Tensor[]): void => {
  const program = trace(f)(...args)
  const results = (p: Program): unknown =>
    run(
      p,
      args.map((v) => dense(typeOfTensor(v), readSync(v))),
      { bytes: 0, peak: 0 },
    ).map((v) => v.data)
  assert.equal(results(simplify(program)), results(program))
}

test('a carry that no result needs is gone, with all that it computed', () => {
  const f = (v: Tensor): unknown =>
    scan(([a, b]: readonly [Tensor, Tensor], row: Tensor) => [[add(a, row), sin(b)] as const, neg(row)] as const, [v, v] as const, v)[0][0]
  const scanOp = loopOf('scan', simple(f, x))
  assert.is(scanOp.carry, 1)
  assert.equal(kinds(scanOp.body), ['binary'])
}) // biome-ignore format: a long line

test('a carry stays if a needed one reads it, by way of others too', () => {
  const f = (v: Tensor): unknown =>
    scan(([a, b, c, d]: readonly Tensor[]) => [[add(a!, b!), add(b!, c!), sin(c!), neg(d!)], null], [v, v, v, v], null, { length: 3 })[0][0]
  assert.is(loopOf('scan', simple(f, x)).carry, 3)
}) // biome-ignore format: a long line

test('stacked results, rows and constants that nobody reads are gone', () => {
  const f = (v: Tensor, u: Tensor): unknown => {
    const [c, [used]] = scan(
      (a: Tensor, { p, q }: { p: Tensor; q: Tensor }) => [add(a, p), [neg(p), mul(q, u)] as const] as const,
      sum(v),
      { p: v, q: v },
    )
    return [c, used]
  }
  const program = simple(f, x, x)
  const scanOp = loopOf('scan', program)
  assert.is(scanOp.xs, 1)
  assert.is(scanOp.body.inputs.length, 2)
  assert.is(scanOp.body.outputs.length, 2)
})

test('a loop of which nothing is needed is gone', () => {
  const f = (v: Tensor): Tensor => {
    scan((c: Tensor, row: Tensor) => [add(c, row), neg(c)], sum(v), v)
    whileLoop((c) => less(sum(c), 10), (c) => mul(c, 2), v) // biome-ignore format: a loop
    cond(greater(sum(v), 0), sin, neg, v)
    return v
  }
  assert.is(simple(f, x).eqns.length, 0)
})

test('a while loop keeps what its condition or a needed carry reads, and drops the others', () => {
  const f = (v: Tensor): unknown =>
    whileLoop(([n]) => less(n, 10), ([n, a, b, c]) => [add(n, 1), add(a, b), neg(b), sin(c)] as const, [sum(v), v, v, v] as const)[1] // biome-ignore format: a loop
  const op = loopOf('while', simple(f as never, x))
  assert.is(op.carry, 3)
  assert.is(op.cond.inputs.length, 3)
  agree(f as never, x)
})

test('what an inner loop stops reading the outer one drops', () => {
  // the inner carry b is dead, so v is read by nothing
  const f = (u: Tensor, v: Tensor): unknown =>
    foriLoop(0, 3, (_, c: Tensor) => foriLoop(0, 2, (_j, [a, b]) => [neg(a), add(b, v)] as const, [c, c] as const)[0], u) // biome-ignore format: loops
  const program = simple(f as never, x, x)
  assert.equal(program.eqns[0]!.inputs, [0])
  agree(f as never, x, x)
})

test('branches lose results and operands that nobody reads', () => {
  const f = (v: Tensor, u: Tensor): unknown =>
    cond(greater(sum(v), 0), (a: Tensor, b: Tensor) => [sin(a), add(a, b)], (a: Tensor, b: Tensor) => [neg(a), b], v, u)[0] // biome-ignore format: branches
  const op = loopOf('cond', simple(f as never, x, x))
  for (const branch of op.branches) {
    assert.is(branch.inputs.length, 1)
    assert.is(branch.eqns.length, 1)
  }
})

test('fences lose results and operands that nobody reads', () => {
  const region = (v: Tensor, u: Tensor): Tensor => {
    const { program } = record('region', [v, u].map(typeOfTensor), ([a, b]) => [sin(a!), mul(a!, b!)])
    return emit1({ kind: 'call', name: 'region', body: program, fence: true, tag: null }, v, u)
  }
  const op = loopOf('call', simple(region as never, x, x))
  assert.is(op.body.inputs.length, 1)
  assert.equal(kinds(op.body), ['unary'])
})

test('work that depends on constants alone leaves a scan: products, not what is cheap', () => {
  const f = (v: Tensor, u: Tensor): unknown =>
    scan((c: Tensor, row: Tensor) => [add(matmul(c, matmul(u, u)), mul(row, add(row, 1))), null], v, sum(v, { axis: 0 }))[0]
  const program = simple(f, w, w)
  assert.is(kinds(program).filter((kind) => kind === 'dot').length, 1)
  assert.is(kinds(loopOf('scan', program).body).filter((kind) => kind === 'dot').length, 1)
  assert.ok(kinds(loopOf('scan', program).body).includes('full')) // a constant is made where it is used
  agree(f as never, w, w)
}) // biome-ignore format: a long line

test('a chain of invariant work leaves as a whole, out of two loops at once', () => {
  const f = (v: Tensor): unknown =>
    foriLoop(0, 3, (_, a: Tensor) => foriLoop(0, 2, (_, b) => add(b, sum(matmul(matmul(v, v), matmul(v, v)))), a), v) // biome-ignore format: loops
  const program = simple(f, w)
  assert.is(kinds(program).filter((kind) => kind === 'dot').length, 2)
  const outer = loopOf('scan', program)
  assert.equal(kinds(outer.body), ['scan'])
  assert.equal(kinds(loopOf('scan', outer.body).body), ['binary'])
  agree(f as never, w)
})

test('what leaves the inner loop and hangs on the outer carry stops there', () => {
  const f = (v: Tensor): unknown =>
    foriLoop(0, 3, (_, a: Tensor) => foriLoop(0, 2, (_, b) => add(b, matmul(a, v)), a), v) // biome-ignore format: loops
  const outer = loopOf('scan', simple(f, w))
  assert.equal(kinds(outer.body), ['dot', 'scan'])
  agree(f as never, w)
})

test('work leaves the condition and the body of a while loop', () => {
  const f = (v: Tensor): unknown =>
    whileLoop((c) => less(sum(c), sum(matmul(v, v))), (c) => add(c, matmul(matmul(v, v), v)), v) // biome-ignore format: a loop
  const program = simple(f, w)
  assert.is(kinds(program).filter((kind) => kind === 'dot').length, 2) // v·v once for both
  const op = loopOf('while', program)
  assert.not(kinds(op.cond).includes('dot'))
  assert.not(kinds(op.body).includes('dot'))
  agree(f, w)
})

test('work never leaves a branch or a fence', () => {
  const branch = (v: Tensor): unknown =>
    foriLoop(0, 3, (_, c: Tensor) => cond(greater(sum(c), 100), () => matmul(v, matmul(v, v)), () => c), v) // biome-ignore format: branches
  assert.not(kinds(simple(branch, w)).includes('dot'))
  agree(branch as never, w)
  const fenced = (v: Tensor): unknown =>
    foriLoop(0, 3, (_, c: Tensor) => {
      const { program } = record('region', [c, v].map(typeOfTensor), ([a, b]) => [add(a!, matmul(b!, b!))])
      return emit1({ kind: 'call', name: 'region', body: program, fence: true, tag: null }, c, v)
    }, v) // biome-ignore format: a loop
  const program = simple(fenced, w)
  assert.equal(kinds(program), ['scan'])
  assert.equal(kinds(loopOf('call', loopOf('scan', program).body).body), ['dot', 'binary'])
})

test('printing, and what only says why it cannot run, stay in their loop', () => {
  const printing = (v: Tensor): unknown =>
    foriLoop(0, 2, (_, c: Tensor) => {
      debugPrint('v', sin(v), () => {})
      return add(c, 1)
    }, v) // biome-ignore format: a loop
  assert.ok(kinds(loopOf('scan', simple(printing, x)).body).includes('print'))
  const opaque: Op = { kind: 'opaque', name: 'rule', types: [typeOf('f32', [3])], tag: null, why: 'cannot run' }
  const never = (v: Tensor): unknown =>
    foriLoop(0, 0, (_, c: Tensor) => add(c, foriLoop(0, 1, () => emit1(opaque, v), v)), v) // biome-ignore format: a loop
  assert.equal(toNested(jit(never as (v: Tensor) => Tensor)(x)), [1, 2, 3])
})

test('loops of no steps are still right', () => {
  const f = (v: Tensor): unknown => [
    scan((c: Tensor) => [add(c, matmul(v, v)), null], v, null, { length: 0 })[0],
    whileLoop((c) => less(sum(c), sum(matmul(v, v))), (c) => sub(c, matmul(v, v)), mul(v, 100)),
  ] // biome-ignore format: a loop
  assert.ok(kinds(simple(f, w)).includes('dot'))
  agree(f, w)
})

test('a carry that no step changes is a constant: its value is known outside, and work on it leaves', () => {
  const f = (v: Tensor, u: Tensor): unknown =>
    scan(([a, b]: readonly [Tensor, Tensor]) => [[add(a, matmul(b, b)), b] as const, null], [v, u] as const, null, { length: 3 })[0]
  const program = simple(f as never, w, w)
  assert.is(loopOf('scan', program).carry, 1)
  assert.is(program.outputs[1], program.inputs[1])
  assert.equal(kinds(program), ['dot', 'scan'])
  agree(f as never, w, w)
}) // biome-ignore format: a long line

test('the same in a while loop, where the condition may read it', () => {
  const f = (v: Tensor, u: Tensor): unknown =>
    whileLoop(([a, b]) => less(sum(a), sum(b)), ([a, b]) => [add(a, matmul(b, b)), b] as const, [v, mul(u, 10)] as const) // biome-ignore format: a loop
  const program = simple(f as never, w, w)
  const op = loopOf('while', program)
  assert.is(op.carry, 1)
  assert.not(kinds(op.body).includes('dot'))
  assert.not(kinds(op.cond).filter((kind) => kind === 'reduce').length > 1, print(program))
  agree(f as never, w, w)
})

test('carries that only change places are not fixed', () => {
  const f = (v: Tensor): unknown =>
    scan(([a, b]: readonly [Tensor, Tensor]) => [[b, a] as const, null], [v, neg(v)] as const, null, { length: 3 })[0]
  assert.is(loopOf('scan', simple(f, x)).carry, 2)
  agree(f as never, x)
})

test('what a step stacks twice is stacked once, and what a later loop reads twice is read once', () => {
  const twice = (v: Tensor): unknown => {
    const [, [a, b, c]] = scan(
      (carry: Tensor, row: Tensor) => [add(carry, row), [sin(carry), row, sin(carry)] as const],
      0.5,
      v,
    )
    // a and c are one, so the second loop's rows are two, and its two products are one
    return scan(
      (carry: Tensor, [p, q, r]: readonly Tensor[]) => [add(carry, add(mul(p!, q!), mul(r!, q!))), carry],
      0,
      [a, b, c] as readonly Tensor[],
    )
  }
  const program = simple(twice, x)
  const [first, second] = program.eqns.flatMap((eqn) => (eqn.op.kind === 'scan' ? [{ ...eqn, op: eqn.op }] : []))
  assert.is(first!.outputs.length - first!.op.carry, 2)
  assert.is(second!.op.xs, 2)
  assert.equal(
    second!.op.body.eqns.map((eqn) => eqn.op.kind === 'binary' && eqn.op.fn),
    ['mul', 'add', 'add'],
  )
  agree(twice, x)
})

test('a constant that a loop is handed twice is read once', () => {
  const f = (v: Tensor): unknown => {
    const [p, q] = [mul(v, 2), mul(v, 2)]
    return scan((c: Tensor, row: Tensor) => [add(c, add(mul(row, p), mul(row, q))), null], v, v)
  }
  const loop = loopOf('scan', simple(f, x))
  assert.is(loop.body.eqns.filter((eqn) => eqn.op.kind === 'binary' && eqn.op.fn === 'mul').length, 1)
  agree(f, x)
})

test('a loop that may not end stays inside a loop that may make no step', () => {
  const endless = (y: Tensor): Tensor =>
    whileLoop(
      (d) => less(d, 0),
      (d) => mul(d, 2),
      y,
    )
  const outer = jit((c: Tensor, y: Tensor) =>
    whileLoop(
      (v) => less(v, 0),
      (v) => add(v, endless(y)),
      c,
    ),
  )
  assert.equal([...readSync(outer(array(1), array(-1)))], [1])
  const none = jit((y: Tensor) => scan((v: Tensor) => [add(v, endless(y)), null], y, null, { length: 0 })[0])
  assert.equal([...readSync(none(array(-1)))], [-1])
  // where it is sure to run, it runs once, before
  const sure = simple((y) => scan((v: Tensor) => [add(v, endless(y)), null], y, null, { length: 3 })[0], array(1))
  assert.equal(kinds(sure), ['while', 'scan'])
})

test.run()
