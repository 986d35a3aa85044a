/** What is counted on programs, bodies of loops and branches included. */

import { print } from '@neumann/linalg-gpu'
import { bodiesOf, type Eqn, type Program, showOp } from '@neumann/linalg-gpu/program'

/** The program and all those that its equations hold. */
const within = (program: Program): readonly Program[] => [
  program,
  ...program.eqns.flatMap((eqn) => bodiesOf(eqn.op).flatMap(within)),
]

const count = (program: Program, wanted: (eqn: Eqn) => boolean): number =>
  within(program).reduce((sum, one) => sum + one.eqns.filter(wanted).length, 0)

/** Matrix products and convolutions; one in a body counts once, however often its loop turns. */
export const contractions = (program: Program): number =>
  count(program, ({ op }) => op.kind === 'dot' || op.kind === 'conv')

export const scans = (program: Program): number => count(program, ({ op }) => op.kind === 'scan')

export const equations = (program: Program): number => count(program, () => true)

// zero wherever the operand is
const keepsZero = new Set(['reshape', 'transpose', 'broadcast', 'slice', 'flip', 'cast', 'mark'])
const products = new Set(['dot', 'conv'])

const isProduct = ({ op }: Eqn): boolean => products.has(op.kind) || (op.kind === 'binary' && op.fn === 'mul')

/** Products with an operand that is zero everywhere: constants, and views of them; those that a body takes from outside too. */
export const productsWithZero = (program: Program, zeroInputs: readonly boolean[] = []): number => {
  const zero = new Set(program.inputs.filter((_, i) => zeroInputs[i]))
  let found = 0
  for (const eqn of program.eqns) {
    const { op } = eqn
    if (op.kind === 'full' ? op.value === 0 : keepsZero.has(op.kind) && zero.has(eqn.inputs[0]!))
      for (const id of eqn.outputs) zero.add(id)
    if (isProduct(eqn) && eqn.inputs.some((id) => zero.has(id))) found++
    const given = eqn.inputs.map((id) => zero.has(id))
    if (op.kind === 'scan')
      // a carry that begins at zero does not stay there
      found += productsWithZero(
        op.body,
        given.map((z, i) => z && i >= op.carry),
      )
    else if (op.kind === 'cond') for (const branch of op.branches) found += productsWithZero(branch, given.slice(1))
    else if (op.kind === 'call') found += productsWithZero(op.body, given)
    else for (const body of bodiesOf(op)) found += productsWithZero(body)
  }
  return found
}

const commutes = new Set(['add', 'mul', 'max', 'min', 'and', 'or', 'xor', 'eq', 'ne'])

/** What an equation says, as text: independent of how the simplifier compares. */
const saying = (program: Program, { op, inputs, outputs }: Eqn): string => {
  const operands = 'fn' in op && commutes.has(op.fn) ? [...inputs].sort((a, b) => a - b) : inputs
  const types = outputs.map((id) => program.types[id]!.id)
  return [showOp(op), ...bodiesOf(op).map(print), operands.join(' '), types.join(' ')].join(' | ')
}

/** Equations that say what another of the same program, or of the same body, says. Printing is no expression. */
export const saidTwice = (program: Program): number =>
  within(program).reduce((sum, one) => {
    const all = one.eqns.filter(({ op }) => op.kind !== 'print').map((eqn) => saying(one, eqn))
    return sum + all.length - new Set(all).size
  }, 0)
