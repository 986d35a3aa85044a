/** One walk forward through a program: constants are folded, views of views joined, common subexpressions merged, plain calls inlined. */

import { isFloat } from '../dtype.js'
import { dense } from '../plain/dense.js'
import { run } from '../plain/executor.js'
import { fromHalf } from '../plain/half.js'
import { bodiesOf, type Op } from '../program/op.js'
import type { Eqn, Program } from '../program/program.js'
import { type Type, typeOf, withShape } from '../program/type.js'
import { evaluateConstant } from '../run/constant.js'
import { hashEqn, sameOp } from './same.js'

interface Builder {
  readonly types: Type[]
  readonly eqns: Eqn[]
  /** The equation that defines a value. */
  readonly defined: (Eqn | undefined)[]
  /** The latest equation of a hash, and for each equation the one before it of the same hash: places in `eqns`, −1 for none. */
  readonly latest: Map<number, number>
  readonly before: number[]
}

const fresh = (b: Builder, type: Type): number => {
  b.defined.push(undefined)
  return b.types.push(type) - 1
}

/** Operations that must stay in place, each for itself. */
export const hasEffect = (op: Op): boolean =>
  op.kind === 'print' || bodiesOf(op).some((body) => body.eqns.some((eqn) => hasEffect(eqn.op)))

const commutes = new Set(['add', 'mul', 'max', 'min', 'and', 'or', 'xor', 'eq', 'ne'])

const ordered = (op: Op, inputs: readonly number[]): readonly number[] =>
  (op.kind === 'binary' || op.kind === 'compare') && inputs[0]! > inputs[1]! && commutes.has(op.fn)
    ? [inputs[1]!, inputs[0]!]
    : inputs

/** Appends an equation, or finds the one that says the same. */
const add = (
  b: Builder,
  op: Op,
  inputs: readonly number[],
  types: readonly Type[],
  at: string | undefined,
): readonly number[] => {
  const keyed = ordered(op, inputs)
  const hash = hashEqn(op, keyed)
  const latest = b.latest.get(hash) ?? -1
  if (!hasEffect(op))
    for (let i = latest; i >= 0; i = b.before[i]!) if (says(b, b.eqns[i]!, op, keyed, types)) return b.eqns[i]!.outputs
  const outputs = types.map((type) => fresh(b, type))
  const eqn: Eqn = at === undefined ? { op, inputs, outputs } : { op, inputs, outputs, at }
  b.latest.set(hash, b.eqns.push(eqn) - 1)
  b.before.push(latest)
  for (const id of outputs) b.defined[id] = eqn
  return outputs
}

/** Whether an equation is this operation on these operands (in order, where it commutes). */
const says = (b: Builder, eqn: Eqn, op: Op, keyed: readonly number[], types: readonly Type[]): boolean => {
  const others = ordered(eqn.op, eqn.inputs)
  return (
    others.length === keyed.length &&
    keyed.every((id, i) => id === others[i]) &&
    sameOp(eqn.op, op) &&
    eqn.outputs.every((id, i) => b.types[id] === types[i])
  )
}

/** The one value of all elements, where it is known. */
const uniform = (b: Builder, id: number): number | undefined => {
  const op = b.defined[id]?.op
  return op?.kind === 'full' ? op.value : undefined
}

const full = (b: Builder, value: number, type: Type): number =>
  add(b, { kind: 'full', value, type }, [], [type], undefined)[0]!

const foldable = new Set<Op['kind']>(['cast', 'unary', 'test', 'polygamma', 'binary', 'compare', 'select'])

/** An elementwise operation on constants, computed once by the oracle. */
const folded = (op: Op, values: readonly number[], inputs: readonly Type[], type: Type): number => {
  const scalars = inputs.map((t) => typeOf(t.dtype, []))
  const out = typeOf(type.dtype, [])
  const n = scalars.length
  const program: Program = {
    name: 'fold',
    types: [...scalars, out],
    inputs: scalars.map((_, i) => i),
    eqns: [{ op, inputs: scalars.map((_, i) => i), outputs: [n] }],
    outputs: [n],
  }
  const [result] = run(
    program,
    scalars.map((t, i) => dense(t, evaluateConstant({ kind: 'full', value: values[i]!, type: t }))),
    { bytes: 0, peak: 0 },
  )
  return out.dtype === 'f16' ? fromHalf(result!.data[0]!) : result!.data[0]!
}

const identity = (perm: readonly number[]): boolean => perm.every((axis, i) => axis === i)

/** The last two exchanged. */
const swapped = (list: readonly number[]): number[] => [...list.slice(0, -2), ...list.slice(-2).reverse()]

/** The value that an equation's single result equals, if a law says so; else undefined. */
const known = (b: Builder, op: Op, x: readonly number[], type: Type, at: string | undefined): number | undefined => {
  const [p, q] = x as [number, number]
  const same = (id: number): number | undefined => (b.types[id] === type ? id : undefined)
  const from = x.length > 0 ? b.defined[p] : undefined
  const again = (next: Op, inputs: readonly number[]): number => rewritten(b, next, inputs, [type], at)[0]!
  switch (op.kind) {
    case 'mark':
      return p
    case 'cast':
      return same(p)
    case 'unary':
      return op.fn === 'neg' && from?.op.kind === 'unary' && from.op.fn === 'neg' ? from.inputs[0] : undefined
    case 'binary': {
      const [u, v] = [uniform(b, p), uniform(b, q)]
      if (op.fn === 'add') return v === 0 ? same(p) : u === 0 ? same(q) : undefined
      if (op.fn === 'sub') return v === 0 ? same(p) : undefined
      if (op.fn === 'mul') {
        if (v === 1) return same(p)
        if (u === 1) return same(q)
        // 0 · x is 0 only where x is finite: integers alone
        return (u === 0 || v === 0) && !isFloat(type.dtype) ? full(b, 0, type) : undefined
      }
      if (op.fn === 'div' || op.fn === 'quot') return v === 1 ? same(p) : undefined
      if (op.fn === 'pow') {
        if (v === 1) return same(p)
        if (v === 2 && b.types[p] === type) return again({ kind: 'unary', fn: 'square' }, [p])
        return v === 0 ? full(b, 1, type) : undefined
      }
      return undefined
    }
    case 'select': {
      const c = uniform(b, p)
      const [, yes, no] = x as [number, number, number]
      if (yes === no) return same(yes)
      return c === undefined ? undefined : same(c !== 0 ? yes : no)
    }
    case 'reshape': {
      if (b.types[p] === type) return p
      if (from?.op.kind === 'reshape') return again(op, from.inputs)
      return uniform(b, p) !== undefined ? full(b, uniform(b, p)!, type) : undefined
    }
    case 'transpose': {
      if (identity(op.perm)) return p
      if (from?.op.kind === 'transpose') {
        const { perm } = from.op
        return again({ kind: 'transpose', perm: op.perm.map((axis) => perm[axis]!) }, from.inputs)
      }
      return uniform(b, p) !== undefined ? full(b, uniform(b, p)!, type) : undefined
    }
    case 'broadcast':
      if (op.axes.length === 0) return p
      if (from?.op.kind === 'broadcast') {
        // axes new in the inner one, at their places among the axes kept by the outer one
        const kept = op.shape.map((_, i) => i).filter((i) => !op.axes.includes(i))
        return again(
          {
            kind: 'broadcast',
            shape: op.shape,
            axes: [...op.axes, ...from.op.axes.map((axis) => kept[axis]!)].sort((i, j) => i - j),
          },
          from.inputs,
        )
      }
      return uniform(b, p) !== undefined ? full(b, uniform(b, p)!, type) : undefined
    case 'slice':
      if (b.types[p] === type) return p
      return uniform(b, p) !== undefined ? full(b, uniform(b, p)!, type) : undefined
    case 'flip':
      if (op.axes.every((axis) => type.shape[axis]! <= 1)) return p
      return uniform(b, p) !== undefined ? full(b, uniform(b, p)!, type) : undefined
    case 'pad':
      return b.types[p] === type ? p : uniform(b, p) === op.value ? full(b, op.value, type) : undefined
    case 'concatenate':
      return x.length === 1 ? p : undefined
    case 'reduce':
      if (op.axes.length === 0) return p
      if (op.axes.every((axis) => b.types[p]!.shape[axis] === 1))
        return again({ kind: 'reshape', shape: type.shape }, [p])
      return op.fn === 'sum' && uniform(b, p) === 0 ? full(b, 0, type) : undefined
    case 'cumsum':
      return type.shape[op.axis]! <= 1 ? p : undefined
    case 'dot': {
      const [left, right] = [straight(b, p, at), straight(b, q, at)]
      return left === undefined && right === undefined
        ? undefined
        : again(
            {
              ...op,
              left: left === undefined ? op.left : op.left === 'plain' ? 'transposed' : 'plain',
              right: right === undefined ? op.right : op.right === 'plain' ? 'transposed' : 'plain',
            },
            [left ?? p, right ?? q],
          )
    }
    default:
      return undefined
  }
}

/** A transposed operand of a product with its last two axes exchanged, where they stand in falling order: the product exchanges them itself.
 *  So a matrix and its transpose share what is left to transpose, which is often nothing. */
const straight = (b: Builder, id: number, at: string | undefined): number | undefined => {
  const from = b.defined[id]
  if (from?.op.kind !== 'transpose') return undefined
  const perm = from.op.perm
  if (perm[perm.length - 1]! > perm[perm.length - 2]!) return undefined
  const type = withShape(b.types[id]!, swapped(b.types[id]!.shape))
  return rewritten(b, { kind: 'transpose', perm: swapped(perm) }, from.inputs, [type], at)[0]!
}

const rewritten = (
  b: Builder,
  op: Op,
  inputs: readonly number[],
  types: readonly Type[],
  at: string | undefined,
): readonly number[] => {
  if (types.length === 1) {
    const law = known(b, op, inputs, types[0]!, at)
    if (law !== undefined) return [law]
    if (foldable.has(op.kind) && inputs.every((id) => uniform(b, id) !== undefined)) {
      const value = folded(
        op,
        inputs.map((id) => uniform(b, id)!),
        inputs.map((id) => b.types[id]!),
        types[0]!,
      )
      return [full(b, value, types[0]!)]
    }
  }
  if (op.kind === 'cond') {
    const index = uniform(b, inputs[0]!)
    if (index !== undefined)
      return walk(b, op.branches[Math.max(0, Math.min(op.branches.length - 1, index))]!, inputs.slice(1))
  }
  return add(b, op, inputs, types, at)
}

/** Rewrites a program's equations into the builder; returns its outputs there. */
const walk = (b: Builder, program: Program, inputs: readonly number[]): readonly number[] => {
  const here = new Int32Array(program.types.length).fill(-1)
  program.inputs.forEach((id, i) => {
    here[id] = inputs[i]!
  })
  for (const eqn of program.eqns) {
    const operands = eqn.inputs.map((id) => here[id]!)
    const { op } = eqn
    const outs =
      op.kind === 'call' && !op.fence
        ? walk(b, op.body, operands)
        : rewritten(
            b,
            op,
            operands,
            eqn.outputs.map((id) => program.types[id]!),
            eqn.at,
          )
    for (let i = 0; i < outs.length; i++) here[eqn.outputs[i]!] = outs[i]!
  }
  return program.outputs.map((id) => here[id]!)
}

export const rewrite = (program: Program): Program => {
  const b: Builder = { types: [], eqns: [], defined: [], latest: new Map(), before: [] }
  const inputs = program.inputs.map((id) => fresh(b, program.types[id]!))
  const outputs = walk(b, program, inputs)
  return { name: program.name, types: b.types, inputs, eqns: b.eqns, outputs }
}
