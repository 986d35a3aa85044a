/** Answers that claim to be solutions and are none, of every linear solver on 10⁴ random hard systems: by the script beside the tests of the solvers. */

import { script } from './built.js'
import { exactly, type Figure, shown } from './figure.js'

interface Tally {
  readonly answers: number
  readonly converged: number
  readonly silent: readonly string[]
}

export const silence = async (): Promise<readonly Figure[]> => {
  const { answers, converged, silent } = (await script('packages/linalg-gpu/src/solvers/silence.testing.ts')) as Tally
  return [
    exactly('silent failures of linear solvers on 10,000 hard systems', silent.length, 0),
    shown('answers to these systems', answers),
    shown('answers that say converged, and are', converged),
  ]
}
