/** The script of the test's pages: what the test may ask for. */

import { askWorker } from '../../browser/worker.testing.js'
import { perform, performCarried, performLoss, performRace, performRounds } from './perform.testing.js'

export const asks = {
  samples: () => perform({}),
  carried: () => performCarried({}),
  loss: performLoss,
  lossInWorker: () => askWorker<null, Awaited<ReturnType<typeof performLoss>>>(null),
  race: performRace,
  rounds: performRounds,
}

Object.assign(globalThis, { asks })
