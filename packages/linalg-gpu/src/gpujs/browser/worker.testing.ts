/** A worker of the page's own that opens a device. */

import { answerAsks } from '../../browser/worker.testing.js'
import { performLoss } from './perform.testing.js'

answerAsks(performLoss)
