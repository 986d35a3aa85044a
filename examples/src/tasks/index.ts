/** The tasks by their names. */

import { cifar } from './cifar.js'
import { digits, fashion } from './images.js'
import { ptb } from './ptb.js'
import type { Task } from './task.js'
import { uci } from './uci.js'

export const tasks: Readonly<Record<string, Task>> = { mnist: digits, fashion, uci, ptb, cifar }

/** The task of a name, and what stands behind the colon of it.
 *  Fails    where there is no such task, or the name lacks the part behind the colon, or has one too many */
export const taskOf = (name: string): { readonly task: Task; readonly variant: string | undefined } => {
  const [first = '', ...rest] = name.split(':')
  const task = Object.hasOwn(tasks, first) ? tasks[first] : undefined
  if (task === undefined) throw new Error(`--task is one of ${Object.keys(tasks).join(', ')}, got '${name}'.`)
  const { variants = false } = task.defaults
  if (rest.length > 0 !== variants)
    throw new Error(
      `--task ${first} ${variants ? 'names a set, such as uci:energy' : 'has no variants'}, got '${name}'.`,
    )
  return { task, variant: variants ? rest.join(':') : undefined }
}
