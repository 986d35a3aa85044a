import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { launch } from '../../../tools/browser/chromium.mjs'
import { line } from '../support.testing.js'
import { pageOf } from './page.js'
import { plotsOf } from './plots.js'
import { found } from './results.testing.js'

const browser = await launch().catch((error: Error) => {
  if (process.env['CI']) throw error
  console.log(`skipped in Chromium: ${error.message}`)
})
const results = await found('--epochs', '4')
const page = await pageOf({ ...results, data: '</script><b>' }, line.show)
const test = suite('page')
test.after(async () => browser?.close())

const embedded = (id: string): unknown =>
  JSON.parse(new RegExp(`<script type="application/json" id="${id}">(.*?)</script>`).exec(page)![1]!)

test('the page holds its numbers, which can be read back', () => {
  assert.equal(embedded('results'), { ...JSON.parse(JSON.stringify(results)), data: '</script><b>' })
  assert.equal((embedded('plots') as { plots: unknown }).plots, JSON.parse(JSON.stringify(plotsOf(results))))
})

test('it refers to nothing outside of itself, and words are not markup', () => {
  assert.not.match(page, /<(link|img|iframe|object|embed)\b/i)
  assert.not.match(page, /\s(src|href)=/i)
  assert.not.match(page, /url\(|@import|\bfetch\(|XMLHttpRequest|\bimport\(/)
  assert.ok(!page.includes('</script><b>'))
  assert.match(page, 'line &lt;1&gt;')
})

test('plots are of the whole run: losses, hyperparameters with where they began, certificates', () => {
  const plots = plotsOf(results)
  assert.equal(
    plots.map(({ title }) => title),
    [
      'Validation loss',
      'Validation length',
      'lr',
      'momentum',
      'decay',
      'Objective',
      'Certificate: residual',
      'Certificate: contraction',
      'Certificate: stationarity',
    ],
  )
  const lr = plots[2]!
  assert.equal(lr.x, [0, 1, 2, 3, 4, 5, 6, 7, 8])
  assert.equal(
    lr.series.map(({ values }) => values[0]),
    results.history.start['lr'],
  )
  for (const { x, series } of plots) for (const { values } of series) assert.is(values.length, x.length)
})

const inBrowser = browser === undefined ? test.skip : test

inBrowser('Chromium draws every plot, asks for nothing and complains about nothing', async () => {
  const tab = await browser!.newPage()
  const [wrong, asked]: [string[], string[]] = [[], []]
  tab.on('pageerror', ({ message }) => wrong.push(message))
  tab.on('console', (message) => message.type() === 'error' && wrong.push(message.text()))
  tab.on('request', (request) => asked.push(request.url()))
  await tab.setContent(page)
  assert.equal([wrong, asked], [[], []])
  assert.is(await tab.locator('#charts canvas').count(), plotsOf(results).length)
  assert.is(await tab.locator('.scroll tbody tr').count(), 4 + 2)
})

inBrowser('marks of an axis differ, however narrow what it shows, and steps are whole', async () => {
  const { history } = results
  const steps = history.steps.map((step, i) => ({
    ...step,
    residual: step.residual.map(() => 1 - 1e-5 * i),
    contraction: step.contraction.map(() => 1 - 2 ** -24 * i),
    stationarity: step.stationarity.map(() => 0),
  }))
  const tab = await browser!.newPage()
  const wrong: string[] = []
  tab.on('pageerror', ({ message }) => wrong.push(message))
  // what is written on each canvas: of the y axis it stands to the left of it
  await tab.addInitScript(() => {
    const { fillText } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
      const { written = [] } = this.canvas as { written?: string[][] }
      Object.assign(this.canvas, { written: [...written, [this.textAlign, text]] })
      fillText.call(this, text, ...at)
    }
  })
  await tab.goto('about:blank')
  await tab.setContent(await pageOf({ ...results, history: { ...history, steps } }, line.show))
  const charts = await tab.evaluate(() =>
    [...document.querySelectorAll('#charts canvas')].map(
      (canvas) => (canvas as { written?: string[][] }).written ?? [],
    ),
  )
  assert.equal(wrong, [])
  assert.is(charts.length, plotsOf(results).length)
  // stationarity is 0 throughout, which no logarithm shows
  for (const written of charts.slice(0, -1)) {
    const of = (align: string): string[] => written.filter(([own]) => own === align).map(([, text]) => text!)
    assert.ok(of('right').length > 1)
    assert.is(new Set(of('right')).size, of('right').length, of('right').join(' '))
    assert.not.ok(
      of('center').some((text) => text.includes('.')),
      of('center').join(' '),
    )
  }
})

test.run()
