/** Programs as text that a person can read.
 *
 *      f { a:f32[3] b:f32[3] ->
 *        c:f32[3] = mul a b
 *        d:f32[] = reduce.sum[axes=0] c
 *        return d } */

import { showType } from '../errors.js'
import { bodiesOf, type Op } from './op.js'
import type { Program } from './program.js'

/** a … z, then a1 … z1, and so on. */
const nameOf = (id: number): string =>
  String.fromCharCode(97 + (id % 26)) + (id < 26 ? '' : String(Math.floor(id / 26)))

const hidden = new Set(['kind', 'kernel', 'fn', 'type', 'types', 'body', 'cond', 'branches', 'tag', 'why', 'sink'])

const showParameter = (value: unknown): string =>
  typeof value === 'string' && !/^[\w$]+$/.test(value)
    ? JSON.stringify(value)
    : Array.isArray(value)
      ? value.length === 1
        ? showParameter(value[0])
        : `(${value.map(showParameter).join(',')})`
      : Object.is(value, -0)
        ? '-0'
        : String(value)

export const showOp = (op: Op): string => {
  const fn = 'fn' in op ? op.fn : ''
  const name =
    op.kind === 'custom'
      ? op.kernel.name
      : op.kind === 'unary' || op.kind === 'binary' || op.kind === 'compare'
        ? fn
        : fn === ''
          ? op.kind
          : `${op.kind}.${fn}`
  const parameters = Object.entries(op)
    .filter(([key]) => !hidden.has(key))
    .map(([key, value]) => `${key}=${showParameter(value)}`)
  return parameters.length === 0 ? name : `${name}[${parameters.join(' ')}]`
}

const lines = (program: Program, indent: string): string => {
  const typed = (id: number): string =>
    `${nameOf(id)}:${showType(program.types[id]!)}${program.types[id]!.weak ? '*' : ''}`
  const inner = `${indent}  `
  const body = program.eqns.map((eqn) => {
    const head = `${inner}${eqn.outputs.map(typed).join(' ')}${eqn.outputs.length ? ' = ' : ''}${[showOp(eqn.op), ...eqn.inputs.map(nameOf)].join(' ')}`
    return [
      eqn.at ? `${head}  # ${eqn.at}` : head,
      ...bodiesOf(eqn.op).map((sub) => `${inner}  ${lines(sub, `${inner}  `)}`),
    ].join('\n')
  })
  return [
    [program.name, '{', ...program.inputs.map(typed), '->'].join(' '),
    ...body,
    `${inner}${['return', ...program.outputs.map(nameOf)].join(' ')} }`,
  ].join('\n')
}

/** The program as text. @example print(trace((x) => sin(x), scalar)) */
export const print = (program: Program): string => lines(program, '')
