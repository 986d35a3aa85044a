/** Recording a function as a Program.
 *
 *  The innermost open trace records every operation, whatever its operands: an operand from outside becomes a captured input.
 *  So closures over outer values just work, and two derivatives of one variable cannot be confused, since each has a trace of its own. */

import { fail, showType } from '../errors.js'
import { infer } from '../program/infer.js'
import type { Op } from '../program/op.js'
import type { Eqn, Program } from '../program/program.js'
import type { Type } from '../program/type.js'
import { context } from './context.js'
import { frames, userLine } from './location.js'
import { madeAt, type Tensor, TensorValue, valueOf } from './tensor.js'

export interface Trace {
  readonly name: string
  readonly parent: Trace | null
  readonly types: Type[]
  readonly inputs: number[]
  readonly eqns: Eqn[]
  /** The values from outside, in the order of the inputs that stand for them. */
  readonly captured: TensorValue[]
  /** The value that stands here for a tensor from outside. */
  readonly outside: Map<TensorValue, number>
  readonly literals: Map<Type, Map<number, TensorValue>>
  /** Why a traced value from outside is refused, for custom rules; else undefined. */
  readonly sealed: string | undefined
  /** The stack where the outermost trace around it began, for messages. */
  readonly begun: Error
  open: boolean
}

export interface Recorded {
  readonly program: Program
  readonly captured: readonly Tensor[]
}

/** Records `f` on inputs of the given types; the program's inputs are those, then what `f` captured. */
export const record = (
  name: string,
  types: readonly Type[],
  f: (inputs: readonly Tensor[]) => readonly Tensor[],
  sealed?: string,
): Recorded => {
  const trace: Trace = {
    name, parent: context.trace, types: [], inputs: [], eqns: [], captured: [], outside: new Map(), literals: new Map(), sealed,
    // taken once for all traces within one another: a stack costs as much as some ten equations
    begun: context.trace?.begun ?? frames(), open: true,
  } // biome-ignore format: one line a thought
  context.trace = trace
  try {
    const outs = f(types.map((type) => input(trace, type)))
    if (!Array.isArray(outs)) fail(name, 'returned no list of tensors.')
    const outputs = outs.map((x) => lift(trace, valueOf(name, x)))
    const program = { name, types: trace.types, inputs: trace.inputs, eqns: trace.eqns, outputs }
    return { program: context.checks?.program(program) ?? program, captured: trace.captured }
  } finally {
    trace.open = false
    context.trace = trace.parent
  }
}

const input = (trace: Trace, type: Type): TensorValue => {
  const id = trace.types.length
  trace.types.push(type)
  trace.inputs.push(id)
  return new TensorValue(type, trace, id, null, null)
}

/** The value of `trace` that stands for `x`. */
const lift = (trace: Trace, x: TensorValue): number => {
  if (x.trace === trace) return x.id
  const known = trace.outside.get(x)
  if (known !== undefined) return known
  // rules are recorded when they are needed, so that the trace around their function may have ended by then
  const rule = x.trace === null ? undefined : sealedBetween(x.trace, trace)
  if (rule !== undefined)
    fail(rule.name, `uses ${showType(x.type)} of the enclosing trace ${x.trace!.name}: ${rule.sealed}`)
  if (x.trace !== null && !x.trace.open)
    fail(
      trace.name,
      `got a value of ${showType(x.type)} that was made while ${x.trace.name} was traced${madeAt(x.trace)}, and that trace has ended. Return it from the function (grad and friends: as an auxiliary output) instead of keeping it in a variable.`,
    )
  let id: number
  if (x.constant !== null) id = append(trace, x.constant, [], [x.type])[0]!.id
  else {
    if (x.trace !== null && !encloses(x.trace, trace))
      fail(trace.name, `got ${showType(x.type)} of ${x.trace.name}, a trace inside it that has not ended.`)
    if (x.trace === null && x.buffer === null) fail(trace.name, `got ${showType(x.type)}, which was disposed.`)
    id = input(trace, x.type).id
    trace.captured.push(x)
  }
  trace.outside.set(x, id)
  return id
}

/** The innermost sealed trace around `inner` (or itself) that `outer` is not part of. */
const sealedBetween = (outer: Trace, inner: Trace): Trace | undefined => {
  for (let at: Trace | null = inner; at !== null && at !== outer; at = at.parent)
    if (at.sealed !== undefined && !encloses(at, outer)) return at
  return undefined
}

const encloses = (outer: Trace, inner: Trace): boolean =>
  inner.parent !== null && (inner.parent === outer || encloses(outer, inner.parent))

const append = (
  trace: Trace,
  op: Op,
  inputs: readonly number[],
  types: readonly Type[],
  at: string | undefined = context.line ?? placeOf(),
): TensorValue[] => {
  const outputs = new Array<number>(types.length)
  const values = new Array<TensorValue>(types.length)
  for (let i = 0; i < types.length; i++) {
    const id = trace.types.length
    trace.types.push(types[i]!)
    outputs[i] = id
    values[i] = new TensorValue(types[i]!, trace, id, null, null)
  }
  trace.eqns.push(at === undefined ? { op, inputs, outputs } : { op, inputs, outputs, at })
  return values
}

/** Where an equation comes from: the region that is open, the user's line where the trace keeps lines. */
const placeOf = (): string | undefined => {
  const { region, locating } = context
  if (!locating) return region
  const line = userLine()
  return region === undefined ? line : `${region}, ${line}`
}

/** Appends an operation to the open trace. */
export const appendTo = (trace: Trace, op: Op, inputs: readonly Tensor[]): TensorValue[] => {
  const n = inputs.length
  const ids = new Array<number>(n)
  const types = new Array<Type>(n)
  for (let i = 0; i < n; i++) {
    const x = inputs[i] as TensorValue
    ids[i] = x.trace === trace ? x.id : lift(trace, x)
    types[i] = x.type
  }
  return append(trace, op, ids, infer(op, types))
}

/** Appends all equations of a program to the open trace; its types are known, so the shape rules are not asked again. */
export const inlineInto = (trace: Trace, program: Program, inputs: readonly Tensor[]): TensorValue[] => {
  const values = new Array<TensorValue>(program.types.length)
  program.inputs.forEach((id, i) => {
    values[id] = valueOf(program.name, inputs[i])
  })
  for (const eqn of program.eqns) {
    const outs = append(
      trace,
      eqn.op,
      eqn.inputs.map((id) => lift(trace, values[id]!)),
      eqn.outputs.map((id) => program.types[id]!),
      eqn.at,
    )
    eqn.outputs.forEach((id, i) => {
      values[id] = outs[i]!
    })
  }
  return program.outputs.map((id) => values[id]!)
}

/** Runs `f` with its operations recorded one trace further out: for transforms that write two programs at once. */
export const inParent = <R>(f: () => R): R => {
  const inner = context.trace
  if (inner === null || inner.parent === null) return fail('inParent', 'there is no enclosing trace.')
  context.trace = inner.parent
  try {
    return f()
  } finally {
    context.trace = inner
  }
}

/** A scalar constant of the dtype: one equation for all its uses in a trace, symbolic outside. */
export const literal = (value: number, type: Type): TensorValue => {
  const trace = context.trace
  if (trace === null) return new TensorValue(type, null, -1, { kind: 'full', value, type }, null)
  let table = trace.literals.get(type)
  if (table === undefined) trace.literals.set(type, (table = new Map()))
  let known = table.get(value)
  // −0 and 0 are one key of a Map
  if (known === undefined || Object.is(value, -0)) {
    known = append(trace, { kind: 'full', value, type }, [], [type])[0]!
    if (!Object.is(value, -0)) table.set(value, known)
  }
  return known
}

export const constant = (op: Op, type: Type): TensorValue =>
  context.trace === null ? new TensorValue(type, null, -1, op, null) : append(context.trace, op, [], [type])[0]!

/** A constant composed of operations: recorded into the open trace; outside, symbolic, and made on the device that first needs it. */
export const symbolic = (name: string, make: () => Tensor): Tensor => {
  if (context.trace !== null) return make()
  const { program } = record(name, [], () => [make()])
  return new TensorValue(
    program.types[program.outputs[0]!]!,
    null,
    -1,
    { kind: 'call', name, body: program, fence: false, tag: null },
    null,
  )
}
