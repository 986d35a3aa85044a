import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Op } from './op.js'
import type { Eqn, Program } from './program.js'
import { type Type, typeOf } from './type.js'
import { validate } from './validate.js'

const f32 = typeOf('f32', [])
const vector = typeOf('f32', [3])
const i32 = typeOf('i32', [])
const bool = typeOf('bool', [])
const addOp: Op = { kind: 'binary', fn: 'add' }
const negOp: Op = { kind: 'unary', fn: 'neg' }

const program = (types: readonly Type[], inputs: number[], eqns: readonly Eqn[], outputs: number[], name = 'f'): Program =>
  ({ name, types, inputs, eqns, outputs }) // biome-ignore format: one line
const refused = (p: Program, message: string | RegExp): void => {
  assert.throws(() => validate(p), message)
}

test('a well-formed program is returned as it is', () => {
  const p = program([f32, f32, f32], [0, 1], [{ op: addOp, inputs: [0, 1], outputs: [2] }], [2, 2, 0])
  assert.is(validate(p), p)
})

test('a value defined twice: by two inputs, by input and equation, by two equations', () => {
  refused(program([f32], [0, 0], [], [0]), 'validate f: value 0 is defined twice.')
  refused(program([f32], [0], [{ op: negOp, inputs: [0], outputs: [0] }], [0]), 'validate f: value 0 is defined twice.')
  const eqn = { op: negOp, inputs: [0], outputs: [1] }
  refused(program([f32, f32], [0], [eqn, eqn], [1]), 'validate f: value 1 is defined twice.')
})

test('a use before the definition, and of what nobody defines', () => {
  const late = [
    { op: negOp, inputs: [2], outputs: [1] },
    { op: negOp, inputs: [0], outputs: [2] },
  ]
  refused(program([f32, f32, f32], [0], late, [1]), 'validate f: equation 0 (neg) reads value 2 before it is defined.')
  refused(program([f32, f32], [0], [], [1]), 'validate f: output 1 is not defined.')
  refused(program([f32], [0], [], [7]), 'validate f: output 7 is not defined.')
  refused(program([f32], [0], [{ op: negOp, inputs: [-1], outputs: [1] }], [0]), /reads value -1 before/)
})

test('a value without a type', () => {
  refused(program([f32], [0, 1], [], [0]), 'validate f: value 1 has no type.')
  refused(program([f32], [0], [{ op: negOp, inputs: [0], outputs: [1] }], [0]), 'validate f: value 1 has no type.')
})

test('a type that is not what the rule of the operation says', () => {
  refused(
    program([f32, i32], [0], [{ op: negOp, inputs: [0], outputs: [1] }], [1]),
    'validate f: equation 0 (neg): result 0 is i32[], its rule says f32[].',
  )
  refused(program([vector, f32], [0], [{ op: negOp, inputs: [0], outputs: [1] }], [1]), /result 0 is f32\[\], its rule says f32\[3\]/)
}) // biome-ignore format: one case a line

test('a wrong number of operands or results', () => {
  refused(program([f32, f32], [0], [{ op: addOp, inputs: [0], outputs: [1] }], [1]), 'add: takes 2 operands, got 1.')
  refused(program([f32, f32], [0], [{ op: negOp, inputs: [0, 0], outputs: [1] }], [1]), 'neg: takes 1 operand, got 2.')
  refused(program([f32], [], [{ op: negOp, inputs: [], outputs: [0] }], [0]), 'neg: takes 1 operand, got 0.')
  refused(
    program([f32], [0], [{ op: negOp, inputs: [0], outputs: [] }], [0]),
    'validate f: equation 0 (neg) has 0 results, its rule says 1.',
  )
})

const body = (types: readonly Type[], inputs: number[], outputs: number[], eqns: readonly Eqn[] = []): Program =>
  program(types, inputs, eqns, outputs, 'body')
const scanOp = (b: Program, carry: number, xs: number, length = 3): Op => ({
  kind: 'scan',
  carry,
  xs,
  length,
  reverse: false,
  body: b,
})

test('a loop whose carry does not come back as it went in', () => {
  const swap = body([f32, i32], [0, 1], [1, 0])
  refused(
    program([f32, i32, i32, f32], [0, 1], [{ op: scanOp(swap, 2, 0), inputs: [0, 1], outputs: [2, 3] }], [2]),
    'scan: carry: value 0 is i32[], expected f32[].',
  )
  const short = body([f32, f32], [0, 1], [0])
  refused(
    program([f32, f32, f32], [0, 1], [{ op: scanOp(short, 2, 0), inputs: [0, 1], outputs: [2] }], [2]),
    'scan: carry: 1 values, expected 2.',
  )
  const test1 = body([f32, bool], [0], [1], [{ op: { kind: 'full', value: 1, type: bool }, inputs: [], outputs: [1] }])
  const turned = body([f32, i32], [0], [1], [{ op: { kind: 'cast', dtype: 'i32' }, inputs: [0], outputs: [1] }])
  const loop: Op = { kind: 'while', carry: 1, condConsts: 0, cond: test1, body: turned }
  refused(program([f32, f32], [0], [{ op: loop, inputs: [0], outputs: [1] }], [1]), 'while: carry: value 0 is i32[], expected f32[].')
}) // biome-ignore format: one case a line

test('a loop over rows of another length, of scalars, or of a negative length', () => {
  const id = body([f32], [0], [0])
  const eqn = (op: Op): Eqn[] => [{ op, inputs: [0], outputs: [1] }]
  refused(program([vector, typeOf('f32', [2])], [0], eqn(scanOp(id, 0, 1, 2)), [1]), 'scan: f32[3] has no leading axis of 2.')
  refused(program([f32, vector], [0], eqn(scanOp(id, 0, 1)), [1]), 'scan: f32[] has no leading axis of 3.')
  refused(program([f32, f32], [0], eqn(scanOp(id, 1, 0, -1)), [1]), 'scan: length -1 is no number of steps.')
}) // biome-ignore format: one case a line

test('a condition that is no bool, branches that differ, an index that is no i32', () => {
  const id = body([f32], [0], [0])
  const loop: Op = { kind: 'while', carry: 1, condConsts: 0, cond: id, body: id }
  refused(program([f32, f32], [0], [{ op: loop, inputs: [0], outputs: [1] }], [1]), 'while: the condition returns bool[], got f32[].')
  const cast = body([f32, i32], [0], [1], [{ op: { kind: 'cast', dtype: 'i32' }, inputs: [0], outputs: [1] }])
  const choose = (branches: Program[]): Op => ({ kind: 'cond', branches })
  const eqns = (branches: Program[]): Eqn[] => [{ op: choose(branches), inputs: [0, 1], outputs: [2] }]
  refused(program([i32, f32, f32], [0, 1], eqns([id, cast]), [2]), 'cond: branches: value 0 is i32[], expected f32[].')
  refused(program([f32, f32, f32], [0, 1], eqns([id]), [2]), 'cond: the index is i32[], got f32[].')
  refused(program([i32, f32, f32], [0, 1], eqns([]), [2]), 'cond: needs at least one branch.')
}) // biome-ignore format: one case a line

test('a body that is itself ill-formed, at any depth', () => {
  const bad = body([f32, f32], [0], [1])
  const inner = body([f32, f32], [0], [1], [{ op: { kind: 'call', name: 'c', body: bad, fence: false, tag: null }, inputs: [0], outputs: [1] }])
  refused(
    program([f32, f32], [0], [{ op: scanOp(inner, 1, 0), inputs: [0], outputs: [1] }], [1]),
    'validate body: output 1 is not defined.',
  )
}) // biome-ignore format: one case a line

test('a body whose inputs are not the operands', () => {
  const id = body([f32], [0], [0])
  const call: Op = { kind: 'call', name: 'region', body: id, fence: false, tag: null }
  refused(program([vector, f32], [0], [{ op: call, inputs: [0], outputs: [1] }], [1]), 'region: operands of body: value 0 is f32[3], expected f32[].')
  refused(program([f32, f32], [0], [{ op: call, inputs: [0, 0], outputs: [1] }], [1]), 'region: operands of body: 2 values, expected 1.')
}) // biome-ignore format: one case a line

test.run()
