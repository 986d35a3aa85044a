/** Linearisation: a program's values now, and its tangent map at them as a program of its own.
 *
 *  The rules of forward mode run with the tangents as inputs of an inner trace, while values are recorded in the outer one.
 *  What the inner trace computes without tangents is then moved outwards or, where it is cheap, repeated: the residuals are what is dear. */

import {
  alive,
  bodiesOf,
  type Eqn,
  emit,
  inline,
  inParent,
  inputTypes,
  type Op,
  type Program,
  record,
  type Tensor,
} from '../language.js'
import { jvpRule } from '../rules/jvp.js'
import type { Tangent } from '../rules/raw.js'
import { walk } from './interpret.js'
import { placed } from './masks.js'
import { rowOf } from './structural.js'

export interface Linearized {
  readonly outs: readonly Tensor[]
  /** [tangents of the inputs that have one…, residuals…] → [tangents of the outputs that have one…] */
  readonly linear: Program
  readonly residuals: readonly Tensor[]
  /** Which outputs depend on the tangents. */
  readonly nonzero: readonly boolean[]
}

/** Values that an operation without operands made: the linear half makes them again instead of keeping them. */
const constants = new WeakMap<Tensor, Op>()

/** Values of an operation recorded outside, tangents inside. */
export const linearizeEqn = (
  eqn: Eqn,
  x: readonly Tensor[],
  dx: readonly Tangent[],
): readonly [readonly Tensor[], readonly Tangent[]] => {
  const { op } = eqn
  if (dx.every((d) => d === null)) {
    const y = inParent(() => emit(op, x))
    if (x.length === 0 && y.length === 1) constants.set(y[0]!, op)
    return [y, eqn.outputs.map(() => null)]
  }
  const row = rowOf(op)
  if (row !== undefined) return row.linearize(op, x, dx)
  const y = inParent(() => emit(op, x))
  return [y, jvpRule(op, x, dx, y)]
}

/** Linearises a program in the open trace, with respect to the inputs marked in `nonzero`. `force` may put tangents in place of symbolic zeros. */
export const linearizeOf = (
  program: Program,
  primals: readonly Tensor[],
  nonzero: readonly boolean[],
  force?: (tangents: readonly Tangent[]) => readonly Tangent[],
): Linearized => {
  const types = inputTypes(program).filter((_, i) => nonzero[i])
  let outs: readonly Tensor[] = []
  let dependent: readonly boolean[] = []
  const inner = record(`linear ${program.name}`, types, (tangents) => {
    const [values, result] = walk<Tensor>(program, primals, placed(nonzero, tangents), linearizeEqn)
    const full = force === undefined ? result : force(result)
    outs = values
    dependent = full.map((t) => t !== null)
    return full.filter((t): t is Tensor => t !== null)
  })
  // loops and fences are narrowed to what is read of them, so that nothing is kept for the rest
  const whole = inner.program.eqns.some((eqn) => bodiesOf(eqn.op).length > 0) ? alive(inner.program) : inner.program
  const { linear, residuals } = divide(whole, types.length, inner.captured)
  return { outs, linear, residuals, nonzero: dependent }
}

const cheapUnary = new Set(['neg', 'abs', 'sign', 'square', 'relu', 'not', 'floor', 'trunc'])
const cheapKinds = new Set<Op['kind']>([
  'full',
  'iota',
  'cast',
  'compare',
  'select',
  'reshape',
  'transpose',
  'broadcast',
  'slice',
  'flip',
  'test',
  'mark',
])
const dearBinary = new Set(['pow', 'atan2', 'mod', 'rem'])

/** Cheaper to compute again, fused into its reader, than to keep. */
const cheap = (op: Op): boolean =>
  op.kind === 'unary' ? cheapUnary.has(op.fn) : op.kind === 'binary' ? !dearBinary.has(op.fn) : cheapKinds.has(op.kind)

/** Splits a recorded tangent program by dependence on its first `n` inputs. What does not depend on them is recorded in the open trace,
 *  except cheap equations whose operands are residuals anyway. */
const divide = (
  program: Program,
  n: number,
  captured: readonly Tensor[],
): { readonly linear: Program; readonly residuals: readonly Tensor[] } => {
  const size = program.types.length
  const linear = new Uint8Array(size)
  program.inputs.slice(0, n).forEach((id) => {
    linear[id] = 1
  })
  const maker = new Array<Eqn | undefined>(size)
  const known: Eqn[] = []
  const rest: Eqn[] = []
  const inputs: number[] = []
  const given: Tensor[] = []
  captured.forEach((x, i) => {
    const id = program.inputs[n + i]!
    const op = constants.get(x)
    if (op === undefined) {
      inputs.push(id)
      given.push(x)
    } else {
      const eqn = { op, inputs: [], outputs: [id] }
      maker[id] = eqn
      known.push(eqn)
    }
  })
  for (const eqn of program.eqns) {
    const depends = eqn.inputs.some((id) => linear[id] === 1)
    for (const id of eqn.outputs) {
      if (depends) linear[id] = 1
      else maker[id] = eqn
    }
    ;(depends ? rest : known).push(eqn)
  }
  // what the linear half reads of the known half
  const crossing = new Uint8Array(size)
  for (const eqn of rest) for (const id of eqn.inputs) if (linear[id] === 0) crossing[id] = 1
  for (const id of program.outputs) if (linear[id] === 0) crossing[id] = 1

  const kept = new Uint8Array(size)
  for (let id = 0; id < size; id++)
    if (crossing[id] === 1 && (maker[id] === undefined || !cheap(maker[id]!.op))) kept[id] = 1
  // a cheap value whose operands are at hand is computed again: 1 yes, 2 no, 0 not asked yet
  const answer = new Uint8Array(size)
  const again = (id: number): boolean => {
    if (kept[id] === 1) return true
    if (answer[id] === 0) {
      const eqn = maker[id]
      answer[id] = eqn !== undefined && cheap(eqn.op) && eqn.inputs.every(again) ? 1 : 2
    }
    return answer[id] === 1
  }
  for (let id = 0; id < size; id++) if (crossing[id] === 1 && !again(id)) kept[id] = 1
  // the equations for that, in order
  const repeated = new Uint8Array(size)
  const collect = (id: number): void => {
    const eqn = maker[id]
    if (kept[id] === 1 || repeated[id] === 1 || eqn === undefined) return
    repeated[id] = 1
    eqn.inputs.forEach(collect)
  }
  for (let id = 0; id < size; id++) if (crossing[id] === 1) collect(id)

  const list: number[] = []
  for (let id = 0; id < size; id++) if (kept[id] === 1) list.push(id)
  const outside = alive({ name: program.name, types: program.types, inputs, eqns: known, outputs: list })
  const residuals = inline(outside, given)
  const own: Program = {
    name: program.name,
    types: program.types,
    inputs: [...program.inputs.slice(0, n), ...list],
    eqns: [...known.filter((eqn) => eqn.outputs.some((id) => repeated[id] === 1)), ...rest],
    outputs: program.outputs,
  }
  return { linear: own, residuals }
}

export interface LinearizedProgram {
  /** [inputs…] → [outputs…, residuals that are no inputs…] */
  readonly program: Program
  /** Tensors that custom rules brought along: `program` takes them behind its inputs. */
  readonly captured: readonly Tensor[]
  readonly linear: Program
  readonly nonzero: readonly boolean[]
  /** For each residual: the position of the input that it is, or −1 − (its position among the new outputs). */
  readonly residuals: readonly number[]
}

/** A closed program split into a program of values that also returns its residuals, and its linear program.
 *  A residual that is an input is not returned again where the caller has that input at hand (`reusable`). */
export const linearizeProgram = (
  program: Program,
  nonzero: readonly boolean[],
  reusable: (input: number) => boolean,
  force?: (tangents: readonly Tangent[]) => readonly Tangent[],
): LinearizedProgram => {
  let split: Linearized | undefined
  let places: number[] = []
  const { program: primal, captured } = record(`value ${program.name}`, inputTypes(program), (inputs) => {
    split = linearizeOf(program, inputs, nonzero, force)
    const fresh: Tensor[] = []
    places = split.residuals.map((r) => {
      const at = inputs.indexOf(r)
      return at >= 0 && reusable(at) ? at : -fresh.push(r)
    })
    return [...split.outs, ...fresh]
  })
  return { program: primal, captured, linear: split!.linear, nonzero: split!.nonzero, residuals: places }
}
