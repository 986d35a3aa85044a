import { checkGrads } from '@neumann/autodiff'
import { array, key, ones, slice, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { build, double, elements, messageOf, near, reader, sample, shaken, total } from '../support.testing.js'
import { attention, type MultiHeadParams, multiHeadAttention } from './attention.js'

type Read = (...index: readonly number[]) => number

/** Row i of softmax(Q Kᵀ / √d) V over the keys that `sees` allows: [t, d], [s, d], [s, v]. */
const byLoops =
  (q: Read, k: Read, v: Read, d: number, s: number, sees: (i: number, j: number) => boolean) =>
  (i: number, c: number): number => {
    const weight = (j: number): number => (sees(i, j) ? Math.exp(total(d, (l) => q(i, l) * k(j, l)) / Math.sqrt(d)) : 0)
    const sum = total(s, weight)
    return sum === 0 ? 0 : total(s, (j) => weight(j) * v(j, c)) / sum
  }

const [queries, keys, values] = [sample([4, 3], 1), sample([5, 3], 2), sample([5, 2], 3)]
const read = [reader(queries), reader(keys), reader(values)] as const
const against = (sees: (i: number, j: number) => boolean): number[] =>
  build([4, 2], (i, c) => byLoops(...read, 3, 5, sees)(i!, c!))

test('attention by loops: all keys, a mask, the past alone, both', () => {
  const allowed = build([4, 5], (i, j) => (i! * 7 + j! * 3) % 4)
  const mask = array(
    allowed.map((v) => v > 0),
    { shape: [4, 5] },
  )
  const masked = (i: number, j: number): boolean => allowed[i * 5 + j]! > 0
  const past = (i: number, j: number): boolean => j <= i
  near(
    attention(queries, keys, values),
    [4, 2],
    against(() => true),
  )
  near(attention(queries, keys, values, { mask }), [4, 2], against(masked))
  near(attention(queries, keys, values, { causal: true }), [4, 2], against(past))
  near(
    attention(queries, keys, values, { mask, causal: true }),
    [4, 2],
    against((i, j) => masked(i, j) && past(i, j)),
  )
})

test('a query that sees no key gives 0, with derivatives of 0 to all', () => {
  const mask = array([
    [true, true, false, true, true],
    [false, false, false, false, false],
  ])
  const two = sample([2, 3], 4)
  const f = (q: Tensor, k: Tensor, v: Tensor): Tensor => attention(q, k, v, { mask })
  assert.equal(elements(slice(f(two, keys, values), 1)), [0, 0])
  checkGrads(f, [two, keys, values])
})

test('leading axes are a batch, and those of a mask broadcast', () => {
  const [q, k, v] = [sample([2, 3, 4, 3], 1), sample([2, 3, 5, 3], 2), sample([2, 3, 5, 2], 3)]
  const [from, to, of] = [reader(q), reader(k), reader(v)]
  const mask = array([[[[true, true, true, true, true]]], [[[true, false, true, false, true]]]])
  near(
    attention(q, k, v, { mask }),
    [2, 3, 4, 2],
    build([2, 3, 4, 2], (n, h, i, c) =>
      byLoops(
        (...at) => from(n!, h!, ...at),
        (...at) => to(n!, h!, ...at),
        (...at) => of(n!, h!, ...at),
        3,
        5,
        (_, j) => n === 0 || j % 2 === 0,
      )(i!, c!),
    ),
  )
})

const layer = multiHeadAttention(4, 2)
const params = shaken(layer.init(key(0)))

/** Affine maps, heads side by side in the columns, and the affine map of what they see: by loops. */
const manyHeads = (p: MultiHeadParams, x: Tensor, y: Tensor, sees: (i: number, j: number) => boolean): number[] => {
  const affine = ({ weight, bias }: MultiHeadParams['query'], from: Read): Read => {
    const [w, b] = [reader(weight), reader(bias!)]
    return (n, i, c) => b(c!) + total(4, (l) => from(n!, i!, l) * w(l, c!))
  }
  const [q, k, v] = [affine(p.query, reader(x)), affine(p.key, reader(y)), affine(p.value, reader(y))]
  const seen: Read = (n, i, c) => {
    const first = Math.floor(c! / 2) * 2
    const of =
      (read: Read): Read =>
      (j, l) =>
        read(n!, j!, first + l!)
    return byLoops(of(q), of(k), of(v), 2, y.shape[1]!, sees)(i!, c! - first)
  }
  return build(x.shape, affine(p.out, seen))
}

test('multi-head attention by loops: of one sequence, of its past, of another sequence', () => {
  const [x, y] = [sample([2, 3, 4], 5), sample([2, 5, 4], 6)]
  near(
    layer.apply(params, x),
    x.shape,
    manyHeads(params, x, x, () => true),
  )
  near(
    multiHeadAttention(4, 2, { causal: true }).apply(params, x),
    x.shape,
    manyHeads(params, x, x, (i, j) => j <= i),
  )
  near(
    layer.apply(params, { queries: x, keys: y }),
    x.shape,
    manyHeads(params, x, y, () => true),
  )
})

test('a causal layer does not see the future: a change at place 2 leaves places 0 and 1 bit for bit', () => {
  const causal = multiHeadAttention(4, 2, { causal: true })
  const x = sample([1, 3, 4], 5)
  const other = array(
    elements(x).map((v, i) => (i < 8 ? v : v + 1)),
    { shape: x.shape, dtype: 'f64' },
  )
  const [a, b] = [elements(causal.apply(params, x)), elements(causal.apply(params, other))]
  assert.equal(a.slice(0, 8), b.slice(0, 8))
  assert.ok(Math.abs(a[8]! - b[8]!) > 1e-3)
})

test('derivatives by weights and input, orders 1 and 2', () => {
  const small = multiHeadAttention(2, 1, { causal: true })
  checkGrads((p: MultiHeadParams, x: Tensor) => small.apply(p, x), [double(small.init(key(0))), sample([1, 3, 2], 3)])
})

test('wrong calls are errors that say so', () => {
  assert.is(
    messageOf(() => attention(queries, values, values)),
    'attention: queries […, t, d] and keys […, s, d] expected, got f64[4,3] and f64[5,2], values f64[5,2].',
  )
  assert.is(
    messageOf(() => attention(queries, keys, queries)),
    'attention: 5 keys and 4 values: one value for each key.',
  )
  assert.is(
    messageOf(() => attention(queries, keys, values, { mask: ones([4, 5]) })),
    'attention: mask is bool, true where a query may see a key, got f32[4,5]: compare, as greater(mask, 0).',
  )
  assert.is(
    messageOf(() => multiHeadAttention(6, 4)),
    'multiHeadAttention: a size of 6 does not divide into 4 heads.',
  )
  assert.is(
    messageOf(() => layer.apply(params, ones([2, 4]))),
    'multiHeadAttention: [batch, places, 4] expected, got f32[2,4].',
  )
})

test.run()
