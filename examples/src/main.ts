/** `npm start` */

import { parseOptions, usage } from './options.js'
import { perform } from './perform.js'

const stopping = new AbortController()
let first = Number.POSITIVE_INFINITY
process.on('SIGINT', () => {
  // whoever started us may pass on the same ^C once more; one that comes later is meant
  if (performance.now() - first > 500) process.exit(130)
  first = Math.min(first, performance.now())
  stopping.abort()
})

try {
  const options = parseOptions(process.argv.slice(2), process.env)
  if (options.help) console.log(usage)
  else await perform(options, { print: console.log, signal: stopping.signal })
} catch (error) {
  console.error(`npm start: ${(error as Error).message.split('\n')[0]}`)
  process.exitCode = 1
}
