/** Runs the given uvu files one after another in this process and reports each to the parent (see test.mjs). */
import { pathToFileURL } from 'node:url'

globalThis.UVU_DEFER = 1 // uvu waits for us to run its queue
const { test } = await import('uvu')

// All tests may run on another device than the plain one, which then is where tensors go that are put nowhere else.
const device = process.env.NEUMANN_DEVICE
const source = new URL('../packages/linalg-gpu/src/', import.meta.url)
if (process.env.NEUMANN_VALIDATE !== '0') {
  const { validate } = await import(new URL('program/validate.ts', source).href)
  const { validateKernel } = await import(new URL('kernel/validate.ts', source).href)
  const { context } = await import(new URL('trace/context.ts', source).href)
  context.checks = { program: validate, kernel: validateKernel }
}
if (device === 'wasm') {
  const { wasmDevice } = await import(new URL('wasm/index.ts', source).href)
  const { context } = await import(new URL('trace/context.ts', source).href)
  context.device = await wasmDevice({ threads: Number(process.env.NEUMANN_THREADS ?? 1) })
} else if (device === 'webgpu') {
  // results are read at once all over the tests: a GPU in a worker lets this thread wait for it
  const { wideDevice } = await import(new URL('webgpu/remote/wide.testing.ts', source).href)
  const { context } = await import(new URL('trace/context.ts', source).href)
  context.device = await wideDevice()
} else if (device) throw new Error(`NEUMANN_DEVICE=${device}: the devices are plain (none named), wasm and webgpu`)

// A stray error must not end the run: it counts against the file during which it surfaced.
const strays = []
process.on('uncaughtException', (error) => strays.push(error))

const write = process.stdout.write.bind(process.stdout)
let output = ''
process.stdout.write = (text, encoding, then) => {
  output += text
  const callback = typeof encoding === 'function' ? encoding : then
  callback?.()
  return true
}
process.on('exit', () => write(output)) // what a file printed before it ended the process

const tell = (message) => new Promise((done) => process.send(message, done))
const explain = (error) => `  ${error?.stack ?? error}\n`

/** How many tests of uvu's own `test`, which all files share, were registered and never run; they are let go. */
const leftOver = async (index) => {
  globalThis.UVU_QUEUE[index] = []
  // biome-ignore lint/suspicious/noFocusedTests: the others are skipped, and counted
  test.only('', () => {})
  test.run()
  const kept = output
  const [, , skipped] = await globalThis.UVU_QUEUE[index][0]()
  output = kept
  return skipped
}

// Tests that state what WebGPU does not promise: each must fail there, so that none stays listed without need.
const { unlike } = device === 'webgpu' ? await import('./webgpu/unlike.mjs') : { unlike: () => ({}) }
const titlesOf = (errors) => [...errors.matchAll(/^\s*FAIL\s+(?:\S+\s+)?"(.*)"\s*$/gm)].map(([, title]) => title)

for (const [index, file] of process.argv.slice(2).entries()) {
  await tell({ begins: file })
  const begun = performance.now()
  const suites = []
  const failing = []
  let passed = 0
  let failed = 0
  let skipped = 0
  globalThis.UVU_INDEX = index
  globalThis.UVU_QUEUE[index] = suites
  try {
    await import(pathToFileURL(file).href)
    if (suites.length === 0) throw new Error('no test was registered: is `test.run()` missing?')
    let registered = 0
    for (const suite of suites) {
      const [errors, ran, skips, all] = await suite()
      const named = typeof errors === 'string'
      registered += all + skips
      passed += ran
      skipped += skips
      failed += all - ran
      if (named) failing.push(...titlesOf(errors))
      if (named) output += `\n${errors}\n`
      else if (ran < all) output += `  a hook threw: ${all - ran} tests did not run\n`
    }
    if (registered === 0) throw new Error('a suite ran without a single test')
  } catch (error) {
    failed += 1
    output += explain(error)
  }
  for (const [title, why] of Object.entries(unlike(file))) {
    failed += failing.includes(title) ? -1 : 1
    passed += failing.includes(title) ? 1 : 0
    output += `  "${title}" ${failing.includes(title) ? 'is not for this device' : 'passes, and need not be listed'}: ${why}\n`
  }
  const idle = await leftOver(index)
  if (idle > 0) {
    failed += 1
    output += `  ${idle} tests were registered and not run: \`test.run()\` must be the last line\n`
  }
  await new Promise(setImmediate) // a rejection surfaces after the microtasks
  for (const error of strays.splice(0)) {
    failed += 1
    output += `  outside any test: ${explain(error).trimStart()}`
  }
  const message = { file, passed, failed, skipped, output, ms: performance.now() - begun }
  output = ''
  await tell(message)
}

process.on('beforeExit', () => {
  for (const error of strays.splice(0)) {
    output += `  after the last test: ${explain(error).trimStart()}`
    process.exitCode = 1
  }
})
process.disconnect()
