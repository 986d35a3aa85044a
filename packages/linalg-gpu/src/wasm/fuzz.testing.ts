/** For tests: random programs of all operations, dtypes and views, whose numbers are small whole ones, NaN or infinite, so that every
 *  device must give the very same. */

import fc from 'fast-check'
import { type DType, dtypes, isFloat, isInteger, storage, type TypedArray } from '../dtype.js'
import { add, broadcastTo, cast, debugPrint, floor, full, greater, iota, isTensor, less, maximum, minimum, mul, round, sum, type Tensor, where } from '../index.js' // biome-ignore format: a list
import { toHalf } from '../plain/half.js'
import type { Op } from '../program/op.js'
import { type Program, type Type, typeOf } from '../program.js'
import { broadcastShapes, type Shape, sizeOf } from '../shape.js'
import { emit, emit1 } from '../trace/emit.js'
import { typeOfTensor } from '../trace/tensor.js'
import { record } from '../trace/trace.js'

/** One step: what to do, and the choices it makes, with an inner script. */
interface Step {
  readonly code: number
  readonly p: readonly number[]
  readonly body: Script
}
interface Script {
  readonly steps: readonly Step[]
  readonly outputs: readonly number[]
}
export interface Fuzz {
  readonly inputs: readonly { readonly shape: number; readonly dtype: number; readonly data: number }[]
  readonly script: Script
}

const shapes: readonly Shape[] = [
  [], [3], [2, 3], [4, 4], [7, 5], [1], [5], [2, 3, 4], [1, 6], [3, 1, 5], [8], [16], [2, 2, 3, 2], [13, 17], [0], [3, 0, 2], [64, 33],
  [4099], [2, 1, 2, 1, 3], [31], [2, 8, 8], [5, 300], [128, 40],
] // biome-ignore format: a table

const step = (tie: fc.LetrecTypedTie<{ script: Script; empty: Script; body: Script; step: Step }>): fc.Arbitrary<Step> =>
  fc.record({ code: fc.nat(kinds - 1), p: fc.array(fc.nat(719), { minLength: 10, maxLength: 10 }), body: tie('body') }) // biome-ignore format: one

export const fuzzes = (maxLength: number): fc.Arbitrary<Fuzz> =>
  fc.record({
    inputs: fc.array(
      fc.record({ shape: fc.nat(shapes.length - 1), dtype: fc.nat(dtypes.length + 3), data: fc.nat(7) }),
      { minLength: 1, maxLength: 4 },
    ),
    script: fc.letrec<{ script: Script; empty: Script; body: Script; step: Step }>((tie) => ({
      script: fc.record({
        steps: fc.array(tie('step'), { maxLength, size: 'max' }),
        outputs: fc.array(fc.nat(99), { minLength: 1, maxLength: 4 }),
      }),
      empty: fc.constant({ steps: [], outputs: [0] }),
      body: fc.oneof({ maxDepth: 2 }, tie('empty'), { weight: 2, arbitrary: fc.record({
        steps: fc.array(tie('step'), { maxLength: 4, size: 'max' }),
        outputs: fc.array(fc.nat(99), { minLength: 1, maxLength: 4 }),
      }) }),
      step: step(tie),
    })).script,
  }) // biome-ignore format: a table

const at = <T>(list: readonly T[], i: number): T => list[i % list.length]!

/** Keeps what grows within bounds; NaN stays. */
const clamp = (x: Tensor): Tensor =>
  x.dtype === 'bool' || x.dtype === 'u8' || x.dtype === 'i8'
    ? x
    : where(
        greater(x, 64),
        full([], 1, { dtype: x.dtype }),
        x.dtype === 'u32' ? x : where(less(x, -64), full([], -2, { dtype: x.dtype }), x),
      )
/** A padding of zeros times NaN is NaN on one device and left out on another. */
const finite = (x: Tensor): Tensor =>
  isFloat(x.dtype)
    ? clamp(where(emit1({ kind: 'compare', fn: 'eq' }, x, x), x, full([], 0, { dtype: x.dtype })))
    : clamp(x)
const num = (x: Tensor): Tensor => (x.dtype === 'bool' || x.dtype === 'u8' || x.dtype === 'i8' ? cast(x, 'i32') : x)
const to = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : emit1({ kind: 'cast', dtype }, clamp(x)))

/** The tensor's first elements, spread over a shape by views alone. */
const bend = (x: Tensor, shape: Shape, dtype: DType): Tensor => {
  const n = sizeOf(shape)
  const size = sizeOf(x.shape)
  let flat = emit1({ kind: 'reshape', shape: [size] }, to(x, dtype))
  if (size >= n) {
    const step = n === 0 ? 1 : Math.floor(size / n)
    if (step > 1 || size > n)
      flat = emit1({ kind: 'slice', start: [0], stop: [n === 0 ? 0 : (n - 1) * step + 1], step: [step] }, flat)
  } else flat = emit1({ kind: 'pad', low: [(n - size) >> 1], high: [n - size - ((n - size) >> 1)], interior: [0], value: 0 }, flat)
  return emit1({ kind: 'reshape', shape }, flat)
} // biome-ignore format: one thought a line

const play = (
  { steps, outputs }: Script,
  given: readonly Tensor[],
  log: (text: string) => void,
  most: number,
): Tensor[] => {
  const pool = [...given]
  for (const step of steps) {
    const made = one(step, pool, log, most)
    for (const x of made) if (x.shape.length <= 5 && sizeOf(x.shape) <= most) pool.push(x)
  }
  return outputs.map((i) => at(pool, pool.length - 1 - (i % pool.length)))
}

const binaryOf = (x: Tensor, y: Tensor, i: number): Tensor => {
  const op = (fn: string, a = x, b = y): Tensor => emit1({ kind: 'binary', fn } as Op, a, b)
  if (isInteger(x.dtype))
    return op(at(['add', 'mul', 'sub', 'max', 'min', 'and', 'or', 'xor', 'shl', 'shr', 'quot', 'mod', 'rem'], i))
  const fn = at(['add', 'mul', 'sub', 'max', 'min', 'mod', 'rem', 'div'], i)
  if (fn === 'mul') return clamp(op('mul'))
  if (fn !== 'div') return op(fn)
  const zero = full([], 0, { dtype: x.dtype })
  const safe = where(emit1({ kind: 'compare', fn: 'eq' }, y, zero), full([], 1, { dtype: x.dtype }), y)
  return floor(op('div', x, safe))
}

const unaryOf = (x: Tensor, i: number): Tensor => {
  const op = (fn: string, a = x): Tensor => emit1({ kind: 'unary', fn } as Op, a)
  if (x.dtype === 'bool') return op('not')
  if (isInteger(x.dtype)) return op(at(['neg', 'abs', 'sign', 'relu', 'square', 'not', 'floor'], i))
  const fns = ['neg', 'abs', 'sign', 'relu', 'square', 'floor', 'ceil', 'trunc', 'round', 'sqrt', 'tanh', 'sin', 'exp', 'sigmoid', 'erf', 'cos', 'atan'] // biome-ignore format: a list
  const fn = at(fns, x.dtype === 'f16' ? i % 10 : i)
  if (fn === 'square') return clamp(op(fn))
  if (fn === 'sqrt') return round(op(fn, op('abs')))
  return fns.indexOf(fn) < 10
    ? op(fn)
    : round(mul(op(fn, minimum(maximum(x, full([], -3, { dtype: x.dtype })), full([], 3, { dtype: x.dtype }))), 7))
}

const spatialOut = (size: number, window: number, stride: number, dilation: number): number =>
  Math.max(0, Math.floor((size - (window - 1) * dilation - 1) / stride) + 1)

const kinds = 44

const one = ({ code, p, body }: Step, pool: readonly Tensor[], log: (text: string) => void, most: number): Tensor[] => {
  const [p0, p1, p2, p3, p4, p5, p6, p7] = p as [number, number, number, number, number, number, number, number]
  const raw = at(pool, pool.length - 1 - (p0 % pool.length))
  const x = num(raw)
  const { shape, dtype } = x
  const rank = shape.length
  const axis = rank === 0 ? 0 : p2 % rank
  const fits = pool.filter((z) => {
    const all = broadcastShapes(shape, z.shape)
    return all !== undefined && sizeOf(all) <= most
  })
  const y = to(at(fits, p1), dtype)
  const inner = (values: readonly Tensor[]): Tensor[] => play(body, [...pool.slice(-4), ...values], log, most)
  const like = (values: readonly Tensor[], results: readonly Tensor[]): Tensor[] =>
    values.map((v, i) => {
      const r = at(results, i)
      return r.dtype === v.dtype && String(r.shape) === String(v.shape)
        ? clamp(r)
        : String(r.shape) === String(v.shape)
          ? to(r, v.dtype)
          : bend(r, v.shape, v.dtype)
    })
  const perAxis = (f: (n: number, i: number) => number): number[] => shape.map(f)
  const digit = (i: number, base: number): number => Math.floor(p3 / base ** (i % 5)) % base
  switch (code) {
    case 0:
    case 1:
    case 2: return [binaryOf(x, y, p3)]
    case 3:
    case 4: return [unaryOf(x, p1)]
    case 5: return [emit1({ kind: 'compare', fn: at(['lt', 'eq', 'ne', 'le', 'gt', 'ge'] as const, p3) }, x, y)]
    case 6: {
      const c = to(at(pool.filter((z) => broadcastShapes(z.shape, broadcastShapes(shape, y.shape)!) !== undefined && sizeOf(broadcastShapes(z.shape, broadcastShapes(shape, y.shape)!)!) <= most), p3), 'bool')
      return [emit1({ kind: 'select' }, c, x, y)]
    }
    case 7:
    case 8: return [emit1({ kind: 'cast', dtype: at(dtypes, p1) }, p3 % 4 === 0 ? raw : clamp(raw))]
    case 9: {
      const pairs: Partial<Record<DType, DType>> = { i32: 'u32', u32: 'i32', i8: 'u8', u8: 'i8' }
      return pairs[raw.dtype] === undefined ? [] : [emit1({ kind: 'bitcast', dtype: pairs[raw.dtype]! }, raw)]
    }
    case 10:
    case 11:
    case 12: {
      const axes = perAxis((_, i) => i).filter((i) => ((p2 + 1) >> i) & 1)
      if (axes.length === 0) return []
      const fn = at(raw.dtype === 'bool' ? ['and', 'or', 'max'] : ['sum', 'max', 'min', 'sum'], p1)
      const from = fn === 'sum' ? x : raw
      if ((fn === 'max' || fn === 'min') && axes.some((i) => shape[i] === 0)) return []
      const r = emit1({ kind: 'reduce', fn, axes } as Op, from)
      if (p3 % 3 > 0) return [fn === 'sum' ? clamp(r) : r]
      const back = emit1({ kind: 'broadcast', shape, axes }, fn === 'sum' ? clamp(r) : r)
      return back.dtype === 'bool' || back.dtype === 'u8' || back.dtype === 'i8' ? [r, back] : [r, emit1({ kind: 'binary', fn: 'sub' }, x, to(back, dtype))]
    }
    case 13: return rank === 0 || shape[axis] === 0 ? [] : [emit1({ kind: 'argReduce', fn: p1 % 2 ? 'max' : 'min', axis }, raw)]
    case 14: return rank === 0 ? [] : [clamp(emit1({ kind: 'cumsum', axis, reverse: p1 % 2 === 0 }, x))]
    case 15:
    case 16: {
      // merges, splits, ones
      const out: number[] = []
      raw.shape.forEach((n, i) => {
        const d = digit(i, 5)
        if (d === 1 && out.length > 0) out.push(out.pop()! * n)
        else if (d === 2 && n % 2 === 0 && n > 0) out.push(2, n / 2)
        else if (d === 3 && n % 3 === 0 && n > 0) out.push(n / 3, 3)
        else if (d === 4) out.push(1, n)
        else out.push(n)
      })
      if (p2 % 5 === 0) return [emit1({ kind: 'reshape', shape: [sizeOf(raw.shape)] }, raw)]
      return out.length > 5 ? [] : [emit1({ kind: 'reshape', shape: out }, raw)]
    }
    case 17:
    case 18: {
      const perm = perAxis((_, i) => i)
      for (let i = rank - 1; i > 0; i--) {
        const j = at(p, i + p1) % (i + 1)
        ;[perm[i], perm[j]] = [perm[j]!, perm[i]!]
      }
      return [emit1({ kind: 'transpose', perm }, raw)]
    }
    case 19: return [emit1({ kind: 'broadcast', shape: [...shape.slice(0, axis), (p1 % 4) + 1, ...shape.slice(axis)], axes: [axis] }, raw)]
    case 20: return [broadcastTo(raw, [(p1 % 3) + 1, ...shape.map((n, i) => (n === 1 ? digit(i, 3) + 1 : n))])]
    case 21:
    case 22: {
      const start = perAxis((n, i) => Math.min(n, digit(i, 3)))
      const stop = perAxis((n, i) => Math.max(start[i]!, n - (at(p, i + 4) % 3)))
      return [emit1({ kind: 'slice', start, stop, step: perAxis((_, i) => (at(p, i + 5) % 3) + 1) }, raw)]
    }
    case 23:
    case 24: {
      const value = raw.dtype === 'bool' ? p1 % 2 : at([0, 1, 0, 3, isFloat(raw.dtype) ? -2 : 2], p1)
      return [emit1({ kind: 'pad', low: perAxis((_, i) => digit(i, 3)), high: perAxis((_, i) => at(p, i + 4) % 3), interior: perAxis((_, i) => (p2 % 3 === 0 ? at(p, i + 5) % 3 : 0)), value }, raw)]
    }
    case 25: {
      if (rank === 0) return []
      const parts = pool.filter((z) => z.dtype === raw.dtype && z.shape.length === rank && z.shape.every((n, i) => i === axis || n === shape[i]))
      return [emit1({ kind: 'concatenate', axis }, ...Array.from({ length: (p1 % 4) + 1 }, (_, i) => at(parts, at(p, 3 + i))))]
    }
    case 26: return [emit1({ kind: 'flip', axes: perAxis((_, i) => i).filter((i) => ((p2 + 1) >> i) & 1) }, raw)]
    case 27:
    case 28: {
      if (rank < 2 || rank > 4) return []
      const batch = rank - 2
      const [left, right] = [p1 % 2 ? 'plain' : 'transposed', p1 % 4 > 1 ? 'plain' : 'transposed'] as const
      const k = left === 'plain' ? shape[rank - 1]! : shape[rank - 2]!
      const n = at([1, 2, 3, 5, 8, 17, 33, shape[rank - 2]!], p3)
      if (n * sizeOf(shape) > 200_000) return []
      const lead = shape.slice(0, batch)
      const want = right === 'plain' ? [...lead, k, n] : [...lead, n, k]
      const found = pool.filter((z) => String(z.shape) === String(want))
      const b = found.length > 0 ? to(at(found, p4), dtype) : bend(at(pool, p4), want, dtype)
      const a = clamp(x)
      return [clamp(emit1({ kind: 'dot', batch, left, right }, p5 % 4 === 0 ? emit1({ kind: 'flip', axes: [batch] }, a) : a, clamp(b)))]
    }
    case 29:
    case 30:
    case 31: return conv(p, x, at(pool, p7))
    case 32: {
      if (rank === 0) return []
      const windows = (p1 % Math.min(rank, 2)) + 1
      const window = Array.from({ length: windows }, (_, i) => (at(p, 3 + i) % 3) + 1)
      const strides = window.map((_, i) => (at(p, 4 + i) % 3) + 1)
      const dilation = window.map((_, i) => (at(p, 5 + i) % 2) + 1)
      const u = emit1({ kind: 'unfold', window, strides, dilation }, raw)
      if (p6 % 2 === 0 || sizeOf(u.shape) > most) return [u]
      const n = num(u)
      return [u, clamp(emit1({ kind: 'fold', size: shape.slice(rank - windows), window, strides, dilation }, clamp(n)))]
    }
    case 33: {
      if (rank === 0) return []
      const batch = p1 % rank === 0 ? 0 : 1
      const i = to(at(pool.filter((z) => batch === 0 || (z.shape.length > 0 && z.shape[0] === shape[0])), p3), 'i32')
      return sizeOf(i.shape) * sizeOf(shape) > 8 * most ? [] : [emit1({ kind: 'gather', batch, fill: raw.dtype === 'bool' ? 0 : p4 % 2 }, raw, i)]
    }
    case 34: {
      if (rank === 0) return []
      const lead = (p1 % rank) + 1
      const i = bend(at(pool, p3), shape.slice(0, lead), 'i32')
      return [clamp(emit1({ kind: 'scatterAdd', batch: p2 % 3 === 0 ? 1 : 0, size: (p4 % 7) + (p5 % 5 === 0 ? 0 : 1) }, clamp(x), i))]
    }
    case 35: {
      const sizes = perAxis((n, i) => Math.max(0, n - digit(i, 3)))
      return [emit1({ kind: 'dynamicSlice', sizes }, raw, bend(at(pool, p1), [rank], 'i32'))]
    }
    case 36: {
      const u = bend(at(pool, p2), perAxis((n, i) => Math.max(0, n - digit(i, 3))), raw.dtype)
      return [emit1({ kind: 'dynamicUpdateSlice' }, raw, u, bend(at(pool, p1), [rank], 'i32'))]
    }
    case 37: return rank === 0 ? [] : [emit1({ kind: 'argsort', axis, descending: p1 % 2 === 0 }, raw)]
    case 38: {
      const type = (d: DType): Type => typeOf(d, at(shapes.slice(0, 14), p1))
      const d = at(dtypes.slice(0, 7), p2)
      if (p3 % 3 === 0) debugPrint(`p${p4 % 3}`, raw, log)
      return p4 % 2 === 0 || type(d).shape.length === 0 ? [emit1({ kind: 'full', value: p5 % 3, type: type(d) })] : [emit1({ kind: 'iota', axis: p5 % type(d).shape.length, type: type(d) })]
    }
    case 39: {
      const words = Array.from({ length: 4 }, (_, i) => to(at([x, ...fits.filter((z) => sizeOf(z.shape) <= 64)], at(p, i + 1)), 'u32'))
      const all = words.reduce<Shape | undefined>((s, w) => s && broadcastShapes(s, w.shape), [])
      return all === undefined || sizeOf(all) > most ? [] : [...emit({ kind: 'threefry' }, words)]
    }
    case 40: {
      const start = [x, y].map(clamp)
      const n = p1 % 5
      const xs = pool.filter((z) => z.shape.length > 0 && z.shape[0] === n).slice(-2)
      const region = record('body', [...start.map(typeOfTensor), ...xs.map((z) => typeOf(z.dtype, z.shape.slice(1)))], (values) => {
        const results = inner(values)
        const next = p3 % 3 === 0 && String(typeOfTensor(x).id) === String(typeOfTensor(start[1]!).id) ? [values[1]!, values[0]!] : like(values.slice(0, 2), results)
        return [...next, at(results, p4), at(values, p5)]
      })
      const consts = region.captured
      return [...emit({ kind: 'scan', carry: 2, xs: xs.length, length: n, reverse: p2 % 2 === 0, body: region.program }, [...start, ...xs, ...consts])]
    }
    case 41: {
      const i = iota([1])
      const start = [i, clamp(x), clamp(y)]
      const types = start.map(typeOfTensor)
      const cond = record('test', types, ([c]) => [less(sum(c!), p1 % 4)])
      const region = record('turn', types, ([c, ...rest]) => {
        const next = p3 % 2 === 0 && typeOfTensor(rest[0]!) === typeOfTensor(rest[1]!) ? [rest[1]!, rest[0]!] : like(rest, inner(rest))
        return [add(c!, 1), ...next]
      })
      return emit({ kind: 'while', carry: 3, condConsts: cond.captured.length, cond: cond.program, body: region.program }, [...start, ...cond.captured, ...region.captured]).slice(1)
    }
    case 42: {
      const index = bend(at(pool, p1), [], 'i32')
      const operands = [x, y]
      const types = operands.map(typeOfTensor)
      const branches = [
        (v: readonly Tensor[]) => like(v, inner(v)),
        (v: readonly Tensor[]) => like(v, [v[1]!, v[0]!]),
        (v: readonly Tensor[]) => [...v],
      ]
      // the branches take the same operands: what the first captured goes to all
      const first = record('branch', types, branches[0]!)
      const extra = first.captured.map(typeOfTensor)
      const others = branches.slice(1, 2 + (p2 % 2)).map((f) => record('branch', [...types, ...extra], (v) => f(v.slice(0, 2))))
      if (others.some((other) => other.captured.length > 0)) return []
      return [...emit({ kind: 'cond', branches: [first.program, ...others.map((other) => other.program)] }, [index, ...operands, ...first.captured])]
    }
    default: {
      if (p1 % 4 === 0) return [emit1({ kind: 'mark', role: 'constant', name: '' }, raw)]
      const operands = [raw, y]
      const region = record('region', operands.map(typeOfTensor), (values) => inner(values).filter(isTensor))
      return [...emit({ kind: 'call', name: 'region', body: region.program, fence: p2 % 2 === 0, tag: null }, [...operands, ...region.captured])]
    }
  }
} // biome-ignore format: a table

const conv = (p: readonly number[], a: Tensor, b: Tensor): Tensor[] => {
  const d = (i: number, n: number): number => at(p, i) % n
  const rank = d(1, 3) === 0 ? 1 : d(1, 3)
  const list = (f: (i: number) => number): number[] => Array.from({ length: rank }, (_, i) => f(i))
  const groups = d(2, 3) === 0 ? 2 : 1
  const [n, c, f] = [1 + d(3, 3), groups * (1 + d(4, 4)), groups * (1 + d(5, 5))]
  const space = list((i) => 1 + d(6 + i, 9))
  const window = list((i) => 1 + d(3 + i, 4))
  const strides = list((i) => 1 + d(4 + i, 3))
  const dilation = list((i) => 1 + d(7 + i, 3))
  const padding = list((i) => i).map((i) => [d(5 + i, 4), d(8 + i, 4)] as const)
  const outs = space.map((s, i) => spatialOut(s + padding[i]![0] + padding[i]![1], window[i]!, strides[i]!, dilation[i]!))
  const dtype = a.dtype
  const [X, W, Y] = [[n, c, ...space], [f, c / groups, ...window], [n, f, ...outs]]
  const direction = at(['forward', 'input', 'filter'] as const, p[9]!)
  const [left, right, size] = { forward: [X, W, outs], input: [W, Y, space], filter: [X, Y, window] }[direction]
  return [clamp(emit1({ kind: 'conv', direction, strides, padding, dilation, groups, size: size! }, finite(bend(a, left!, dtype)), finite(bend(b, right!, dtype))))]
} // biome-ignore format: one thought a line

const typeOfInput = ({ shape, dtype }: Fuzz['inputs'][number]): Type =>
  typeOf(dtype < dtypes.length ? dtypes[dtype]! : 'f32', at(shapes, shape))

/** A script as a program. */
export const programOf = ({ inputs, script }: Fuzz, log: (text: string) => void, most: number): Program =>
  record('fuzz', inputs.map(typeOfInput), (given) => play(script, given, log, most)).program

/** Small whole numbers, in some data NaN, infinities and −0 too. */
export const argumentsOf = ({ inputs }: Fuzz): TypedArray[] =>
  inputs.map((input, at) => {
    const { dtype, size } = typeOfInput(input)
    const out = storage(dtype, size)
    for (let i = 0; i < size; i++) {
      const h = Math.imul(i + 17 * at + 3, 2654435761) >>> 8
      const special = input.data === 7 && isFloat(dtype) && h % 5 === 0
      const wide = input.data === 6 && (dtype === 'i32' || dtype === 'u32') && h % 4 === 0
      const v = special
        ? [Number.NaN, Infinity, -Infinity, -0, 0.5][(h >>> 4) % 5]!
        : wide
          ? [2147483647, -2147483648, 4294967295, 65536, -65537][(h >>> 4) % 5]!
          : (h % 9) - (dtype === 'u32' || dtype === 'u8' ? 0 : 4)
      out[i] = dtype === 'bool' ? h & 1 : dtype === 'f16' ? toHalf(v) : v
    }
    return out
  })
