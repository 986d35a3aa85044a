import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { f32x4, forLoop, get, i32, v128 } from '../assembler.js'
import { kernelFunction, pointer } from '../lowered.js'
import { hostMath } from '../math/host.js'
import { createRuntime } from './runtime.js'
import { byHost, floats, increment, sumOfSquares, tape, words } from './tapes.testing.js'

test('kernels of one key share their code, and those asked for together are one module', async () => {
  const r = await createRuntime({ threads: 1 })
  let built = 0
  const counted = {
    ...increment,
    build: () => {
      built++
      return increment.build()
    },
  }
  const first = r.functionIndex([counted, sumOfSquares, counted])
  assert.is(first[0], first[2])
  assert.is.not(first[0], first[1])
  assert.is(r.compilations(), 1)
  assert.equal(r.functionIndex([counted, sumOfSquares, counted]), first)
  assert.equal([built, r.compilations()], [1, 1])
  r.functionIndex([byHost('cos')])
  assert.is(r.compilations(), 2)
  assert.equal(r.functionIndex([]), [])
})

test('kernels of different keys may be one function', async () => {
  const r = await createRuntime({ threads: 1 })
  const f = increment.build()
  const [a, b] = r.functionIndex([
    { key: 'a', build: () => f },
    { key: 'b', build: () => f },
  ])
  assert.is.not(a, b)
})

for (const [name, threads, everywhere] of [
  ['cos', 1, true],
  ['cos', 3, true],
  ['erf', 3, false],
] as const)
  test(`${name} of the host is called on ${threads === 1 || !everywhere ? 'the caller' : 'every thread'} of ${threads}`, async () => {
    const r = await createRuntime({ threads })
    // in one module: what one kernel lacks must not hinder the other
    const [fn, other] = r.functionIndex([byHost(name), increment])
    assert.is(fn! >= 0, everywhere)
    assert.ok(other! >= 0)
    const values = Array.from({ length: 1000 }, (_, i) => i / 300)
    const x = floats(r.heap, values)
    const t = tape(r.heap)
    const descriptor = words(r.heap, words(r.heap, x))
    t.put('KERNEL', fn!, descriptor, 1000, 1)
    t.put('KERNEL', other!, descriptor, 1000, 1)
    t.put('END')
    assert.is(r.run(t.start), 0)
    const expected = Float32Array.from(values, (v) => Math.fround(hostMath[name]!(Math.fround(v), 0)) + 1)
    assert.equal(r.heap.views().f32.slice(x / 4, x / 4 + 1000), expected)
    r.dispose()
  })

test('relaxed SIMD is there when it is asked for, on every thread, or a note says why not', async () => {
  const r = await createRuntime({ threads: 2, relaxed: true })
  assert.is(r.relaxed, r.notes.length === 0)
  assert.not((await createRuntime({ threads: 1 })).relaxed)
  if (!r.relaxed) return
  const [fn] = r.functionIndex([
    {
      key: 'madd',
      build: () =>
        kernelFunction('madd', ({ words, lo, hi, local }) => {
          const u = local('i32')
          const at = i32.add(pointer(get(words), 0), i32.shl(get(u), i32.const(4)))
          const x = v128.load(at)
          return forLoop(u, get(lo), get(hi), i32.const(1), v128.store(at, f32x4.relaxedMadd(x, x, x)))
        }),
    },
  ])
  const x = floats(r.heap, new Array(400).fill(3))
  const t = tape(r.heap)
  t.put('KERNEL', fn!, words(r.heap, words(r.heap, x)), 100, 1)
  t.put('END')
  r.run(t.start)
  assert.ok(
    r.heap
      .views()
      .f32.subarray(x / 4, x / 4 + 400)
      .every((value) => value === 12),
  )
  r.dispose()
})

test.run()
