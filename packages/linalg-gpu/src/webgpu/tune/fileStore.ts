/** Measured tiles in a JSON file, in Node.
 *
 *  The file is replaced as a whole, so that a reader sees the old one or the new; what other processes wrote meanwhile is kept, but for the
 *  same keys and for what they write in the same instant. A file that is no such JSON counts as empty, and is replaced. */

import type { Store } from './store.js'

// asked for at run time, so that bundlers for pages see no import
const builtin = globalThis.process?.getBuiltinModule

/** Whether there are files here. */
export const hasFiles = (): boolean => builtin !== undefined

/** The user's folder for what programs can do without: XDG_CACHE_HOME, or what the system has for it. */
export const cacheFolder = (
  environment: Readonly<Record<string, string | undefined>>,
  platform: string,
  home: string,
): string => {
  const { XDG_CACHE_HOME: own, LOCALAPPDATA: windows } = environment
  if (own) return own
  if (platform === 'win32' && windows) return windows
  return platform === 'darwin' ? `${home}/Library/Caches` : `${home}/.cache`
}

/** The file where no other is named. */
export const usualFile = (): string =>
  `${cacheFolder(process.env, process.platform, builtin!('node:os').homedir())}/neumann/tiles.json`

/** Keeps text in a JSON file; its folders are made when something is first written.
 *  @example
 *  const store = fileStore('/tmp/neumann-example/tiles.json')
 *  await store.set('key', 'text')
 *  await fileStore('/tmp/neumann-example/tiles.json').get('key') // => text */
export const fileStore = (path: string): Store => {
  const { readFile, writeFile, mkdir, rename, rm } = builtin!('node:fs/promises')
  const { dirname } = builtin!('node:path')
  const all = async (): Promise<Record<string, string>> => {
    try {
      const entries: unknown = JSON.parse(await readFile(path, 'utf8'))
      if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) return {}
      return Object.fromEntries(Object.entries(entries).filter(([, value]) => typeof value === 'string'))
    } catch {
      return {}
    }
  }
  const write = async (key: string, value: string): Promise<void> => {
    const part = `${path}.${process.pid}.${crypto.randomUUID()}`
    try {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(part, `${JSON.stringify({ ...(await all()), [key]: value }, undefined, 1)}\n`)
      await rename(part, path)
    } catch {
      await rm(part, { force: true }).catch(() => {})
    }
  }
  let writing: Promise<void> = Promise.resolve()
  return {
    // own properties alone: a key may be called like a method of objects
    get: async (key) => {
      await writing
      const entries = await all()
      return Object.hasOwn(entries, key) ? entries[key] : undefined
    },
    set: (key, value) => (writing = writing.then(() => write(key, value))),
  }
}
