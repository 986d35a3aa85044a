/** For tests: random functions of tensors, with loops, branches and fences, as scripts that fast-check makes and shrinks. */

import fc from 'fast-check'
import {
  add, broadcastTo, cast, concatenate, cond, cumsum, debugPrint, expandDims, flip, foriLoop, full, greater, iota, isTensor, less, matmul, max,
  maximum, mul, neg, pad, pow, reshape, scan, slice, sub, sum, swapAxes, switchCase, type Tensor, transpose, where, whileLoop, zeros,
} from '../index.js' // biome-ignore format: a list
import { type Program, typeOf } from '../program.js'
import { broadcastShapes } from '../shape.js'
import { emit, emit1 } from '../trace/emit.js'
import { typeOfTensor } from '../trace/tensor.js'
import { record } from '../trace/trace.js'

/** One step: what to do, to which values of the pool, with which inner script. */
export interface Step {
  readonly code: number
  readonly a: number
  readonly b: number
  readonly body: Script
}
export interface Script {
  readonly steps: readonly Step[]
  readonly outputs: readonly number[]
}

export const scripts: fc.Arbitrary<Script> = fc.letrec<{ script: Script; empty: Script; body: Script; step: Step }>((tie) => ({
  script: fc.record({
    steps: fc.array(tie('step'), { maxLength: 12, size: 'max' }),
    outputs: fc.array(fc.nat(99), { minLength: 1, maxLength: 4 }),
  }),
  empty: fc.constant({ steps: [], outputs: [0] }),
  body: fc.oneof({ maxDepth: 2 }, tie('empty'), { weight: 3, arbitrary: tie('script') }),
  step: fc.record({ code: fc.nat(40), a: fc.nat(99), b: fc.nat(99), body: tie('body') }),
})).script // biome-ignore format: a table

const at = <T>(list: readonly T[], i: number): T => list[i % list.length]!
const key = (x: Tensor): string => `${x.dtype}${x.shape}`
const num = (x: Tensor): Tensor => (x.dtype === 'bool' ? cast(x, 'f32') : x)
const summed = (x: Tensor): Tensor => cast(sum(num(x)), 'f32')

/** The values of a script's outputs, given those that it may use. Values keep small, so that sums are exact. */
export const play = ({ steps, outputs }: Script, given: readonly Tensor[], log: (text: string) => void): Tensor[] => {
  const pool = [...given]
  for (const step of steps) for (const x of one(step, pool, log)) if (x.shape.length <= 3 && x.shape.every((n) => n <= 6)) pool.push(x)
  return outputs.map((i) => at(pool, pool.length - 1 - (i % pool.length)))
} // biome-ignore format: one thought a line

const one = ({ code, a, b, body }: Step, pool: readonly Tensor[], log: (text: string) => void): Tensor[] => {
  const x = num(at(pool, a))
  // another value of the same dtype that broadcasts with x
  const fits = pool.map(num).filter((y) => y.dtype === x.dtype && broadcastShapes(x.shape, y.shape) !== undefined)
  const y = at(fits, b)
  const rank = x.shape.length
  const axis = rank === 0 ? 0 : b % rank
  const inner = (values: readonly Tensor[]): Tensor[] => play(body, [...pool, ...values], log)
  /** Results of the inner script, bent to given types. */
  const like = (values: readonly Tensor[], results: readonly Tensor[]): Tensor[] =>
    values.map((v, i) => {
      const r = at(results, i)
      return key(r) === key(v) ? r : broadcastTo(cast(clamp(summed(r)), v.dtype), v.shape)
    })
  switch (code) {
    case 0: return [add(x, y)]
    case 1: return [sub(x, y)]
    case 2: return [clamp(mul(x, y))]
    case 3: return [maximum(x, y)]
    case 4: return [neg(x)]
    case 5: return [where(greater(x, y), x, y)]
    case 6: return [mul(x, b % 3)]
    case 7: return [add(x, b % 2)]
    case 8: return [full(x.shape, (b % 3) - 1, { dtype: x.dtype })]
    case 9: return [zeros(x.shape, { dtype: x.dtype })]
    case 10: return [pow(x, b % 3)]
    case 11: return rank === 0 ? [x] : [sum(x, { axis })]
    case 12: return x.shape.includes(0) ? [] : [max(x)]
    case 13: return [transpose(x)]
    case 14: return rank < 2 ? [] : [swapAxes(x, axis, rank - 1)]
    case 15: return [reshape(x, [-1])].filter(() => !x.shape.includes(0))
    case 16: return [expandDims(x, axis)]
    case 17: return [broadcastTo(x, [2, ...x.shape])]
    case 18: return [emit1({ kind: 'broadcast', shape: [...x.shape.slice(0, axis), 3, ...x.shape.slice(axis)], axes: [axis] }, x)]
    case 19: return rank === 0 ? [] : [slice(x, [b % 2, null])]
    case 20: return rank === 0 ? [] : [flip(x, axis)]
    case 21: return rank === 0 ? [] : [pad(x, x.shape.map((_, i) => [i === axis ? b % 2 : 0, 0] as const), { value: b % 2 })]
    case 22: return rank === 0 ? [] : [concatenate([x, x], axis)]
    case 23: return rank === 0 ? [] : [cumsum(x, { axis })]
    case 24: return rank === 2 ? [clamp(matmul(transpose(x), x))] : []
    case 25: return rank === 2 ? [clamp(matmul(x, transpose(x)))] : []
    case 26: return [cast(x, b % 2 ? 'i32' : 'f32')]
    case 27: return [greater(x, y)]
    case 28: return [emit1({ kind: 'mark', role: 'constant', name: '' }, x)]
    case 29: return [iota([3])]
    case 30: debugPrint(`p${b % 4}`, x, log); return []
    case 31: return [x, at(pool, b)] // duplicates
    case 32: {
      const start = [x, y]
      const [carry, ys] = scan(
        (c: Tensor[], i: Tensor): [Tensor[], Tensor] => {
          const results = inner([...c, i])
          return [like(c, results), at(results, b)]
        },
        start,
        iota([b % 4]),
        { reverse: a % 2 === 0 },
      )
      return [...carry, ys]
    }
    case 33: {
      // one carry may stay as it is, one may not be read at all
      const [carry] = scan((c: Tensor[]) => [[c[0]!, ...like([c[1]!], inner(c))], null], [x, y], null, { length: b % 3 })
      return carry
    }
    case 34: return rank === 0 ? [] : [scan((c: Tensor, row: Tensor): [Tensor, Tensor] => [c, at(inner([row]), b)], x, x)[1]]
    case 35: return cond(greater(summed(x), b % 4), () => like([x, y], inner([])), () => [y, x].map((v, i) => like([[x, y][i]!], [v])[0]!))
    case 36: return switchCase(cast(clamp(summed(x)), 'i32'), [() => [x], () => like([x], inner([x])), () => [neg(x)]])
    case 37: {
      const start: [Tensor, Tensor, Tensor] = [iota([1]), x, y]
      return whileLoop(([i]: [Tensor, Tensor, Tensor]) => less(sum(i), b % 3), ([i, c, d]) => [add(i, 1), like([c], inner([c]))[0]!, d] as [Tensor, Tensor, Tensor], start).slice(1)
    }
    case 38: return fenced(inner, [x, y], b % 2 === 0)
    case 39: return [foriLoop(0, b % 3, (_, c) => like([c], inner([c]))[0]!, x)]
    default: return [cast(x, 'f16')].map((v) => cast(v, x.dtype))
  }
} // biome-ignore format: a table

/** Keeps what grows within bounds. */
const clamp = (x: Tensor): Tensor =>
  where(greater(x, 64), full([], 1, { dtype: x.dtype }), where(less(x, -64), full([], -2, { dtype: x.dtype }), x))

const fenced = (inner: (values: readonly Tensor[]) => Tensor[], operands: readonly Tensor[], fence: boolean): Tensor[] => {
  const { program, captured } = record('region', operands.map(typeOfTensor), (values) => inner(values).filter(isTensor))
  return [...emit({ kind: 'call', name: 'region', body: program, fence, tag: null }, [...operands, ...captured])]
} // biome-ignore format: one thought

/** A script as a program of three inputs. */
export const programOf = (script: Script, log: (text: string) => void): Program =>
  record('script', [typeOf('f32', []), typeOf('f32', [3]), typeOf('f32', [2, 3])], (inputs) =>
    play(script, inputs, log),
  ).program

export const arguments3 = [[3], [1, 0, -2], [1, -1, 2, 0, 3, -3]] as const
