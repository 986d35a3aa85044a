/** Opens the live pages of the built site in headless Chromium, as a visitor does, with WebGPU and without: `node tools/live.mjs`. */
import { readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { launch } from './browser/chromium.mjs'
import { serve } from './browser/serve.mjs'
import { repository, seconds, walk } from './files.mjs'

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
const patience = 60_000

const check = (holds, what) => {
  if (!holds) throw new Error(what)
}
const checkMatch = (text, part, what) => check(text.includes(part), `${what}: expected “${part}” in “${text}”`)

/** Does `visit` on a page, and says how long it took; a script that throws is a failure too. */
const visited = async (browser, path, what, visit, options = {}) => {
  const begun = Date.now()
  const page = await browser.newPage(options)
  page.setDefaultTimeout(patience)
  const errors = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(server.origin) && !/^(data|blob):/.test(request.url()))
      errors.push(`asked for ${request.url()}`)
  })
  const go = () => page.goto(`${server.origin}${path}`)
  const told = await visit(page, go).catch((error) => {
    throw new Error(`${path}, ${what}: ${[error.message, ...errors].join('; ')}`)
  })
  check(errors.length === 0, `${path}, ${what}: ${errors.join('; ')}`)
  await page.close()
  console.log(`${path}, ${what}: ${told}, ${seconds(Date.now() - begun)}`)
}

// ── ten images that teach ───────────────────────────────────────────────────────────────────────────────────────────

/** Learns for so many steps on a device that is chosen, and says how it went. */
const distils = (device, steps, where) => async (page, go) => {
  await go()
  await page.locator('[data-test=device]').selectOption(device)
  await page.getByRole('button', { name: 'Start' }).click()
  const after = async (n) => {
    await page.waitForFunction(
      (n) => Number(document.querySelector('[data-test=step]')?.textContent) >= n || document.querySelector('.failed'),
      n,
    )
    const failed = await page.locator('.failed').allTextContents()
    check(failed.length === 0, `the page says: ${failed.join(' ')}`)
    return Number(await page.locator('[data-test=accuracy]').textContent())
  }
  const first = await after(1)
  const later = await after(steps)
  const status = await page.locator('[data-test=status]').textContent()
  checkMatch(await page.locator('[data-test=where]').textContent(), where, 'the device')
  await page.getByRole('button', { name: 'Stop' }).click()
  check(later > first && later > steps, `accuracy went from ${first} to ${later} % in ${steps} steps`)
  check(status === 'converged', `the certificate says ${status}`)
  return `${first} % at first, ${later} % after ${steps} steps`
}

// ── a function, and what becomes of it ──────────────────────────────────────────────────────────────────────────────

/** What a test does with the editor: writes, chooses, reads. */
const editorOf = (page) => {
  const field = (name) => page.locator(`[data-test=${name}]`)
  const text = (name) => field(name).textContent()
  const answers = async () => Number(await field('results').getAttribute('data-answered'))
  /** Waits until what `change` changed has been answered. */
  const changed = async (change) => {
    const before = await answers()
    await change()
    await page.waitForFunction(
      (n) => Number(document.querySelector('[data-test=results]')?.getAttribute('data-answered')) > n,
      before,
    )
  }
  return {
    text,
    changed,
    opened: () => page.waitForSelector('[data-test=results]:not([data-answered="0"])'),
    write: (name, value) => changed(() => field(name).fill(value)),
    choose: (name, value) => changed(() => field(name).selectOption(value)),
    tab: async (name) => {
      await page.getByRole('tab', { name }).click()
      return [await text('stage-f'), await text('stage-g')]
    },
  }
}

const [valley, gradient] = ['f32[] 24.2', 'f32[2] [-215.6, -88]']

/** All that the page shows, tells and keeps, on what is the best device here. */
const edits = (why, refusal) => async (page, go) => {
  await go()
  const { text, opened, changed, write, choose, tab } = editorOf(page)
  await opened()
  const shows = async (f, g) => {
    checkMatch(await text('result-f'), f, 'f')
    checkMatch(await text('result-g'), g, 'its gradient')
  }
  await shows(valley, gradient)
  checkMatch(await text('where'), why, 'the device')
  for (const [name, part] of [['Program', 'return'], ['Simplified', 'return'], ['Kernels', '->'], ['WGSL', '@compute']])
    for (const shown of await tab(name)) checkMatch(shown, part, name) // biome-ignore format: pairs
  // by the keyboard, around the end
  await page.getByRole('tab', { name: 'WGSL' }).press('ArrowRight')
  checkMatch(await text('stage-f'), 'return', 'Program, by an arrow')

  await write('inputs', '[[1, 1, 1]]')
  await shows('f32[] 0', 'f32[3] [0, 0, 0]')
  await write('transform', 'grad(')
  check((await text('transform-problem')) !== '', 'a transform that is no JavaScript was taken')
  await write('code', 'const f = (x) => mul(x, 2)')
  await write('transform', 'grad(f)')
  checkMatch(await text('transform-problem'), 'a gradient is of one scalar', 'the gradient of a vector')
  await shows('f32[3] [2, 2, 2]', 'f32[3] [0, 0, 0]')
  await write('code', 'const f = (x) => sum(x) +')
  check((await text('code-problem')) !== '', 'code that is no JavaScript was taken')
  await shows('f32[3] [2, 2, 2]', 'f32[3] [0, 0, 0]')
  await write('code', 'const f = (x) => sum(add(x, [1, 2]))')
  checkMatch(await text('code-problem'), 'add', 'an operand that is no tensor')
  await write('inputs', '3')
  checkMatch(await text('inputs-problem'), 'an array of the arguments', 'inputs that are no array')

  // another example and back: what was written is kept until it is undone
  await choose('example', '1')
  await choose('example', '0')
  checkMatch(await text('inputs-problem'), 'an array of the arguments', 'what was written')
  await choose('device', 'webgpu')
  checkMatch(await text('device-problem'), refusal, 'WebGPU, asked for')
  await choose('device', 'best')
  const undo = page.getByRole('button', { name: 'Undo all changes' })
  await changed(() => undo.click())
  check(await undo.isDisabled(), 'there still is something to undo')
  await shows(valley, gradient)
  check(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    'the page is wider than its window',
  )
  return `${valley}, edits, mistakes`
}

/** The numbers of a text. */
const numbers = (text) => (text.replace(/[a-z]\d+/g, '').match(/-?\d+(\.\d+)?(e-?\d+)?/g) ?? []).map(Number)

/** Every example gives on WebGPU what it gives on wasm: two devices, of which each rounds f32 its own way. */
const agrees = async (page, go) => {
  await go()
  const { text, opened, write, choose } = editorOf(page)
  await opened()
  await choose('device', 'wasm')
  const count = await page.locator('[data-test=example] option').count()
  const seen = []
  const results = async () => [await text('result-f'), await text('result-g')]
  for (let at = 0; at < count; at++) {
    if (at > 0) await choose('example', String(at))
    seen.push(await results())
  }
  await choose('device', 'webgpu')
  checkMatch(await text('where'), 'webgpu', 'the device')
  for (let at = count - 1; at >= 0; at--) {
    if (at < count - 1) await choose('example', String(at))
    check((await text('device-problem')) === '', `example ${at}: ${await text('device-problem')}`)
    const now = await results()
    now.forEach((text, i) => {
      const [ours, theirs] = [numbers(text), numbers(seen[at][i])]
      // six digits are shown, and these functions lose a few halves of an epsilon of the largest
      const near = 4e-6 * Math.max(...theirs.map(Math.abs))
      const same =
        ours.length === theirs.length && ours.length > 0 && ours.every((x, j) => Math.abs(x - theirs[j]) <= near)
      check(same, `example ${at}: ${text} on WebGPU, ${seen[at][i]} on wasm`)
    })
  }
  // a kernel of the visitor's own, which the GPU's compiler refuses
  await choose('example', String(count - 1))
  await write('code', (await page.locator('[data-test=code]').inputValue()).replace('abs(x[i])', 'abs(nowhere[i])'))
  for (const part of ['logCosh', 'nowhere']) checkMatch(await text('device-problem'), part, 'WGSL that is wrong')
  return `${count} examples as on wasm`
}

/** A loop without an end is given up, and the page goes on. The page's clock is turned by hand. */
const givesUp = async (page, go) => {
  await page.clock.install()
  await go()
  const { text, opened, write } = editorOf(page)
  await opened()
  // the typing rests; then the patience ends
  const turned = async (change) => {
    await change()
    await page.clock.fastForward(1000)
  }
  await turned(() => page.locator('[data-test=code]').fill('while (true) {}'))
  await page.clock.fastForward(30_000)
  checkMatch(await text('code-problem'), 'a loop without an end', 'no answer')
  await Promise.all([
    write('code', 'const f = (x) => sum(x)'),
    page.waitForTimeout(200).then(() => page.clock.fastForward(1000)),
  ])
  checkMatch(await text('result-f'), 'f32[] -0.2', 'after that')
  return 'gives up, and goes on'
}

const server = await serve(files)
const browsers = []
try {
  browsers.push(await launch({ args: ['--enable-unsafe-webgpu'] }), await launch())
  const [gpu, none] = browsers
  const phone = { viewport: { width: 360, height: 740 } }
  await Promise.all([
    (async () => {
      await visited(gpu, '/live/editor.html', 'with WebGPU', agrees)
      await visited(gpu, '/live/distillation.html', 'on WebGPU', distils('webgpu', 5, 'software-webgpu'))
    })(),
    (async () => {
      await visited(none, '/live/editor.html', 'without WebGPU', edits('wasm, with 1 thread', 'no adapter'), phone)
      await visited(none, '/live/editor.html', 'in a loop without an end', givesUp)
      await visited(none, '/live/distillation.html', 'without WebGPU', distils('best', 60, 'wasm'))
    })(),
  ])
} finally {
  for (const browser of browsers) await browser.close()
  await server.close()
}
