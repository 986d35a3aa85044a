import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { threefry2x32, threefryInto } from './threefry.js'

const known: readonly (readonly number[])[] = [
  // k0, k1, c0, c1, out0, out1: kat_vectors of Random123, threefry2x32, 20 rounds
  [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
  [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
]

test('threefry2x32 gives the known answers of Random123', () => {
  for (const [k0, k1, c0, c1, x0, x1] of known) assert.equal(threefry2x32(k0!, k1!, c0!, c1!), [x0, x1])
})

test('threefryInto equals threefry2x32 element by element, and leaves what lies behind n', () => {
  const n = 257
  let state = 1
  const draw = () => Uint32Array.from({ length: n }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0))
  const [k0, k1, c0, c1] = [draw(), draw(), draw(), draw()]
  const out0 = new Uint32Array(n + 1).fill(7)
  const out1 = new Uint32Array(n + 1).fill(7)
  threefryInto(k0, k1, c0, c1, out0, out1, n)
  for (let i = 0; i < n; i++) assert.equal([out0[i], out1[i]], threefry2x32(k0[i]!, k1[i]!, c0[i]!, c1[i]!))
  assert.equal([out0[n], out1[n]], [7, 7])
})

test('threefryInto may write over its counters', () => {
  const key = new Uint32Array(8).fill(42)
  const c0 = Uint32Array.from({ length: 8 }, (_, i) => i)
  const c1 = new Uint32Array(8)
  const expected = Array.from(c0, (c) => threefry2x32(42, 42, c, 0))
  threefryInto(key, key, c0, c1, c0, c1, 8)
  assert.equal(
    Array.from(c0, (x, i) => [x, c1[i]]),
    expected,
  )
})

test('threefryInto of nothing writes nothing', () => {
  const none = new Uint32Array(0)
  threefryInto(none, none, none, none, none, none, 0)
})

test('a key permutes the counters: 65,536 of them give as many different pairs', () => {
  const n = 65536
  const c0 = Uint32Array.from({ length: n }, (_, i) => i)
  const key = new Uint32Array(n).fill(3)
  const zero = new Uint32Array(n)
  const [out0, out1] = [new Uint32Array(n), new Uint32Array(n)]
  threefryInto(key, key, c0, zero, out0, out1, n)
  assert.is(new Set(Array.from(out0, (x, i) => x * 2 ** 21 + out1[i]! / 2 ** 11)).size, n)
})

test.run()
