import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jit } from '../run/jit.js'
import type { Tensor } from '../trace/tensor.js'
import { add, maximum, mul } from './arithmetic.js'
import { at, type Flat, flat, integers, make, put, same, throws } from './arrays.testing.js'
import { associativeScan } from './associative.js'
import { matmul } from './contraction.js'
import { max } from './reductions.js'
import { concatenate, expandDims } from './shape.js'

const running = (x: Flat, axis: number, reverse: boolean, f: (a: number, b: number) => number): Flat => {
  const data = new Map<string, number>()
  const n = x.shape[axis]!
  make(x.shape, () => 0)
  for (let step = 0; step < n; step++) {
    const here = reverse ? n - 1 - step : step
    make(x.shape.with(axis, 1), (p) => {
      const q = p.with(axis, here)
      const before = data.get(String(p.with(axis, reverse ? here + 1 : here - 1)))
      const value = before === undefined ? at(x, q) : f(before, at(x, q))
      data.set(String(q), value)
      return value
    })
  }
  return make(x.shape, (p) => data.get(String(p))!)
}

test('prefixes of every length along every axis, both ways', () => {
  for (const n of [0, 1, 2, 3, 4, 5, 7, 8, 13])
    for (const [shape, axis] of [
      [[n], 0],
      [[2, n], 1],
      [[n, 3], 0],
      [[2, n, 2], 1],
    ] as const)
      for (const reverse of [false, true]) {
        const x = integers(shape, -9, 9, n + 1)
        same(
          associativeScan(add, put(x), { axis: axis - shape.length, reverse }),
          'f64',
          flat(shape, running(x, axis, reverse, (a, b) => a + b).data),
          { note: `${shape}` },
        )
        same(associativeScan(maximum, put(x, 'i32'), { axis, reverse }), 'i32', running(x, axis, reverse, Math.max))
      }
})

test('an order that matters: products of matrices, and affine maps as a tree', () => {
  const x = integers([6, 2, 2], -2, 2, 4)
  const product = (a: Flat, b: Flat): Flat =>
    make([2, 2], ([i, j]) => at(a, [i!, 0]) * at(b, [0, j!]) + at(a, [i!, 1]) * at(b, [1, j!]))
  const block = (i: number): Flat => make([2, 2], (p) => at(x, [i, ...p]))
  const prefixes = [block(0)]
  for (let i = 1; i < 6; i++) prefixes.push(product(prefixes[i - 1]!, block(i)))
  same(
    associativeScan(matmul, put(x, 'i32')),
    'i32',
    make([6, 2, 2], ([i, ...p]) => at(prefixes[i!]!, p) + 0),
  )

  // y ← a y + b: (a₁, b₁) then (a₂, b₂) is (a₂ a₁, a₂ b₁ + b₂)
  const [a, b] = [
    [1, 2, -1, 3, 2],
    [5, -1, 2, 0, 1],
  ]
  const out = associativeScan(
    (p: { a: Tensor; b: Tensor }, q: { a: Tensor; b: Tensor }) => ({ a: mul(q.a, p.a), b: add(mul(q.a, p.b), q.b) }),
    { a: put(flat([5], a)), b: put(flat([5], b)) },
  )
  const states: number[] = []
  a.forEach((slope, i) => states.push(slope * (states[i - 1] ?? 0) + b[i]!))
  same(out.b, 'f64', flat([5], states))
  same(out.a, 'f64', flat([5], [1, 2, -2, -6, -12]))
})

test('the same inside a trace', () => {
  const x = integers([7], -5, 5)
  same(
    jit((y: Tensor) => associativeScan(add, y))(put(x)),
    'f64',
    running(x, 0, false, (a, b) => a + b),
  )
})

test('combine sees parts that are not empty', () => {
  for (const n of [2, 3, 4, 5])
    associativeScan(
      (a: Tensor, b: Tensor) => {
        assert.ok(a.shape[0]! > 0 && b.shape[0] === a.shape[0])
        // the larger of two by a reduction, which an empty axis would refuse
        return max(concatenate([expandDims(a, 0), expandDims(b, 0)]), { axis: 0 })
      },
      put(integers([n], -5, 5)),
    )
})

test('trees that do not fit are refused', () => {
  const x = put(integers([3], 0, 9))
  throws(() => associativeScan(add, x, { axis: 1 }), 'associativeScan: axis 1 is out of range for rank 1: use -1 … 0.')
  throws(() => associativeScan((a: Tensor) => [a] as never, x), 'associativeScan: combine returned the form [*] for *.')
  throws(() => associativeScan((a: readonly Tensor[]) => a, []), 'associativeScan: the tree has no tensors.')
  throws(
    () => associativeScan((a: readonly Tensor[]) => a, [x, put(integers([4], 0, 9))]),
    'associativeScan: axis 0 has size 3 in [3] and 4 in [4].',
  )
})

test.run()
