import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dtypes } from '../dtype.js'
import type { Tensor } from '../trace/tensor.js'
import {
  at,
  type Flat,
  flat,
  indices,
  integers,
  make,
  meet,
  product,
  put,
  same,
  sample,
  spread,
  throws,
  words,
} from './arrays.testing.js'
import {
  broadcastArrays,
  broadcastTo,
  type Cut,
  concatenate,
  diag,
  diagonal,
  expandDims,
  flatten,
  flip,
  moveAxis,
  pad,
  repeat,
  reshape,
  roll,
  slice,
  split,
  squeeze,
  stack,
  swapAxes,
  tile,
  transpose,
  tril,
  triu,
} from './shape.js'

const shapes = [[], [1], [5], [2, 3], [3, 1, 4], [2, 3, 2, 3], [0], [2, 0, 3]]
const permutations = (n: number): number[][] =>
  n === 0 ? [[]] : permutations(n - 1).flatMap((p) => Array.from({ length: n }, (_, i) => p.toSpliced(i, 0, n - 1)))

test('reshape keeps the order of elements; −1 follows from the others', () => {
  const x = integers([2, 6], -9, 9)
  for (const shape of [[12], [3, 4], [1, 2, 1, 6], [2, 2, 3], [12, 1]]) {
    same(reshape(put(x), shape), 'f64', flat(shape, x.data))
    for (let i = 0; i < shape.length; i++) same(reshape(put(x), shape.with(i, -1)), 'f64', flat(shape, x.data))
  }
  same(reshape(put(flat([], [7])), [1, 1]), 'f64', flat([1, 1], [7]))
  same(reshape(put(flat([0, 3], [])), [5, 0]), 'f64', flat([5, 0], []))
  same(reshape(put(flat([0, 3], [])), [3, -1]), 'f64', flat([3, 0], []))
  for (const shape of shapes) same(flatten(put(sample(shape))), 'f64', flat([product(shape)], sample(shape).data))
})

test('transpose by every permutation, with negative axes, and its likes', () => {
  for (const shape of shapes) {
    const x = sample(shape)
    const rank = shape.length
    for (const perm of permutations(rank)) {
      const want = make(
        perm.map((axis) => shape[axis]!),
        (index) => {
          const source: number[] = []
          perm.forEach((axis, i) => (source[axis] = index[i]!))
          return at(x, source)
        },
      )
      same(transpose(put(x), perm), 'f64', want)
      same(
        transpose(
          put(x),
          perm.map((axis) => axis - rank),
        ),
        'f64',
        want,
      )
    }
    same(
      transpose(put(x)),
      'f64',
      make([...shape].reverse(), (index) => at(x, [...index].reverse())),
    )
    for (let a = 0; a < rank; a++)
      for (let b = 0; b < rank; b++) {
        const order = shape.map((_, i) => (i === a ? b : i === b ? a : i))
        same(
          swapAxes(put(x), a, b - rank),
          'f64',
          make(
            order.map((i) => shape[i]!),
            (index) =>
              at(
                x,
                order.map((i) => index[i]!),
              ),
          ),
        )
        // axis a of x stands at b
        const rest = shape
          .map((_, i) => i)
          .filter((i) => i !== a)
          .toSpliced(b, 0, a)
        same(
          moveAxis(put(x), a - rank, b),
          'f64',
          make(
            rest.map((i) => shape[i]!),
            (index) =>
              at(
                x,
                shape.map((_, i) => index[rest.indexOf(i)]!),
              ),
          ),
        )
      }
  }
})

test('expandDims and squeeze are inverse', () => {
  const x = sample([2, 1, 3])
  for (const [axes, shape] of [
    [0, [1, 2, 1, 3]],
    [-1, [2, 1, 3, 1]],
    [
      [0, -1],
      [1, 2, 1, 3, 1],
    ],
    [
      [1, 2],
      [2, 1, 1, 1, 3],
    ],
    [[], [2, 1, 3]],
  ] as const) {
    const y = expandDims(put(x), axes)
    same(y, 'f64', flat(shape, x.data))
    same(squeeze(y, axes), 'f64', x)
  }
  same(squeeze(put(x)), 'f64', flat([2, 3], x.data))
  same(squeeze(put(flat([1, 1], [4]))), 'f64', flat([], [4]))
  same(squeeze(put(x), -2), 'f64', flat([2, 3], x.data))
  same(squeeze(put(flat([0, 1], []))), 'f64', flat([0], []))
  same(expandDims(3, 0), 'f32', flat([1], [3]))
})

test('broadcastTo and broadcastArrays', () => {
  for (const [from, to] of [
    [[], [2, 3]],
    [[3], [2, 3]],
    [
      [2, 1],
      [2, 3],
    ],
    [
      [1, 1],
      [4, 5],
    ],
    [[1], [0]],
    [
      [1, 3],
      [0, 3],
    ],
    [
      [2, 1, 3, 1],
      [2, 4, 3, 2],
    ],
    [[3], [3]],
    [
      [1, 2],
      [3, 1, 2],
    ],
  ] as const) {
    const x = sample(from)
    for (const dtype of dtypes) {
      const own =
        dtype === 'bool'
          ? flat(
              from,
              x.data.map((v) => Number(v > 0)),
            )
          : x.data.every(Number.isInteger) || dtype.startsWith('f')
            ? x
            : integers(from, 0, 99)
      same(
        broadcastTo(put(own, dtype), to),
        dtype,
        make(to, (index) => spread(own, index)),
      )
    }
  }
  const parts = [sample([2, 1, 1]), sample([3, 1], 2), sample([], 3)]
  const shape = meet(...parts.map((p) => p.shape))
  broadcastArrays(parts.map((p) => put(p))).forEach((got, i) =>
    same(
      got,
      'f64',
      make(shape, (index) => spread(parts[i]!, index)),
    ),
  )
  assert.equal(broadcastArrays([]), [])
})

test('concatenate, stack and split are inverse along every axis', () => {
  for (const shape of [[4], [2, 3], [3, 1, 4], [2, 0]])
    for (let axis = 0; axis < shape.length; axis++) {
      const sizes = [2, 0, 1, 3]
      const parts = sizes.map((n, i) => sample(shape.with(axis, n), i + 1))
      const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0))
      const whole = make(shape.with(axis, 6), (index) => {
        const part = starts.findLastIndex((start, i) => index[axis]! >= start && sizes[i]! > 0)
        return at(parts[part]!, index.with(axis, index[axis]! - starts[part]!))
      })
      same(
        concatenate(
          parts.map((p) => put(p)),
          axis - shape.length,
        ),
        'f64',
        whole,
      )
      split(put(whole), [2, 2, 3], axis).forEach((got, i) => same(got, 'f64', parts[i]!))
      split(put(whole), 3, axis).forEach((got, i) =>
        same(
          got,
          'f64',
          make(shape.with(axis, 2), (index) => at(whole, index.with(axis, index[axis]! + 2 * i))),
        ),
      )
      same(split(put(whole), 1, axis)[0]!, 'f64', whole)
      assert.is(split(put(whole), [], axis).length, 1)
      assert.equal(
        split(put(whole), [0, 6], axis).map((x) => x.shape[axis]),
        [0, 6, 0],
      )
    }
  for (let axis = 0; axis <= 2; axis++) {
    const parts = [1, 2, 3].map((seed) => sample([2, 3], seed))
    const want = make([2, 3].toSpliced(axis, 0, 3), (index) => at(parts[index[axis]!]!, index.toSpliced(axis, 1)))
    same(
      stack(
        parts.map((p) => put(p)),
        axis,
      ),
      'f64',
      want,
    )
    same(
      stack(
        parts.map((p) => put(p)),
        axis - 3,
      ),
      'f64',
      want,
    )
  }
  same(stack([1, 2]), 'f32', flat([2], [1, 2]))
  same(stack([put(flat([], [1]), 'i32'), 2]), 'i32', flat([2], [1, 2]))
  same(concatenate([put(flat([1], [-0]), 'f16'), put(flat([1], [NaN]), 'f16')]), 'f16', flat([2], [-0, NaN]))
})

// ── slices, against Python's rule ───────────────────────────────────────────────────────────────────────────────────

/** range(*slice(start, stop, step).indices(n)), from CPython's documentation of slices. */
const pythonRange = (n: number, start: number | null, stop: number | null, step: number): number[] => {
  const [low, high] = step > 0 ? [0, n] : [-1, n - 1]
  const bound = (v: number | null, otherwise: number): number =>
    v === null ? otherwise : v < 0 ? Math.max(v + n, low) : Math.min(v, high)
  const [from, to] = [bound(start, step > 0 ? low : high), bound(stop, step > 0 ? high : low)]
  const out: number[] = []
  for (let i = from; step > 0 ? i < to : i > to; i += step) out.push(i)
  return out
}

const cutAxis = (x: Flat, axis: number, places: readonly number[]): Flat =>
  make(x.shape.with(axis, places.length), (index) => at(x, index.with(axis, places[index[axis]!]!)))

test('slice is Python’s for all starts, stops and steps', () => {
  const bound = fc.oneof(fc.constant(null), fc.integer({ min: -8, max: 8 }))
  const step = fc.integer({ min: -4, max: 4 }).filter((v) => v !== 0)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 6 }), bound, bound, step, (n, start, stop, by) => {
      const x = sample([n])
      same(slice(put(x), [start, stop, by]), 'f64', cutAxis(x, 0, pythonRange(n, start, stop, by)))
      if (by === 1) same(slice(put(x), [start, stop]), 'f64', cutAxis(x, 0, pythonRange(n, start, stop, 1)))
    }),
    { numRuns: 400 },
  )
})

test('slice over several axes, with positions that remove theirs', () => {
  const bound = fc.oneof(fc.constant(null), fc.integer({ min: -5, max: 5 }))
  const step = fc.constantFrom(1, 2, -1, -2, 3)
  const range = fc.tuple(bound, bound, step)
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.oneof(fc.constant(null), range, fc.double({ min: 0, max: 0.999, noNaN: true })), { maxLength: 4 }),
      (shape, choices) => {
        const cuts = choices
          .slice(0, shape.length)
          .map(
            (choice, axis): Cut =>
              typeof choice === 'number' ? Math.floor(choice * 2 * shape[axis]!) - shape[axis]! : choice,
          )
        const x = sample(shape)
        const places = shape.map((n, axis) => {
          const cut = cuts[axis] ?? null
          return cut === null
            ? pythonRange(n, null, null, 1)
            : typeof cut === 'number'
              ? [cut < 0 ? cut + n : cut]
              : pythonRange(n, cut[0] ?? null, cut[1] ?? null, cut[2] ?? 1)
        })
        const kept = shape.map((_, axis) => axis).filter((axis) => typeof cuts[axis] !== 'number')
        const want = make(
          kept.map((axis) => places[axis]!.length),
          (index) =>
            at(
              x,
              places.map((list, axis) => list[kept.includes(axis) ? index[kept.indexOf(axis)]! : 0]!),
            ),
        )
        same(slice(put(x), ...cuts), 'f64', want)
      },
    ),
    { numRuns: 200 },
  )
  same(slice(put(flat([3], [1, 2, 3])), [1]), 'f64', flat([2], [2, 3]))
  same(slice(put(flat([3], [1, 2, 3])), []), 'f64', flat([3], [1, 2, 3]))
  same(slice(put(flat([], [4]))), 'f64', flat([], [4]))
  same(slice(put(flat([0, 2], [])), [null, null, -1], 1), 'f64', flat([0], []))
})

test('flip and roll', () => {
  for (const shape of shapes)
    for (const axes of [undefined, ...shape.map((_, i) => i), ...(shape.length > 1 ? [[0, -1]] : [])]) {
      const x = sample(shape)
      const turned =
        axes === undefined ? shape.map((_, i) => i) : [axes].flat().map((a) => (a < 0 ? a + shape.length : a))
      same(
        flip(put(x), axes),
        'f64',
        make(shape, (index) =>
          at(
            x,
            index.map((i, axis) => (turned.includes(axis) ? shape[axis]! - 1 - i : i)),
          ),
        ),
      )
    }
  for (const shape of [[5], [2, 3], [3, 1, 4], [0, 2]])
    for (let axis = 0; axis < shape.length; axis++)
      for (const by of [0, 1, -1, 2, 7, -13, shape[axis]!]) {
        const x = sample(shape)
        const n = shape[axis]!
        same(
          roll(put(x), by, axis - shape.length),
          'f64',
          make(shape, (index) => at(x, index.with(axis, (((index[axis]! - by) % n) + n) % n))),
        )
      }
})

// ── pad ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Mode = 'constant' | 'edge' | 'reflect' | 'wrap'
const source: { readonly [M in Exclude<Mode, 'constant'>]: (i: number, n: number) => number } = {
  edge: (i, n) => Math.max(0, Math.min(n - 1, i)),
  reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
  wrap: (i, n) => ((i % n) + n) % n,
}

const padded = (x: Flat, widths: readonly (readonly [number, number])[], mode: Mode, value: number): Flat =>
  make(
    x.shape.map((n, i) => n + widths[i]![0] + widths[i]![1]),
    (index) => {
      const place = index.map((i, axis) => i - widths[axis]![0])
      const inside = place.every((i, axis) => i >= 0 && i < x.shape[axis]!)
      return mode === 'constant'
        ? inside
          ? at(x, place)
          : value
        : at(
            x,
            place.map((i, axis) => (i >= 0 && i < x.shape[axis]! ? i : source[mode](i, x.shape[axis]!))),
          )
    },
  )

test('pad in all modes, of one to three axes', () => {
  const cases = [
    [[4], [[2, 3]]],
    [[4], [[0, 2]]],
    [
      [3, 4],
      [
        [1, 2],
        [2, 0],
      ],
    ],
    [
      [2, 3, 2],
      [
        [1, 0],
        [2, 1],
        [0, 1],
      ],
    ],
    [[5], [[0, 0]]],
  ] as const
  for (const [shape, widths] of cases)
    for (const mode of ['constant', 'edge', 'reflect', 'wrap'] as const) {
      const x = sample(shape)
      same(pad(put(x), widths, { mode }), 'f64', padded(x, widths, mode, 0), { note: mode })
      same(pad(put(x, 'f16'), widths, { mode, value: 1.5 }), 'f16', padded(x, widths, mode, 1.5), { note: mode })
    }
  // numpy.pad, 2.4.6
  same(
    pad(put(flat([4], [1, 2, 3, 4])), [[3, 3]], { mode: 'reflect' }),
    'f64',
    flat([10], words('4 3 2 1 2 3 4 3 2 1')),
  )
  same(
    pad(put(flat([4], [1, 2, 3, 4])), [[4, 4]], { mode: 'wrap' }),
    'f64',
    flat([12], words('1 2 3 4 1 2 3 4 1 2 3 4')),
  )
})

test('pad by negative widths cuts, also beside growth', () => {
  const x = sample([5, 4])
  const cut = (widths: readonly (readonly [number, number])[], mode: Mode): Flat => {
    const low = widths.map((w) => Math.max(0, -w[0]))
    const shape = x.shape.map((n, i) => n - low[i]! - Math.max(0, -widths[i]![1]))
    const inner = make(shape, (index) =>
      at(
        x,
        index.map((i, axis) => i + low[axis]!),
      ),
    )
    return padded(
      inner,
      widths.map((w) => [Math.max(0, w[0]), Math.max(0, w[1])] as const),
      mode,
      7,
    )
  }
  for (const widths of [
    [
      [-1, 0],
      [0, -2],
    ],
    [
      [-2, 1],
      [1, -1],
    ],
    [
      [-3, -2],
      [0, 0],
    ],
    [
      [-5, 0],
      [2, 2],
    ],
  ] as const)
    same(pad(put(x), widths, { value: 7 }), 'f64', cut(widths, 'constant'))
  same(
    pad(
      put(x),
      [
        [-2, 1],
        [1, -1],
      ],
      { mode: 'edge' },
    ),
    'f64',
    cut(
      [
        [-2, 1],
        [1, -1],
      ],
      'edge',
    ),
  )
  throws(
    () =>
      pad(put(x), [
        [-3, -3],
        [0, 0],
      ]),
    'pad: [-3, -3] cuts more than the 5 elements of axis 0.',
  )
})

test('pad values of each dtype; empty axes', () => {
  same(pad(put(flat([1], [1]), 'i32'), [[1, 1]], { value: -7 }), 'i32', flat([3], [-7, 1, -7]))
  same(pad(put(flat([1], [1]), 'bool'), [[1, 1]], { value: 1 }), 'bool', flat([3], [1, 1, 1]))
  same(pad(put(flat([1], [1]), 'f16'), [[1, 0]], { value: -Infinity }), 'f16', flat([2], [-Infinity, 1]))
  same(pad(put(flat([0], [])), [[2, 1]], { value: NaN }), 'f64', flat([3], [NaN, NaN, NaN]))
  same(pad(put(flat([], [3])), []), 'f64', flat([], [3]))
  throws(
    () => pad(put(flat([1], [1]), 'i32'), [[1, 1]], { value: 0.5 }),
    'pad: the value 0.5 is no i32: cast the tensor to a dtype that holds it.',
  )
})

test('tile and repeat', () => {
  for (const [shape, counts] of [
    [[2], [3]],
    [[2, 3], [2]],
    [
      [2, 3],
      [2, 1],
    ],
    [[3], [2, 2]],
    [[], [2, 2]],
    [[], []],
    [[2], [0]],
    [
      [0, 2],
      [3, 2],
    ],
    [
      [2, 1, 3],
      [1, 2, 2],
    ],
  ] as const) {
    const x = sample(shape)
    const rank = Math.max(shape.length, counts.length)
    const whole = flat([...Array<number>(rank - shape.length).fill(1), ...shape], x.data)
    const times = [...Array<number>(rank - counts.length).fill(1), ...counts]
    same(
      tile(put(x), counts),
      'f64',
      make(
        whole.shape.map((n, i) => n * times[i]!),
        (index) =>
          at(
            whole,
            index.map((i, axis) => i % whole.shape[axis]!),
          ),
      ),
    )
  }
  for (const shape of [[3], [2, 3], [2, 1, 2], [0, 2]])
    for (let axis = 0; axis < shape.length; axis++)
      for (const times of [0, 1, 3]) {
        const x = sample(shape)
        same(
          repeat(put(x), times, axis - shape.length),
          'f64',
          make(shape.with(axis, shape[axis]! * times), (index) =>
            at(x, index.with(axis, Math.floor(index[axis]! / times))),
          ),
        )
      }
})

test('triangles and diagonals, in batches, of any aspect and dtype', () => {
  for (const shape of [
    [3, 3],
    [2, 4],
    [4, 2],
    [1, 1],
    [2, 3, 3],
    [0, 3],
    [3, 0],
    [2, 2, 1, 3],
  ]) {
    const x = sample(shape)
    const rank = shape.length
    for (const k of [0, 1, -1, 2, -3, 9]) {
      const band = (keep: (i: number, j: number) => boolean): Flat =>
        make(shape, (index) => (keep(index[rank - 2]!, index[rank - 1]!) ? at(x, index) : 0))
      same(
        tril(put(x), k),
        'f64',
        band((i, j) => j <= i + k),
      )
      same(
        triu(put(x), k),
        'f64',
        band((i, j) => j >= i + k),
      )
    }
    const n = Math.min(shape[rank - 2]!, shape[rank - 1]!)
    same(
      diagonal(put(x)),
      'f64',
      make([...shape.slice(0, -2), n], (index) => at(x, [...index, index[rank - 2]!])),
    )
  }
  for (const shape of [[3], [1], [0], [2, 3], [2, 0], [2, 1, 2]]) {
    const x = sample(shape)
    const n = shape[shape.length - 1]!
    same(
      diag(put(x)),
      'f64',
      make([...shape, n], (index) => (index[shape.length - 1] === index[shape.length] ? at(x, index.slice(0, -1)) : 0)),
    )
  }
  for (const dtype of dtypes) same(tril(put(flat([2, 2], [1, 1, 1, 1]), dtype)), dtype, flat([2, 2], [1, 0, 1, 1]))
  same(tril(put(flat([2, 2], words('1 nan inf 2')))), 'f64', flat([2, 2], words('1 0 inf 2')))
})

test('moves keep bits and dtype: −0, NaN, f16, bool', () => {
  const moves: readonly ((x: Tensor) => Tensor)[] = [
    (x) => reshape(x, [4, 1]),
    (x) => transpose(reshape(x, [2, 2])),
    (x) => flip(x),
    (x) => roll(x, 1),
    (x) => tile(x, [2]),
    (x) => slice(x, [null, null, -2]),
    (x) => concatenate([x, x]),
  ]
  for (const f of moves) {
    for (const dtype of ['f64', 'f32', 'f16'] as const) {
      const data = f(put(flat([4], words('-0 nan inf 0.5')), dtype))
      assert.is(data.dtype, dtype)
      assert.is(String(data).includes('-0'), !String(f).includes('-2'))
    }
    assert.is(f(put(flat([4], [1, 0, 1, 1]), 'bool')).dtype, 'bool')
  }
  assert.is(indices([2, 0]).length, 0)
})

test.run()
