/** What each value of a program is to a scheduler, before anything is grouped:
 *
 *    stored    it has memory of its own: an input, or the result of an operation that cannot be fused
 *    computed  elementwise, or a reduction: it may live in registers only, or be computed again where that is cheap
 *    view      another value, looked at differently: never memory
 *    constant  made anew wherever it is used
 *
 *  `forced` values are computed into memory: somebody needs all of them, in order. */

import type { Op } from '../program/op.js'
import type { Eqn, Program } from '../program/program.js'
import type { Type } from '../program/type.js'
import { isView, passesReshape } from './affine.js'

export type Role = 'stored' | 'computed' | 'view' | 'constant'

export interface Values {
  readonly program: Program
  readonly roles: readonly Role[]
  readonly forced: Uint8Array
  /** The equation that makes each value; −1 for inputs. */
  readonly maker: Int32Array
  /** The value in whose memory, and in whose order, this one stands, where it is no more than a new shape for it. */
  readonly root: (id: number) => number
}

const isElementwise = (op: Op): boolean => {
  switch (op.kind) {
    case 'cast':
    case 'bitcast':
    case 'unary':
    case 'test':
    case 'polygamma':
    case 'binary':
    case 'compare':
    case 'select':
    case 'threefry':
      return true
    default:
      return false
  }
}

/** Whether an operation's work is done in the kernels of a group, rather than in a step of its own. */
const roleOf = (op: Op): Role => {
  if (isElementwise(op) || op.kind === 'reduce') return 'computed'
  if (isView(op) || op.kind === 'dynamicSlice') return 'view'
  return op.kind === 'full' || op.kind === 'iota' ? 'constant' : 'stored'
}

export const valuesOf = (program: Program): Values => {
  const { types, eqns } = program
  const roles = new Array<Role>(types.length).fill('stored')
  const forced = new Uint8Array(types.length)
  const maker = new Int32Array(types.length).fill(-1)
  const opOf = (id: number): Eqn | undefined => (maker[id]! < 0 ? undefined : eqns[maker[id]!])
  const root = (id: number): number => {
    const eqn = opOf(id)
    return roles[id] === 'view' && (eqn!.op.kind === 'reshape' || eqn!.op.kind === 'mark') ? root(eqn!.inputs[0]!) : id
  }
  /** Somebody needs the value in memory, in order. A view or a constant becomes a copy. */
  const force = (id: number): void => {
    const base = root(id)
    if (roles[base] === 'stored') return
    roles[base] = 'computed'
    forced[base] = 1
  }
  /** Somebody needs the value where an affine function can find it. */
  const reach = (id: number): void => {
    const eqn = opOf(id)
    if (roles[id] !== 'view' || eqn!.op.kind === 'dynamicSlice' || (eqn!.op.kind === 'pad' && eqn!.op.value !== 0))
      force(id)
    else reach(eqn!.inputs[0]!)
  }
  eqns.forEach((eqn, at) => {
    const { op, inputs, outputs } = eqn
    for (const id of outputs) {
      maker[id] = at
      roles[id] = roleOf(op)
    }
    switch (op.kind) {
      case 'reshape':
        if (roles[root(inputs[0]!)] !== 'stored' && !passesReshape(types[inputs[0]!]!.shape, types[outputs[0]!]!.shape))
          force(inputs[0]!)
        break
      case 'dot':
        for (const id of inputs) reach(id)
        break
      // kernels of their own look at these, through any index
      case 'concatenate':
      case 'pad':
        break
      case 'dynamicUpdateSlice':
        force(inputs[2]!)
        break
      default:
        if (roleOf(op) === 'stored' || op.kind === 'dynamicSlice') for (const id of inputs) force(id)
    }
  })
  for (const id of program.outputs) force(id)
  return { program, roles, forced, maker, root }
}

const dear = new Set([
  'exp', 'expm1', 'log', 'log1p', 'cbrt', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh',
  'acosh', 'atanh', 'sigmoid', 'softplus', 'erf', 'erfc', 'erfinv', 'lgamma', 'pow', 'atan2', 'mod', 'rem', 'div', 'sqrt', 'rsqrt',
]) // biome-ignore format: a list

const isDear = (op: Op): boolean => op.kind === 'threefry' || op.kind === 'polygamma' || ('fn' in op && dear.has(op.fn))

/** The most operations, and operands from memory, of a value that is rather computed again than stored. */
const cheapOperations = 4
const cheapOperands = 2

interface Cost {
  readonly operations: number
  readonly operands: ReadonlySet<number>
}

/** Which computed values cost less to compute again, from what is in memory anyway, than to write and read back.
 *  Kernels with f64 have half the lanes: what turns f64 into something else stays in a kernel of its own. */
export const cheapness = ({ program, roles, forced, maker }: Values): ((id: number) => boolean) => {
  const known = new Map<number, Cost | null>()
  const costOf = (id: number): Cost | null => {
    let cost = known.get(id)
    if (cost === undefined) known.set(id, (cost = compute(id)))
    return cost
  }
  const operand = (id: number): Cost | null => {
    if (roles[id] === 'constant') return { operations: 0, operands: new Set() }
    if (roles[id] === 'view') return operand(program.eqns[maker[id]!]!.inputs[0]!)
    if (roles[id] === 'stored' || forced[id] === 1) return { operations: 0, operands: new Set([id]) }
    return costOf(id)
  }
  const compute = (id: number): Cost | null => {
    const { op, inputs } = program.eqns[maker[id]!]!
    if (op.kind === 'reduce' || isDear(op)) return null
    const wide = program.types[id]!.dtype === 'f64'
    if (inputs.some((x) => (program.types[x]!.dtype === 'f64') !== wide)) return null
    let operations = 1
    const operands = new Set<number>()
    for (const x of inputs) {
      const cost = operand(x)
      if (cost === null) return null
      operations += cost.operations
      for (const one of cost.operands) operands.add(one)
    }
    return operations <= cheapOperations && operands.size <= cheapOperands ? { operations, operands } : null
  }
  return (id) => costOf(id) !== null
}

/** Whether a kernel with this value has f64 lanes. */
export const isWide = (types: readonly Type[]): boolean => types.some((type) => type.dtype === 'f64')
