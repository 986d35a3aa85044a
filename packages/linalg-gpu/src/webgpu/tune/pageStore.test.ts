import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundle } from '../../../../../tools/browser/bundle.mjs'
import { launch } from '../../../../../tools/browser/chromium.mjs'
import { serve } from '../../../../../tools/browser/serve.mjs'
import type { Script } from './page.testing.js'
import { hasDatabase } from './pageStore.js'

// Where no browser can be had this is skipped, and in continuous integration that is a failure.
const browser = await launch().catch((error: Error) => {
  if (process.env.CI) throw error
  console.log(`skipped: ${error.message}`)
})
const chromium = suite('IndexedDB in Chromium')
const test = browser === undefined ? chromium.skip : chromium
const code = browser === undefined ? '' : await bundle(fileURLToPath(new URL('./page.testing.ts', import.meta.url)))
const body = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'
const server = await serve({ '/page.js': { body: code }, '/page.html': { body } })

chromium.after(async () => {
  await browser?.close()
  await server.close()
})

type Page = { readonly script: Script }

test('a page keeps text for the pages after it, under its key and in its database', async () => {
  const context = await browser!.newContext()
  const open = async () => {
    const page = await context.newPage()
    await page.goto(`${server.origin}/page.html`)
    return page
  }
  const first = await open()
  assert.is(await first.evaluate(() => (globalThis as unknown as Page).script.hasDatabase()), true)
  assert.is(await first.evaluate(() => (globalThis as unknown as Page).script.get('a')), undefined)
  await first.evaluate(() => (globalThis as unknown as Page).script.set('a', 'first'))
  await first.evaluate(() => (globalThis as unknown as Page).script.set('a', 'second'))
  await first.close()
  const second = await open()
  assert.is(await second.evaluate(() => (globalThis as unknown as Page).script.get('a')), 'second')
  assert.is(await second.evaluate(() => (globalThis as unknown as Page).script.get('b')), undefined)
  assert.is(await second.evaluate(() => (globalThis as unknown as Page).script.get('a', 'another')), undefined)
  // a browser that keeps nothing breaks nothing
  assert.is(await second.evaluate(() => (globalThis as unknown as Page).script.refused()), 'nothing')
  await context.close()
})

chromium('Node has no such database', () => {
  assert.is(hasDatabase(), false)
})

chromium.run()
