/** A Chromium without installing one: that of the system where there is one, else that of an npm package (linux x64).
 *
 *  `CHROMIUM_PATH` names a browser to take before all others; `CHROMIUM_PATH=packaged` takes the package's. */
import { accessSync, constants, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { unpacked } from '../unpack.mjs'

const packaged = () => {
  const folder = unpacked('chromium', ({ open, archive }) => [
    ['chromium', open('chromium.br')],
    ...archive('swiftshader'),
    ...archive('al2023'),
  ])
  const { LD_LIBRARY_PATH: libraries } = process.env
  return {
    executablePath: join(folder, 'chromium'),
    env: { ...process.env, LD_LIBRARY_PATH: [folder, libraries].filter(Boolean).join(delimiter) },
    args: ['--no-zygote', '--disable-dev-shm-usage'],
  }
}

const isProgram = (path) => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

const names = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser']
const places = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', 'C:/Program Files/Google/Chrome/Application/chrome.exe'] // biome-ignore format: a list

/** The browsers of the system that exist; they may still not start. */
const installed = () => {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  const paths = [...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...places]
  return paths.filter(isProgram).map((executablePath) => ({ executablePath }))
}

const candidates = () => {
  const { CHROMIUM_PATH: wish } = process.env
  if (wish === 'packaged') return [packaged]
  if (wish) return [() => ({ executablePath: wish })]
  return [...installed().map((one) => () => one), packaged]
}

/** Playwright, which looks for the user's home as it loads, and a user without an entry in passwd has none. */
const playwright = () => {
  try {
    homedir()
  } catch {
    process.env.HOME = tmpdir()
  }
  return import('playwright-core')
}

/** A running headless Chromium: playwright's browser, to be closed. Rejects with the reasons where none can be had.
 *  @param {{ readonly args?: readonly string[] }} [options] */
export const launch = async ({ args = [] } = {}) => {
  const { chromium } = await playwright()
  const reasons = []
  for (const candidate of candidates())
    try {
      const { executablePath, env: whole = process.env, args: own = [] } = candidate()
      // Chromium brings a Vulkan driver of its own, and finds none where another is named, as Dawn in this process may need
      const { VK_DRIVER_FILES: _, ...env } = whole
      return await chromium.launch({ executablePath, env, headless: true, args: ['--no-sandbox', ...own, ...args] })
    } catch (error) {
      reasons.push(
        String(error?.message ?? error)
          .split('\n')
          .slice(0, 3)
          .join(' '),
      )
    }
  throw new Error(`no Chromium can be had: ${reasons.join('; ')}`)
}
