import v8 from 'node:v8'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { storage, type TypedArray } from '../../dtype.js'
import type { Access, Contract } from '../../kernel/kernel.js'
import { load } from '../harness.testing.js'
import { anything, byFilter, byInput, type Convolution, forms, forward, matmul } from './cases.testing.js'
import { lowerContract } from './lower.js'

v8.setFlagsFromString('--experimental-wasm-relaxed-simd')

/** Small integers, so that sums are exact in every type and order. */
const filled = (dtype: Contract['dtype'], size: number, seed: number): TypedArray => {
  const x = storage(dtype, size)
  let state = seed
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    x[i] = ((state >>> 24) % 17) - (dtype === 'u32' ? 0 : 8)
  }
  return x
}

/** All values of an affine access over the dimensions: −1 out of bounds. */
const offsets = ({ offset, strides, bounds }: Access, sizes: readonly number[]): Int32Array => {
  const all = new Int32Array(sizes.reduce((x, y) => x * y, 1))
  const index = sizes.map(() => 0)
  for (let flat = 0; flat < all.length; flat++) {
    const at = (from: number, c: readonly number[]): number => c.reduce((sum, x, d) => sum + x * index[d]!, from)
    const inside = bounds.every((b) => {
      const value = at(b.offset, b.coefficients)
      return value >= 0 && value < b.size
    })
    all[flat] = inside ? at(offset, strides) : -1
    for (let d = sizes.length - 1; d >= 0 && ++index[d]! === sizes[d]!; d--) index[d] = 0
  }
  return all
}

const product = (x: readonly number[]): number => x.reduce((a, b) => a * b, 1)

/** The definition, in f64 (integers wrap). */
const naive = (kernel: Contract, a: TypedArray, b: TypedArray, out: TypedArray): TypedArray => {
  const [B, M, N, K] = [kernel.batch, kernel.m, kernel.n, kernel.k].map(product) as [number, number, number, number]
  const from = offsets(kernel.a, [...kernel.batch, ...kernel.m, ...kernel.k])
  const other = offsets(kernel.b, [...kernel.batch, ...kernel.k, ...kernel.n])
  const to = offsets(kernel.out, [...kernel.batch, ...kernel.m, ...kernel.n])
  const result = out.slice()
  const wraps = kernel.dtype === 'i32' || kernel.dtype === 'u32'
  for (let c = 0; c < B; c++)
    for (let i = 0; i < M; i++)
      for (let j = 0; j < N; j++) {
        let sum = 0
        for (let k = 0; k < K; k++) {
          const [p, q] = [from[(c * M + i) * K + k]!, other[(c * K + k) * N + j]!]
          // what is out of bounds counts as 0
          const [x, y] = [a[p] ?? 0, b[q] ?? 0]
          sum = wraps ? (sum + Math.imul(x, y)) | 0 : sum + x * y
        }
        result[to[(c * M + i) * N + j]!] = sum
      }
  return result
}

const random = (x: TypedArray): TypedArray => x.map((v, i) => v / 8 + Math.sin(i))

interface Check {
  /** Whether the operands are small integers, or fractions whose sums round. */
  readonly exact?: boolean
  readonly relaxed?: readonly boolean[]
  readonly chunks?: readonly number[]
}

/** Against the definition, within some units of the last place of the largest terms, and the same bits in chunks. */
const check = (
  kernel: Contract,
  what: string,
  { exact = true, relaxed = [true], chunks = [1, 3] }: Check = {},
): void => {
  const { dtype, operands } = kernel
  const make = (i: number): TypedArray => {
    const x = filled(dtype, operands[i]!.size, 7 * i + 1)
    return exact ? x : random(x)
  }
  const [a, b] = [make(0), make(1)]
  const out = storage(dtype, operands[2].size).fill(77)
  const expected = naive(kernel, a, b, out)
  for (const fused of relaxed) {
    const lowered = lowerContract(kernel, { relaxed: fused })
    const loaded = load(lowered, [a, b, out])
    loaded.run()
    const result = loaded.operand(2)
    const slack = exact ? 0 : 16 * (dtype === 'f64' ? 2 ** -52 : 2 ** -23) * product(kernel.k)
    for (let i = 0; i < result.length; i++)
      if (!(Math.abs(result[i]! - expected[i]!) <= slack))
        assert.unreachable(`${what}${fused ? ', relaxed' : ''}: out[${i}] is ${result[i]}, not ${expected[i]}`)
    for (const chunk of lowered.units > 1 ? chunks : []) {
      const again = load(lowered, [a, b, out])
      again.run(chunk, true)
      assert.equal(again.operand(2), result, `${what} in chunks of ${chunk}`)
    }
  }
}

test('matrices of every small size in every transposed form', () => {
  const sizes = [1, 2, 3, 5, 7, 8, 9, 17, 31, 33, 65]
  const others = [
    [3, 9],
    [1, 33],
    [17, 2],
    [8, 31],
    [5, 140],
  ] as const
  let turn = 0
  for (const size of sizes)
    for (const [x, y] of others)
      for (const [m, n, k] of [
        [size, x, y],
        [x, size, y],
        [x, y, size],
        [y, x, size],
      ] as const) {
        const form = forms[turn++ % forms.length]!
        check(matmul(m, n, k, form), JSON.stringify({ m, n, k, ...form }), { chunks: [] })
      }
  for (const form of forms) {
    check(matmul(65, 31, 9, form), `65, 31, 9 ${JSON.stringify(form)}`)
    check(matmul(7, 65, 31, form), `7, 65, 31 ${JSON.stringify(form)}`)
  }
})

test('sums over nothing are zeros, and nothing to do is no units', () => {
  check(matmul(5, 7, 0), 'k = 0')
  assert.is(lowerContract(matmul(0, 7, 3), { relaxed: false }).units, 0)
  assert.is(lowerContract(matmul(7, 0, 3), { relaxed: false }).units, 0)
  assert.is(lowerContract(matmul(7, 2, 3, { batch: 0 }), { relaxed: false }).units, 0)
})

test('several blocks of rows, columns and k', () => {
  for (const form of forms) {
    check(matmul(33, 41, 700, form), `k of 700 ${JSON.stringify(form)}`, { exact: false, relaxed: [false, true] })
    check(matmul(300, 290, 19, form), `300, 290 ${JSON.stringify(form)}`, { exact: false, relaxed: [false, true] })
  }
  check(matmul(130, 150, 260), 'enough units for threads', { exact: false, chunks: [1, 3, 5] })
})

test('all element types', () => {
  for (const dtype of ['f64', 'i32', 'u32'] as const)
    for (const form of forms) {
      check(matmul(19, 23, 300, { ...form, dtype }), `${dtype} ${JSON.stringify(form)}`)
      check(matmul(3, 50, 13, { ...form, dtype, batch: 2 }), `${dtype} ${JSON.stringify(form)}`)
    }
})

test('batches, and operands that a batch shares', () => {
  for (const form of forms)
    for (const shared of [undefined, 'a', 'b'] as const)
      check(
        matmul(9, 17, 21, { ...form, batch: 5, ...(shared && { shared }) }),
        `batch, shared ${shared}, ${JSON.stringify(form)}`,
      )
})

const convolutions: Convolution[] = [
  { images: 2, channels: 3, height: 9, width: 11, filters: 5, window: [3, 3], pad: 1 },
  { images: 2, channels: 2, height: 8, width: 8, filters: 4, window: [1, 1] },
  { images: 1, channels: 3, height: 20, width: 21, filters: 4, window: [3, 5], pad: 2 },
  { images: 2, channels: 4, height: 7, width: 6, filters: 6, window: [3, 2], pad: 1, groups: 2 },
  { images: 2, channels: 3, height: 12, width: 13, filters: 17, window: [3, 3], pad: 2, dilation: 2 },
  { images: 3, channels: 2, height: 5, width: 5, filters: 3, window: [3, 3], pad: 4 },
  // many filters, or rows of whole vectors
  { images: 2, channels: 3, height: 6, width: 11, filters: 40, window: [3, 3], pad: 1 },
  { images: 2, channels: 3, height: 8, width: 16, filters: 5, window: [3, 3], pad: 1 },
  { images: 2, channels: 4, height: 32, width: 24, filters: 6, window: [3, 3], pad: 1, groups: 2 },
  { images: 1, channels: 40, height: 6, width: 8, filters: 3, window: [3, 5], pad: 2 },
  { images: 3, channels: 2, height: 7, width: 16, filters: 4, window: [3, 3], pad: 2, dilation: 2 },
  { images: 1, channels: 3, height: 3, width: 512, filters: 2, window: [3, 3], pad: 1 },
  { images: 2, channels: 3, height: 1, width: 40, filters: 9, window: [1, 5], pad: 2 },
]

test('convolutions in all directions', () => {
  for (const c of convolutions) {
    const what = JSON.stringify(c)
    check(forward(c), `forward ${what}`)
    check(byInput(c), `by input ${what}`)
    if (c.groups === undefined) check(byFilter(c, c.images), `by filter ${what}`)
    if (c.groups === undefined) check(byFilter(c), `by filter ${what}`)
    check(forward({ ...c, stride: 2 }), `stride 2 ${what}`)
    check(forward({ ...c, stride: 3, dtype: 'f64' }), `stride 3 ${what}`)
    if (c.groups === undefined) check(byFilter({ ...c, stride: 2 }), `by filter, stride 2 ${what}`)
  }
})

test('pictures of several images, with steps, packed for many filters', () => {
  const all: Convolution[] = [
    { images: 5, channels: 3, height: 8, width: 8, filters: 40, window: [3, 3], pad: 1 },
    { images: 17, channels: 33, height: 4, width: 4, filters: 36, window: [3, 3], pad: 1 },
    { images: 3, channels: 9, height: 5, width: 12, filters: 33, window: [3, 2], pad: 2, dilation: 2 },
    { images: 2, channels: 2, height: 3, width: 272, filters: 33, window: [1, 5], pad: 2 },
  ]
  all.forEach((c, i) => {
    for (const stride of i === 1 ? [2] : [1, 2, 3]) {
      const own = { ...c, stride, height: c.height * stride, width: c.width * stride }
      check(forward(own), `forward ${JSON.stringify(own)}`, { chunks: [1] })
      if (stride > 1) check(forward({ ...own, filters: 3 }), `few filters ${JSON.stringify(own)}`, { chunks: [] })
    }
    check(byInput({ ...c, channels: 34, filters: 3 }), `by input ${JSON.stringify(c)}`, { chunks: [1] })
  })
})

test('anything that the form can say', () => {
  for (let seed = 0; seed < 250; seed++) {
    const kernel = anything(seed)
    check(kernel, `seed ${seed}: ${JSON.stringify(kernel)}`, { chunks: seed % 4 === 0 ? [1] : [] })
  }
})

test('an infinity or NaN reaches what it is a term of, and nothing else', () => {
  for (const form of forms)
    for (const [m, n, k] of [
      [5, 7, 9],
      [2, 70, 33],
      [37, 19, 300],
      [3, 3, 131],
    ] as const) {
      const kernel = matmul(m, n, k, form)
      const [a, b] = [random(filled('f32', m * k, 1)), random(filled('f32', k * n, 2))]
      a[form.a === 'n' ? (m - 1) * k + k - 1 : k * m - 1] = Infinity
      b[form.b === 'n' ? n - 1 : (n - 1) * k] = NaN
      const loaded = load(lowerContract(kernel, { relaxed: false }), [a, b, storage('f32', m * n)])
      loaded.run()
      const out = loaded.operand(2)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          const value = out[form.out === 't' ? j * m + i : i * n + j]!
          const what = `${m}, ${n}, ${k}, ${JSON.stringify(form)}: (${i}, ${j})`
          assert.is(Number.isFinite(value), i < m - 1 && j < n - 1, what)
          assert.is(Number.isNaN(value), j === n - 1, what)
        }
    }
})

test('an infinity in an image reaches its window, and not the border', () => {
  for (const [filters, width] of [
    [1, 9],
    [1, 16],
    [40, 9],
  ] as const) {
    const kernel = forward({ images: 1, channels: 1, height: 5, width, filters, window: [3, 3], pad: 1 })
    const [weights, image] = [storage('f32', 9 * filters).fill(1), random(filled('f32', 5 * width, 3))]
    image[2 * width + 4] = Infinity
    const loaded = load(lowerContract(kernel, { relaxed: false }), [
      weights,
      image,
      storage('f32', 5 * width * filters),
    ])
    loaded.run()
    loaded.operand(2).forEach((value, i) => {
      const [y, x] = [Math.floor(i / width) % 5, i % width]
      assert.is(value === Infinity, Math.abs(y - 2) <= 1 && Math.abs(x - 4) <= 1)
      assert.not(Number.isNaN(value))
    })
  }
})

test.run()
