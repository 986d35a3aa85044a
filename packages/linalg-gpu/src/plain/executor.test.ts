import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cond, switchCase } from '../control/cond.js'
import { foriLoop, map, scan } from '../control/scan.js'
import { whileLoop } from '../control/while.js'
import { add, mul, sub } from '../ops/arithmetic.js'
import { at, type Flat, flat, indices, integers, make, put, rounded, same, sample } from '../ops/arrays.testing.js'
import { less } from '../ops/comparison.js'
import { matmul } from '../ops/contraction.js'
import { cast } from '../ops/creation.js'
import { sum } from '../ops/reductions.js'
import { reshape, transpose } from '../ops/shape.js'
import { outputTypes, type Program } from '../program/program.js'
import { typeOf } from '../program/type.js'
import { jit, trace } from '../run/jit.js'
import type { Tensor } from '../trace/tensor.js'
import { dense, expanded, gatherView, walk } from './dense.js'
import { type Meter, run } from './executor.js'

// ── moving elements ─────────────────────────────────────────────────────────────────────────────────────────────────

test('walk visits every index in row-major order with its strided offset', () => {
  const axis = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -5, max: 5 }))
  fc.assert(
    fc.property(fc.array(axis, { maxLength: 4 }), fc.integer({ min: 0, max: 9 }), (axes, offset) => {
      const [shape, strides] = [axes.map((a) => a[0]), axes.map((a) => a[1])]
      const seen: (readonly [number, number])[] = []
      walk(shape, strides, offset, (position, place) => seen.push([position, place]))
      assert.equal(
        seen,
        indices(shape).map((index, position) => [position, index.reduce((sum, i, d) => sum + i * strides[d]!, offset)]),
      )
    }),
  )
})

test('gatherView and expanded read through strides', () => {
  const x = integers([2, 3], 0, 99)
  const own = dense(typeOf('f64', [2, 3]), Float64Array.from(x.data))
  assert.equal([...gatherView(own, typeOf('f64', [3, 2]), [1, 3]).data], make([3, 2], ([i, j]) => at(x, [j!, i!])).data)
  assert.equal([...gatherView(own, typeOf('f64', [2]), [-3], 4).data], [x.data[4], x.data[1]])
  assert.equal([...expanded(own, [2, 2, 3])], [...x.data, ...x.data])
  assert.is(expanded(own, [2, 3]), own.data)
})

// ── control flow, against loops in JavaScript ───────────────────────────────────────────────────────────────────────

test('scan is its loop: forwards, backwards, of no step, with several carries, rows and results', () => {
  for (const n of [0, 1, 2, 5])
    for (const reverse of [false, true]) {
      const [xs, ks] = [integers([n, 2], -4, 4, 2), integers([n], -4, 4, 3)]
      let [p, q] = [[1, -2], 3]
      const [ys, zs] = [Array<number[]>(n), Array<number>(n)]
      for (let step = 0; step < n; step++) {
        const t = reverse ? n - 1 - step : step
        ys[t] = p.map((v) => v * ks.data[t]!)
        zs[t] = q
        ;[p, q] = [p.map((v, i) => v + xs.data[2 * t + i]!), q - ks.data[t]!]
      }
      const [[a, b], [c, d]] = scan<readonly [Tensor, Tensor], readonly [Tensor, Tensor], readonly [Tensor, Tensor]>(
        ([u, v], [x, k]) => [
          [add(u, x), sub(v, k)],
          [mul(u, k), v],
        ],
        [put(flat([2], [1, -2])), put(flat([], [3]))],
        [put(xs), put(ks)],
        { reverse },
      )
      same(a, 'f64', flat([2], p))
      same(b, 'f64', flat([], [q]))
      same(
        add(c, 0),
        'f64',
        flat(
          [n, 2],
          ys.flat().map((v) => v + 0),
        ),
      )
      same(d, 'f64', flat([n], zs))
    }
})

test('a scan whose body hands on its row, its carry or a constant', () => {
  const xs = sample([4, 3])
  const [last, first] = scan((c: Tensor, x: Tensor) => [x, c], put(flat([3], [7, 8, 9])), put(xs))
  same(last, 'f64', flat([3], xs.data.slice(9)))
  same(first, 'f64', flat([4, 3], [7, 8, 9, ...xs.data.slice(0, 9)]))
  const [end, all] = scan((c: Tensor) => [c, 2], put(flat([2], [1, 2])), null, { length: 3 })
  same(end, 'f64', flat([2], [1, 2]))
  same(all as unknown as Tensor, 'f32', flat([3], [2, 2, 2]))
})

test('while, for, map and branches', () => {
  same(
    whileLoop(
      (x: Tensor) => less(x, 100),
      (x) => mul(x, 3),
      put(flat([], [1])),
    ),
    'f64',
    flat([], [243]),
  )
  same(
    whileLoop(
      (x: Tensor) => less(x, 0),
      (x) => mul(x, 3),
      put(flat([], [1])),
    ),
    'f64',
    flat([], [1]),
  )
  same(
    foriLoop(2, 6, (i, c: Tensor) => add(c, cast(i, 'f64')), put(flat([], [0]))),
    'f64',
    flat([], [14]),
  )
  same(
    foriLoop(put(flat([], [2]), 'i32'), 6, (i, c: Tensor) => add(c, cast(i, 'f64')), put(flat([], [0]))),
    'f64',
    flat([], [14]),
  )
  same(
    foriLoop(5, 2, (_, c: Tensor) => add(c, 1), put(flat([], [7]))),
    'f64',
    flat([], [7]),
  )
  same(
    map((x: Tensor) => sum(x), put(flat([3, 2], [1, 2, 3, 4, 5, 6]))),
    'f64',
    flat([3], [3, 7, 11]),
  )
  for (const index of [-5, 0, 1, 2, 9])
    same(
      switchCase(put(flat([], [index]), 'i32'), [() => 10, () => 20, () => 30]) as unknown as Tensor,
      'f32',
      flat([], [[10, 20, 30][Math.max(0, Math.min(2, index))]!]),
    )
  for (const flag of [true, 0, 3, NaN])
    same(
      cond(
        flag,
        () => 1,
        () => 2,
      ) as unknown as Tensor,
      'f32',
      flat([], [flag === 0 ? 2 : 1]),
    )
})

test('f16 passes through loops as it is, and is rounded by what computes', () => {
  const [end, all] = scan(
    (c: Tensor, x: Tensor) => [add(c, x), c],
    put(flat([], [2048]), 'f16'),
    put(flat([3], [1, 1, 3]), 'f16'),
  )
  let c = 2048
  const want = [1, 1, 3].map((x) => {
    const before = c
    c = rounded('f16', c + x)
    return before
  })
  same(end, 'f16', flat([], [c]))
  same(all, 'f16', flat([3], want))
})

// ── what is counted ─────────────────────────────────────────────────────────────────────────────────────────────────

const programs: readonly (readonly [string, Program, readonly Flat[]])[] = [
  ['chain', trace((x: Tensor) => mul(add(x, 1), 2))(put(sample([5]))), [sample([5])]],
  ['views', trace((x: Tensor) => [reshape(x, [6]), transpose(reshape(x, [3, 2])), x])(put(sample([2, 3]))), [sample([2, 3])]],
  ['same twice', trace((x: Tensor) => [add(x, 1)].flatMap((y) => [y, y]))(put(sample([4]))), [sample([4])]],
  ['dead work', trace((x: Tensor) => [mul(x, 3), add(x, 1)][1]!)(put(sample([4]))), [sample([4])]],
  ['product', trace((x: Tensor) => matmul(x, transpose(x)))(put(sample([3, 2]))), [sample([3, 2])]],
  ['scan', trace((x: Tensor) => scan((c: Tensor, r: Tensor) => [add(c, r), mul(c, 2)], put(flat([2], [0, 0])), x))(put(sample([4, 2]))), [sample([4, 2]), flat([2], [0, 0])]],
  ['scan of rows', trace((x: Tensor) => scan((_: Tensor, r: Tensor) => [r, r], put(flat([2], [0, 0])), x))(put(sample([4, 2]))), [sample([4, 2]), flat([2], [0, 0])]],
  ['scan of an unread carry', trace((x: Tensor) => scan((_: Tensor, r: Tensor) => [mul(r, 2), null], put(flat([2], [0, 0])), x)[0])(put(sample([4, 2]))), [sample([4, 2]), flat([2], [0, 0])]],
  ['while', trace((x: Tensor) => whileLoop((c: Tensor) => less(sum(c), 90), (c) => add(c, c), x))(put(flat([2], [1, 2]))), [flat([2], [1, 2])]],
  ['cond', trace((x: Tensor) => cond(less(sum(x), 0), (y: Tensor) => add(y, 1), (y: Tensor) => y, x))(put(flat([2], [1, 2]))), [flat([2], [1, 2])]],
] // biome-ignore format: a table

test('after a run only the results are counted, each memory once, and inputs never', () => {
  for (const [name, program, inputs] of programs) {
    const meter: Meter = { bytes: 0, peak: 0 }
    const operands = inputs.map((x) => ({
      ...dense(typeOf('f64', x.shape), Float64Array.from(x.data)),
      owner: { uses: 1, bytes: 0 },
    }))
    const outs = run(program, operands, meter)
    const owners = new Set(outs.map((out) => out.owner))
    const held = [...owners].reduce((bytes, owner) => bytes + owner.bytes, 0)
    assert.is(meter.bytes, held, name)
    assert.ok(meter.peak >= held, name)
    for (const operand of operands) assert.ok(operand.owner.uses >= 1, name)
    assert.equal(
      outs.map((out) => out.type),
      outputTypes(program),
      name,
    )
  }
})

test('the peak of a chain is two values: the one read and the one written', () => {
  const meter: Meter = { bytes: 0, peak: 0 }
  const program = trace((x: Tensor) => [0, 1, 2, 3, 4, 5].reduce((y) => mul(y, y), x))(put(sample([1000])))
  const x = { ...dense(typeOf('f64', [1000]), new Float64Array(1000)), owner: { uses: 1, bytes: 0 } }
  run(program, [x], meter)
  assert.is(meter.peak, 16000)
  assert.is(meter.bytes, 8000)
})

test('a loop holds its stacked results and two carries, whatever its length', () => {
  const peak = (n: number): number => {
    const meter: Meter = { bytes: 0, peak: 0 }
    const program = trace((x: Tensor) => scan((c: Tensor) => [mul(c, c), null], x, null, { length: n })[0])(
      put(sample([100])),
    )
    run(program, [{ ...dense(typeOf('f64', [100]), new Float64Array(100)), owner: { uses: 1, bytes: 0 } }], meter)
    return meter.peak
  }
  assert.is(peak(2), peak(50))
})

test('an operation that cannot be run says why', () => {
  const type = typeOf('f32', [])
  const program: Program = {
    name: 'f',
    types: [type],
    inputs: [],
    eqns: [
      {
        op: { kind: 'opaque', name: 'g', types: [type], tag: null, why: 'it is linear only.' },
        inputs: [],
        outputs: [0],
      },
    ],
    outputs: [0],
  }
  assert.throws(() => run(program, [], { bytes: 0, peak: 0 }), 'g: it is linear only.')
})

test('a jitted function returns what it was given as a copy', () => {
  const x = put(flat([2], [1, 2]))
  const [a, b] = jit((y: Tensor) => [y, y])(x) as [Tensor, Tensor]
  x[Symbol.dispose]()
  a[Symbol.dispose]()
  same(b, 'f64', flat([2], [1, 2]))
})

test.run()
