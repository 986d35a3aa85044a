/** Equality of operations by structure, and an integer hash that agrees with it. */

import { bodiesOf, type Op } from '../program/op.js'
import type { Program } from '../program/program.js'

const codes = new Map<string, number>()
const code = (text: string): number => {
  let known = codes.get(text)
  if (known === undefined) codes.set(text, (known = codes.size + 1))
  return known
}

const mix = (h: number, value: number): number => Math.imul(h ^ value, 0x01000193) ^ (h >>> 15)

const hashValue = (h: number, value: unknown): number => {
  if (typeof value === 'number') return mix(h, Number.isInteger(value) ? value : Math.imul(value * 1e6, 31))
  if (typeof value === 'string') return mix(h, code(value))
  if (!Array.isArray(value)) return h
  let all = mix(h, value.length)
  for (let i = 0; i < value.length; i++) all = hashValue(all, value[i])
  return all
}

const hashOp = (op: Op): number => {
  let h = code(op.kind)
  for (const key in op) if (key !== 'kind') h = hashValue(h, op[key as keyof Op])
  for (const body of bodiesOf(op)) h = mix(h, body.eqns.length)
  return h
}

export const hashEqn = (op: Op, inputs: readonly number[]): number => {
  let h = hashOp(op)
  for (let i = 0; i < inputs.length; i++) h = mix(h, inputs[i]!)
  return h
}

const isProgram = (value: object): value is Program => 'eqns' in value && 'types' in value

const sameValue = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((value, i) => sameValue(value, b[i]))
  // types are interned, tags are opaque: identity has answered for both
  return isProgram(a) && isProgram(b) && sameProgram(a, b)
}

export const sameOp = (a: Op, b: Op): boolean => {
  if (a === b) return true
  if (a.kind !== b.kind) return false
  const [left, right] = [a as unknown as Record<string, unknown>, b as unknown as Record<string, unknown>]
  return Object.keys(left).every((key) => (key === 'tag' ? left[key] === right[key] : sameValue(left[key], right[key])))
}

/** Equal but for names. Values are compared by number: simplified programs number theirs densely, in order. */
export const sameProgram = (a: Program, b: Program): boolean =>
  a === b ||
  (a.eqns.length === b.eqns.length &&
    sameValue(a.inputs, b.inputs) &&
    sameValue(a.outputs, b.outputs) &&
    a.inputs.every((id) => a.types[id] === b.types[id]) &&
    a.eqns.every((eqn, i) => {
      const other = b.eqns[i]!
      return (
        sameValue(eqn.inputs, other.inputs) &&
        sameValue(eqn.outputs, other.outputs) &&
        eqn.outputs.every((id) => a.types[id] === b.types[id]) &&
        sameOp(eqn.op, other.op)
      )
    }))

/** Agrees with `sameProgram`. */
export const hashProgram = (program: Program): number => {
  let h = mix(program.eqns.length, program.types.length)
  for (const id of program.inputs) h = mix(h, program.types[id]!.id)
  for (const { op, inputs, outputs } of program.eqns) {
    h = mix(h, hashEqn(op, inputs))
    for (const id of outputs) h = mix(h, program.types[id]!.id)
  }
  for (const id of program.outputs) h = mix(h, id)
  return h
}
