import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundle } from '../../../../../tools/browser/bundle.mjs'
import { launch } from '../../../../../tools/browser/chromium.mjs'
import { serve } from '../../../../../tools/browser/serve.mjs'
import { softwareGpu } from '../../../../../tools/webgpu/software.mjs'
import { samples } from '../../browser/programs.testing.js'
import { tabsOf } from '../../browser/tabs.testing.js'
import { hiddenPage } from './hidden.testing.js'
import type { Ask, Late } from './page.testing.js'
import { perform, type Told } from './perform.testing.js'

// The device in a real Chromium, over the driver in software that it brings. Samples of f64 are left out: GPUs have none. Where no
// browser can be had this is skipped, and in continuous integration that is a failure.

// a name that leads here and is not localhost: what comes from it over http is no secure context
const insecure = '--host-resolver-rules=MAP insecure.test 127.0.0.1'
const launched = async (...args: readonly string[]) => launch({ args: [...args, insecure] })
const browser = await launched('--enable-unsafe-webgpu').catch((error: Error) => {
  if (process.env.CI) throw error
  console.log(`skipped: ${error.message}`)
})
const chromium = suite('webgpu in Chromium')
const test = browser === undefined ? chromium.skip : chromium

const body = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'
const scripts =
  browser === undefined
    ? []
    : [new URL('./page.testing.ts', import.meta.url), new URL('./worker.testing.ts', import.meta.url)]
const [page, worker] = await Promise.all(scripts.map((url) => bundle(fileURLToPath(url))))
const server = await serve({ '/page.js': { body: page }, '/worker.js': { body: worker }, '/page.html': { body } })
const pageOf = tabsOf(browser!, server.origin)
const ofInsecure = tabsOf(browser!, server.origin.replace('127.0.0.1', 'insecure.test'))

type Script = { readonly ask: (it: Ask) => Promise<Told>; readonly readLate: () => Promise<Late> }

/** What a page tells that has been asked. */
const ask = async (it: Ask, of = pageOf): Promise<Told> =>
  (await of('/page.html')).evaluate((it) => (globalThis as unknown as Script).ask(it), it)

chromium.after(async () => {
  await browser?.close()
  await server.close()
})

/** Enough to see that a device works: loops that end by what they find, too. */
const few = ['products of matrices at sizes that no tile divides', 'sorting', 'loops: a recurrence by scan, and one that ends by what it finds'] // biome-ignore format: a list
/** Asserts that these samples ran, and gave what they gave elsewhere, bit for bit. */
const asIn = ({ results }: Told, told: Told, wanted: readonly string[]): void => {
  assert.is(told.failure, undefined)
  assert.equal(Object.keys(told.results), wanted)
  for (const title of wanted) assert.ok(told.results[title] === results[title], title)
}

const titles = samples.flatMap(({ title, wide }) => (wide ? [] : [title]))
let opened: ReturnType<typeof hiddenPage> | undefined
const hidden = () => (opened ??= hiddenPage(browser!, `${server.origin}/page.html`))

let inPage: Promise<Told> | undefined
const toldByPage = (): Promise<Told> => (inPage ??= ask({ compare: true }))

// √150 halves of an epsilon, and those of one function: the longest sum of all others has 150 terms of both signs
const near = 8
// 13,013 terms of both signs, whose sum is a sixth of the largest that it passes by: √13013 halves of an epsilon of that one are 340
const nearSums = 340

test('a page: every sample is near what the plain device computes', async () => {
  const { failure, differences } = await toldByPage()
  assert.is(failure, undefined)
  assert.equal(Object.keys(differences), titles)
  for (const [title, difference] of Object.entries(differences))
    assert.ok(difference < (title.startsWith('sums') ? nearSums : near), `${title}: ${difference} epsilons`)
})

test('a module worker computes the bits that its page does', async () => {
  asIn(await toldByPage(), await ask({ inWorker: true, only: few }), few)
})

test('Node computes the bits that a page does, where both have the same driver', async () => {
  const inPage = await toldByPage()
  const inNode = await perform({ gpu: await softwareGpu() })
  if (inPage.architecture === inNode.architecture) asIn(inPage, inNode, titles)
})

test('results arrive in a page that nobody sees', async () => {
  const evaluate = await hidden()
  assert.is(await evaluate('document.visibilityState'), 'hidden')
  asIn(await toldByPage(), (await evaluate(`ask(${JSON.stringify({ only: few })})`)) as Told, few)
})

test('a read with little patience is given up where nobody sees the page, and loses nothing; where it is seen it waits', async () => {
  const unseen = (await (await hidden())('readLate()')) as Late
  assert.equal([...new Set(unseen.codes)], ['throttled'])
  assert.is(unseen.first, 400)
  const seen = await (await pageOf('/page.html')).evaluate(() => (globalThis as unknown as Script).readLate())
  assert.equal(seen, { codes: [], first: 400 })
})

test('a page over http from another computer is no secure context, and is told so', async () => {
  for (const inWorker of [false, true]) {
    const { failure } = await ask({ inWorker }, ofInsecure)
    assert.is(failure?.code, 'noAdapter')
    assert.match(failure?.message ?? '', 'the page is no secure context, and has no navigator.gpu: serve it by https')
  }
})

test('a browser that gives no adapter: the outcome says where to look, and what to use', async () => {
  const without = await launched()
  try {
    const { failure } = await ask({}, tabsOf(without, server.origin))
    assert.is(failure?.code, 'noAdapter')
    assert.match(failure?.message ?? '', 'the browser has no adapter for this page')
    assert.match(failure?.message ?? '', 'use the wasm device')
  } finally {
    await without.close()
  }
})

chromium.run()
