import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, cond, debugNans, debugPrint, div, foriLoop, full, greater, jit, less, log, mul, plainDevice, scan, sqrt, sub, sum, type Tensor, toNested, where, whileLoop,
} from '../index.js' // biome-ignore format: a list

const x = array([1, 2, 3])

const lines = (f: (sink: (text: string) => void) => unknown): string[] => {
  const all: string[] = []
  f((text) => all.push(text))
  return all
}

test('debugPrint prints at once outside traces, with the paths of a tree', () => {
  assert.equal(
    lines((sink) => {
      debugPrint('x', x, sink)
      debugPrint('state', { w: [array(1), 2], flag: true }, sink)
      debugPrint('half', array(0.5, { dtype: 'f16' }), sink)
    }),
    ['x f32[3] [1, 2, 3]', 'state.flag bool[] true', 'state.w[0] f32[] 1', 'state.w[1] f32[] 2', 'half f16[] 0.5'],
  )
})

test('inside jit it prints at each call, in order, also what reaches no result', () => {
  assert.equal(
    lines((sink) => {
      const f = jit((v: Tensor) => {
        debugPrint('first', v, sink)
        debugPrint('sum', sum(v), sink)
        debugPrint('first', v, sink)
        return mul(v, 2)
      })
      f(x)
      f(mul(x, 2))
    }),
    [
      'first f32[3] [1, 2, 3]', 'sum f32[] 6', 'first f32[3] [1, 2, 3]',
      'first f32[3] [2, 4, 6]', 'sum f32[] 12', 'first f32[3] [2, 4, 6]',
    ],
  )
}) // biome-ignore format: two calls

test('in a loop it prints once a step; in a branch, where the branch is taken', () => {
  const f = (v: Tensor, sink: (text: string) => void): Tensor =>
    foriLoop(0, 3, (i, c) => {
      debugPrint('step', i, sink)
      return cond(
        greater(sum(c), 20),
        (u: Tensor) => {
          debugPrint('large', sum(u), sink)
          return u
        },
        (u: Tensor) => mul(u, 2),
        c,
      )
    }, v) // biome-ignore format: a loop
  const expected = ['step i32[] 0', 'step i32[] 1', 'step i32[] 2', 'large f32[] 24']
  assert.equal(lines((sink) => f(x, sink)), expected) // biome-ignore format: a line
  assert.equal(
    lines((sink) => jit((v: Tensor) => f(v, sink))(x)),
    expected,
  )
})

test('work that a loop repeats leaves it, printing stays', () => {
  const printed = lines((sink) =>
    jit((v: Tensor) =>
      scan((c: Tensor) => {
        debugPrint('same', sum(v), sink)
        return [add(c, 1), null]
      }, array(0), null, { length: 3 })[0],
    )(x),
  ) // biome-ignore format: a loop
  assert.equal(printed, Array(3).fill('same f32[] 6'))
})

test('what is no tensor is refused', () => {
  assert.throws(() => debugPrint('x', 'text'), 'debugPrint: expected a tensor, got string.')
})

/** The line of this file that a message names. */
const lineIn = (f: () => unknown): { message: string; line: number } => {
  try {
    f()
  } catch (error) {
    const { message } = error as Error
    return { message, line: Number(/debug\.test\.ts:(\d+):/.exec(message)?.[1]) }
  }
  return assert.unreachable() as never
}
const lineOf = (error: Error): number => Number(/debug\.test\.ts:(\d+):/.exec(error.stack!)![1])

test('debugNans names the operation, its result and the line', () => {
  const mark = new Error()
  const f = (v: Tensor): Tensor => {
    const shifted = sub(v, 2)
    const roots = sqrt(shifted)
    return sum(roots)
  }
  const { message, line } = lineIn(() => debugNans(f)(x))
  assert.match(message, /^debugNans: sqrt made NaN in f32\[3\] \[NaN, 0, 1\], at /)
  assert.is(line, lineOf(mark) + 3)
})

test('also inside scan, while, cond, and functions that are jitted', () => {
  const mark = new Error()
  const bad = (v: Tensor): Tensor => log(sub(v, 2))
  const line = lineOf(mark) + 1
  const inBody = (v: Tensor): unknown => scan((c: Tensor, row: Tensor) => [add(c, bad(row)), null], 0, v)
  const inWhile = (v: Tensor): unknown => whileLoop((c) => less(sum(c), 10), bad, v)
  const inBranch = (v: Tensor): unknown => cond(greater(sum(v), 0), bad, (u: Tensor) => u, v)
  const inJit = (v: Tensor): unknown => jit(bad)(v)
  for (const f of [inBody, inWhile, inBranch, inJit]) {
    const found = lineIn(() => debugNans(f)(x))
    assert.match(found.message, 'log made NaN')
    assert.is(found.line, line)
  }
})

test('a NaN that comes in, or that is a constant of the user, is not blamed on who passes it on', () => {
  const out = debugNans((v: Tensor) => add(mul(v, 2), full([], NaN)))(array([NaN, 1]))
  assert.is(String(out), 'f32[2] [NaN, NaN]')
})

test('the constant sub-expression that makes it is found, and what does not reach the result is not', () => {
  assert.match(lineIn(() => debugNans((v: Tensor) => add(v, log(full([], -1))))(x)).message, 'log made NaN') // biome-ignore format: a line
  const unused = (v: Tensor): Tensor => {
    log(sub(v, 5))
    return v
  }
  assert.equal(toNested(debugNans(unused)(x)), [1, 2, 3])
})

test('a NaN that where leaves out is still one: a derivative would meet it', () => {
  const { message } = lineIn(() => debugNans((v: Tensor) => where(greater(v, 1), log(sub(v, 1)), div(sub(v, v), sub(v, 1))))(x)) // biome-ignore format: a line
  assert.match(message, 'div made NaN')
})

test('without NaN it is the function: trees, numbers, statics, captured tensors, the device of its arguments', () => {
  const device = plainDevice({ name: 'other' })
  const w = array([1, 1, 1], { device })
  const f = debugNans((s: { v: Tensor }, lr: number, mode: string) => ({ out: mode === 'add' ? add(mul(s.v, lr), w) : s.v }))
  const { out } = f({ v: array([1, 2, 3], { device }) }, 2, 'add')
  assert.equal(toNested(out), [3, 5, 7])
  assert.is(out.device, device)
  assert.equal(toNested(jit((v: Tensor) => debugNans((u: Tensor) => mul(u, 2))(v))(x)), [2, 4, 6])
}) // biome-ignore format: a long line

test.run()
