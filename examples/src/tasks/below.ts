/** Where in a folder of data the files of a set are. */

import { stat } from 'node:fs/promises'
import { join } from 'node:path'

/** The set's own folder in the given one, where there is such a one; else the given one. */
export const below = async (folder: string, name: string): Promise<string> => {
  const own = join(folder, name)
  return (await stat(own).catch(() => undefined))?.isDirectory() ? own : folder
}
