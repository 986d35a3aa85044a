/** Runs the modules that doc-tests.mjs made, one after another, and tells it of each. A value is printed as itself when it is
 *  a string, else by `util.inspect`; tensors print themselves through `util.inspect.custom`. A module that speaks of webgpu finds
 *  a `navigator.gpu`, as in a page: that of Dawn over a driver in software. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { softwareGpu } from './webgpu/software.mjs'

const collapse = (text) => text.replace(/\s+/g, ' ').trim()
const print = (value) =>
  typeof value === 'string' ? value : inspect(value, { breakLength: Infinity, compact: true, depth: 8 })

let failures = []
let current = ''

/** The line of the running module where an error came from, from 0. */
const origin = (error) => {
  const [, line] = `${error?.stack ?? ''}\n${error?.message ?? ''}`.split(`${current}:`)[1]?.match(/^(\d+)/) ?? []
  return line === undefined ? undefined : Number(line) - 1
}
const stray = (error) =>
  failures.push({
    index: origin(error),
    message: error instanceof Error ? `${error.name}: ${error.message}` : `threw ${inspect(error)}`,
  })
process.on('uncaughtException', stray)

globalThis.__doc = {
  equal: (index, expected, value) => {
    const got = collapse(print(value))
    if (got !== expected) failures.push({ index, message: `expected ${expected}\n     got ${got}` })
  },
  throws: async (index, part, body) => {
    try {
      await body()
    } catch (error) {
      const message = collapse(error instanceof Error ? error.message : String(error))
      if (!message.includes(part))
        failures.push({ index, message: `expected an error with: ${part}\n            it said: ${message}` })
      return
    }
    failures.push({ index, message: `expected an error with: ${part}\n     nothing was thrown` })
  },
}

const provideGpu = async () => {
  // Node before 21 has no navigator
  if (globalThis.navigator === undefined) globalThis.navigator = {}
  Object.defineProperty(navigator, 'gpu', { value: await softwareGpu(), configurable: true })
}

const tell = (message) => new Promise((done) => process.send(message, done))

for (const [at, file] of process.argv.slice(2).entries()) {
  await tell({ begins: at })
  failures = []
  current = basename(file)
  try {
    if (globalThis.navigator?.gpu === undefined && /\bwebgpu\b/.test(readFileSync(file, 'utf8'))) await provideGpu()
    await import(pathToFileURL(file).href)
  } catch (error) {
    stray(error)
  }
  await new Promise(setImmediate) // a rejection that nobody handles surfaces after the microtasks
  await tell({ ends: at, failures })
}
process.exit(0) // a device or a pool that an example left open must not keep us waiting
