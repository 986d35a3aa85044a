import fc from 'fast-check'
import { test } from 'uvu'
import { emit1 } from '../trace/emit.js'
import {
  at,
  type Flat,
  flat,
  floats,
  indices,
  integers,
  make,
  meet,
  put,
  same,
  sample,
  spread,
  words,
} from './arrays.testing.js'
import { dotProduct, matmul, outer, tensordot, vdot } from './contraction.js'

/** NumPy's matmul by its definition. */
const product = (x: Flat, y: Flat): Flat => {
  const a = x.shape.length === 1 ? flat([1, ...x.shape], x.data) : x
  const b = y.shape.length === 1 ? flat([...y.shape, 1], y.data) : y
  const [m, k, n] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!]
  const lead = meet(a.shape.slice(0, -2), b.shape.slice(0, -2))
  const full = make([...lead, m, n], (index) => {
    const batch = index.slice(0, -2)
    const [i, j] = index.slice(-2) as [number, number]
    let total = 0
    for (let l = 0; l < k; l++) {
      const p = flat(
        [...a.shape.slice(0, -2), 1, 1],
        indices(a.shape.slice(0, -2)).map((head) => at(a, [...head, i, l])),
      )
      const q = flat(
        [...b.shape.slice(0, -2), 1, 1],
        indices(b.shape.slice(0, -2)).map((head) => at(b, [...head, l, j])),
      )
      total += spread(p, [...batch, 0, 0]) * spread(q, [...batch, 0, 0])
    }
    return total
  })
  const shape = full.shape.filter(
    (_, i) => !(x.shape.length === 1 && i === lead.length) && !(y.shape.length === 1 && i === lead.length + 1),
  )
  return flat(shape, full.data)
}

const pairs = [
  [
    [2, 3],
    [3, 4],
  ],
  [
    [1, 1],
    [1, 1],
  ],
  [[3], [3]],
  [[3], [3, 2]],
  [[2, 3], [3]],
  [
    [5, 2, 3],
    [3, 4],
  ],
  [[5, 2, 3], [3]],
  [[3], [5, 3, 2]],
  [
    [2, 3],
    [5, 3, 2],
  ],
  [
    [5, 2, 3],
    [5, 3, 2],
  ],
  [
    [2, 1, 2, 3],
    [4, 3, 2],
  ],
  [
    [1, 2, 3],
    [4, 3, 1],
  ],
  [
    [2, 0],
    [0, 3],
  ],
  [
    [0, 3],
    [3, 2],
  ],
  [
    [2, 3],
    [3, 0],
  ],
  [
    [0, 2, 3],
    [3, 2],
  ],
  [
    [0, 2, 3],
    [1, 3, 2],
  ],
  [[0], [0]],
  [
    [7, 13],
    [13, 5],
  ],
] as const

test('matmul over all ranks and broadcasts', () => {
  for (const [p, q] of pairs)
    for (const dtype of floats) {
      const [x, y] = [sample(p, 3), sample(q, 5)]
      same(matmul(put(x, dtype), put(y, dtype)), dtype, product(x, y), { note: `[${p}] [${q}]` })
    }
})

test('products of integers wrap', () => {
  const wrap = (dtype: 'i32' | 'u32', v: bigint): number =>
    Number(dtype === 'i32' ? BigInt.asIntN(32, v) : BigInt.asUintN(32, v))
  for (const dtype of ['i32', 'u32'] as const) {
    const [x, y] = [integers([3, 5], 0, 2 ** 31 - 1, 2), integers([5, 4], 0, 2 ** 31 - 1, 9)]
    const want = make([3, 4], ([i, j]) =>
      wrap(
        dtype,
        [0, 1, 2, 3, 4].reduce((sum, l) => sum + BigInt(at(x, [i!, l])) * BigInt(at(y, [l, j!])), 0n),
      ),
    )
    same(matmul(put(x, dtype), put(y, dtype)), dtype, want)
  }
  same(
    matmul(put(flat([1, 3], [255, 255, 255]), 'u8'), put(flat([3, 1], [255, 255, 255]), 'u8')),
    'i32',
    flat([1, 1], [195075]),
  )
  same(vdot(put(flat([2], [1, 1]), 'bool'), put(flat([2], [1, 1]), 'bool')), 'i32', flat([], [2]))
})

test('accumulated in f64 and rounded once; NaN and infinities pass', () => {
  same(matmul(put(flat([3], [1e8, 1, -1e8]), 'f32'), put(flat([3], [1, 1, 1]), 'f32')), 'f32', flat([], [1]))
  same(
    matmul(put(flat([3], [60000, 60000, -60000]), 'f16'), put(flat([3], [1, 1, 1]), 'f16')),
    'f16',
    flat([], [60000]),
  )
  same(
    matmul(put(flat([2, 2], words('1 nan inf 0'))), put(flat([2, 2], words('1 2 0 -inf')))),
    'f64',
    flat([2, 2], words('nan nan inf nan')),
  )
})

test('all transposed forms of the dot operation', () => {
  for (const batch of [0, 1, 2])
    for (const left of ['plain', 'transposed'] as const)
      for (const right of ['plain', 'transposed'] as const) {
        const lead = [2, 3].slice(0, batch)
        const turned = (x: Flat): Flat =>
          make([...lead, x.shape.at(-1)!, x.shape.at(-2)!], (index) =>
            at(x, [...index.slice(0, -2), index.at(-1)!, index.at(-2)!]),
          )
        const [x, y] = [sample([...lead, 3, 5], 4), sample([...lead, 5, 2], 6)]
        const got = emit1(
          { kind: 'dot', batch, left, right },
          put(left === 'plain' ? x : turned(x)),
          put(right === 'plain' ? y : turned(y)),
        )
        same(got, 'f64', product(x, y))
      }
})

test('dot is NumPy’s: last axis with last but one, free axes side by side', () => {
  const last = (x: Flat, y: Flat): Flat => {
    const over = y.shape.length === 1 ? 0 : y.shape.length - 2
    const free = y.shape.filter((_, i) => i !== over)
    const lead = x.shape.slice(0, -1)
    return make([...lead, ...free], (index) => {
      let total = 0
      for (let l = 0; l < x.shape.at(-1)!; l++)
        total += at(x, [...index.slice(0, lead.length), l]) * at(y, index.slice(lead.length).toSpliced(over, 0, l))
      return total
    })
  }
  for (const [p, q] of [
    [[3], [3]],
    [
      [2, 3],
      [3, 4],
    ],
    [[2, 3], [3]],
    [[3], [4, 3, 2]],
    [
      [2, 2, 3],
      [4, 3, 2],
    ],
  ] as const)
    same(dotProduct(put(sample(p)), put(sample(q, 2))), 'f64', last(sample(p), sample(q, 2)))
  same(dotProduct(3, put(flat([2], [1, 2]))), 'f64', flat([2], [3, 6]))
})

test('tensordot over counts and named axes', () => {
  const naive = (x: Flat, y: Flat, over: readonly number[], with_: readonly number[]): Flat => {
    const [freeX, freeY] = [
      x.shape.map((_, i) => i).filter((i) => !over.includes(i)),
      y.shape.map((_, i) => i).filter((i) => !with_.includes(i)),
    ]
    return make([...freeX.map((i) => x.shape[i]!), ...freeY.map((i) => y.shape[i]!)], (index) =>
      indices(over.map((i) => x.shape[i]!)).reduce((sum, inner) => {
        const p = x.shape.map((_, i) => (over.includes(i) ? inner[over.indexOf(i)]! : index[freeX.indexOf(i)]!))
        const q = y.shape.map((_, i) =>
          with_.includes(i) ? inner[with_.indexOf(i)]! : index[freeX.length + freeY.indexOf(i)]!,
        )
        return sum + at(x, p) * at(y, q)
      }, 0),
    )
  }
  const [x, y] = [sample([2, 3, 4], 3), sample([4, 3, 5], 8)]
  for (const [over, with_] of [
    [
      [1, 2],
      [1, 0],
    ],
    [
      [2, 1],
      [0, 1],
    ],
    [[2], [0]],
    [[1], [1]],
    [[], []],
  ] as const) {
    same(tensordot(put(x), put(y), [over, with_]), 'f64', naive(x, y, over, with_))
    same(tensordot(put(x), put(y), [over.map((i) => i - 3), with_.map((i) => i - 3)]), 'f64', naive(x, y, over, with_))
  }
  const z = sample([3, 4, 2], 5)
  same(tensordot(put(x), put(z)), 'f64', naive(x, z, [1, 2], [0, 1]))
  same(tensordot(put(x), put(y), 1), 'f64', naive(x, y, [2], [0]))
  same(tensordot(put(x), put(y), 0), 'f64', naive(x, y, [], []))
  same(tensordot(put(flat([2, 0], [])), put(flat([0, 3], [])), 1), 'f64', flat([2, 3], [0, 0, 0, 0, 0, 0]))
})

test('vdot and outer', () => {
  const [x, y] = [sample([2, 3], 1), sample([2, 3], 2)]
  same(vdot(put(x), put(y)), 'f64', flat([], [x.data.reduce((sum, v, i) => sum + v * y.data[i]!, 0)]))
  same(vdot(put(flat([0], [])), put(flat([0], []))), 'f64', flat([], [0]))
  same(vdot(3, 4), 'f32', flat([], [12]))
  same(outer(put(flat([2], [1, 2])), put(flat([3], [1, 10, 100]))), 'f64', flat([2, 3], [1, 10, 100, 2, 20, 200]))
  same(
    outer(put(x), 2),
    'f64',
    flat(
      [6, 1],
      x.data.map((v) => 2 * v),
    ),
  )
  same(outer(put(flat([0], [])), put(flat([2], [1, 2]))), 'f64', flat([0, 2], []))
})

test('laws: associativity and the transposed product, on integers', () => {
  const size = fc.integer({ min: 0, max: 4 })
  fc.assert(
    fc.property(size, size, size, size, (m, k, l, n) => {
      const [a, b, c] = [integers([m, k], -5, 5, 1), integers([k, l], -5, 5, 2), integers([l, n], -5, 5, 3)]
      const [x, y, z] = [a, b, c].map((v) => put(v, 'i32')) as [
        ReturnType<typeof put>,
        ReturnType<typeof put>,
        ReturnType<typeof put>,
      ]
      const want = product(product(a, b), c)
      const whole = flat(
        want.shape,
        want.data.map((v) => v + 0),
      )
      same(matmul(matmul(x, y), z), 'i32', whole)
      same(matmul(x, matmul(y, z)), 'i32', whole)
    }),
    { numRuns: 40 },
  )
})

test.run()
