/** A Chromium without installing one: that of the system where there is one, else that of an npm package (linux x64).
 *
 *  `CHROMIUM_PATH` names a browser to take before all others; `CHROMIUM_PATH=packaged` takes the package's. */
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs' // biome-ignore format: a list
import { homedir, tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'

/** The files of a tar archive, by the last part of their names. */
const untar = (tar) => {
  const files = new Map()
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const text = (from, to) => tar.toString('latin1', at + from, at + to).replace(/\0.*$/s, '')
    const size = parseInt(text(124, 136), 8)
    if (text(156, 157) !== '5') files.set(basename(text(0, 100)), tar.subarray(at + 512, at + 512 + size))
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}

/** Where to unpack: the user's cache, or among the temporary files a folder of the user's own. The first that is there, or can be. */
const cacheFolder = () => {
  const { XDG_CACHE_HOME: cache } = process.env
  const user = process.getuid?.()
  const reasons = []
  for (const folder of [...(cache ? [join(cache, 'neumann')] : []), join(tmpdir(), `neumann-${user ?? 'cache'}`)])
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      // anyone can make a folder among the temporary files, and put a program there
      if (user !== undefined && statSync(folder).uid !== user) throw new Error(`${folder} belongs to another user`)
      return folder
    } catch (error) {
      reasons.push(error.message)
    }
  throw new Error(reasons.join(', '))
}

/** Unpacks the package's archives once, and gives the folder: 200 MB, some seconds. */
const unpack = () => {
  const home = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..')
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const folder = join(cacheFolder(), `chromium-${version}`)
  if (existsSync(folder)) return folder
  const part = mkdtempSync(`${folder}.`)
  const open = (name) => brotliDecompressSync(readFileSync(join(home, 'bin', name)))
  try {
    writeFileSync(join(part, 'chromium'), open('chromium.br'), { mode: 0o755 })
    for (const archive of ['swiftshader', 'al2023'])
      for (const [name, bytes] of untar(open(`${archive}.tar.br`)))
        writeFileSync(join(part, name), bytes, { mode: 0o755 })
    renameSync(part, folder)
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    if (!existsSync(folder)) throw error // else another process was first
  }
  return folder
}

const packaged = () => {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`@sparticuz/chromium is for linux-x64, and this is ${process.platform}-${process.arch}`)
  const folder = unpack()
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

/** A running headless Chromium: playwright's browser, to be closed. Rejects with the reasons where none can be had. */
export const launch = async ({ args = [] } = {}) => {
  const { chromium } = await playwright()
  const reasons = []
  for (const candidate of candidates())
    try {
      const { executablePath, env = process.env, args: own = [] } = candidate()
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
