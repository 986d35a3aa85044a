/** What depends on what, read off a program: whether a hyperparameter reaches the objective is a question of structure, not of a number that
 *  happens to be zero.
 *
 *  An output is reached where some chain of equations leads to it from the inputs. Loops, branches and calls are looked into: a carry is reached where
 *  some step reaches it, a result of branches where one branch does, and everything where their condition or index is.
 *  A factor that is the number 0, or a branch that is never taken, still counts as a chain; what `stopGradient` cuts does not. */

import {
  bodiesOf,
  type Op,
  type Program,
  recordTree,
  tensorsOf,
  typeOfTensor,
  unflatten,
} from '@neumann/linalg-gpu/program'

/** For each leaf of map(x) whether anything of x gets there, or of those leaves of x that `from` names. The map is recorded once, and not run.
 *  Cost     a recording of `map` */
export const reached = <X>(
  name: string,
  map: (x: X) => unknown,
  like: X,
  from?: readonly boolean[],
): readonly boolean[] => reach(name, map, like)(from)

/** As `reached`, for many sets of leaves by one recording. */
export const reach = <X>(
  name: string,
  map: (x: X) => unknown,
  like: X,
): ((from?: readonly boolean[]) => readonly boolean[]) => {
  const { leaves, structure } = tensorsOf(name, like)
  const { program } = recordTree(name, leaves.map(typeOfTensor), (inputs) => map(unflatten(structure, inputs) as X))
  return (from = leaves.map(() => true)) => through(program, from)
}

/** For each leaf of x whether it gets anywhere in map(x): the same question from the other side.
 *  Cost     a recording of `map` */
export const reaching = <X>(name: string, map: (x: X) => unknown, like: X): readonly boolean[] => {
  const reachedFrom = reach(name, map, like)
  const { leaves } = tensorsOf(name, like)
  return leaves.map((_, i) => reachedFrom(leaves.map((_, k) => k === i)).some(Boolean))
}

type Marks = readonly boolean[]

/** Which outputs are reached from these inputs; inputs beyond them, which the program captured, are not marked. */
const through = ({ types, inputs, eqns, outputs }: Program, marks: Marks): boolean[] => {
  const met: boolean[] = types.map(() => false)
  inputs.forEach((id, i) => {
    met[id] = marks[i] ?? false
  })
  for (const { op, inputs, outputs } of eqns) {
    const own = inputs.map((id) => met[id]!)
    if (!own.some(Boolean)) continue
    const results = resultsOf(op, own)
    outputs.forEach((id, i) => {
      met[id] = results === 'all' || results[i]!
    })
  }
  return outputs.map((id) => met[id]!)
}

const resultsOf = (op: Op, marks: Marks): Marks | 'all' => {
  switch (op.kind) {
    case 'call':
      return through(op.body, marks)
    case 'cond': {
      const [index, ...rest] = marks
      return index ? 'all' : either(bodiesOf(op).map((branch) => through(branch, rest)))
    }
    case 'scan': {
      const { out, carries } = settled(op.carry, marks, (now) => through(op.body, now))
      return op.length === 0 ? [...carries, ...out.slice(op.carry)] : out
    }
    case 'while': {
      const [ofCond, rest] = [marks.slice(op.carry, op.carry + op.condConsts), marks.slice(op.carry + op.condConsts)]
      const { carries } = settled(op.carry, [...marks.slice(0, op.carry), ...rest], (now) => through(op.body, now))
      // how often it goes round decides over everything
      return through(op.cond, [...carries, ...ofCond])[0] ? 'all' : carries
    }
    default:
      return 'all'
  }
}

const either = (lists: readonly Marks[]): boolean[] =>
  lists.reduce<boolean[]>((all, list) => list.map((mark, i) => mark || (all[i] ?? false)), [])

/** The marks once another round adds none: of what a round gives, and of the carries, which come first in what goes in and in what comes out. */
const settled = (
  carry: number,
  marks: Marks,
  round: (marks: Marks) => boolean[],
): { readonly out: boolean[]; readonly carries: boolean[] } => {
  for (let now = marks; ; ) {
    const out = round(now)
    const next = now.map((mark, i) => mark || (i < carry && out[i]!))
    if (next.every((mark, i) => mark === now[i])) return { out, carries: next.slice(0, carry) }
    now = next
  }
}
