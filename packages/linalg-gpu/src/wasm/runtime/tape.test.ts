import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRuntime, type Runtime } from './runtime.js'
import { opcode, wordsOf } from './tape.js'
import { floats, increment, sumOfSquares, tape, words } from './tapes.testing.js'

const called: number[] = []
const runtime = await createRuntime({ threads: 1, call: (id) => called.push(id) })
const { heap, run } = runtime
const [inc] = runtime.functionIndex([increment])
const f32At = (at: number, n: number): number[] => [...heap.views().f32.subarray(at / 4, at / 4 + n)]
const wordAt = (at: number): number => heap.views().u32[at / 4]!

test('an empty tape ends', () => {
  const t = tape(heap)
  t.put('END')
  assert.is(run(t.start), 0)
})

test('KERNEL does all units of a kernel', () => {
  const x = floats(heap, [1, 2, 3, 4])
  const t = tape(heap)
  t.put('KERNEL', inc!, words(heap, words(heap, x)), 3, 1)
  t.put('END')
  run(t.start)
  run(t.start)
  assert.equal(f32At(x, 4), [3, 4, 5, 4])
})

test('KERNEL has scratch, and does nothing for no units', () => {
  const [fn] = runtime.functionIndex([sumOfSquares])
  assert.ok(runtime.ensureScratch(4))
  const x = floats(heap, [1, 2, 3, 4])
  const y = floats(heap, [9, 9, 9])
  const t = tape(heap)
  const descriptor = words(heap, words(heap, x), words(heap, y), 2)
  t.put('KERNEL', fn!, descriptor, 0, 1)
  t.put('END')
  run(t.start)
  assert.equal(f32At(y, 3), [9, 9, 9])
  t.patch(t.start + 12, 2)
  run(t.start)
  assert.equal(f32At(y, 3), [5, 25, 9])
})

test('COPY moves data between what two cells point at', () => {
  const from = floats(heap, [1, 2, 3])
  const to = floats(heap, [0, 0, 0])
  const t = tape(heap)
  t.put('COPY', words(heap, to), words(heap, from), 8)
  t.put('END')
  run(t.start)
  assert.equal(f32At(to, 3), [1, 2, 0])
})

test('FILL sets bytes', () => {
  const to = words(heap, 0, 0)
  const t = tape(heap)
  t.put('FILL', words(heap, to), 0x5a, 5)
  t.put('END')
  run(t.start)
  assert.equal([wordAt(to), wordAt(to + 4)], [0x5a5a5a5a, 0x5a])
})

test('SET, ADD, MOVE and SWAP change words, modulo 2³²', () => {
  const [a, b, c] = [words(heap, 5), words(heap, 7), words(heap, 0)] as const
  const t = tape(heap)
  t.put('ADD', a, 10)
  t.put('ADD', b, -8)
  t.put('MOVE', c, a)
  t.put('SWAP', a, b)
  t.put('SET', a + 4 * 0, 0xfffffffe)
  t.put('ADD', a, 3)
  t.put('END')
  run(t.start)
  assert.equal([wordAt(a), wordAt(b), wordAt(c)], [1, 15, 15])
})

test('JUMP goes on elsewhere', () => {
  const a = words(heap, 0)
  const t = tape(heap)
  t.put('JUMP', t.start + 4 * (wordsOf.JUMP + wordsOf.SET))
  t.put('SET', a, 1)
  t.put('END')
  run(t.start)
  assert.is(wordAt(a), 0)
})

for (const [byte, jumps] of [
  [0, true],
  [1, false],
  [0x100, true],
  [0x80, false],
] as const)
  test(`JUMP_IF_ZERO looks at one byte: 0x${byte.toString(16)} ${jumps ? 'jumps' : 'does not jump'}`, () => {
    const a = words(heap, 0)
    const t = tape(heap)
    t.put('JUMP_IF_ZERO', words(heap, words(heap, byte)), t.start + 4 * (wordsOf.JUMP_IF_ZERO + wordsOf.SET))
    t.put('SET', a, 1)
    t.put('END')
    run(t.start)
    assert.is(wordAt(a), jumps ? 0 : 1)
  })

for (const [index, chosen] of [
  [0, 0],
  [1, 1],
  [2, 2],
  [3, 2],
  [-1, 0],
  [-(2 ** 31), 0],
  [2 ** 31 - 1, 2],
] as const)
  test(`SWITCH at ${index} takes branch ${chosen} of three`, () => {
    const out = words(heap, 99)
    const t = tape(heap)
    const branches = t.start + 4 * (wordsOf.SWITCH + 3)
    const length = 4 * (wordsOf.SET + wordsOf.END)
    t.put('SWITCH', words(heap, words(heap, index)), 3, branches, branches + length, branches + 2 * length)
    for (const k of [0, 1, 2]) {
      t.put('SET', out, k)
      t.put('END')
    }
    run(t.start)
    assert.is(wordAt(out), chosen)
  })

test('LOOP turns as often as its word says', () => {
  const n = words(heap, 0)
  const sum = words(heap, 0)
  const t = tape(heap)
  t.put('SET', n, 1000)
  const top = t.here()
  t.put('ADD', sum, 3)
  t.put('LOOP', n, top)
  t.put('END')
  run(t.start)
  assert.is(wordAt(sum), 3000)
})

test('loops nest, and move operands by changing cells', () => {
  // x_{ij} += 1 for every row j of 3, 4 times: the kernel does one row of 2
  const x = floats(heap, [0, 10, 20, 30, 40, 50])
  const cell = words(heap, 0)
  const [i, j] = [words(heap, 0), words(heap, 0)] as const
  const t = tape(heap)
  t.put('SET', i, 4)
  const outer = t.here()
  t.put('SET', cell, x)
  t.put('SET', j, 3)
  const inner = t.here()
  t.put('KERNEL', inc!, words(heap, cell), 2, 1)
  t.put('ADD', cell, 8)
  t.put('LOOP', j, inner)
  t.put('LOOP', i, outer)
  t.put('END')
  run(t.start)
  assert.equal(f32At(x, 6), [4, 14, 24, 34, 44, 54])
})

test('HOST calls JavaScript, and what it throws comes out', async () => {
  const t = tape(heap)
  t.put('HOST', 7)
  t.put('HOST', 8)
  t.put('END')
  called.length = 0
  run(t.start)
  assert.equal(called, [7, 8])
  const throwing = await createRuntime({
    threads: 1,
    call: () => {
      throw new TypeError('mine')
    },
  })
  const t2 = tape(throwing.heap)
  t2.put('HOST', 0)
  assert.throws(() => throwing.run(t2.start), 'mine')
})

test('steps do one instruction each and give the address of the next', () => {
  const a = words(heap, 0)
  const t = tape(heap)
  t.put('SET', a, 5)
  const second = t.here()
  t.put('JUMP', second + 4 * wordsOf.JUMP)
  const third = t.here()
  t.put('END')
  assert.is(runtime.step(t.start), second)
  assert.is(wordAt(a), 5)
  assert.is(runtime.step(second), third)
  assert.is(runtime.step(third), 0)
})

test('an unknown instruction fails', () => {
  const t = tape(heap)
  t.put('END')
  t.patch(t.start, Object.keys(opcode).length)
  assert.is(run(t.start), 1)
  assert.is(runtime.failure(), 'unreachable')
})

const bytesAfter = (r: Runtime, tape: number, runs: number): number => {
  for (let i = 0; i < runs; i++) r.run(tape)
  return r.heap.bytes()
}

test('ten thousand runs allocate nothing', () => {
  const t = tape(heap)
  t.put('KERNEL', inc!, words(heap, words(heap, floats(heap, [0]))), 1, 1)
  t.put('END')
  const before = heap.bytes()
  assert.is(bytesAfter(runtime, t.start, 10_000), before)
})

test.run()
