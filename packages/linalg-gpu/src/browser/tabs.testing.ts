/** Pages of a test's server in a browser: each is opened once and asked many times, as its scripts then are warm. */

import type { Browser, Page } from 'playwright-core'

export type PageOf = (path: string) => Promise<Page>

/** The page at a path of `origin`; rejects where its scripts throw as they load. */
export const tabsOf = (browser: Browser, origin: string): PageOf => {
  const open = async (path: string): Promise<Page> => {
    const tab = await browser.newPage()
    const errors: Error[] = []
    tab.on('pageerror', (error) => errors.push(error))
    await tab.goto(origin + path)
    for (const error of errors) throw error
    return tab
  }
  const tabs = new Map<string, Promise<Page>>()
  return (path) => {
    const known = tabs.get(path) ?? open(path)
    tabs.set(path, known)
    return known
  }
}
