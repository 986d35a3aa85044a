/** For tests: the run that a command asks for. */

import { array, type Device } from '@neumann/linalg-gpu'
import { onWasm } from '../onWasm.js'
import { parseOptions } from '../options.js'
import { type Ended, experiment } from '../run/experiment.js'
import { taskOf } from './index.js'

/** On a wasm device. Where tests run on the plain one, it is not where tensors go that are put nowhere else: as in the command, a task must not leave any there. */
export const smallRun = (command: string): Promise<Ended> => {
  const { choice, data } = parseOptions(command.split(' '), {})
  const { task, variant } = taskOf(choice.task)
  const { batch, hidden, samples } = choice
  const usual = array(0).device
  return task.run({ folder: data, variant, batch, hidden, samples }, (job) => {
    const on = (device: Device): Promise<Ended> =>
      experiment(job, {
        choice,
        defaults: task.defaults,
        device,
        signal: new AbortController().signal,
        told: () => {},
        keep: async () => {},
      })
    return usual?.name === 'wasm' ? on(usual) : onWasm(on, 1)
  })
}
