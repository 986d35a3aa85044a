/** Runs a Program equation by equation: the oracle of every other device. Readable first, f64 inside, one rounding at the end of each operation. */

import type { TypedArray } from '../dtype.js'
import { fail, showType } from '../errors.js'
import type { Kind, OpOf } from '../program/op.js'
import { type Eqn, lastUses, outputTypes, type Program } from '../program/program.js'
import { type Type, withDType, withShape } from '../program/type.js'
import { evaluateConstant } from '../run/constant.js'
import { showElements } from '../run/show.js'
import { conv, dot, fold, unfold } from './contraction.js'
import { type Dense, dense, empty, view } from './dense.js'
import { binary, bitcast, cast, compare, polygammaOf, select, test, threefry, unary } from './elementwise.js'
import { fromHalf, toHalf } from './half.js'
import { dynamicSlice, dynamicUpdateSlice, gather, scatterAdd } from './indexing.js'
import { argReduce, argsort, cumsum, reduce } from './reductions.js'
import { broadcast, concatenate, flip, pad, reshape, slice, transpose } from './shape.js'

/** Bytes alive during a run, and what is called after each equation.
 *  What counts are the values of programs, each from the equation that makes it to its last use, a view as the memory that it shows;
 *  not what a kernel needs for itself while it runs (sums in f64, f16 widened to f32). `planOf` foretells the same count. */
export interface Meter {
  bytes: number
  peak: number
  readonly after?: ((eqn: Eqn, inputs: readonly Dense[], results: readonly Dense[]) => void) | undefined
}

type Kernel<K extends Kind> = (
  op: OpOf<K>,
  inputs: readonly Dense[],
  types: readonly Type[],
  meter: Meter,
) => readonly Dense[]

const scan: Kernel<'scan'> = (op, inputs, types, meter) => {
  const constants = inputs.slice(op.carry + op.xs)
  const xs = inputs.slice(op.carry, op.carry + op.xs)
  const ys = types.slice(op.carry).map(empty)
  const yTypes = outputTypes(op.body).slice(op.carry)
  let carry = inputs.slice(0, op.carry)
  for (const x of [...carry, ...ys]) keep(x, meter)
  for (let step = 0; step < op.length; step++) {
    const at = op.reverse ? op.length - 1 - step : step
    const rows = xs.map((x) => {
      const type = withShape(x.type, x.type.shape.slice(1))
      return view(x, type, x.data.subarray(at * type.size, (at + 1) * type.size))
    })
    const outs = run(op.body, [...carry, ...rows, ...constants], meter)
    for (const x of carry) drop(x, meter)
    carry = outs.slice(0, op.carry)
    ys.forEach((y, i) => {
      const out = outs[op.carry + i]!
      y.data.set(out.data, at * yTypes[i]!.size)
      drop(out, meter)
    })
  }
  return handed([...carry, ...ys], meter)
}

const whileLoop: Kernel<'while'> = (op, inputs, _, meter) => {
  let carry = inputs.slice(0, op.carry)
  for (const x of carry) keep(x, meter)
  const forCond = inputs.slice(op.carry, op.carry + op.condConsts)
  const forBody = inputs.slice(op.carry + op.condConsts)
  for (;;) {
    const [flag] = run(op.cond, [...carry, ...forCond], meter)
    const more = flag!.data[0] !== 0
    drop(flag!, meter)
    if (!more) break
    const outs = run(op.body, [...carry, ...forBody], meter)
    for (const x of carry) drop(x, meter)
    carry = outs.slice()
  }
  return handed(carry, meter)
}

/** The results of a sub-program, handed over to the equation that ran it, which will hold them itself. */
const handed = (outs: readonly Dense[], meter: Meter): readonly Dense[] => {
  for (const out of outs) drop(out, meter)
  return outs
}

const kernels: { readonly [K in Kind]: Kernel<K> } = {
  full: (op) => [dense(op.type, evaluateConstant(op))],
  iota: (op) => [dense(op.type, evaluateConstant(op))],
  cast, bitcast, unary, test, polygamma: polygammaOf, binary, compare, select, threefry,
  reduce, argReduce, cumsum, argsort,
  reshape, transpose, broadcast, slice, pad, concatenate, flip,
  dot, conv, unfold, fold,
  gather, scatterAdd, dynamicSlice, dynamicUpdateSlice,
  custom: ({ kernel }, inputs, outputs) => {
    const results = outputs.map(empty)
    const data = (xs: readonly Dense[]): TypedArray[] => xs.map((x) => x.data)
    kernel.oracle(data(inputs), data(results), { inputs: inputs.map((x) => x.type), outputs })
    return results
  },
  scan,
  while: whileLoop,
  cond: (op, [index, ...operands], _, meter) => {
    const at = Math.max(0, Math.min(op.branches.length - 1, index!.data[0]!))
    return handed(run(op.branches[at]!, operands, meter), meter)
  },
  call: (op, inputs, _, meter) => handed(run(op.body, inputs, meter), meter),
  opaque: (op) => fail(op.name, op.why),
  mark: (_, [x]) => [x!],
  print: (op, [x]) => {
    const data = x!.type.dtype === 'f16' ? Float32Array.from(x!.data, fromHalf) : x!.data
    op.sink(`${op.label} ${showType(x!.type)} ${showElements(x!.type, data)}`)
    return []
  },
} // biome-ignore format: a table by family

// these compute on f32 and round; all others only move elements, and leave f16 bits as they are
const computes = new Set<Kind>([
  'cast', 'unary', 'test', 'polygamma', 'binary', 'compare', 'threefry', 'reduce', 'argReduce', 'cumsum', 'argsort',
  'dot', 'conv', 'fold', 'scatterAdd', 'custom',
]) // biome-ignore format: a list by family

const widen = (x: Dense): Dense =>
  x.type.dtype === 'f16' ? dense(withDType(x.type, 'f32'), Float32Array.from(x.data, fromHalf)) : x
const narrow = (x: Dense, type: Type): Dense =>
  type.dtype === 'f16' ? dense(type, Uint16Array.from(x.data, toHalf)) : x
const wide = (type: Type): Type => (type.dtype === 'f16' ? withDType(type, 'f32') : type)

const apply = (eqn: Eqn, inputs: readonly Dense[], types: readonly Type[], meter: Meter): readonly Dense[] => {
  const kernel = kernels[eqn.op.kind] as Kernel<Kind>
  const half = (x: { readonly dtype: string }): boolean => x.dtype === 'f16'
  if (!computes.has(eqn.op.kind) || !(types.some(half) || inputs.some((x) => half(x.type))))
    return kernel(eqn.op as never, inputs, types, meter)
  // by way of an f32 an f64 just off a tie would be rounded twice
  if (eqn.op.kind === 'cast' && types[0]!.dtype === 'f16') return [narrow(widen(inputs[0]!), types[0]!)]
  return kernel(eqn.op as never, inputs.map(widen), types.map(wide), meter).map((x, i) => narrow(x, types[i]!))
}

const keep = (x: Dense, meter: Meter): void => {
  if (x.owner.uses++ === 0) {
    meter.bytes += x.owner.bytes
    meter.peak = Math.max(meter.peak, meter.bytes)
  }
}

const drop = (x: Dense, meter: Meter): void => {
  if (--x.owner.uses === 0) meter.bytes -= x.owner.bytes
}

/** The program's results, each held once for the caller; inputs are held by the caller throughout. */
export const run = (program: Program, inputs: readonly Dense[], meter: Meter): readonly Dense[] => {
  const values = new Array<Dense | undefined>(program.types.length)
  const last = lastUses(program)
  const end = program.eqns.length
  program.inputs.forEach((id, i) => {
    values[id] = inputs[i]!
    keep(inputs[i]!, meter)
    if (last[id] === -1) drop(inputs[i]!, meter)
  })
  for (let at = 0; at < end; at++) {
    const eqn = program.eqns[at]!
    const operands = eqn.inputs.map((id) => values[id]!)
    const results = apply(
      eqn,
      operands,
      eqn.outputs.map((id) => program.types[id]!),
      meter,
    )
    for (const x of results) keep(x, meter)
    meter.after?.(eqn, operands, results)
    eqn.outputs.forEach((id, i) => {
      values[id] = results[i]!
      if (last[id] === -1) drop(results[i]!, meter)
    })
    for (const id of new Set(eqn.inputs))
      if (last[id] === at) {
        drop(values[id]!, meter)
        values[id] = undefined
      }
  }
  const outs = program.outputs.map((id) => values[id]!)
  // one hold for each output, instead of one for each value
  for (const out of outs) keep(out, meter)
  for (const id of new Set(program.outputs)) drop(values[id]!, meter)
  return outs
}
