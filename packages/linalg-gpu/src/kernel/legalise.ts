/** A program in which every operation is one that kernels can carry:
 *
 *    f16 contractions                 in f32, cast before and after
 *    a product of vectors             a sum of products, which fuses
 *    a product of a column by a row   a product of elements, which fuses
 *    a large sum to few elements      two sums, so that there are parts to share out; parts depend on sizes alone */

import type { Op, OpOf, ReduceFn } from '../program/op.js'
import type { Eqn, Program } from '../program/program.js'
import { type Type, typeOf, withDType, withShape } from '../program/type.js'
import { type Shape, sizeOf } from '../shape.js'

/** Sums of more elements than this, to fewer results than `fewResults`, are split. */
const manyElements = 65536
const fewResults = 16

/** The divisor of n nearest to 64 from below, but at least 4: how many parts an axis is split into. */
const partsOf = (n: number): number | undefined => {
  for (let parts = Math.min(64, Math.floor(n / 2)); parts >= 4; parts--) if (n % parts === 0) return parts
  return undefined
}

/** Axis lists are ascending: the axes of the first sum, in the split shape, and the one of the second. */
interface Split {
  readonly shape: Shape
  readonly first: readonly number[]
  readonly second: number
}

const splitOf = (x: Type, axes: readonly number[]): Split | undefined => {
  const results = x.size / sizeOf(axes.map((axis) => x.shape[axis]!))
  // a partial sum in f16 would be rounded to it
  if (x.size < manyElements || results >= fewResults || x.dtype === 'f16') return undefined
  for (const axis of axes) {
    const n = x.shape[axis]!
    const parts = n >= 8 && n <= 64 ? n : partsOf(n)
    if (parts === undefined) continue
    const shape = [...x.shape.slice(0, axis), parts, n / parts, ...x.shape.slice(axis + 1)]
    // the part axis stays in the first sum; it moves to the left of what was reduced before it
    const first = axes.map((a) => (a >= axis ? a + 1 : a))
    return { shape, first, second: axis - axes.filter((a) => a < axis).length }
  }
  return undefined
}

/** How many products each element of a matrix product sums. */
export const depthOf = (op: OpOf<'dot'>, x: Type): number => x.shape[op.batch + (op.left === 'plain' ? 1 : 0)]!

export const legalise = (program: Program): Program => {
  const types: Type[] = [...program.types]
  const eqns: Eqn[] = []
  const fresh = (type: Type): number => types.push(type) - 1
  const emit = (op: Op, inputs: readonly number[], type: Type, at: Eqn['at']): number => {
    const out = fresh(type)
    eqns.push({ op, inputs, outputs: [out], at })
    return out
  }
  /** A reduction into a value that is there already, in two where there is much to share out: whether it was split. */
  const reduce = (
    fn: ReduceFn,
    axes: readonly number[],
    x: number,
    outputs: readonly number[],
    at: Eqn['at'],
  ): boolean => {
    const type = types[x]!
    const split = splitOf(type, axes)
    if (split === undefined) {
      eqns.push({ op: { kind: 'reduce', fn, axes }, inputs: [x], outputs, at })
      return false
    }
    const parts = emit({ kind: 'reshape', shape: split.shape }, [x], withShape(type, split.shape), at)
    const kept = split.shape.filter((_, axis) => !split.first.includes(axis))
    const partial = emit({ kind: 'reduce', fn, axes: split.first }, [parts], withShape(type, kept), at)
    eqns.push({ op: { kind: 'reduce', fn, axes: [split.second] }, inputs: [partial], outputs, at })
    return true
  }
  let changed = false
  for (const eqn of program.eqns) {
    const { op, inputs, outputs, at } = eqn
    const type = outputs.length > 0 ? types[outputs[0]!]! : undefined
    const x = inputs.length > 0 ? types[inputs[0]!]! : undefined
    if (op.kind === 'reduce') {
      changed = reduce(op.fn, op.axes, inputs[0]!, outputs, at) || changed
      continue
    }
    if (op.kind === 'dot' || op.kind === 'conv') {
      const f32 = (id: number): number => emit({ kind: 'cast', dtype: 'f32' }, [id], withDType(types[id]!, 'f32'), at)
      if (type!.dtype === 'f16') {
        changed = true
        const wide = emit(op, inputs.map(f32), withDType(type!, 'f32'), at)
        eqns.push({ op: { kind: 'cast', dtype: 'f16' }, inputs: [wide], outputs, at })
        continue
      }
    }
    if (op.kind === 'dot' && type!.shape.slice(op.batch).some((n) => n > 1) && depthOf(op, x!) === 1) {
      changed = true
      const [batch, [m, n]] = [type!.shape.slice(0, op.batch), type!.shape.slice(op.batch) as [number, number]]
      const [column, row] = [withShape(x!, [...batch, m, 1]), withShape(x!, [...batch, 1, n])]
      const a = emit({ kind: 'reshape', shape: column.shape }, [inputs[0]!], column, at)
      const b = emit({ kind: 'reshape', shape: row.shape }, [inputs[1]!], row, at)
      const product = emit({ kind: 'binary', fn: 'mul' }, [a, b], type!, at)
      // a sum begins at 0, also one of a single product that is −0
      const zero = emit({ kind: 'full', value: 0, type: type! }, [], type!, at)
      eqns.push({ op: { kind: 'binary', fn: 'add' }, inputs: [product, zero], outputs, at })
      continue
    }
    if (op.kind === 'dot' && type!.shape[op.batch] === 1 && type!.shape[op.batch + 1] === 1) {
      changed = true
      const row = typeOf(x!.dtype, [...x!.shape.slice(0, op.batch), depthOf(op, x!)])
      const [a, b] = inputs.map((id) => emit({ kind: 'reshape', shape: row.shape }, [id], row, at))
      const product = emit({ kind: 'binary', fn: 'mul' }, [a!, b!], row, at)
      const sum = fresh(withShape(row, row.shape.slice(0, op.batch)))
      reduce('sum', [op.batch], product, [sum], at)
      eqns.push({ op: { kind: 'reshape', shape: type!.shape }, inputs: [sum], outputs, at })
      continue
    }
    eqns.push(eqn)
  }
  return changed ? { ...program, types, eqns } : program
}
