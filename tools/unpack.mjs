/** What @sparticuz/chromium carries, unpacked once into the user's cache: a browser, and a Vulkan driver in software. linux x64. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
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

/** A folder of the name with what `choose` makes of the package's archives: a map from names of files to their bytes. */
export const unpacked = (name, choose) => {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`@sparticuz/chromium is for linux-x64, and this is ${process.platform}-${process.arch}`)
  const home = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..')
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const folder = join(cacheFolder(), `${name}-${version}`)
  if (existsSync(folder)) return folder
  const part = mkdtempSync(`${folder}.`)
  const open = (archive) => brotliDecompressSync(readFileSync(join(home, 'bin', archive)))
  try {
    for (const [file, bytes] of choose({ open, archive: (file) => untar(open(`${file}.tar.br`)) }))
      writeFileSync(join(part, file), bytes, { mode: 0o755 })
    renameSync(part, folder)
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    if (!existsSync(folder)) throw error // else another process was first
  }
  return folder
}
