/** Walking a program with something beside each value. */

import { atLine, type Eqn, type Program, type Tensor } from '../language.js'

/** Calls `step` for each equation with the pairs of its operands; it returns the pairs of its results. */
export const walk = <T>(
  program: Program,
  values: readonly Tensor[],
  beside: readonly (T | null)[],
  step: (
    eqn: Eqn,
    x: readonly Tensor[],
    dx: readonly (T | null)[],
    at: number,
  ) => readonly [readonly Tensor[], readonly (T | null)[]],
): readonly [readonly Tensor[], readonly (T | null)[]] => {
  const value = new Array<Tensor>(program.types.length)
  const other = new Array<T | null>(program.types.length).fill(null)
  program.inputs.forEach((id, i) => {
    value[id] = values[i]!
    other[id] = beside[i]!
  })
  for (let at = 0; at < program.eqns.length; at++) {
    const eqn = program.eqns[at]!
    const n = eqn.inputs.length
    const x = new Array<Tensor>(n)
    const dx = new Array<T | null>(n)
    for (let i = 0; i < n; i++) {
      x[i] = value[eqn.inputs[i]!]!
      dx[i] = other[eqn.inputs[i]!]!
    }
    const [y, dy] = eqn.at === undefined ? step(eqn, x, dx, at) : atLine(eqn.at, () => step(eqn, x, dx, at))
    for (let i = 0; i < eqn.outputs.length; i++) {
      value[eqn.outputs[i]!] = y[i]!
      other[eqn.outputs[i]!] = dy[i] ?? null
    }
  }
  return [program.outputs.map((id) => value[id]!), program.outputs.map((id) => other[id]!)]
}
