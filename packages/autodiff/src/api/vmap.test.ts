/** vmap equals the loop over members: axes, trees, chunks, nesting, randomness, and what does not depend on the batch. */

import {
  add,
  array,
  cast,
  concatenate,
  dot,
  exp,
  full,
  greater,
  jit,
  key,
  logicalAnd,
  logicalNot,
  matmul,
  mul,
  normal,
  scan,
  sin,
  slice,
  splitKey,
  stack,
  sum,
  type Tensor,
  trace,
  transpose,
  uniform,
  zeros,
} from '@neumann/linalg-gpu'
import { simplify } from '@neumann/linalg-gpu/program'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, hessian, jvp, vmap } from '../index.js'
import { countingDevice, elements, equationsOf, f64, flat, formOf, identical, near } from '../support.testing.js'

const x = f64([
  [1, 2, 3],
  [4, 5, 6],
])

test('the first axis by default, of every argument', () => {
  near(vmap((a: Tensor) => sum(mul(a, a)))(x), [14, 77])
  near(vmap((a: Tensor, b: Tensor) => dot(a, b))(x, x), [14, 77])
})

test('axes of arguments: any, negative, null; of results, too', () => {
  const f = (a: Tensor): Tensor => mul(a, 2)
  near(vmap((a: Tensor) => sum(a), { in: [1] })(x), [5, 7, 9])
  near(vmap((a: Tensor) => sum(a), { in: [-1] })(x), [5, 7, 9])
  near(vmap((a: Tensor) => sum(a), { in: 1 })(x), [5, 7, 9])
  near(vmap((a: Tensor) => sum(a), { in: [-2] })(x), [6, 15])
  assert.is(formOf(vmap(f, { in: [1], out: 0 })(x)), 'f64[3,2]')
  near(vmap(f, { in: [1], out: 1 })(x), [2, 4, 6, 8, 10, 12])
  near(vmap(f, { in: [0], out: -1 })(x), [2, 8, 4, 10, 6, 12])
  near(vmap(matmul, { in: [0, null] })(x, f64([1, 10, 100])), [321, 654])
  near(
    vmap(matmul, { in: [null, 1] })(
      x,
      f64([
        [1, 0],
        [0, 1],
        [0, 0],
      ]),
    ),
    [1, 4, 2, 5],
  )
  const cube = array(
    new Array(24).fill(0).map((_, i) => i),
    { dtype: 'f64', shape: [2, 3, 4] },
  )
  for (const axis of [0, 1, 2, -1, -2, -3]) {
    const got = vmap((a: Tensor) => sum(mul(a, a)), { in: [axis] })(cube)
    const at = (axis + 3) % 3
    const want = new Array([2, 3, 4][at]!).fill(0)
    for (let i = 0; i < 24; i++) want[[Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4][at]!] += i * i
    near(got, want)
    for (const out of [0, 1, 2, -1])
      assert.equal(
        vmap((a: Tensor) => a, { in: [axis], out })(cube).shape,
        (() => {
          const rest = [2, 3, 4].filter((_, i) => i !== at)
          rest.splice((out + 3) % 3, 0, [2, 3, 4][at]!)
          return rest
        })(),
      )
  }
})

test('trees of axes, for arguments and results; a prefix stands for its whole subtree', () => {
  const f = ({ w, b: [p, q] }: { w: Tensor; b: readonly [Tensor, Tensor] }, k: Tensor) => ({
    y: add(mul(w, p), k),
    z: [q] as const,
  })
  const tree = { w: x, b: [f64([10, 20]), f64(7)] as const }
  const out = vmap(f, { in: [{ w: 0, b: [0, null] }, null] })(tree as never, f64(1)) as {
    y: Tensor
    z: readonly [Tensor]
  }
  near(out.y, [11, 21, 31, 81, 101, 121])
  near(out.z, [7, 7])
  const columns = vmap(f, { in: [{ w: 1, b: [null, null] }, null], out: { y: 1, z: 0 } })(
    { w: x, b: [f64([10, 20]), f64(7)] } as never,
    f64(1),
  ) as { y: Tensor; z: readonly [Tensor] }
  assert.is(formOf(columns), '{y: f64[2,3], z: [f64[3]]}')
  near(columns.y, [11, 21, 31, 81, 101, 121])
  near(vmap(({ a, b }: { a: Tensor; b: Tensor }) => mul(a, b), { in: [0] })({ a: f64([1, 2]), b: f64([3, 4]) }), [3, 8])
})

test('arguments without a batch are handed through as they are', () => {
  const f = (a: Tensor, mode: string, n: number, { k }: { k: Tensor }): Tensor =>
    mode === 'up' ? mul(add(a, n), k) : a
  near(vmap(f, { in: [0, null, null, null] })(f64([1, 2]), 'up', 3, { k: f64(10) }), [40, 50])
})

test('results that do not depend on the batch are repeated; members are computed once', () => {
  const { device, count, reset } = countingDevice()
  const put = (data: readonly number[]): Tensor => array(data as number[], { dtype: 'f64', device })
  const [a, k] = [put([1, 2, 3]), put([0.5])]
  reset()
  const out = vmap(
    (p: Tensor, q: Tensor) => ({ same: exp(q), k: full([], 7, { dtype: 'f64' }), n: 3, own: mul(p, sum(sin(q))) }),
    {
      in: [0, null],
    },
  )(a, k) as unknown as Record<string, Tensor>
  near(out['same']!, [0.5, 0.5, 0.5].map(Math.exp))
  near(out['k']!, [7, 7, 7])
  near(out['n']!, [3, 3, 3])
  near(
    out['own']!,
    [1, 2, 3].map((v) => v * Math.sin(0.5)),
  )
  assert.is(count('sin'), 1)
  const program = simplify(trace((p: Tensor, q: Tensor) => vmap((u: Tensor) => mul(u, exp(q)))(p))(x, f64(2)))
  const exps = equationsOf(program).filter((eqn) => eqn.op.kind === 'unary')
  assert.equal(
    exps.map((eqn) => program.types[eqn.outputs[0]!]!.shape),
    [[]],
  )
})

test('integers and bools as members', () => {
  const n = array(
    [
      [1, 2],
      [3, 4],
    ],
    { dtype: 'i32' },
  )
  const b = array([true, false])
  const out = vmap((i: Tensor, p: Tensor, v: Tensor) => ({
    sum: sum(i),
    both: logicalAnd(p, greater(v, 1)),
    not: logicalNot(p),
    v: mul(v, cast(sum(i), 'f64')),
  }))(n, b, f64([2, 3]))
  assert.is(formOf(out), '{both: bool[2], not: bool[2], sum: i32[2], v: f64[2]}')
  near(out.sum, [3, 7])
  near(out.both, [1, 0])
  near(out.not, [0, 1])
  near(out.v, [6, 21])
})

test('batches of size 0 and 1', () => {
  assert.is(formOf(vmap((a: Tensor) => sin(a))(zeros([0, 3], { dtype: 'f64' }))), 'f64[0,3]')
  near(vmap((a: Tensor) => sum(a))(f64([[1, 2]])), [3])
  assert.is(formOf(vmap(grad((a: Tensor) => sum(mul(a, a))))(zeros([0, 3], { dtype: 'f64' }))), 'f64[0,3]')
})

test('nested: outer products of batches, inner axes, closures over outer members', () => {
  const [a, b] = [f64([1, 2, 3]), f64([10, 20])]
  near(vmap((p: Tensor) => vmap((q: Tensor) => mul(p, q))(b))(a), [10, 20, 20, 40, 30, 60])
  near(vmap((p: Tensor) => vmap((q: Tensor) => mul(p, q), { out: 0 })(b), { out: 1 })(a), [10, 20, 30, 20, 40, 60])
  near(vmap(vmap((p: Tensor) => mul(p, p)))(x), [1, 4, 9, 16, 25, 36])
  near(vmap(vmap(dot, { in: [null, 1] }), { in: [0, null] })(x, transpose(x)), [14, 32, 32, 77])
  const three = vmap((p: Tensor) => vmap((q: Tensor) => vmap((r: Tensor) => add(mul(p, q), r))(f64([0, 1])))(b))(a)
  near(
    three,
    [1, 2, 3].flatMap((p) => [10, 20].flatMap((q) => [0, 1].map((r) => p * q + r))),
  )
})

test('chunks: the same values for sizes that divide and sizes that do not, trees and axes included', () => {
  const f = (p: { a: Tensor }, q: Tensor, k: Tensor) => ({ y: mul(p.a, add(q, k)), s: sum(p.a) })
  const rows = new Array(7).fill(0).map((_, i) => [i, i + 0.5])
  for (const size of [1, 2, 3, 7])
    for (const chunk of [1, 2, 3, 4, 7, 10]) {
      const args = [{ a: f64(rows.slice(0, size)) }, transpose(f64(rows.slice(0, size))), f64(3)] as const
      const options = { in: [0, 1, null], out: { y: 1, s: 0 } } as const
      const whole = vmap(f, options)(...(args as never as [{ a: Tensor }, Tensor, Tensor]))
      const parts = vmap(f, { ...options, chunk })(...(args as never as [{ a: Tensor }, Tensor, Tensor]))
      assert.is(formOf(parts), formOf(whole))
      identical(parts, whole, `${size} in chunks of ${chunk}`)
    }
  near(
    grad((v: Tensor) => sum(vmap((a: Tensor) => sin(a), { chunk: 3 })(v)))(f64([1, 2, 3, 4, 5, 6, 7])),
    [1, 2, 3, 4, 5, 6, 7].map(Math.cos),
  )
  near(
    jit((v: Tensor) =>
      vmap(
        grad((a: Tensor) => sum(mul(a, a))),
        { chunk: 2 },
      )(v),
    )(f64(rows)),
    rows.flat().map((v) => 2 * v),
  )
})

test('chunks bound the memory: the peak falls with their size', () => {
  const { device } = countingDevice()
  const data = array(new Float64Array(64 * 10).fill(0.1), { dtype: 'f64', shape: [64, 10], device })
  // each member makes 10 × 10 numbers on the way to one
  const f = (a: Tensor): Tensor => sum(exp(mul(stack([a, a, a, a, a, a, a, a, a, a]), a)))
  const peak = (chunk?: number): number => {
    const before = device.memory().bytes
    device.resetPeak()
    const out = vmap(f, chunk === undefined ? {} : { chunk })(data)
    const most = device.memory().peak - before
    out[Symbol.dispose]()
    return most
  }
  const [whole, eight, one] = [peak(), peak(8), peak(1)]
  assert.ok(whole > 5 * eight && eight > 2 * one, `${whole} ${eight} ${one}`)
})

test('random keys as members: each lane draws what it would draw alone', () => {
  const keys = splitKey(key(7), 4)
  const draw = (k: Tensor): Tensor => add(normal(k, [3], { dtype: 'f64' }), uniform(k, [3], { dtype: 'f64' }))
  const each = [0, 1, 2, 3].map((i) => draw(slice(keys, i) as Tensor))
  identical(vmap(draw)(keys), each)
  identical(jit(vmap(draw))(keys), each)
  identical(vmap(draw, { chunk: 3 })(keys), each)
  identical(
    vmap((k: Tensor) => splitKey(k, 2))(keys),
    [0, 1, 2, 3].map((i) => splitKey(slice(keys, i) as Tensor, 2)),
  )
  // one key for all: one draw, repeated
  const shared = elements(vmap((_: Tensor) => normal(key(3), [2]))(f64([1, 2])))
  assert.equal(shared.slice(0, 2), shared.slice(2))
})

test('laws: vmap commutes with grad, jvp, jit, and vmap', () => {
  const f = (a: Tensor): Tensor => sum(mul(sin(a), exp(mul(a, 0.3))))
  const vector = fc.array(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 3, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
  })
  fc.assert(
    fc.property(vector, (rows) => {
      const batch = f64(rows)
      const loop = (g: (a: Tensor) => Tensor): number[] => rows.flatMap((row) => flat(g(f64(row))))
      near(vmap(f)(batch), loop(f), 1e-14)
      near(vmap(grad(f))(batch), loop(grad(f)), 1e-14)
      near(grad((b: Tensor) => sum(vmap(f)(b)))(batch), loop(grad(f)), 1e-14)
      near(
        vmap((a: Tensor) => hessian(f)(a) as Tensor)(batch),
        loop((a) => hessian(f)(a) as Tensor),
        1e-13,
      )
      near(
        jvp(vmap(f), [batch], [batch]).tangent,
        loop((a) => jvp(f, [a], [a]).tangent),
        1e-13,
      )
      near(
        vmap((a: Tensor) => jvp(f, [a], [a]).tangent)(batch),
        loop((a) => jvp(f, [a], [a]).tangent),
        1e-13,
      )
      identical(jit(vmap(f))(batch), vmap(f)(batch))
      identical(vmap(jit(f))(batch), vmap(f)(batch))
    }),
    { numRuns: 10, seed: 2 },
  )
})

test('vmap within a scan over its own results, and a scan within vmap with differing data', () => {
  const f = (a: Tensor): Tensor =>
    scan((c: Tensor, r: Tensor): [Tensor, Tensor] => [add(c, r), mul(c, r)], f64(1), a)[1]
  near(vmap(f)(x), [1, 4, 12, 4, 25, 60])
  const g = (a: Tensor): Tensor =>
    scan((c: Tensor, _: Tensor): [Tensor, null] => [vmap((v: Tensor) => mul(v, sin(v)))(c), null], a, f64([0, 0]))[0]
  const one = (v: number): number => {
    const u = v * Math.sin(v)
    return u * Math.sin(u)
  }
  near(g(f64([1, 2])), [1, 2].map(one))
  near(concatenate([f64([1]), f64([2])]), [1, 2])
})

test.run()
