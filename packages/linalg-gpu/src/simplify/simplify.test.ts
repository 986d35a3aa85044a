import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, broadcastTo, cast, concatenate, cond, cos, debugPrint, div, equal, exp, expandDims, flip, full, greater, iota, log, matmul, mul, neg, ones, pad, pow, print,
  reshape, scan, sin, slice, sub, sum, swapAxes, type Tensor, trace, transpose, where, zeros,
} from '../index.js' // biome-ignore format: a list
import { emit1, type Kind, type Op, type Program, record, simplify, typeOf } from '../program.js'

const x = array([1, 2, 3])
const i32 = array([1, 2, 3], { dtype: 'i32' })
const m = array([[1, 2, 3], [4, 5, 6]]) // biome-ignore format: a matrix

const simple = (f: (...args: Tensor[]) => unknown, ...args: Tensor[]): Program => simplify(trace(f)(...args))
const kinds = (program: Program): Kind[] => program.eqns.map((eqn) => eqn.op.kind)
const ops = (program: Program): Op[] => program.eqns.map((eqn) => eqn.op)
/** The function is simplified to its first argument. */
const vanishes = (f: (...args: Tensor[]) => unknown, ...args: Tensor[]): void => {
  const program = simple(f, ...args)
  assert.is(program.eqns.length, 0, print(program))
  assert.is(program.outputs[0], program.inputs[0])
}
const staysAs = (kind: Kind, f: (...args: Tensor[]) => unknown, ...args: Tensor[]): void => {
  assert.ok(kinds(simple(f, ...args)).includes(kind), print(simple(f, ...args)))
}
/** The function is simplified to one constant. */
const constant = (value: number, f: (...args: Tensor[]) => unknown, ...args: Tensor[]): void => {
  const [op, ...more] = ops(simple(f, ...args))
  assert.equal(more, [])
  assert.is(op!.kind, 'full')
  assert.ok(Object.is((op as { value: number }).value, value), `${(op as { value: number }).value}`)
}

test('no expression is computed twice', () => {
  const f = (v: Tensor): Tensor => add(mul(sin(v), sin(v)), exp(mul(sin(v), sin(v))))
  assert.equal(ops(simple(f, x)).map((op) => ('fn' in op ? op.fn : op.kind)), ['sin', 'mul', 'exp', 'add'])
}) // biome-ignore format: a line

test('a + b and b + a are one, a − b and b − a are two', () => {
  const f = (a: Tensor, b: Tensor): unknown => [add(a, b), add(b, a), mul(a, b), mul(b, a), equal(a, b), equal(b, a)]
  assert.is(simple(f, x, mul(x, 2)).eqns.length, 3)
  const g = (a: Tensor, b: Tensor): unknown => [
    sub(a, b),
    sub(b, a),
    div(a, b),
    div(b, a),
    greater(a, b),
    greater(b, a),
  ]
  assert.is(simple(g, x, mul(x, 2)).eqns.length, 6)
})

test('operations that differ in a parameter are two', () => {
  const f = (a: Tensor): unknown => [sum(a, { axis: 0 }), sum(a, { axis: 1 }), slice(a, [0, 1]), slice(a, [1, 2])]
  assert.is(simple(f, m).eqns.length, 4)
  assert.is(simple(() => [full([2], 1), full([2], 1), full([2], 2), full([1], 1), full([2], 1, { dtype: 'i32' })]).eqns.length, 4)
}) // biome-ignore format: a long line

test('loops and branches with the same body and operands are one', () => {
  const loop = (v: Tensor): Tensor => scan((c: Tensor) => [mul(c, 2), null], v, null, { length: 3 })[0]
  assert.equal(kinds(simple((v) => add(loop(v), loop(v)), x)), ['scan', 'binary'])
  const stacked = (v: Tensor, turned: boolean): readonly Tensor[] =>
    scan(
      (c: Tensor, row: Tensor) => {
        const [a, b] = [sin(row), cos(row)]
        return [c, turned ? [b, a] : [a, b]] as const
      },
      v,
      v,
    )[1]
  assert.equal(kinds(simple((v) => [stacked(v, false), stacked(v, false)], x)), ['scan'])
  assert.equal(kinds(simple((v) => [stacked(v, false), stacked(v, true)], x)), ['scan', 'scan'])
  const twice = (v: Tensor, k: number): Tensor => scan((c: Tensor) => [mul(c, k), null], v, null, { length: 3 })[0]
  assert.equal(kinds(simple((v) => add(twice(v, 2), twice(v, 3)), x)), ['scan', 'scan', 'binary'])
})

test('zeros and ones', () => {
  vanishes((v) => add(v, 0), x)
  vanishes((v) => add(0, v), x)
  vanishes((v) => sub(v, 0), x)
  vanishes((v) => mul(v, 1), x)
  vanishes((v) => mul(1, v), x)
  vanishes((v) => div(v, 1), x)
  vanishes((v) => pow(v, 1), x)
  vanishes((v) => neg(neg(v)), x)
  vanishes((v) => mul(v, ones([3])), x)
  vanishes((v) => add(zeros([3]), v), x)
  vanishes((v) => cast(v, 'f32'), x)
  vanishes((v) => where(true, v, neg(v)), x)
  vanishes((v) => where(greater(v, 0), v, v), x)
  constant(1, (v) => pow(v, 0), x)
  constant(0, (v) => mul(v, 0), i32)
  assert.equal(ops(simple((v) => emit1({ kind: 'binary', fn: 'pow' }, v, full([], 2)), x))[0], { kind: 'unary', fn: 'square' })
}) // biome-ignore format: one law a line

test('what is no law stays: 0 · x of floats, x − x, 0 − x, a one that broadcasts', () => {
  staysAs('binary', (v) => mul(v, 0), x)
  staysAs('binary', (v) => sub(v, v), x)
  staysAs('binary', (v) => sub(0, v), x)
  staysAs('binary', (v) => div(1, v), x)
  staysAs('binary', (v) => mul(v, ones([2, 3])), x)
  staysAs('binary', (v) => mul(ones([2, 3]), v), x)
  staysAs('binary', (v) => add(zeros([2, 1]), v), x)
  staysAs('binary', (v) => pow(v, ones([2, 3])), x)
  staysAs('binary', (v) => add(v, zeros([2, 1])), x)
})

test('constants are folded by the oracle, in their dtype', () => {
  constant(Math.fround(Math.log(2)), () => log(full([3], 2)))
  constant(Math.log(2), () => log(full([3], 2, { dtype: 'f64' })))
  constant(0.693359375, () => log(full([3], 2, { dtype: 'f16' })))
  constant(Math.fround(0.1) + 0.2 === 0.3 ? 0 : Math.fround(Math.fround(0.1) + Math.fround(0.2)), () => add(full([], 0.1), full([], 0.2)))
  constant(-294967296, () => mul(full([], 1e9, { dtype: 'i32' }), full([], 4, { dtype: 'i32' })))
  constant(4e9 - 2 ** 32 + 2 ** 32, () => mul(full([], 1e9, { dtype: 'u32' }), full([], 4, { dtype: 'u32' })))
  constant(2147483647, () => cast(full([], 1e20), 'i32'))
  constant(0, () => cast(full([], NaN), 'i32'))
  constant(1, () => greater(full([2], 3), 2))
  constant(NaN, () => log(full([2], -1)))
  constant(-0, () => neg(full([2], 0)))
  constant(5, () => where(greater(full([3], 1), 0), full([3], 5), full([3], 6)))
  constant(-Infinity, () => log(zeros([2])))
}) // biome-ignore format: one constant a line

test('a constant keeps its shape through views, sums of zeros are zero', () => {
  constant(2, () => transpose(reshape(broadcastTo(full([3], 2), [4, 3]), [3, 4])))
  constant(2, () => flip(slice(full([6], 2), [1, 5, 2])))
  constant(2, () => pad(full([2], 2), [[1, 3]], { value: 2 }))
  constant(0, () => sum(zeros([5])))
  staysAs('pad', () => pad(full([2], 2), [[1, 3]]))
  assert.equal(simple(() => broadcastTo(full([3], 2), [4, 3])).types[0]!.shape, [4, 3])
})

test('views of views', () => {
  const one = (f: (v: Tensor) => Tensor, v: Tensor, op: Op): void => assert.equal(ops(simple(f, v)), [op])
  one((v) => reshape(reshape(v, [6]), [3, 2]), m, { kind: 'reshape', shape: [3, 2] })
  vanishes((v) => reshape(reshape(v, [6]), [2, 3]), m)
  vanishes((v) => transpose(transpose(v)), m)
  const cube = reshape(iota([24]), [2, 3, 4])
  one((v) => swapAxes(transpose(v, [1, 2, 0]), 0, 2), cube, { kind: 'transpose', perm: [0, 2, 1] })
  one((v) => transpose(transpose(v, [1, 2, 0]), [1, 2, 0]), cube, { kind: 'transpose', perm: [2, 0, 1] })
  // new axes inside (1, 3 of [4, a, 5, b]) and then outside, interleaved
  const inner = (v: Tensor): Tensor => emit1({ kind: 'broadcast', shape: [4, 7, 5, 8], axes: [1, 3] }, v)
  const outer = (v: Tensor): Tensor => emit1({ kind: 'broadcast', shape: [9, 4, 7, 6, 5, 8], axes: [0, 3] }, inner(v))
  one(outer, zeros([4, 5]), { kind: 'broadcast', shape: [9, 4, 7, 6, 5, 8], axes: [0, 2, 3, 5] })
  vanishes((v) => slice(v, [0, 3]), x)
  vanishes((v) => flip(expandDims(v, 0), 0).shape.length === 2 ? reshape(flip(expandDims(v, 0), 0), [3]) : v, x)
  vanishes((v) => emit1({ kind: 'pad', low: [0], high: [0], interior: [0], value: 0 }, v), x)
  vanishes((v) => emit1({ kind: 'concatenate', axis: 0 }, v), x)
  vanishes((v) => emit1({ kind: 'reduce', fn: 'sum', axes: [] }, v), x)
  vanishes((v) => emit1({ kind: 'mark', role: 'constant', name: '' }, v), x)
  one((v) => sum(reshape(v, [3, 1]), { axis: 1 }), zeros([1, 3]), { kind: 'reshape', shape: [3] })
  assert.equal(kinds(simple((v) => concatenate([v, v]), x)), ['concatenate'])
}) // biome-ignore format: one law a line

test('transposes go into the product', () => {
  const dots = (f: (...args: Tensor[]) => Tensor, ...args: Tensor[]): unknown => ops(simple(f, ...args))
  const dot = (left: string, right: string, batch = 0): unknown => [{ kind: 'dot', batch, left, right }]
  assert.equal(dots((a) => matmul(a, transpose(a)), m), dot('plain', 'transposed'))
  assert.equal(dots((a) => matmul(transpose(a), a), m), dot('transposed', 'plain'))
  assert.equal(dots((a, b) => matmul(transpose(a), transpose(b)), m, zeros([4, 2])), dot('transposed', 'transposed'))
  assert.equal(dots((a) => matmul(transpose(transpose(a)), transpose(a)), m), dot('plain', 'transposed'))
  const a3 = zeros([2, 3, 4])
  assert.equal(dots((a) => matmul(a, swapAxes(a, 1, 2)), a3), dot('plain', 'transposed', 1))
  // a transposition that moves the batch axis stays, once for the matrix and its transpose
  assert.equal(kinds(simple((a) => matmul(transpose(a, [1, 0, 2]), swapAxes(transpose(a, [1, 0, 2]), 1, 2)), a3)), ['transpose', 'dot'])
}) // biome-ignore format: one case a line

test('what reaches no output is not computed, in bodies and fences neither', () => {
  const f = (v: Tensor): Tensor => {
    exp(cos(v))
    return sin(v)
  }
  assert.is(simple(f, x).eqns.length, 1)
  assert.is(simple((v) => scan((c: Tensor) => [f(c), exp(c)], v, null, { length: 3 })[0], x).eqns[0]!.outputs.length, 1)
})

test('values are numbered densely, inputs stay even where nothing reads them', () => {
  const program = simple((_, b) => sin(add(b, 0)), x, x)
  assert.equal(program, { name: program.name, types: [typeOf('f32', [3]), typeOf('f32', [3]), typeOf('f32', [3])], inputs: [0, 1], eqns: [{ op: { kind: 'unary', fn: 'sin' }, inputs: [1], outputs: [2] }], outputs: [2] })
}) // biome-ignore format: a long line

const call = (name: string, f: (v: Tensor) => Tensor, fence: boolean) => (v: Tensor): Tensor =>
  emit1({ kind: 'call', name, body: record(name, [typeOf('f32', [3])], ([a]) => [f(a!)]).program, fence, tag: null }, v) // biome-ignore format: one call

test('plain calls are inlined, fences stay, simplified inside', () => {
  const f = (v: Tensor): Tensor => add(mul(sin(v), 1), 0)
  assert.equal(kinds(simple((v) => add(sin(v), call('g', f, false)(v)), x)), ['unary', 'binary'])
  const fenced = simple((v) => add(sin(v), call('g', f, true)(v)), x)
  assert.equal(kinds(fenced), ['unary', 'call', 'binary'])
  assert.is((fenced.eqns[1]!.op as { body: Program }).body.eqns.length, 1)
})

test('printing stays, each time and in order, in merged, dead and constant surroundings too', () => {
  const sink = (): void => {}
  const said = <T>(label: string, result: T): T => {
    debugPrint(label, 1, sink)
    return result
  }
  const f = (v: Tensor): Tensor => {
    const twice = mul(v, 2)
    debugPrint('a', twice, sink)
    debugPrint('b', v, sink)
    debugPrint('a', mul(v, 2), sink)
    cond(greater(sum(v), 0), () => null, () => said('c', null))
    scan((c: Tensor) => [said('d', c), null], v, null, { length: 2 })
    cond(true, () => said('e', null), () => null)
    call('g', (a) => said('f', a), true)(v)
    return sin(v)
  }
  const labels = (program: Program): string[] =>
    program.eqns.flatMap(({ op }) =>
      op.kind === 'print' ? [op.label] : op.kind === 'scan' || op.kind === 'call' ? labels(op.body) : op.kind === 'cond' ? op.branches.flatMap(labels) : [],
    )
  assert.equal(labels(simple(f, x)), ['a', 'b', 'a', 'c', 'd', 'e', 'f'])
}) // biome-ignore format: branches

test('a branch whose index is known takes the place of the choice', () => {
  assert.equal(kinds(simple((v) => cond(true, sin, neg, v), x)), ['unary'])
  assert.equal(ops(simple((v) => cond(greater(full([], 1), 2), sin, neg, v), x)), [{ kind: 'unary', fn: 'neg' }])
})

test('the line of the user survives a law', () => {
  const f = trace((v: Tensor) => transpose(transpose(v, [1, 2, 0])))(zeros([2, 3, 4]))
  const located: Program = { ...f, eqns: f.eqns.map((eqn, i) => ({ ...eqn, at: `line ${i}` })) }
  assert.is(simplify(located).eqns.at(-1)!.at, 'line 1')
})

test.run()
