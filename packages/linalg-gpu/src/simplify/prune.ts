/** Dead work: equations whose results nobody reads, and inside loops, branches and fences the carries, outputs and operands that nobody needs. */

import { bodiesOf, type Op, type OpOf } from '../program/op.js'
import type { Eqn, Program } from '../program/program.js'
import { hasEffect } from './rewrite.js'

const isRead = (eqn: Eqn, live: Uint8Array): boolean => {
  for (const id of eqn.outputs) if (live[id] === 1) return true
  return false
}

/** Which inputs a program needs for some of its outputs. */
const neededInputs = (program: Program, wanted: readonly boolean[]): boolean[] => {
  const live = new Uint8Array(program.types.length)
  program.outputs.forEach((id, i) => {
    if (wanted[i]) live[id] = 1
  })
  for (let at = program.eqns.length - 1; at >= 0; at--) {
    const eqn = program.eqns[at]!
    if (isRead(eqn, live) || hasEffect(eqn.op)) for (const id of eqn.inputs) live[id] = 1
  }
  return program.inputs.map((id) => live[id] === 1)
}

const pick = <T>(list: readonly T[], wanted: readonly boolean[]): T[] => list.filter((_, i) => wanted[i])

/** A program of some outputs and some inputs (which must include all that are needed), without dead equations. */
const restricted = (program: Program, outputs: readonly boolean[], inputs: readonly boolean[]): Program =>
  prune({ ...program, inputs: pick(program.inputs, inputs), outputs: pick(program.outputs, outputs) })

/** An equation with only the results that are wanted, where its kind allows it. */
const narrowed = (eqn: Eqn, wanted: readonly boolean[]): Eqn => {
  const ids = new Set(pick(eqn.outputs, wanted))
  for (let now = eqn, round = 0; ; round++) {
    const next = narrowedOnce(
      now,
      now.outputs.map((id) => ids.has(id)),
    )
    // what an inner loop stopped reading the outer one may drop: where loops nest, until neither gives anything up
    const done = next.inputs.length === now.inputs.length && next.outputs.length === now.outputs.length && round > 0
    if (done || !bodiesOf(next.op).some((body) => body.eqns.some(({ op }) => bodiesOf(op).length > 0))) return next
    now = next
  }
}

const narrowedOnce = (eqn: Eqn, wanted: readonly boolean[]): Eqn => {
  const { op } = eqn
  switch (op.kind) {
    case 'scan':
      return narrowScan(eqn, op, wanted)
    case 'while':
      return narrowWhile(eqn, op, wanted)
    case 'cond':
      return narrowCond(eqn, op, wanted)
    case 'call':
      // a tag may count on the operands as they are; fences and plain calls do not
      return op.fence || op.tag === null ? narrowCall(eqn, op, wanted) : eqn
    default:
      return eqn
  }
}

/** Marks the needed carries as live; whether there were new ones. */
const spread = (live: boolean[], needed: readonly boolean[], carry: number): boolean => {
  let more = false
  for (let i = 0; i < carry; i++) if (needed[i] && !live[i]) more = live[i] = true
  return more
}

const narrowScan = (eqn: Eqn, op: OpOf<'scan'>, wanted: readonly boolean[]): Eqn => {
  const { carry, xs, body } = op
  const live = wanted.slice()
  let needed: boolean[] = []
  // a carry that the body reads is needed, and so is what its next value reads
  do needed = neededInputs(body, live)
  while (spread(live, needed, carry))
  const inputs = needed.map((n, i) => (i < carry ? live[i]! : n))
  if (live.every(Boolean) && inputs.every(Boolean)) return { ...eqn, op: { ...op, body: prune(body) } }
  const next: Op = {
    ...op,
    carry: live.slice(0, carry).filter(Boolean).length,
    xs: inputs.slice(carry, carry + xs).filter(Boolean).length,
    body: restricted(body, live, inputs),
  }
  return { ...eqn, op: next, inputs: pick(eqn.inputs, inputs), outputs: pick(eqn.outputs, live) }
}

const narrowWhile = (eqn: Eqn, op: OpOf<'while'>, wanted: readonly boolean[]): Eqn => {
  const { carry, condConsts, cond, body } = op
  const forCond = neededInputs(cond, [true])
  const live = wanted.map((w, i) => w || forCond[i]!)
  let needed: boolean[] = []
  do needed = neededInputs(body, live)
  while (spread(live, needed, carry))
  const condInputs = forCond.map((n, i) => (i < carry ? live[i]! : n))
  const bodyInputs = needed.map((n, i) => (i < carry ? live[i]! : n))
  const operands = [...live, ...condInputs.slice(carry), ...bodyInputs.slice(carry)]
  const next: Op = {
    ...op,
    carry: live.filter(Boolean).length,
    condConsts: condInputs.slice(carry, carry + condConsts).filter(Boolean).length,
    cond: restricted(cond, [true], condInputs),
    body: restricted(body, live, bodyInputs),
  }
  return { ...eqn, op: next, inputs: pick(eqn.inputs, operands), outputs: pick(eqn.outputs, live) }
}

const narrowCond = (eqn: Eqn, op: OpOf<'cond'>, wanted: readonly boolean[]): Eqn => {
  const needs = op.branches.map((branch) => neededInputs(branch, wanted))
  const inputs = needs[0]!.map((_, i) => needs.some((n) => n[i]))
  const next: Op = { ...op, branches: op.branches.map((branch) => restricted(branch, wanted, inputs)) }
  return { ...eqn, op: next, inputs: pick(eqn.inputs, [true, ...inputs]), outputs: pick(eqn.outputs, wanted) }
}

const narrowCall = (eqn: Eqn, op: OpOf<'call'>, wanted: readonly boolean[]): Eqn => {
  const inputs = neededInputs(op.body, wanted)
  return {
    ...eqn,
    op: { ...op, body: restricted(op.body, wanted, inputs) },
    inputs: pick(eqn.inputs, inputs),
    outputs: pick(eqn.outputs, wanted),
  }
}

/** The program without what does not reach its outputs, its values numbered as they were. */
export const alive = (program: Program): Program => {
  const live = new Uint8Array(program.types.length)
  for (const id of program.outputs) live[id] = 1
  const kept: Eqn[] = []
  for (let at = program.eqns.length - 1; at >= 0; at--) {
    const eqn = program.eqns[at]!
    if (!isRead(eqn, live) && !hasEffect(eqn.op)) continue
    const next =
      bodiesOf(eqn.op).length === 0
        ? eqn
        : narrowed(
            eqn,
            eqn.outputs.map((id) => live[id] === 1),
          )
    for (const id of next.inputs) live[id] = 1
    kept.push(next)
  }
  return { ...program, eqns: kept.reverse() }
}

/** As `alive`, with values numbered densely, in order. */
export const prune = (program: Program): Program => renumbered(alive(program))

const renumbered = (program: Program): Program => {
  const types: Program['types'][number][] = []
  const to = new Int32Array(program.types.length)
  const name = (id: number): number => {
    to[id] = types.push(program.types[id]!) - 1
    return to[id]!
  }
  const now = (id: number): number => to[id]!
  const inputs = program.inputs.map(name)
  const eqns = program.eqns.map(({ op, inputs: reads, outputs, at }): Eqn => {
    const [from, made] = [reads.map(now), outputs.map(name)]
    return at === undefined ? { op, inputs: from, outputs: made } : { op, inputs: from, outputs: made, at }
  })
  return { name: program.name, types, inputs, eqns, outputs: program.outputs.map(now) }
}
