/** A program that computes the same with less: before anything is scheduled.
 *
 *  Dead equations, common subexpressions, constants, zeros and ones, views of views, dead carries and outputs of loops, work that loops repeat.
 *  Marks and tags have done their service by now: plain calls are inlined, fences stay. */

import { bodiesOf, type Op } from '../program/op.js'
import type { Eqn, Program } from '../program/program.js'
import { context } from '../trace/context.js'
import { hoist } from './loops.js'
import { alive, prune } from './prune.js'
import { rewrite } from './rewrite.js'

const withBodies = (op: Op): Op => {
  switch (op.kind) {
    case 'scan':
      return { ...op, body: simplify(op.body) }
    case 'while':
      return { ...op, cond: simplify(op.cond), body: simplify(op.body) }
    case 'cond':
      return { ...op, branches: op.branches.map(simplify) }
    case 'call':
      return op.fence ? { ...op, body: simplify(op.body) } : op
    default:
      return op
  }
}

const inside = (program: Program): Program => ({
  ...program,
  eqns: program.eqns.map((eqn): Eqn => (bodiesOf(eqn.op).length > 0 ? { ...eqn, op: withBodies(eqn.op) } : eqn)),
})

const hasBodies = (program: Program): boolean => program.eqns.some((eqn) => bodiesOf(eqn.op).length > 0)

/** @example print(simplify(trace((x: Tensor) => add(mul(x, 1), 0))(array([1])))) // => function { a:f32[1] -> return a } */
export const simplify = (program: Program): Program => {
  // dead work goes first, each time: what nothing reads would hold back the step after it. Hoisting opens new chances outside,
  // and one more round takes them
  let next = prune(rewrite(alive(program)))
  if (hasBodies(next)) next = prune(rewrite(alive(hoist(alive(inside(next))))))
  return context.checks?.program(next) ?? next
}
