import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundle } from '../../../../../tools/browser/bundle.mjs'
import { launch } from '../../../../../tools/browser/chromium.mjs'
import { serve } from '../../../../../tools/browser/serve.mjs'
import { samples } from '../../browser/programs.testing.js'
import { tabsOf } from '../../browser/tabs.testing.js'
import { carried } from '../carried.testing.js'
import type { asks } from './page.testing.js'

// The device in WebGL2 of a real Chromium, over the driver in software that it brings. Where no browser can be had this is skipped,
// and in continuous integration that is a failure.

const software = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']
const browser = await launch({ args: software }).catch((error: Error) => {
  if (process.env.CI) throw error
  console.log(`skipped: ${error.message}`)
})
const chromium = suite('gpujs in Chromium')
const test = browser === undefined ? chromium.skip : chromium

const body = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'
const scripts = browser === undefined ? [] : ['./page.testing.ts', './worker.testing.ts']
const [page, worker] = await Promise.all(
  scripts.map((script) => bundle(fileURLToPath(new URL(script, import.meta.url)))),
)
const policy = { 'Content-Security-Policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'" }
const server = await serve({
  '/page.js': { body: page },
  '/worker.js': { body: worker },
  '/page.html': { body },
  '/strict.html': { body, headers: policy },
})

type Asks = typeof asks
const pageOf = tabsOf(browser!, server.origin)

/** What a page tells that has been asked. */
const ask = async <K extends keyof Asks>(what: K, of = pageOf, path = '/page.html') =>
  (await (await of(path)).evaluate(`asks.${what}()`)) as Awaited<ReturnType<Asks[K]>>

chromium.after(async () => {
  await browser?.close()
  await server.close()
})

test('what gpu.js carries is near the plain device, in WebGL2, and none of it runs on wasm', async () => {
  const { off, fallbacks } = await ask('carried')
  assert.equal(fallbacks, [])
  for (const { title, near } of carried) assert.ok(off[title]! <= near, `${title}: ${off[title]} ulp`)
})

test('the samples of all devices are near the plain device, wherever they run', async () => {
  const { failure, differences, fallbacks } = await ask('samples')
  assert.is(failure, undefined)
  assert.equal(
    Object.keys(differences),
    samples.map(({ title }) => title),
  )
  // √150 halves of an epsilon, and those of one function: the longest sum has 150 terms of both signs
  for (const [title, difference] of Object.entries(differences))
    assert.ok(difference < 8, `${title}: ${difference} epsilons`)
  assert.match(fallbacks.map(({ reason }) => reason).join('\n'), 'it has a scan, and gpu.js has kernels alone')
})

for (const what of ['loss', 'lossInWorker'] as const)
  test(`a GPU that the browser takes away: what was there is an outcome, and programs go on in wasm (${what})`, async () => {
    const [lost, after, reason] = await ask(what)
    assert.match(
      lost!,
      /^deviceLost: f32\[3\], made by jit, was on gpujs when the browser took the GPU away, and is gone/,
    )
    assert.is(after, '2,4,6')
    assert.is(reason, 'gpujs has lost the GPU')
  })

test('round after round leaves no textures behind', async () => {
  const [, early, late] = await ask('rounds')
  assert.is(late, early)
})

test('a page whose policy forbids eval, and allows WebAssembly alone, is enough', async () => {
  const [lost, after] = await ask('loss', pageOf, '/strict.html')
  assert.match(lost!, /^deviceLost: f32\[3\], made by jit/)
  assert.is(after, '2,4,6')
})

// a GPU in software is all that there is here; on a real one it may be otherwise
test('it is not faster than one thread of wasm: so bestDevice takes it only where it is asked to', async () => {
  for (const [title, [gpujs, wasm]] of Object.entries(await ask('race')))
    assert.ok(gpujs > wasm, `${title}: ${gpujs} ms, and ${wasm} ms on wasm`)
})

test('a browser without WebGL2: the outcome says what to use', async () => {
  const without = await launch({ args: ['--disable-gpu', '--disable-software-rasterizer', '--disable-3d-apis'] })
  try {
    const { failure } = await ask('samples', tabsOf(without, server.origin))
    assert.is(failure?.code, 'noAdapter')
    assert.match(failure?.message ?? '', 'there is no WebGL2 here')
    assert.match(failure?.message ?? '', 'Or use the wasm device')
  } finally {
    await without.close()
  }
})

chromium.run()
