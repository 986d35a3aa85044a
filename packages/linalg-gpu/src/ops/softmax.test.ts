import { test } from 'uvu'
import { at, type Flat, flat, make, put, same, sample, words } from './arrays.testing.js'
import { logSoftmax, softmax } from './softmax.js'

const along = (x: Flat, axis: number, f: (list: readonly number[], i: number) => number): Flat =>
  make(x.shape, (p) =>
    f(
      Array.from({ length: x.shape[axis]! }, (_, i) => at(x, p.with(axis, i))),
      p[axis]!,
    ),
  )

const total = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)
const weight = (list: readonly number[], i: number): number => Math.exp(list[i]!) / total(list.map(Math.exp))
const logWeight = (list: readonly number[], i: number): number => list[i]! - Math.log(total(list.map(Math.exp)))

test('softmax and logSoftmax along every axis', () => {
  for (const shape of [[5], [1], [2, 3], [3, 1, 4], [0], [2, 0], [0, 3]])
    for (let axis = 0; axis < shape.length; axis++) {
      const x = sample(shape, axis + 2)
      for (const [dtype, ulps] of [
        ['f64', 4],
        ['f32', 4],
        ['f16', 0.51],
      ] as const) {
        same(softmax(put(x, dtype), { axis: axis - shape.length }), dtype, along(x, axis, weight), { ulps })
        same(logSoftmax(put(x, dtype), { axis }), dtype, along(x, axis, logWeight), { ulps, scale: 4 })
      }
    }
  same(softmax(put(sample([2, 3]))), 'f64', along(sample([2, 3]), 1, weight), { ulps: 4 })
  same(softmax(put(flat([2], [0, 0]), 'i32')), 'f32', flat([2], [0.5, 0.5]))
})

test('huge values neither overflow nor lose the small ones', () => {
  for (const [dtype, size] of [
    ['f64', 1e300],
    ['f32', 1e30],
    ['f16', 60000],
  ] as const) {
    same(softmax(put(flat([3], [size, size, -size]), dtype)), dtype, flat([3], [0.5, 0.5, 0]))
    same(logSoftmax(put(flat([2], [size, size]), dtype)), dtype, flat([2], [-Math.LN2, -Math.LN2]), { ulps: 1 })
  }
  same(logSoftmax(put(flat([2], [0, -800]))), 'f64', flat([2], [0, -800]))
  same(softmax(put(flat([2], [0, -700]))), 'f64', flat([2], [1, Math.exp(-700)]), { ulps: 2 })
})

test('infinities: −∞ weighs nothing; rows of −∞ and rows with ∞ or NaN are NaN, as in JAX', () => {
  const x = put(flat([5, 3], words('-inf 0 0  -inf -inf -inf  inf 0 1  nan 0 1  -inf -inf 5')))
  same(softmax(x), 'f64', flat([5, 3], words('0 0.5 0.5  nan nan nan  nan 0 0  nan nan nan  0 0 1')))
  same(
    logSoftmax(x),
    'f64',
    flat([5, 3], [-Infinity, -Math.LN2, -Math.LN2, ...words('nan nan nan  nan -inf -inf  nan nan nan  -inf -inf 0')]),
    { ulps: 1 },
  )
})

test('laws: rows sum to 1, a shift changes nothing', () => {
  const x = sample([4, 6], 9)
  const shifted = flat(
    x.shape,
    x.data.map((v) => v + 512),
  )
  same(softmax(put(shifted)), 'f64', along(x, 1, weight), { ulps: 4 })
})

test.run()
