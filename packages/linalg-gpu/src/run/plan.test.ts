// The forecast of memory against what the plain device measures; for wasm see wasm/forecast.test.ts.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, cond, cos, exp, foriLoop, greater, less, matmul, mul, neg, plain, plainDevice, plan, reshape, scan, sin, sum, type Tensor, transpose, whileLoop,
} from '../index.js' // biome-ignore format: a list
import { emit1, type Program, planOf, record, simplify, typeOf } from '../program.js'
import { arguments3, programOf, type Script, type Step, scripts } from '../simplify/random.testing.js'
import type { Buffer } from './device.js'
import { trace } from './jit.js'

/** Bytes above the inputs at the highest moment of a run of the program, on inputs of ones. */
const measured = (program: Program): number => {
  const device = plainDevice()
  const inputs = program.inputs.map((id, i): Buffer => {
    const type = program.types[id]!
    const data = arguments3[i]?.length === type.size ? Float32Array.from(arguments3[i]!) : new Float32Array(type.size).fill(1)
    return device.upload(data, type, 'input')
  })
  const before = device.memory().bytes
  device.resetPeak()
  const outs = device.execute(program, inputs, [])
  const { peak, bytes } = device.memory()
  assert.is(bytes - before, planOf(program, plain).outputBytes)
  assert.is(outs.length, program.outputs.length)
  return peak - before
} // biome-ignore format: one thought a line

const exact = (f: (...args: Tensor[]) => unknown, args: readonly Tensor[], expected: number): void => {
  const program = simplify(trace(f)(...args))
  assert.is(measured(program), expected)
  assert.is(planOf(program, plain).peakBytes, expected)
}

const x = array(new Float32Array(10), { device: plain })
const m = array(new Float32Array(12), { shape: [3, 4], device: plain })

test('a chain holds two values at a time, the operand and the result', () => {
  exact((v) => sin(v), [x], 40)
  exact((v) => cos(sin(v)), [x], 80)
  exact((v) => exp(cos(sin(v))), [x], 80)
})

test('a value that is needed later stays', () => {
  exact((v) => {
    const kept = sin(v)
    return add(exp(cos(kept)), kept)
  }, [x], 120)
}) // biome-ignore format: a function

test('views share memory, in the middle and in the end', () => {
  exact((v) => sin(reshape(v, [2, 5])), [x], 40)
  exact((v) => reshape(sin(v), [2, 5]), [x], 40)
  exact((v) => {
    const s = sin(v)
    return [s, reshape(s, [2, 5])]
  }, [x], 80)
}) // biome-ignore format: a function

test('results own their memory: an input that is returned is copied, and each duplicate', () => {
  exact((v) => v, [x], 40)
  exact((v) => [v, reshape(v, [5, 2]), v], [x], 120)
  exact((v) => {
    const s = sin(v)
    return [s, s]
  }, [x], 80)
}) // biome-ignore format: a function

test('a dot and its small result', () => {
  exact((v) => sum(matmul(v, transpose(v))), [m], 36 + 4)
})

test('a scan holds all its stacked results, two carries and the inside of one step, however long it is', () => {
  const f = (v: Tensor): unknown => scan((c: Tensor, row: Tensor) => [mul(sin(c), row), c], v, v)
  // ys 400, the first step: carry 40 (the input itself at first), sin 40, mul 40
  exact(f, [x], 400 + 120)
  const g = (v: Tensor): unknown => foriLoop(0, 1000, (_, c) => sin(c), v)
  // the counter is 4000 bytes of xs where it is read, else there is none
  exact(g, [x], 80)
  const one = (v: Tensor): unknown => scan((c: Tensor) => [sin(c), null], v, null, { length: 1 })[0]
  exact(one, [x], 40)
  const none = (v: Tensor): unknown => scan((c: Tensor) => [sin(c), null], v, null, { length: 0 })[0]
  exact(none, [x], 40)
})

test('carries that change places share memory as they do when they run', () => {
  const f = (v: Tensor, w: Tensor): unknown =>
    scan(([a, b]: readonly [Tensor, Tensor]) => [[b, a] as const, null], [v, w] as const, null, { length: 5 })[0]
  exact(f as never, [x, x], 80)
  // after an even number of steps the first is the input again, which costs nothing
  for (const length of [2, 3, 6, 7]) {
    const swap = (v: Tensor): unknown =>
      exp(scan(([a, b]: readonly [Tensor, Tensor]) => [[b, a] as const, null], [v, sin(v)] as const, null, { length })[0][0])
    exact(swap, [x], length % 2 === 0 ? 40 : 80)
  }
  const fibonacci = (v: Tensor): unknown =>
    scan(([a, b]: readonly [Tensor, Tensor]) => [[b, add(a, b)] as const, null], [v, v] as const, null, { length: 9 })[0][1]
  exact(fibonacci, [x], 120)
}) // biome-ignore format: two loops

test('a row that leaves a scan as its carry keeps the whole array until it is copied', () => {
  const f = (v: Tensor, u: Tensor): unknown => scan((_: Tensor, row: Tensor) => [row, null], u, sin(v))[0]
  exact(f as never, [m, array([1, 2, 3, 4])], 48 + 16)
})

test('of a cond the costliest branch is foretold, exactly where it is taken', () => {
  const f = (v: Tensor): unknown => cond(greater(sum(v), 0), (u: Tensor) => exp(cos(sin(u))), (u: Tensor) => u, v) // biome-ignore format: branches
  const program = simplify(trace(f)(x))
  assert.is(planOf(program, plain).peakBytes, measured(program)) // the sum of ones is positive
  const other = (v: Tensor): unknown => cond(greater(0, sum(v)), (u: Tensor) => exp(cos(sin(u))), (u: Tensor) => u, v) // biome-ignore format: branches
  const idle = simplify(trace(other)(x))
  assert.ok(measured(idle) < planOf(idle, plain).peakBytes)
})

test('a while loop is foretold as if it ran', () => {
  const f = (v: Tensor): unknown => whileLoop((c) => less(sum(c), 1000), (c) => mul(add(c, 1), 2), v) // biome-ignore format: a loop
  const program = simplify(trace(f)(x))
  assert.is(planOf(program, plain).peakBytes, measured(program))
})

test('a call is as dear as its body', () => {
  const { program: body } = record('region', [typeOf('f32', [10])], ([v]) => [cos(sin(v!))])
  exact((v) => neg(emit1({ kind: 'call', name: 'region', body, fence: true, tag: null }, v!)), [x], 80)
})

test('plan counts equations with those of bodies, and the bytes of arguments and results', () => {
  const f = (v: Tensor, lr: number): unknown => foriLoop(0, 3, (_, c) => mul(c, lr), v)
  assert.equal(plan(f)(x, 0.5), { equations: 3, inputBytes: 48, outputBytes: 40, peakBytes: 84, kernels: 3 })
})

const without = (script: Script, codes: readonly number[]): Script => ({
  ...script,
  steps: script.steps
    .filter((step) => !codes.includes(step.code))
    .map((step): Step => ({ ...step, body: without(step.body, codes) })),
})
const quiet = (): void => {}

test('random programs of straight code, scans and calls: the forecast is what is measured, simplified or not', () => {
  fc.assert(
    fc.property(scripts, (script) => {
      const program = programOf(without(script, [35, 36, 37]), quiet)
      assert.is(planOf(program, plain).peakBytes, measured(program))
      const simple = simplify(program)
      assert.is(planOf(simple, plain).peakBytes, measured(simple))
    }),
    { numRuns: 250 },
  )
})

test('random programs with branches and while loops: the forecast is never too small', () => {
  fc.assert(
    fc.property(scripts, (script) => {
      const program = simplify(programOf(script, quiet))
      assert.ok(planOf(program, plain).peakBytes >= measured(program))
    }),
    { numRuns: 250 },
  )
})

test.run()
