import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { storage, type TypedArray } from '../../dtype.js'
import { interpret } from '../../kernel/interpret.js'
import type { Contract } from '../../kernel/kernel.js'
import {
  anything,
  byFilter,
  byInput,
  type Convolution,
  forms,
  forward,
  matmul,
} from '../../wasm/contract/cases.testing.js'
import { type Harness, perform, placesOf, softwareTraits } from '../harness.testing.js'
import type { Place, Site } from '../rendered.js'
import { renderContract } from './render.js'
import type { SharedTile, Tile } from './tile.js'

const siteOf = (kernel: Contract, more: Partial<Site> = {}): Site => ({
  traits: softwareTraits,
  places: placesOf(kernel),
  gated: false,
  ...more,
})

/** The smallest tile that has all that large ones have: barriers are slow in software. */
const small: SharedTile = { kind: 'shared', rows: 16, columns: 16, depth: 4, height: 4, width: 4, parts: 1 }
const registers = (height: number, width: number, parts = 1): Tile => ({
  kind: 'registers',
  height,
  width,
  threads: 8,
  parts,
})

/** Fractions of both signs, or any integers. */
const filled = (dtype: Contract['dtype'], size: number, seed: number): TypedArray => {
  const x = storage(dtype, size)
  let state = seed
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    x[i] = dtype === 'f32' ? state / 2 ** 31 : state
  }
  return x
}

const operandsOf = (kernel: Contract): TypedArray[] =>
  kernel.operands.map(({ dtype, size }, i) =>
    i === 2 ? storage(dtype, size).fill(77) : filled(dtype as 'f32', size, 7 * i + 1),
  )

const oracle = (kernel: Contract, operands: readonly TypedArray[]): TypedArray => {
  const all = operands.map((x) => x.slice() as TypedArray)
  interpret(kernel, all)
  return all[2]!
}

/** Within so many units of the last place of Σ |a| |b|; integers to the bit. A blocked sum of n random terms is off by about
 *  √256 / 2 units, far less than its bound of 256 + n / 256. */
const compare = (kernel: Contract, operands: readonly TypedArray[], got: TypedArray, what: string, units = 8): void => {
  const expected = oracle(kernel, operands)
  const scale =
    kernel.dtype === 'f32'
      ? oracle(
          kernel,
          operands.map((x, i) => (i === 2 ? x : (x as Float32Array).map(Math.abs))),
        )
      : undefined
  for (let i = 0; i < expected.length; i++) {
    const slack = scale === undefined ? 0 : units * 2 ** -24 * scale[i]!
    if (!(Math.abs(got[i]! - expected[i]!) <= slack))
      assert.unreachable(`${what}: out[${i}] is ${got[i]}, not ${expected[i]}, by more than ${slack}`)
  }
}

interface Check {
  readonly tile?: Tile | undefined
  readonly site?: Partial<Site>
  readonly harness?: Harness
  readonly units?: number
}

const check = async (kernel: Contract, what: string, { tile, site, harness, units }: Check = {}): Promise<void> => {
  const own = siteOf(kernel, site)
  const operands = operandsOf(kernel)
  const results = await perform(renderContract(kernel, own, tile), own, operands, harness)
  compare(kernel, operands, results[2]!, what, units)
}

/** Several checks under way at once: pipelines compile side by side. */
const together = async (checks: readonly (() => Promise<void>)[]): Promise<void> => {
  for (let i = 0; i < checks.length; i += 4) await Promise.all(checks.slice(i, i + 4).map((run) => run()))
}

const awkward = [
  [1, 1, 1], [3, 17, 5], [17, 3, 65], [65, 17, 3], [1, 65, 17], [17, 1, 130], [16, 20, 12], [65, 65, 8], [8, 12, 65],
] as const // biome-ignore format: a table

test('matrices of awkward sizes in every transposed form, in registers', async () => {
  let turn = 0
  await together(
    awkward.flatMap(([m, n, k]) =>
      [0, 1, 2].map(() => {
        const form = forms[turn++ % forms.length]!
        return () => check(matmul(m, n, k, form), JSON.stringify({ m, n, k, ...form }))
      }),
    ),
  )
  await check(matmul(130, 65, 17, { a: 't' }), '130, 65, 17')
})

test('every transposed form with vectors and without, in all tiles of registers', async () => {
  const tiles = [registers(1, 1), registers(2, 4), registers(4, 2), registers(3, 3), registers(8, 4), registers(4, 8)]
  await together(
    forms.flatMap((form, i) => [
      () => check(matmul(12, 20, 8, form), `vectors ${JSON.stringify(form)}`, { tile: tiles[i % tiles.length] }),
      () => check(matmul(13, 7, 8, form), `some ${JSON.stringify(form)}`, { tile: tiles[(i + 3) % tiles.length] }),
    ]),
  )
})

test('every transposed form in shared memory, with vectors and without', async () => {
  await together(
    forms
      .map(
        (form, i) => () =>
          i % 2 === 0
            ? check(matmul(20, 36, 12, form), `vectors ${JSON.stringify(form)}`, { tile: small })
            : check(matmul(17, 19, 6, form), `no vectors ${JSON.stringify(form)}`, { tile: small }),
      )
      .concat([
        () => check(matmul(20, 36, 12, { b: 't', out: 't' }), 'vectors along k', { tile: small }),
        () => check(matmul(17, 19, 6, { a: 't' }), 'no vectors', { tile: small }),
      ]),
  )
})

test('tiles of shared memory of other shapes', async () => {
  const tiles: SharedTile[] = [
    { ...small, height: 8, rows: 32 },
    { ...small, width: 8, columns: 32 },
    { ...small, rows: 32, columns: 16, depth: 8 },
    { ...small, rows: 64, columns: 8 },
    { ...small, rows: 8, columns: 64, depth: 8 },
  ]
  await together(
    tiles.map((tile, i) => () => {
      const form = (['nn', 'tt'] as const)[i % 2]!
      return check(matmul(33, 34, 9, { a: form[0] as 'n', b: form[1] as 'n' }), JSON.stringify(tile), { tile })
    }),
  )
})

test('what a real GPU is given where nobody says a tile', async () => {
  const traits = { ...softwareTraits, software: false }
  await together([
    () => check(matmul(33, 12, 20), 'square', { site: { traits } }),
    () => check(matmul(3, 50, 300, { b: 't' }), 'thin', { site: { traits } }),
    () => check(matmul(1, 1, 5000), 'dot', { site: { traits } }),
  ])
})

test('sums over nothing are zeros, and nothing to do is no dispatch', async () => {
  await check(matmul(5, 7, 0), 'k = 0')
  await check(matmul(5, 7, 0), 'k = 0', { tile: small })
  for (const none of [matmul(0, 7, 3), matmul(7, 0, 3), matmul(7, 2, 3, { batch: 0 })])
    assert.equal(renderContract(none, siteOf(none)), { dispatches: [], scratch: [] })
})

test('integers wrap', async () => {
  await together(
    (['i32', 'u32'] as const).flatMap((dtype) => [
      () => check(matmul(5, 9, 300, { dtype, a: 't' }), dtype),
      () => check(matmul(8, 12, 16, { dtype }), dtype, { tile: small }),
      () => check(matmul(2, 3, 300, { dtype }), dtype, { tile: registers(2, 3, 2) }),
    ]),
  )
})

test('batches, and operands that a batch shares', async () => {
  await together(
    (['nn', 'tt'] as const).flatMap((form) =>
      [undefined, 'a', 'b'].map(
        (shared) => () =>
          check(
            matmul(9, 12, 8, {
              a: form[0] as 'n',
              b: form[1] as 'n',
              batch: 5,
              ...(shared && { shared: shared as 'a' }),
            }),
            `${form}, shared ${shared}`,
            { tile: shared === 'a' ? small : undefined },
          ),
      ),
    ),
  )
})

const convolutions: Convolution[] = [
  { images: 2, channels: 3, height: 5, width: 7, filters: 5, window: [3, 3], pad: 1 },
  { images: 2, channels: 4, height: 6, width: 8, filters: 8, window: [3, 3], pad: 1 },
  { images: 1, channels: 3, height: 8, width: 6, filters: 4, window: [3, 5], pad: 2, dilation: 2 },
  { images: 3, channels: 2, height: 4, width: 4, filters: 3, window: [3, 3], pad: 4 },
]

test('convolutions in all directions', async () => {
  await together(
    convolutions.flatMap((c, i) => {
      const what = JSON.stringify(c)
      const tile = (here: boolean): Tile | undefined => (here ? small : undefined)
      return [
        () => check(forward(c), `forward ${what}`, { tile: tile(i === 0) }),
        () => check(byInput(c), `by input ${what}`, { tile: tile(i === 3) }),
        () => check(byFilter(c, c.images), `by filter ${what}`, { tile: tile(i === 1) }),
      ]
    }),
  )
  const [first, second] = convolutions as [Convolution, Convolution]
  await together([
    () => check(forward({ ...first, stride: 2 }), 'stride 2', { tile: small }),
    () => check(byFilter({ ...first, stride: 2 }), 'by filter, stride 2'),
    () => check(forward({ ...second, groups: 2 }), 'groups'),
    () => check(byInput({ ...second, groups: 2 }), 'by input, groups', { tile: small }),
    () => check(byFilter(first), 'by filter of all images', { tile: registers(4, 4, 3) }),
  ])
})

test('anything that the form can say', async () => {
  await together(
    Array.from({ length: 24 }, (_, i) => () => {
      const seed = 8 + i
      const kernel = anything(seed)
      return check(kernel, `seed ${seed}: ${JSON.stringify(kernel)}`, { tile: seed % 4 === 0 ? small : undefined })
    }),
  )
})

test('long sums err as sums of blocks do: 4096 terms of one sign, to 1e-6 of their sum', async () => {
  const kernel = matmul(2, 4, 4096, { b: 't' })
  for (const tile of [registers(2, 4), registers(1, 4, 8), small, { ...small, parts: 2 }]) {
    const operands = [storage('f32', 8192).fill(0.1), storage('f32', 16384).fill(1.1), storage('f32', 8)]
    const site = siteOf(kernel)
    const results = await perform(renderContract(kernel, site, tile), site, operands)
    const expected = oracle(kernel, operands)
    results[2]!.forEach((x, i) => {
      assert.ok(Math.abs(x - expected[i]!) <= 1e-6 * expected[i]!, `${JSON.stringify(tile)}: ${x}, not ${expected[i]}`)
    })
  }
})

test('parts of k are added up, in registers and in shared memory, and one term cannot be parted', async () => {
  await together([
    () => check(matmul(5, 7, 300), 'registers', { tile: registers(4, 4, 3) }),
    () => check(matmul(5, 8, 300, { b: 't', batch: 2 }), 'along k', { tile: registers(2, 4, 8) }),
    () => check(matmul(18, 5, 50, { a: 't', out: 't' }), 'shared', { tile: { ...small, parts: 3 } }),
    () => check(matmul(5, 7, 3), 'more parts than terms', { tile: registers(4, 4, 8) }),
    () => check(matmul(5, 7, 3), 'more parts than terms, shared', { tile: { ...small, parts: 4 } }),
    () => check(matmul(5, 7, 1), 'one term', { tile: registers(4, 4, 2) }),
  ])
})

test('in an arena, all in one binding', async () => {
  const kernel = matmul(8, 12, 16, { b: 't' })
  const places = (offsets: readonly number[]): Place[] =>
    offsets.map((offset) => ({ binding: 0, offset, writable: true, shifted: false }))
  // at whole vectors, and not
  for (const offsets of [
    [64, 256, 512],
    [65, 256, 512],
  ])
    for (const tile of [undefined, small, registers(4, 4, 2)])
      await check(kernel, `at ${offsets}`, { tile, site: { places: places(offsets) } })
})

test('shifted rows', async () => {
  const kernel = matmul(8, 12, 16)
  const [rows, shift] = [3, 1]
  for (const shifted of [0, 1, 2])
    for (const tile of [undefined, small]) {
      const places = placesOf(kernel).map((place, i) => ({ ...place, shifted: i === shifted }))
      const site = siteOf(kernel, { places })
      const whole = operandsOf(kernel)
      const own = kernel.operands[shifted]!.size
      whole[shifted] = filled('f32', rows * own, 9)
      const results = await perform(renderContract(kernel, site, tile), site, whole, {
        shifts: { [shifted]: shift * own },
      })
      const row = (x: TypedArray): TypedArray => x.slice(shift * own, (shift + 1) * own) as TypedArray
      const seen = whole.map((x, i) => (i === shifted ? row(x) : x))
      const out = results[2]!
      compare(kernel, seen, shifted === 2 ? row(out) : out, `operand ${shifted} shifted`)
      if (shifted === 2) assert.equal(out.slice(0, own), whole[2]!.slice(0, own))
    }
})

test('behind a gate: an open one lets it run, a closed one leaves all as it was', async () => {
  const kernel = matmul(5, 9, 300)
  const site = siteOf(kernel, { gated: true })
  const operands = operandsOf(kernel)
  for (const tile of [undefined, small, registers(4, 4, 2)]) {
    const rendered = renderContract(kernel, site, tile)
    compare(kernel, operands, (await perform(rendered, site, operands))[2]!, 'open')
    assert.equal((await perform(rendered, site, operands, { open: false }))[2], operands[2], 'closed')
  }
})

const bitsOf = (x: TypedArray): Uint32Array => new Uint32Array(x.buffer, x.byteOffset, x.length)
const isNaNBits = (bits: number): boolean => (bits & 0x7fffffff) > 0x7f800000
const isFiniteBits = (bits: number): boolean => (bits & 0x7f800000) !== 0x7f800000

test('an infinity or NaN reaches what it is a term of, and nothing else', async () => {
  const [m, n, k] = [5, 7, 9]
  for (const tile of [undefined, small])
    for (const form of [{}, { a: 't', b: 't' }] as const) {
      const kernel = matmul(m, n, k, form)
      const operands = operandsOf(kernel)
      operands[0]![form.a === 't' ? k * m - 1 : (m - 1) * k + k - 1] = Infinity
      operands[1]![form.b === 't' ? (n - 1) * k : n - 1] = NaN
      const site = siteOf(kernel)
      const out = bitsOf((await perform(renderContract(kernel, site, tile), site, operands))[2]!)
      out.forEach((bits, at) => {
        const [i, j] = [Math.floor(at / n), at % n]
        assert.is(isFiniteBits(bits), i < m - 1 && j < n - 1, `finite at (${i}, ${j})`)
        assert.is(isNaNBits(bits), j === n - 1, `NaN at (${i}, ${j})`)
      })
    }
})

test('an infinity in an image reaches its window, and not the border; one in a filter times the border is NaN', async () => {
  const [height, width] = [5, 9]
  const kernel = forward({ images: 1, channels: 1, height, width, filters: 2, window: [3, 3], pad: 1 })
  for (const tile of [undefined, small]) {
    const site = siteOf(kernel)
    const image = filled('f32', height * width, 3)
    image[2 * width + 4] = Infinity
    const operands = [storage('f32', 18).fill(1), image, storage('f32', 2 * height * width)]
    const out = bitsOf((await perform(renderContract(kernel, site, tile), site, operands))[2]!)
    out.forEach((bits, i) => {
      const [y, x] = [Math.floor(i / width) % height, i % width]
      assert.is(isFiniteBits(bits), !(Math.abs(y - 2) <= 1 && Math.abs(x - 4) <= 1))
      assert.not(isNaNBits(bits))
    })
    // the first element of each filter meets the border in the first row and column: 0 · ∞
    const weights = storage('f32', 18).fill(1)
    weights[0] = Infinity
    const other = [weights, storage('f32', height * width).fill(1), storage('f32', 2 * height * width)]
    const with0 = bitsOf((await perform(renderContract(kernel, site, tile), site, other))[2]!)
    with0.forEach((bits, i) => {
      const [filter, y, x] = [Math.floor(i / height / width), Math.floor(i / width) % height, i % width]
      assert.is(isNaNBits(bits), filter === 0 && (y === 0 || x === 0), `(${filter}, ${y}, ${x})`)
    })
  }
})

test('the same bits from run to run', async () => {
  const kernel = matmul(17, 19, 700, { a: 't' })
  const site = siteOf(kernel)
  const operands = operandsOf(kernel)
  for (const tile of [registers(4, 4), registers(2, 4, 8)]) {
    const rendered = renderContract(kernel, site, tile)
    const [first, second] = [await perform(rendered, site, operands), await perform(rendered, site, operands)]
    assert.equal(bitsOf(first[2]!), bitsOf(second[2]!))
  }
})

test.run()
