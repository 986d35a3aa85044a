import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundle } from '../../../../tools/browser/bundle.mjs'
import { launch } from '../../../../tools/browser/chromium.mjs'
import { serve } from '../../../../tools/browser/serve.mjs'
import { perform } from './perform.testing.js'

// The readers in a real Chromium. Where no browser can be had this is skipped, and in continuous integration that is a failure.

const browser = await launch().catch((error: Error) => {
  if (process.env.CI) throw error
  console.log(`skipped: ${error.message}`)
})
const chromium = suite('data in Chromium')
const test = browser === undefined ? chromium.skip : chromium

// a policy without eval, as careful pages have it
const policy = "default-src 'none'; script-src 'self'"
const page = browser === undefined ? '' : await bundle(fileURLToPath(new URL('./page.testing.ts', import.meta.url)))
const server = await serve({
  '/page.js': { body: page },
  '/page.html': {
    body: '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
    headers: { 'Content-Security-Policy': policy },
  },
})

chromium.after(async () => {
  await browser?.close()
  await server.close()
})

test('a page under a strict policy reads all formats, and shuffles, as Node does', async () => {
  const tab = await browser!.newPage()
  const errors: Error[] = []
  tab.on('pageerror', (error) => errors.push(error))
  await tab.goto(`${server.origin}/page.html`)
  for (const error of errors) throw error
  const told = await tab.evaluate(() => (globalThis as unknown as { perform: typeof perform }).perform())
  const expected = await perform()
  assert.ok(Object.keys(expected).length > 10)
  for (const [name, value] of Object.entries(expected)) assert.is(told[name], value, name)
})

chromium.run()
