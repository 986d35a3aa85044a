import fc from 'fast-check'
import { test } from 'uvu'
import type { DType } from '../dtype.js'
import { at, type Flat, flat, integers, make, put, rounded, same, words } from './arrays.testing.js'
import { argsort, sort, topK } from './sorting.js'

/** Positions by insertion: an element moves left past greater ones only, so that equals keep their order; NaN is greater than all, in either direction. */
const insertion = (list: readonly number[], descending: boolean): number[] => {
  const before = (a: number, b: number): boolean => (Number.isNaN(b) ? !Number.isNaN(a) : descending ? a > b : a < b)
  const order: number[] = []
  list.forEach((value, i) => {
    let place = order.length
    while (place > 0 && before(value, list[order[place - 1]!]!)) place--
    order.splice(place, 0, i)
  })
  return order
}

const alongAxis = (
  x: Flat,
  axis: number,
  f: (list: readonly number[]) => readonly number[],
  n = x.shape[axis]!,
): Flat =>
  make(
    x.shape.with(axis, n),
    (p) => f(Array.from({ length: x.shape[axis]! }, (_, i) => at(x, p.with(axis, i))))[p[axis]!]!,
  )

test('sort and argsort along every axis, both ways, stable, of every dtype', () => {
  for (const shape of [[9], [1], [3, 7], [2, 5, 3], [0], [2, 0]])
    for (let axis = 0; axis < shape.length; axis++)
      for (const descending of [false, true])
        for (const dtype of ['f64', 'f32', 'f16', 'i32', 'i8'] as const) {
          const x = integers(shape, -3, 3, axis + 5)
          const order = (list: readonly number[]): number[] => insertion(list, descending)
          same(argsort(put(x, dtype), { axis: axis - shape.length, descending }), 'i32', alongAxis(x, axis, order))
          same(
            sort(put(x, dtype), { axis, descending }),
            dtype,
            alongAxis(x, axis, (list) => order(list).map((i) => list[i]!)),
          )
        }
  same(sort(put(flat([3], [1, 0, 1]), 'bool')), 'bool', flat([3], [0, 1, 1]))
  same(sort(put(flat([3], [2 ** 32 - 1, 2 ** 31, 1]), 'u32')), 'u32', flat([3], [1, 2 ** 31, 2 ** 32 - 1]))
})

test('NaN stands last in both directions; −0 and 0 are equal and keep their order', () => {
  const x = put(flat([7], words('nan 0 -inf -0 nan inf 1')))
  same(sort(x), 'f64', flat([7], words('-inf 0 -0 1 inf nan nan')))
  same(argsort(x), 'i32', flat([7], [2, 1, 3, 6, 5, 0, 4]))
  same(sort(x, { descending: true }), 'f64', flat([7], words('inf 1 0 -0 -inf nan nan')))
  same(argsort(x, { descending: true }), 'i32', flat([7], [5, 6, 1, 3, 2, 0, 4]))
})

test('laws: sorted is a permutation in order, sorting twice is once', () => {
  const value = fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, 1, 1, Infinity))
  fc.assert(
    fc.property(fc.array(value, { maxLength: 40 }), fc.boolean(), (list, descending) => {
      const order = insertion(list, descending)
      const sorted = flat(
        [list.length],
        order.map((i) => list[i]!),
      )
      const got = sort(put(flat([list.length], list)), { descending })
      same(got, 'f64', sorted)
      same(sort(got, { descending }), 'f64', sorted)
    }),
    { numRuns: 60 },
  )
})

test('topK: the first of equals, NaN only where nothing else is left', () => {
  const dtype: DType = 'f32'
  const x = flat([2, 5], words('1 3 3 nan 2  -1 -inf nan nan 0'))
  for (const k of [0, 1, 3, 5]) {
    const { indices, values } = topK(put(x, dtype), k)
    same(
      indices,
      'i32',
      alongAxis(x, 1, (list) => insertion(list, true), k),
    )
    same(
      values,
      dtype,
      alongAxis(x, 1, (list) => insertion(list, true).map((i) => list[i]!), k),
    )
  }
  const y = integers([4, 3], -5, 5, 2)
  const { indices, values } = topK(put(y, 'i32'), 2, { axis: 0 })
  same(
    indices,
    'i32',
    alongAxis(y, 0, (list) => insertion(list, true), 2),
  )
  same(
    values,
    'i32',
    alongAxis(y, 0, (list) => insertion(list, true).map((i) => rounded('i32', list[i]!)), 2),
  )
})

test.run()
