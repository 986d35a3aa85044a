/** What was measured: the commit that the working tree stands on, `-dirty` where it was changed. */
import { execFileSync } from 'node:child_process'

export const commit = () => {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return 'unknown'
  }
}
