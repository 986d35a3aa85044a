/** Walking the repository and printing what was found: shared by the tools. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')

const never = new Set(['node_modules', 'dist', '.turbo', '.doc-tests', '.git', 'coverage'])

/** All files below a folder, sorted; none when there is no such folder. Generated and fetched folders are left out. */
export const walk = (folder, keep = () => true) => {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return never.has(entry.name) ? [] : walk(path, keep)
      return entry.isFile() && keep(path) ? [path] : []
    })
}

/** The packages: folder, manifest. */
export const packages = (root) => {
  const home = join(root, 'packages')
  if (!statSync(home, { throwIfNoEntry: false })) return []
  return readdirSync(home, { withFileTypes: true })
    .filter((entry) => statSync(join(home, entry.name, 'package.json'), { throwIfNoEntry: false }))
    .map((entry) => entry.name)
    .sort()
    .map((name) => ({
      name,
      folder: join(home, name),
      manifest: JSON.parse(readFileSync(join(home, name, 'package.json'), 'utf8')),
    }))
}

/** A path as people write it: from the root, with forward slashes. */
export const shown = (root, path) => relative(root, path).split(sep).join('/')

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

/** `--root DIR`, `--quick`, … and the rest. Flags named in `valued` take the next word. */
export const options = (words, valued = ['root']) => {
  const flags = {}
  const rest = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (!word.startsWith('--')) rest.push(word)
    else {
      const [name, given] = word.slice(2).split('=')
      flags[name] = given ?? (valued.includes(name) ? words[++at] : true)
    }
  }
  return { flags, rest }
}
