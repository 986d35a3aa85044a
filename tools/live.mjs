/** Opens the live page of the built site in headless Chromium, as a visitor does, and watches it learn: `node tools/live.mjs`. */
import { readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { launch } from './browser/chromium.mjs'
import { serve } from './browser/serve.mjs'
import { repository, walk } from './files.mjs'

const site = join(repository, 'docs', '.vitepress', 'dist')
const types = {
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
}
const files = Object.fromEntries(
  [...walk(site, () => true)].map((path) => {
    const type = types[extname(path)] ?? 'application/octet-stream'
    return [
      `/${relative(site, path).split(sep).join('/')}`,
      { body: readFileSync(path), headers: { 'Content-Type': type } },
    ]
  }),
)
const browser = await launch()
const server = await serve(files)
try {
  const page = await browser.newPage()
  const errors = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(`${server.origin}/live/distillation.html`)
  await page.getByRole('button', { name: 'Start' }).click()
  const read = async (name) => Number(await page.locator(`[data-test=${name}]`).textContent())
  const after = async (steps) => {
    await page.waitForFunction(
      (n) => Number(document.querySelector('[data-test=step]')?.textContent) >= n || document.querySelector('.failed'),
      steps,
      { timeout: 60_000 },
    )
    const failed = await page.locator('.failed').allTextContents()
    if (failed.length > 0) throw new Error(`the page says: ${failed.join(' ')}`)
    return read('accuracy')
  }
  const first = await after(1)
  const later = await after(60)
  const status = await page.locator('[data-test=status]').textContent()
  await page.getByRole('button', { name: 'Stop' }).click()
  const wrong = [
    ...errors,
    ...(later > 60 && later > first ? [] : [`accuracy went from ${first} to ${later} % in 60 steps`]),
    ...(status === 'converged' ? [] : [`the certificate says ${status}`]),
  ]
  if (wrong.length > 0) throw new Error(wrong.join('; '))
  console.log(`the live page learns: ${first} % at first, ${later} % after 60 steps`)
} finally {
  await browser.close()
  await server.close()
}
