/** A page that is hidden in earnest, in a window that is minimised. Playwright tells its own pages that they are visible, wherever they
 *  are; this one is made past it, in a window that it knows nothing of. */

import type { Browser } from 'playwright-core'

interface Answer {
  readonly id: number
  readonly result: { readonly result: { readonly value?: unknown }; readonly exceptionDetails?: unknown }
}

/** How long a page may take to load. */
const patience = 20_000

/** Loads an address out of sight; gives what evaluates an expression there, a promise's value once it is there. */
export const hiddenPage = async (browser: Browser, url: string): Promise<(expression: string) => Promise<unknown>> => {
  const chrome = await browser.newBrowserCDPSession()
  const { browserContextId } = await chrome.send('Target.createBrowserContext')
  const place = { browserContextId, newWindow: true, windowState: 'minimized' } as const
  const { targetId } = await chrome.send('Target.createTarget', { url, ...place })
  const { sessionId } = await chrome.send('Target.attachToTarget', { targetId, flatten: false })
  const waiting = new Map<number, (answer: Answer) => void>()
  chrome.on('Target.receivedMessageFromTarget', ({ message }) => {
    const answer: Answer = JSON.parse(message)
    waiting.get(answer.id)?.(answer)
  })
  let asked = 0
  const evaluate = async (expression: string): Promise<unknown> => {
    const id = ++asked
    const params = { expression, awaitPromise: true, returnByValue: true }
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve))
    await chrome.send('Target.sendMessageToTarget', {
      sessionId,
      message: JSON.stringify({ id, method: 'Runtime.evaluate', params }),
    })
    const { result } = await answered
    if (result.exceptionDetails !== undefined) throw new Error(JSON.stringify(result.exceptionDetails))
    return result.result.value
  }
  const end = Date.now() + patience
  while (!(await evaluate(`location.href === ${JSON.stringify(url)} && document.readyState === 'complete'`))) {
    if (Date.now() > end) throw new Error(`${url} did not load out of sight`)
    await new Promise((go) => setTimeout(go, 20))
  }
  return evaluate
}
