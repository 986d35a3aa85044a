import fc from 'fast-check'
import { test } from 'uvu'
import { dtypes, isFloat } from '../dtype.js'
import { jit } from '../run/jit.js'
import { emit1 } from '../trace/emit.js'
import type { Tensor } from '../trace/tensor.js'
import { at, type Flat, flat, indices, integers, make, product, put, same, sample, words } from './arrays.testing.js'
import { dynamicSlice, dynamicUpdateSlice, gather, oneHot, scatterAdd, take, takeAlongAxis } from './indexing.js'

const index = (...values: number[]): Tensor => put(flat([values.length], values), 'i32')
/** Negative from the end; undefined where out of range. */
const place = (i: number, n: number): number | undefined => (i >= -n && i < n ? (i + n) % n : undefined)

test('take along every axis with indices of every rank, negative and out of range', () => {
  for (const shape of [[5], [3, 4], [2, 3, 4]])
    for (let axis = 0; axis < shape.length; axis++)
      for (const form of [[], [3], [2, 2], [0]]) {
        const [x, i] = [sample(shape, 4), integers(form, -7, 7, 5)]
        const want = make([...shape.slice(0, axis), ...form, ...shape.slice(axis + 1)], (p) => {
          const row = place(at(i, p.slice(axis, axis + form.length)), shape[axis]!)
          return row === undefined ? NaN : at(x, [...p.slice(0, axis), row, ...p.slice(axis + form.length)])
        })
        for (const dtype of ['f64', 'f32', 'f16'] as const)
          same(take(put(x, dtype), put(i, 'i32'), { axis: axis - shape.length }), dtype, want)
      }
})

test('out of range reads NaN in floats and 0 elsewhere', () => {
  for (const dtype of dtypes)
    same(
      take(put(flat([2], [1, 1]), dtype), index(1, 2, -3, -1)),
      dtype,
      flat([4], isFloat(dtype) ? words('1 nan nan 1') : words('1 0 0 1')),
    )
  same(take(put(flat([0], [])), index(0, -1)), 'f64', flat([2], [NaN, NaN]))
  same(take(put(flat([3], [1, 2, 3])), index(2 ** 31 - 1, -(2 ** 31))), 'f64', flat([2], [NaN, NaN]))
})

test('take of the flattened tensor, by numbers, by every integer dtype', () => {
  const x = put(flat([2, 2], [10, 20, 30, 40]))
  same(take(x, 3), 'f64', flat([], [40]))
  same(take(x, -1, { axis: 0 }), 'f64', flat([2], [30, 40]))
  for (const dtype of ['i32', 'u32', 'u8', 'i8'] as const)
    same(take(x, put(flat([2], [2, 0]), dtype)), 'f64', flat([2], [30, 10]))
  // 2³² − 1 is −1 as an i32: what does not fit into i32 wraps
  same(take(x, put(flat([1], [2 ** 32 - 1]), 'u32')), 'f64', flat([1], [40]))
})

test('takeAlongAxis, also where axes of size 1 broadcast', () => {
  for (const [shape, form, axis] of [
    [[4], [6], 0],
    [[3, 4], [3, 2], 1],
    [[3, 4], [5, 4], 0],
    [[2, 3, 4], [2, 5, 4], 1],
    [[2, 1, 4], [2, 3, 2], 2],
    [[2, 3, 4], [1, 3, 1], -1],
    [[2, 3], [2, 0], 1],
  ] as const) {
    const rank = shape.length
    const over = axis < 0 ? axis + rank : axis
    const [x, i] = [sample(shape, 3), integers(form, -5, 5, 7)]
    const out = shape.map((n, d) => (d === over ? form[d]! : Math.max(n, form[d]!)))
    const want = make(out, (p) => {
      const row = place(
        at(
          i,
          p.map((v, d) => (form[d] === 1 ? 0 : v)),
        ),
        shape[over]!,
      )
      return row === undefined
        ? NaN
        : at(
            x,
            p.map((v, d) => (d === over ? row : shape[d] === 1 ? 0 : v)),
          )
    })
    same(takeAlongAxis(put(x), put(i, 'i32'), { axis }), 'f64', want)
  }
  same(takeAlongAxis(put(flat([1, 3], [5, 6, 7])), put(flat([1, 1], [-1]), 'i32')), 'f64', flat([1, 1], [7]))
})

/** x at an index vector, counted from the end where negative; `otherwise` where a component is out of range. */
const picked = (x: Flat, vector: readonly number[], rest: readonly number[], otherwise: number): number => {
  const places = vector.map((v, d) => place(v, x.shape[d]!))
  return places.includes(undefined) ? otherwise : at(x, [...(places as number[]), ...rest])
}

test('gather at index vectors of every length', () => {
  for (const shape of [[4], [3, 4], [2, 3, 4]])
    for (let depth = 0; depth <= shape.length; depth++)
      for (const form of [[], [5], [2, 3], [0]]) {
        const [x, i] = [sample(shape, 2), integers([...form, depth], -4, 4, 9)]
        const want = make([...form, ...shape.slice(depth)], (p) =>
          picked(
            x,
            Array.from({ length: depth }, (_, d) => at(i, [...p.slice(0, form.length), d])),
            p.slice(form.length),
            NaN,
          ),
        )
        same(gather(put(x), put(i, 'i32')), 'f64', want, { note: `[${shape}] [${form},${depth}]` })
      }
  // sizes that f32 does not hold
  const n = 2 ** 24 + 1
  same(gather(put(flat([1, 1], [7])), put(flat([1, 2], [0, -n]), 'i32')), 'f64', flat([1], [NaN]))
})

test('scatterAdd adds in order, drops what is out of range, and broadcasts updates', () => {
  for (const shape of [[4], [3, 4], [2, 3, 4]])
    for (let depth = 0; depth <= shape.length; depth++)
      for (const form of [[], [6], [2, 3], [0]]) {
        const [x, i, u] = [
          sample(shape, 2),
          integers([...form, depth], -4, 4, 9),
          sample([...form, ...shape.slice(depth)], 3),
        ]
        const data = [...x.data]
        const added = Array<number>(data.length).fill(0)
        for (const p of indices(u.shape)) {
          const places = Array.from({ length: depth }, (_, d) =>
            place(at(i, [...p.slice(0, form.length), d]), shape[d]!),
          )
          if (!places.includes(undefined))
            added[[...(places as number[]), ...p.slice(form.length)].reduce((a, v, d) => a * shape[d]! + v, 0)]! += at(
              u,
              p,
            )
        }
        const want = flat(
          shape,
          data.map((v, k) => v + added[k]!),
        )
        for (const dtype of ['f64', 'f32'] as const)
          same(scatterAdd(put(x, dtype), put(i, 'i32'), put(u, dtype)), dtype, want)
      }
  same(
    scatterAdd(put(flat([2, 2], [0, 0, 0, 0])), put(flat([3, 1], [0, 1, 0]), 'i32'), 1),
    'f64',
    flat([2, 2], [2, 2, 1, 1]),
  )
  same(
    scatterAdd(put(flat([2], [2 ** 31 - 1, 0]), 'i32'), put(flat([1, 1], [0]), 'i32'), put(flat([1], [1]), 'i32')),
    'i32',
    flat([2], [-(2 ** 31), 0]),
  )
  same(
    scatterAdd(put(flat([2], [1, 0]), 'bool'), put(flat([2, 1], [0, 0]), 'i32'), put(flat([2], [1, 1]), 'bool')),
    'i32',
    flat([2], [3, 0]),
  )
  same(
    scatterAdd(put(flat([1], [0]), 'f16'), put(flat([3, 1], [0, 0, 0]), 'i32'), put(flat([3], [2048, 1, 1]), 'f16')),
    'f16',
    flat([1], [2050]),
  )
})

test('the gather and scatterAdd operations are exact adjoints, out of range and in batches', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      fc.integer({ min: 0, max: 4 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      (batch, n, form, rest) => {
        const x = integers([...batch, n, ...rest], -9, 9, 1)
        const i = integers([...batch, ...form], -1, n, 2)
        const u = integers([...batch, ...form, ...rest], -9, 9, 3)
        const b = batch.length
        const read = make(u.shape, (p) => {
          const row = at(i, p.slice(0, b + form.length))
          return row < 0 || row >= n ? 0 : at(x, [...p.slice(0, b), row, ...p.slice(b + form.length)])
        })
        same(emit1({ kind: 'gather', batch: b, fill: 0 }, put(x), put(i, 'i32')), 'f64', read)
        const sums = Array<number>(product(x.shape)).fill(0)
        for (const p of indices(u.shape)) {
          const row = at(i, p.slice(0, b + form.length))
          if (row >= 0 && row < n)
            sums[[...p.slice(0, b), row, ...p.slice(b + form.length)].reduce((a, v, d) => a * x.shape[d]! + v, 0)]! +=
              at(u, p)
        }
        for (const dtype of ['f64', 'i32', 'f16'] as const)
          same(
            emit1({ kind: 'scatterAdd', batch: b, size: n }, put(u, dtype), put(i, 'i32')),
            dtype,
            flat(
              x.shape,
              sums.map((v) => v + 0),
            ),
          )
        // ⟨gather(x), u⟩ = ⟨x, scatterAdd(u)⟩, in whole numbers
        const [left, right] = [
          read.data.reduce((s, v, k) => s + v * u.data[k]!, 0),
          x.data.reduce((s, v, k) => s + v * sums[k]!, 0),
        ]
        if (left !== right) throw new Error(`${left} ≠ ${right}`)
      },
    ),
    { numRuns: 80 },
  )
})

// ── dynamic slices ──────────────────────────────────────────────────────────────────────────────────────────────────

/** A negative start counts from the end; then it is clamped so that the part lies inside. */
const clamped = (start: number, n: number, size: number): number =>
  Math.max(0, Math.min(n - size, start < 0 ? start + n : start))

test('dynamicSlice and dynamicUpdateSlice clamp their starts', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.nat(4), fc.integer({ min: -9, max: 9 })), { maxLength: 3 }),
      (axes) => {
        const shape = axes.map(([n]) => n)
        const sizes = axes.map(([n, size]) => Math.min(n, size))
        const starts = axes.map(([, , start]) => start)
        const low = starts.map((start, i) => clamped(start, shape[i]!, sizes[i]!))
        const [x, u] = [sample(shape, 1), sample(sizes, 2)]
        const part = make(sizes, (p) =>
          at(
            x,
            p.map((v, i) => v + low[i]!),
          ),
        )
        const updated = make(shape, (p) => {
          const inner = p.map((v, i) => v - low[i]!)
          return inner.every((v, i) => v >= 0 && v < sizes[i]!) ? at(u, inner) : at(x, p)
        })
        for (const dtype of ['f64', 'f16'] as const) {
          same(dynamicSlice(put(x, dtype), starts, sizes), dtype, part)
          same(dynamicUpdateSlice(put(x, dtype), put(u, dtype), starts), dtype, updated)
        }
        const vector = put(flat([starts.length], starts), 'i32')
        same(dynamicSlice(put(x), vector, sizes), 'f64', part)
        same(
          dynamicUpdateSlice(
            put(x),
            put(u),
            starts.map((s) => put(flat([], [s]), 'i32')),
          ),
          'f64',
          updated,
        )
      },
    ),
    { numRuns: 120 },
  )
  const x = put(flat([3], [1, 2, 3]))
  same(dynamicSlice(x, 1, [2]), 'f64', flat([2], [2, 3]))
  same(dynamicSlice(x, put(flat([], [-1]), 'i8'), [1]), 'f64', flat([1], [3]))
  same(jit((i: Tensor) => dynamicSlice(x, [i], [2]))(put(flat([], [9]), 'i32')), 'f64', flat([2], [2, 3]))
  same(dynamicUpdateSlice(put(flat([2], [1, 2]), 'i32'), put(flat([1], [0.5]), 'f32'), [0]), 'f32', flat([2], [0.5, 2]))
})

test('oneHot', () => {
  same(oneHot(index(0, 2, 3, -1), 3), 'f32', flat([4, 3], words('1 0 0  0 0 1  0 0 0  0 0 0')))
  same(
    oneHot(put(integers([2, 2], 0, 1), 'u8'), 2, { dtype: 'i32' }),
    'i32',
    make([2, 2, 2], ([i, j, k]) => Number(at(integers([2, 2], 0, 1), [i!, j!]) === k)),
  )
  same(oneHot(1, 2, { dtype: 'bool' }), 'bool', flat([2], [0, 1]))
  same(oneHot(index(), 3), 'f32', flat([0, 3], []))
  same(oneHot(index(0, 1), 0), 'f32', flat([2, 0], []))
})

test.run()
