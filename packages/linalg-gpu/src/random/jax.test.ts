/** Bit for bit against JAX: printed values, each with its source, and a straight-line oracle in whole numbers. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, full } from '../ops/creation.js'
import { slice } from '../ops/shape.js'
import { fromHalf, toHalf } from '../plain/half.js'
import { defaultDevice } from '../run/onDevice.js'
import { item, readSync, toNested } from '../run/read.js'
import type { Tensor } from '../trace/tensor.js'
import { exponential, gumbel, normal, truncatedNormal } from './continuous.js'
import { bernoulli, categorical, permutation, randint } from './discrete.js'
import { foldIn, key, splitKey } from './key.js'
import { bits, uniform } from './uniform.js'
import { threefry } from './words.js'

// ── the oracle ──────────────────────────────────────────────────────────────────────────────────────────────────────

type Pair = readonly [bigint, bigint]
const mask = 0xffffffffn

/** Threefry 2×32, 20 rounds, as in the paper: a subkey after every fourth round. */
const oracle = ([k0, k1]: Pair, count: bigint): Pair => {
  const keys = [k0, k1, k0 ^ k1 ^ 0x1bd11bdan]
  let [x0, x1] = [((count >> 32n) + k0) & mask, ((count & mask) + k1) & mask]
  for (let round = 0; round < 20; round++) {
    const r = [13n, 15n, 26n, 6n, 17n, 29n, 16n, 24n][round % 8]!
    x0 = (x0 + x1) & mask
    x1 = (((x1 << r) | (x1 >> (32n - r))) & mask) ^ x0
    if (round % 4 === 3) {
      const s = (round + 1) / 4
      x0 = (x0 + keys[s % 3]!) & mask
      x1 = (x1 + keys[(s + 1) % 3]! + BigInt(s)) & mask
    }
  }
  return [x0, x1]
}

const seeded = (seed: bigint): Pair => [seed >> 32n, seed & mask]
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const pairs = (k: Pair, n: number): Pair[] => range(n).map((i) => oracle(k, BigInt(i)))
const words32 = (k: Pair, n: number): bigint[] => pairs(k, n).map(([a, b]) => a ^ b)
const words64 = (k: Pair, n: number): bigint[] => pairs(k, n).map(([a, b]) => (a << 32n) | b)

type Rounding = (x: number) => number
const f32: Rounding = Math.fround
const f16: Rounding = (x) => fromHalf(toHalf(x))
const f64: Rounding = (x) => x

/** The leading bits of a word as a fraction, then JAX's four operations, each rounded to the dtype. */
const fraction32 = (w: bigint): number => Number(w >> 9n) / 2 ** 23
const fraction64 = (w: bigint): number => Number(w >> 12n) / 2 ** 52
const fraction16 = (w: bigint): number => Number((w & 0xffffn) >> 6n) / 2 ** 10
const between = (u: number, low: number, high: number, r: Rounding): number =>
  Math.max(r(low), r(r(u * r(r(high) - r(low))) + r(low)))

/** erf x = 2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!: no term cancels another. */
const erf = (x: number): number => {
  let [term, sum] = [x, x]
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1)
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** By bisection; erf is exact to 1e-16, so 1 − |u| must stay far above that. */
const erfinv = (u: number): number => {
  let [low, high] = [-6, 6]
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2
    if (erf(middle) < u) low = middle
    else high = middle
  }
  return low
}

const ulps32 = (x: number, y: number): number => {
  const order = (v: number): number => {
    const i = new Int32Array(new Float32Array([v]).buffer)[0]!
    return i < 0 ? -(i & 0x7fffffff) : i
  }
  return Math.abs(order(x) - order(y))
}

/** Units in the last place by which numbers may be off that are made by one function of another. Where all is in f32, erf⁻¹ is within
 *  4.75 (webgpu/wgsl/error.ts). */
const few = (): number => (defaultDevice().name === 'webgpu' ? 8 : 4)

/** Within n units in the last place of f32, elementwise; or of `scale`, from which they were made by cancellation. */
const near32 = (got: Tensor, expected: readonly number[], n: number, scale = 0): void => {
  const values = readSync(got)
  assert.is(values.length, expected.length)
  expected.forEach((y, i) => {
    const near = ulps32(values[i]!, f32(y)) <= n || Math.abs(values[i]! - y) <= n * 2 ** -23 * scale
    assert.ok(near, `[${i}]: ${values[i]} is ${ulps32(values[i]!, f32(y))} ulp from ${y}`)
  })
}

const same = (got: Tensor, expected: readonly number[]): void => assert.equal(Array.from(readSync(got)), [...expected])
const seeds = [0n, 1n, 42n, 0xffffffffn, 0x1_0000_0000n, 2n ** 53n - 1n]

// ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test('the operation gives the known answers of Random123', () => {
  // kat_vectors of Random123, threefry2x32 with 20 rounds; JAX tests the same three (tests/random_test.py)
  const u32 = (...values: number[]): Tensor => array(new Uint32Array(values))
  const known = [
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
  ] as const
  for (const [k0, k1, c0, c1, x0, x1] of known) {
    const outs = threefry('test', u32(k0, k1), u32(c0), u32(c1))
    assert.equal(outs.map(toNested), [[x0], [x1]])
    assert.equal(oracle([BigInt(k0), BigInt(k1)], (BigInt(c0) << 32n) | BigInt(c1)), [BigInt(x0), BigInt(x1)])
  }
})

test('keys, splits and folds equal what JAX prints', () => {
  assert.equal(seeds.map((seed) => toNested(key(Number(seed)))), [
    [0, 0], [0, 1], [0, 42], [0, 0xffffffff], [1, 0], [0x1fffff, 0xffffffff],
  ]) // biome-ignore format: pairs
  // jax.random.split(key(0), 8), printed in public repositories; the first two also in JAX's stateful_rng docstring
  const eight = [
    [1797259609, 2579123966], [928981903, 3453687069], [4146024105, 2718843009], [2467461003, 3840466878],
    [2285895361, 433833334], [1524306142, 1887795613], [3792494674, 2909014575], [2716826189, 292468403],
  ] // biome-ignore format: pairs
  assert.equal(toNested(splitKey(key(0), 8)), eight)
  // jax-js, test/random.test.ts: "random split is consistent with jax"
  const three = [
    [507451445, 1853169794],
    [1948878966, 4237131848],
    [2441914641, 3819641963],
  ]
  assert.equal(toNested(splitKey(key(1), 3)), three)
  // the docstring of jax.experimental.random: fold_in(key(0), 0) and fold_in(key(0), 1)
  assert.equal(
    [0, 1].map((i) => toNested(foldIn(key(0), i))),
    eight.slice(0, 2),
  )
})

test('bits equal what JAX prints', () => {
  // JAX 0.10 on CPU, quoted in tests of MetalHLO; the first also in jax-js
  const eight = [4070199207, 4202968722, 1427181096, 2012915765, 2447653815, 710830403, 1332275837, 2961296638]
  same(bits(key(0), [8]), eight)
  assert.equal(toNested(bits(key(0), [2, 4])), [eight.slice(0, 4), eight.slice(4)])
  // jax-js, test/random.test.ts
  same(bits(key(10), [4]), [169096361, 1572511259, 2689743692, 2228103506])
})

test('bits, splits and folds equal the oracle for every kind of seed', () => {
  for (const seed of seeds) {
    const k = key(Number(seed))
    same(bits(k, [3, 7]), words32(seeded(seed), 21).map(Number))
    same(splitKey(k, [2, 3]), pairs(seeded(seed), 6).flat().map(Number))
    for (const data of [0, 1, 7, 0xffffffff]) same(foldIn(k, data), oracle(seeded(seed), BigInt(data)).map(Number))
    same(foldIn(k, array(new Int32Array([-1]), { shape: [] })), oracle(seeded(seed), mask).map(Number))
    same(foldIn(k, full([], 5, { dtype: 'u8' })), oracle(seeded(seed), 5n).map(Number))
  }
})

// ── uniform numbers ─────────────────────────────────────────────────────────────────────────────────────────────────

test('uniform numbers equal what JAX prints', () => {
  // docs.jax.dev, "jax.random module": uniform(key(0)), and of the second key of split(key(0)), to 8 decimals
  assert.ok(Math.abs(item(uniform(key(0))) - 0.947667) < 5e-9)
  assert.ok(Math.abs(item(uniform(slice(splitKey(key(0)), 1))) - 0.00729382) < 5e-9)
  // jax-js, test/random.test.ts: jax.random.uniform(jax.random.key(51), shape=(4,))
  same(uniform(key(51), [4]), [0.471269, 0.12344253, 0.17550635, 0.5663593].map(f32))
  // words of 64 bits of key(0), printed by JAX with 64 bits enabled, quoted in a test of another port
  const wide = [0x6b20015999ba4efen, 0x375f238fcddb151dn, 0xf71f4ea9a20e4081n]
  same(uniform(key(0), [3], { dtype: 'f64' }), wide.map(fraction64))
})

test('uniform numbers equal the oracle in each dtype and interval', () => {
  for (const seed of seeds)
    for (const [low, high] of [[0, 1], [-3, 5.5], [0.1, 0.1000001], [1e-30, 7e12]] as const) {
      const options = { low, high }
      const k = key(Number(seed))
      const w = words32(seeded(seed), 33)
      same(uniform(k, [33], options), w.map((x) => between(fraction32(x), low, high, f32)))
      same(
        uniform(k, [33], { ...options, dtype: 'f64' }),
        words64(seeded(seed), 33).map((x) => between(fraction64(x), low, high, f64)),
      )
      if (high < 100)
        same(uniform(k, [33], { ...options, dtype: 'f16' }), w.map((x) => between(fraction16(x), low, high, f16)))
    } // biome-ignore format: a table
})

// ── functions of uniform numbers ────────────────────────────────────────────────────────────────────────────────────

test('normal numbers equal what JAX prints, to 4 ulp', () => {
  // 4 ulp: JAX evaluates erf⁻¹ by Giles's polynomial in f32, we round the exact value
  // docs.jax.dev, "Pseudorandom numbers"
  near32(normal(key(42)), [-0.028304616], 4)
  near32(normal(key(42), [3]), [-0.02830462, 0.46713185, 0.29570296], 4)
  const keys = splitKey(key(42), 3)
  ;[0.07592554, 0.60576403, 0.4323065].forEach((x, i) => {
    near32(normal(slice(keys, i)), [x], 4)
  })
  let k = key(42)
  for (const x of [0.6057640314102173, -0.21089035272598267, -0.3948981463909149]) {
    const both = splitKey(k)
    near32(normal(slice(both, 1)), [x], 4)
    k = slice(both, 0)
  }
  // jaxtransform3d, matrix_from_compact_axis_angle: normal(PRNGKey(42), (2, 3))
  near32(normal(key(42), [2, 3]), [-0.02830462, 0.46713185, 0.29570296, 0.15354592, -0.12403282, 0.21692315], 4)
  // a guide to Flax, nnx.Rngs(params=0, dropout=1): normal and exponential of the second key of each stream
  near32(
    normal(foldIn(key(0), 1), [3, 3]),
    [-2.4424558, -2.0356805, 0.20554423, -0.3535502, -0.76197404, -1.1785518, -1.1482196, 0.29716578, -1.3105359],
    4,
  )
  near32(
    exponential(foldIn(key(1), 1), [10]),
    [0.5169214, 0.79605514, 0.2518507, 0.19346236, 2.1336777, 0.83475715, 0.10780825, 0.07331487, 0.5416562, 1.9597657],
    4,
  )
})

test('normal numbers are those of the same uniform numbers in f64, to a few ulp of f32', () => {
  const n = 3000
  const u = words32(seeded(7n), n).map((w) => between(fraction32(w), -1 + 2 ** -24, 1, f32))
  near32(
    normal(key(7), [n]),
    u.map((x) => Math.SQRT2 * erfinv(x)),
    few(),
  )
  const wide = readSync(normal(key(7), [n], { dtype: 'f64' }))
  words64(seeded(7n), n).forEach((w, i) => {
    const z = erfinv(between(fraction64(w), -1 + 2 ** -53, 1, f64))
    // d erf⁻¹ = ½√π e^(z²) du, with an error of 1e-16 in the oracle's erf
    assert.ok(Math.abs(wide[i]! - Math.SQRT2 * z) < 1e-15 * (Math.abs(z) + Math.exp(z * z)), `[${i}]: ${wide[i]}`)
  })
  const halves = readSync(normal(key(7), [200], { dtype: 'f16' }))
  // f32's last places may turn the rounding of erf⁻¹, and that the one of its product
  const last = defaultDevice().name === 'webgpu' ? 2 ** -9 : 0
  words32(seeded(7n), 200).forEach((w, i) => {
    const x = f16(f16(Math.SQRT2) * f16(erfinv(between(fraction16(w), -1 + 2 ** -11, 1, f16))))
    assert.ok(Math.abs(halves[i]! - x) <= last * Math.abs(x), `[${i}]: ${halves[i]} is not ${x}`)
  })
})

test('truncated normal, exponential and Gumbel numbers are those of the oracle', () => {
  const n = 500
  const w = words32(seeded(3n), n)
  const [a, b] = [f32(erf(-1 / Math.SQRT2)), f32(erf(0.5 / Math.SQRT2))]
  near32(
    truncatedNormal(key(3), -1, 0.5, [n]),
    w.map((x) =>
      Math.min(f32(0.5 - 2 ** -25), Math.max(-1 + 2 ** -24, Math.SQRT2 * erfinv(between(fraction32(x), a, b, f32)))),
    ),
    few(),
  )
  near32(
    exponential(key(3), [n]),
    w.map((x) => -Math.log1p(-fraction32(x))),
    1,
  )
  near32(
    gumbel(key(3), [n]),
    w.map((x) => -Math.log(f32(-Math.log(between(fraction32(x), 2 ** -126, 1, f32))))),
    few(),
    // log x near 1, of an x that may be off by some ulps
    defaultDevice().name === 'webgpu' ? 1 : 0,
  )
})

// ── whole numbers ───────────────────────────────────────────────────────────────────────────────────────────────────

test('randint and bernoulli equal what JAX prints', () => {
  // tests of the port "adios", captured from JAX: randint(key(0), (8,), 0, 20), bernoulli(key(0), 0.25, (8,)),
  // and randint(split(key(10201))[0], (11,), 0, 20)
  same(randint(key(0), [8], 0, 20), [9, 0, 12, 13, 11, 7, 12, 3])
  same(bernoulli(key(0), 0.25, [8]), [0, 0, 0, 0, 0, 1, 0, 0])
  same(randint(slice(splitKey(key(10201)), 0), [11], 0, 20), [17, 11, 6, 6, 7, 13, 8, 13, 17, 13, 17])
})

test('randint equals the oracle for spans below, at and above 2¹⁶, and the whole range', () => {
  const [i32, u32] = [-(2 ** 31), 2 ** 32]
  for (const [low, high, dtype] of [
    [0, 1, 'i32'], [-5, 10, 'i32'], [0, 65536, 'i32'], [1, 65536, 'i32'], [-7, 65530, 'i32'], [i32, -i32 - 1, 'i32'],
    [i32, -i32, 'i32'], [0, 7, 'u32'], [3, u32, 'u32'], [0, u32, 'u32'], [0, 3e9, 'u32'],
  ] as const) {
    const [k1, k2] = pairs(seeded(9n), 2) as [Pair, Pair]
    const span = BigInt(high) - BigInt(low)
    // two words make 64 bits; above 2¹⁶ JAX's product wraps and the lower word alone is left
    const expected = words32(k1, 40).map((a, i) => {
      const b = words32(k2, 40)[i]!
      return Number(BigInt(low) + ((span <= 65536n ? (a << 32n) | b : b) % span))
    })
    same(randint(key(9), [40], low, high, { dtype }), expected)
    if (high < 2 ** 31 && dtype === 'i32')
      same(randint(key(9), [5, 8], array(new Int32Array([low]), { shape: [] }), full([8], high, { dtype })), expected)
  } // biome-ignore format: a table
})

test('permutation sorts by fresh words as often as JAX does', () => {
  for (const [n, rounds] of [[0, 0], [1, 0], [2, 1], [1625, 1], [1626, 2], [3000, 2]] as const) {
    assert.is(Math.ceil((3 * Math.log(Math.max(1, n))) / Math.log(2 ** 32 - 1)), rounds)
    let k = seeded(5n)
    let index = range(n)
    for (let round = 0; round < rounds; round++) {
      const [next, sub] = pairs(k, 2) as [Pair, Pair]
      const w = words32(sub, n)
      const order = range(n).sort((i, j) => (w[i]! < w[j]! ? -1 : w[i]! > w[j]! ? 1 : i - j))
      index = order.map((i) => index[i]!)
      k = next
    }
    same(permutation(key(5), n), index)
    same(permutation(key(5), array(index.map((i) => 10 * i))), index.map((i) => 10 * index[i]!))
  } // biome-ignore format: a table
})

test('categorical takes the largest logit with Gumbel noise of the whole shape', () => {
  const logits = [[0.3, -1, 2], [0, 0.5, 0.25]]
  const g = words32(seeded(11n), 24).map((x) => -Math.log(f32(-Math.log(between(fraction32(x), 2 ** -126, 1, f32)))))
  // noise [4, 2, 3] for the last axis, [4, 3, 2] for logits that are transposed
  const best = (of: (c: number) => number): number => range(3).reduce((b, c) => (of(c) > of(b) ? c : b), 0)
  const rows = range(4).map((s) => range(2).map((r) => best((c) => logits[r]![c]! + g[6 * s + 3 * r + c]!)))
  assert.equal(toNested(categorical(key(11), array(logits), { shape: [4, 2] })), rows)
  const columns = range(4).map((s) => range(2).map((r) => best((c) => logits[r]![c]! + g[6 * s + 2 * c + r]!)))
  const turned = array(range(3).map((c) => logits.map((row) => row[c]!)))
  assert.equal(toNested(categorical(key(11), turned, { axis: 0, shape: [4, 2] })), columns)
  assert.equal(toNested(categorical(key(11), array(logits))), rows[0])
}) // biome-ignore format: matrices

test.run()
