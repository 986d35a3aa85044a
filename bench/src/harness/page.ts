/** A contestant in a page of headless Chromium: a browser of its own, a page that is cross-origin isolated, so that threads may share memory. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Library } from '../contestants/contestant.js'
import type { Message, Reply } from '../contestants/respond.js'
import { bundledPage } from './bundle.js'
import { rivals } from './install.js'
import type { Contact } from './process.js'

const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cache-Control': 'no-store',
}

export const openPage = async (name: string, executablePath: string, patience: number): Promise<Contact> => {
  const script = await bundledPage(name)
  const server = createServer((request, response) => {
    const isScript = request.url === '/contestant.js'
    response.writeHead(200, { ...headers, 'Content-Type': isScript ? 'text/javascript' : 'text/html' })
    response.end(
      isScript ? script : '<!doctype html><title>bench</title><script type="module" src="/contestant.js"></script>',
    )
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { load } = (await import(join(rivals, 'load.mjs'))) as { readonly load: (name: string) => Promise<Library> }
  const playwright = await load('playwright-core')
  const browser = await (playwright.chromium ?? playwright.default.chromium).launch({
    executablePath,
    headless: true,
    args: ['--no-sandbox'],
  })
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', (error: Error) => errors.push(error.message))
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const end = async (): Promise<void> => {
    await browser.close()
    server.close()
  }
  try {
    await page.waitForFunction('globalThis.respond !== undefined', undefined, { timeout: 20_000 })
  } catch (error) {
    await end()
    throw new Error(errors[0] ?? (error as Error).message.split('\n')[0])
  }
  const isolated = await page.evaluate('globalThis.crossOriginIsolated')
  if (isolated !== true) {
    await end()
    throw new Error('the page is not cross-origin isolated')
  }
  let lost: string | undefined
  return {
    ask: async (message: Message): Promise<Reply> => {
      if (lost !== undefined) return { error: lost }
      let clock: NodeJS.Timeout | undefined
      const late = new Promise<Reply>((done) => {
        clock = setTimeout(() => {
          lost = `no answer to '${message.kind}' in ${patience / 1000} s`
          done({ error: lost })
        }, patience)
      })
      const answer = page
        .evaluate(`globalThis.respond(${JSON.stringify(message)})`)
        .catch((error: Error) => ({ error: error.message.split('\n')[0] }))
      const reply = (await Promise.race([answer, late])) as Reply
      clearTimeout(clock)
      return reply
    },
    end,
    lost: () => lost !== undefined,
    // a page's memory is spread over processes
    markMemory: () => {},
    grown: () => null,
  }
}
