/** Cases that run in turn, many rounds; the least time of each counts, as other work on the machine only adds. */

import { dispose } from '@neumann/linalg-gpu'

export interface Case {
  readonly run: () => unknown
  /** Milliseconds. */
  best: number
}

export const caseOf = (run: () => unknown): Case => ({ run, best: Infinity })

const warmUp = 3

export const measure = (cases: readonly Case[], rounds: number): void => {
  for (let round = 0; round < rounds; round++)
    for (const one of cases) {
      const begun = performance.now()
      const result = one.run()
      const time = performance.now() - begun
      dispose(result)
      if (round >= warmUp) one.best = Math.min(one.best, time)
    }
}
