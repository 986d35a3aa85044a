import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundle } from '../../../../../tools/browser/bundle.mjs'
import { launch } from '../../../../../tools/browser/chromium.mjs'
import { isolation, serve } from '../../../../../tools/browser/serve.mjs'
import { samples } from '../../browser/programs.testing.js'
import { tabsOf } from '../../browser/tabs.testing.js'
import type { Ask } from './page.testing.js'
import { perform, type Told } from './perform.testing.js'

// The device in a real Chromium: what pages, workers and policies of all kinds let it do. Where no browser can be had this is
// skipped, and in continuous integration that is a failure.

const browser = await launch().catch((error: Error) => {
  if (process.env.CI) throw error
  console.log(`skipped: ${error.message}`)
})
const chromium = suite('wasm in Chromium')
const test = browser === undefined ? chromium.skip : chromium

/** Enough to see that a device works, with all of its threads. */
const few = ['a product large enough for all threads', 'sorting', 'printing from within a program']

// what the page itself loads, and no more
const strict = "default-src 'none'; script-src 'self'"
const withWasm = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"
const trusted = `${withWasm}; worker-src blob: 'self'; require-trusted-types-for 'script'`

const body = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'
const embedded = { 'Cross-Origin-Embedder-Policy': 'require-corp' }
const policed = (policy: string) => ({ body, headers: { ...isolation, 'Content-Security-Policy': policy } })

const scripts =
  browser === undefined
    ? []
    : [
        new URL('./page.testing.ts', import.meta.url),
        new URL('./worker.testing.ts', import.meta.url),
        new URL('./helper.testing.ts', import.meta.url),
      ]
const [page, worker, helper] = await Promise.all(scripts.map((url) => bundle(fileURLToPath(url))))
const server = await serve({
  '/page.js': { body: page },
  '/worker.js': { body: worker, headers: embedded },
  '/helper.js': { body: helper, headers: embedded },
  '/helper-not-embedded.js': { body: helper },
  '/helper-without-wasm.js': { body: helper, headers: { ...embedded, 'Content-Security-Policy': strict } },
  '/isolated.html': { body, headers: isolation },
  '/credentialless.html': { body, headers: { ...isolation, 'Cross-Origin-Embedder-Policy': 'credentialless' } },
  '/open.html': { body },
  '/no-wasm.html': policed(strict),
  '/no-wasm-but-workers.html': policed(`${strict}; worker-src blob:`),
  '/wasm.html': policed(withWasm),
  '/wasm-blob.html': policed(`${withWasm}; worker-src blob:`),
  '/wasm-self.html': policed(`${withWasm}; worker-src 'self'`),
  '/trusted.html': policed(trusted),
})

type Script = { readonly ask: (it: Ask) => Promise<Told>; readonly compileLarge: () => Promise<number> }
const pageOf = tabsOf(browser!, server.origin)

/** What a page tells that has been asked. */
const ask = async (path: string, it: Ask): Promise<Told> =>
  (await pageOf(path)).evaluate((it) => (globalThis as unknown as Script).ask(it), it)

const inNode = new Map<boolean, Promise<Told>>()

/** Asserts that all results are those of Node, bit for bit. */
const asInNode = async (told: Told, titles: readonly string[] = few): Promise<void> => {
  assert.is(told.failure, undefined)
  if (!inNode.has(told.relaxed)) inNode.set(told.relaxed, perform({ threads: 1, relaxed: told.relaxed }))
  const { results, relaxed } = await inNode.get(told.relaxed)!
  assert.is(relaxed, told.relaxed)
  for (const title of titles) assert.ok(told.results[title] === results[title], title)
}

chromium.after(async () => {
  await browser?.close()
  await server.close()
})

const all = samples.flatMap(({ title, engine }) => (engine ? [] : [title]))

test('an isolated page computes the bits that Node does, on any number of threads', async () => {
  const one = await ask('/isolated.html', { threads: 1 })
  assert.equal([one.isolated, one.threads, one.notes], [true, 1, []])
  await asInNode(one, all)
  for (const threads of [2, 3]) {
    const told = await ask('/isolated.html', { threads })
    assert.equal([told.threads, told.notes], [threads, []])
    for (const { title } of samples) assert.ok(told.results[title] === one.results[title], title)
  }
})

test('an isolated page: as many threads as the computer has processors, where none are asked for', async () => {
  const told = await ask('/credentialless.html', { only: few })
  assert.ok(told.isolated)
  assert.ok(told.threads >= 1)
  assert.equal(told.notes, [])
  await asInNode(told)
})

test('relaxed SIMD is there without a flag, and gives the bits that it gives in Node', async () => {
  const told = await ask('/isolated.html', { threads: 2, relaxed: true })
  assert.equal([told.relaxed, told.notes], [true, []])
  await asInNode(told, all)
})

test('a page that is not isolated: one thread, a note that says why, and the same bits; they are near those of the plain device', async () => {
  const told = await ask('/open.html', { threads: 2, compare: true })
  assert.equal([told.isolated, told.threads], [false, 1])
  assert.is(told.notes.length, 1)
  assert.match(told.notes[0]!, 'a page must be cross-origin isolated')
  await asInNode(told, all)
  assert.is(Object.keys(told.differences).length, samples.length)
  // the longest sum has 150 terms in f32, of both signs, whose errors are a random walk: √150 halves of an epsilon, and those of one function
  for (const [title, difference] of Object.entries(told.differences))
    assert.ok(difference < 8, `${title}: ${difference} epsilons`)
})

test('a module worker of an isolated page: threads of its own', async () => {
  const told = await ask('/isolated.html', { threads: 2, inWorker: true, only: few })
  assert.equal([told.isolated, told.threads, told.notes], [true, 2, []])
  await asInNode(told)
})

test('a module worker of a page that is not isolated: one thread, and a note', async () => {
  const told = await ask('/open.html', { threads: 2, inWorker: true, only: few })
  assert.equal([told.isolated, told.threads, told.notes.length], [false, 1, 1])
  await asInNode(told)
})

for (const path of ['/no-wasm.html', '/no-wasm-but-workers.html'])
  test(`${path}: a policy without 'wasm-unsafe-eval' is an outcome, which names the remedy`, async () => {
    const { failure } = await ask(path, { threads: 2 })
    assert.is(failure?.code, 'deviceLost')
    assert.match(failure?.message ?? '', "forbids WebAssembly. Add 'wasm-unsafe-eval' to its script-src")
  })

test("a policy with 'wasm-unsafe-eval' alone: one thread, and a note that names the remedy", async () => {
  const told = await ask('/wasm.html', { threads: 2, only: few })
  assert.equal([told.isolated, told.threads, told.notes.length], [true, 1, 1])
  assert.match(told.notes[0]!, 'allow worker-src blob: there, or pass the option `worker`')
  await asInNode(told)
})

test("a policy with 'wasm-unsafe-eval' and worker-src blob: is all that threads need", async () => {
  const told = await ask('/wasm-blob.html', { threads: 2, only: few })
  assert.equal([told.threads, told.notes], [2, []])
  await asInNode(told)
})

test("a policy with worker-src 'self': threads by a script of the page's own", async () => {
  const told = await ask('/wasm-self.html', { threads: 2, helper: '/helper.js', only: few })
  assert.equal([told.threads, told.notes], [2, []])
  await asInNode(told)
})

for (const [what, helper] of [
  ['is not there', '/nothing.js'],
  ['is not served with the header of isolation', '/helper-not-embedded.js'],
  ["has a policy of its own without 'wasm-unsafe-eval'", '/helper-without-wasm.js'],
] as const)
  test(`a script for threads that ${what}: one thread, and a note`, async () => {
    const told = await ask('/wasm-self.html', { threads: 2, helper, only: few })
    assert.equal([told.threads, told.notes.length], [1, 1], told.notes.join())
    await asInNode(told)
  })

test('a policy of trusted types: one thread and a note, or threads by a script whose address the page trusts', async () => {
  const told = await ask('/trusted.html', { threads: 2, only: few })
  assert.equal([told.threads, told.notes.length], [1, 1], told.notes.join())
  assert.match(told.notes[0]!, 'TrustedScriptURL')
  await asInNode(told)
  const helped = await ask('/trusted.html', { threads: 2, helper: '/helper.js', only: few })
  assert.equal([helped.threads, helped.notes], [2, []])
  await asInNode(helped)
})

// Chromium compiles no more than 8 MB at once on a page's own thread
test('kernels of more than 4 MB are compiled as several modules', async () => {
  const tab = await pageOf('/isolated.html')
  const modules = await tab.evaluate(() => (globalThis as unknown as Script).compileLarge())
  assert.is(modules, 2)
})

chromium.run()
