/** Loops: what a step computes from constants alone is computed once before, what never changes is no carry,
 *  and what is stacked or read twice is stacked and read once.
 *  Work leaves loop bodies only, never a branch or a fence. */

import { bodiesOf, type Op, type OpOf } from '../program/op.js'
import type { Eqn, Program } from '../program/program.js'
import type { Type } from '../program/type.js'
import { prune } from './prune.js'
import { hasEffect, rewrite } from './rewrite.js'

/** Cheaper to repeat than to keep: they stay inside. */
const cheap = new Set<Op['kind']>([
  'full',
  'iota',
  'reshape',
  'broadcast',
  'transpose',
  'slice',
  'flip',
  'cast',
  'mark',
])

/** What must not run before its loop is sure to: effects, and operations that only say why they cannot run. */
const stays = (op: Op): boolean =>
  op.kind === 'opaque' || hasEffect(op) || bodiesOf(op).some((body) => body.eqns.some((eqn) => stays(eqn.op)))

/** Whether it may run for ever: where a loop may make no step, it waits for the first. */
const endless = (op: Op): boolean =>
  op.kind === 'while' || bodiesOf(op).some((body) => body.eqns.some((eqn) => endless(eqn.op)))

interface Hoisted {
  readonly body: Program
  /** Equations to run before the loop, over the numbering of `types`. */
  readonly before: readonly Eqn[]
  readonly types: readonly Type[]
  /** The new constants, in that numbering, in the order in which the body takes them. */
  readonly constants: readonly number[]
}

/** Splits off a body's equations that depend on the constants (its inputs from `firstConstant` on) alone. `certain` says that the body runs at least once. */
const split = (body: Program, firstConstant: number, certain: boolean): Hoisted | undefined => {
  const fixed = new Uint8Array(body.types.length)
  body.inputs.forEach((id, i) => {
    if (i >= firstConstant) fixed[id] = 1
  })
  const invariant = body.eqns.map((eqn) => {
    const yes = eqn.inputs.every((id) => fixed[id] === 1) && !stays(eqn.op) && (certain || !endless(eqn.op))
    if (yes) for (const id of eqn.outputs) fixed[id] = 1
    return yes
  })
  // results of dear invariant equations that something staying inside reads
  const dear = body.eqns.filter((eqn, i) => invariant[i] && !cheap.has(eqn.op.kind))
  if (dear.length === 0) return undefined
  const made = new Set(dear.flatMap((eqn) => eqn.outputs))
  const constants = new Set<number>()
  body.eqns.forEach((eqn, i) => {
    if (!invariant[i] || cheap.has(eqn.op.kind)) for (const id of eqn.inputs) if (made.has(id)) constants.add(id)
  })
  for (const id of body.outputs) if (made.has(id)) constants.add(id)
  const inside = body.eqns.filter((eqn, i) => !invariant[i] || cheap.has(eqn.op.kind))
  const before = body.eqns.filter((_, i) => invariant[i])
  const list = [...constants]
  return {
    body: { ...body, inputs: [...body.inputs, ...list], eqns: inside },
    before,
    types: body.types,
    constants: list,
  }
}

interface Out {
  readonly types: Type[]
  readonly eqns: Eqn[]
}

/** Places hoisted equations before the loop; returns the operands for the new constants. */
const place = (out: Out, hoisted: Hoisted, bodyInputs: readonly number[], operands: readonly number[]): number[] => {
  const here = new Map<number, number>()
  bodyInputs.forEach((id, i) => {
    here.set(id, operands[i]!)
  })
  for (const eqn of hoisted.before) {
    const outputs = eqn.outputs.map((id) => {
      const at = out.types.push(hoisted.types[id]!) - 1
      here.set(id, at)
      return at
    })
    out.eqns.push({ ...eqn, inputs: eqn.inputs.map((id) => here.get(id)!), outputs })
  }
  return hoisted.constants.map((id) => here.get(id)!)
}

/** A carry that each step returns as it got it is a constant; its final value is its first. */
const fixedCarries = (body: Program, carry: number): boolean[] =>
  Array.from({ length: carry }, (_, i) => body.outputs[i] === body.inputs[i])

const scanOut = (out: Out, eqn: Eqn, op: OpOf<'scan'>, rename: Map<number, number>): void => {
  const fixed = fixedCarries(op.body, op.carry)
  const moving = fixed.map((f) => !f)
  const n = moving.filter(Boolean).length
  const order = <T>(list: readonly T[]): T[] => [
    ...list.filter((_, i) => i < op.carry && moving[i]),
    ...list.slice(op.carry, op.carry + op.xs),
    ...list.slice(op.carry + op.xs),
    ...list.filter((_, i) => i < op.carry && fixed[i]),
  ]
  eqn.outputs.forEach((id, i) => {
    if (i < op.carry && fixed[i]) rename.set(id, eqn.inputs[i]!)
  })
  const moved: Program = {
    ...op.body,
    inputs: order(op.body.inputs),
    outputs: op.body.outputs.filter((_, i) => i >= op.carry || moving[i]),
  }
  const { body, operands: inputs, xs } = readOnce(moved, order(eqn.inputs), n, op.xs)
  const outputs = eqn.outputs.filter((_, i) => i >= op.carry || moving[i])
  // what a step stacks twice is stacked once
  const first = (i: number): number => (i < n ? i : body.outputs.indexOf(body.outputs[i]!, n))
  outputs.forEach((id, i) => {
    if (first(i) !== i) rename.set(id, outputs[first(i)]!)
  })
  const stacked: Program = { ...body, outputs: body.outputs.filter((_, i) => first(i) === i) }
  const hoisted = split(stacked, n + xs, op.length > 0)
  const extra = hoisted === undefined ? [] : place(out, hoisted, stacked.inputs, inputs)
  out.eqns.push({
    ...eqn,
    op: { ...op, carry: n, xs, body: hoisted?.body ?? stacked },
    inputs: [...inputs, ...extra],
    outputs: outputs.filter((_, i) => first(i) === i),
  })
}

/** A scan's body that takes each of its rows and constants once, where the same operand was handed to it several times. */
const readOnce = (
  body: Program,
  operands: readonly number[],
  carry: number,
  xs: number,
): { readonly body: Program; readonly operands: readonly number[]; readonly xs: number } => {
  const from = (i: number): number =>
    i < carry ? i : operands.indexOf(operands[i]!, i < carry + xs ? carry : carry + xs)
  const again = new Map<number, number>()
  operands.forEach((_, i) => {
    if (from(i) !== i) again.set(body.inputs[i]!, body.inputs[from(i)]!)
  })
  if (again.size === 0) return { body, operands, xs }
  const now = (id: number): number => again.get(id) ?? id
  const kept = (_: number, i: number): boolean => from(i) === i
  const merged: Program = {
    ...body,
    inputs: body.inputs.filter(kept),
    eqns: body.eqns.map((eqn) => ({ ...eqn, inputs: eqn.inputs.map(now) })),
    outputs: body.outputs.map(now),
  }
  return {
    body: prune(rewrite(merged)),
    operands: operands.filter(kept),
    xs: operands.slice(carry, carry + xs).filter((_, i) => from(carry + i) === carry + i).length,
  }
}

const whileOut = (out: Out, old: Eqn, loop: OpOf<'while'>, rename: Map<number, number>): void => {
  const { eqn, op } = unfixed(old, loop, rename)
  const { carry, condConsts } = op
  const [start, forCond, forBody] = [
    eqn.inputs.slice(0, carry),
    eqn.inputs.slice(carry, carry + condConsts),
    eqn.inputs.slice(carry + condConsts),
  ]
  const inCond = split(op.cond, carry, true)
  const inBody = split(op.body, carry, false)
  const moreCond = inCond === undefined ? [] : place(out, inCond, op.cond.inputs, [...start, ...forCond])
  const moreBody = inBody === undefined ? [] : place(out, inBody, op.body.inputs, [...start, ...forBody])
  const next: Op = {
    ...op,
    condConsts: condConsts + moreCond.length,
    cond: inCond?.body ?? op.cond,
    body: inBody?.body ?? op.body,
  }
  out.eqns.push({ ...eqn, op: next, inputs: [...start, ...forCond, ...moreCond, ...forBody, ...moreBody] })
}

/** A while loop whose fixed carries are constants of its condition and of its body. */
const unfixed = (
  eqn: Eqn,
  op: OpOf<'while'>,
  rename: Map<number, number>,
): { readonly eqn: Eqn; readonly op: OpOf<'while'> } => {
  const fixed = fixedCarries(op.body, op.carry)
  if (!fixed.includes(true)) return { eqn, op }
  const [moving, still] = [fixed.map((f) => !f), fixed] as const
  const pick = <T>(list: readonly T[], wanted: readonly boolean[]): T[] =>
    list.filter((_, i) => i < op.carry && wanted[i])
  const order = <T>(list: readonly T[]): T[] => [...pick(list, moving), ...list.slice(op.carry), ...pick(list, still)]
  eqn.outputs.forEach((id, i) => {
    if (fixed[i]) rename.set(id, eqn.inputs[i]!)
  })
  const start = pick(eqn.inputs, still)
  const next: OpOf<'while'> = {
    ...op,
    carry: op.carry - start.length,
    condConsts: op.condConsts + start.length,
    cond: { ...op.cond, inputs: order(op.cond.inputs) },
    body: { ...op.body, inputs: order(op.body.inputs), outputs: pick(op.body.outputs, moving) },
  }
  const constants = op.carry + op.condConsts
  const inputs = [
    ...pick(eqn.inputs, moving),
    ...eqn.inputs.slice(op.carry, constants),
    ...start,
    ...eqn.inputs.slice(constants),
    ...start,
  ]
  return { eqn: { ...eqn, inputs, outputs: pick(eqn.outputs, moving) }, op: next }
}

/** The program with invariant work moved in front of its loops (those at its top level; bodies have had their turn). */
export const hoist = (program: Program): Program => {
  if (!program.eqns.some((eqn) => eqn.op.kind === 'scan' || eqn.op.kind === 'while')) return program
  const out: Out = { types: [...program.types], eqns: [] }
  const rename = new Map<number, number>()
  const now = (id: number): number => rename.get(id) ?? id
  for (const old of program.eqns) {
    const eqn = { ...old, inputs: old.inputs.map(now) }
    if (eqn.op.kind === 'scan') scanOut(out, eqn, eqn.op, rename)
    else if (eqn.op.kind === 'while') whileOut(out, eqn, eqn.op, rename)
    else out.eqns.push(eqn)
  }
  return { ...program, types: out.types, eqns: out.eqns, outputs: program.outputs.map(now) }
}
