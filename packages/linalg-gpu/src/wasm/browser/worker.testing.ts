/** A worker of the page's own that opens a device. */

import { type Ask, answer } from './page.testing.js'

globalThis.addEventListener('message', async ({ data }: MessageEvent<Ask>) => {
  try {
    globalThis.postMessage(await answer(data))
  } catch (error) {
    globalThis.postMessage(String(error))
  }
})
