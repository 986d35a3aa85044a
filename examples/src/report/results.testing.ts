/** For tests: the results of a small run. */

import { plain } from '@neumann/linalg-gpu'
import { experiment } from '../run/experiment.js'
import { choiceOf, line } from '../support.testing.js'
import { tasks } from '../tasks/index.js'
import { type Results, resultsOf } from './results.js'

export const found = async (...words: string[]): Promise<Results> => {
  const choice = choiceOf(...words)
  const ended = await experiment(line, {
    choice,
    defaults: tasks['mnist']!.defaults,
    device: plain,
    signal: new AbortController().signal,
    told: () => {},
    keep: async () => {},
  })
  return resultsOf(line, choice, { ...ended, test: ended.test! })
}
