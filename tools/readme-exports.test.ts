import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exportsOf } from './doc-tests.mjs'
import { packages, repository, shown, walk } from './files.mjs'

// The pages of people against the sources: tables of exports are whole, names in tables exist, links lead somewhere.

const entriesOf = (folder: string, manifest: { exports: Record<string, string | Record<string, string>> }): string[] =>
  Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [] : [join(folder, target['@neumann/source']!)],
  )

/** The cells of the tables whose header has this in its first or last column. */
const cells = (text: string, column: 'first' | 'last', header: string): string[] => {
  const rows = text.split('\n').map((line) => (line.startsWith('|') ? line.slice(1, -1).split(/(?<!\\)\|/) : undefined))
  const pick = (row: readonly string[]) => row.at(column === 'first' ? 0 : -1)!.trim()
  let inside = false
  return rows.flatMap((row, at) => {
    if (row === undefined) inside = false
    else if (rows[at - 1] === undefined) inside = pick(row) === header
    return row !== undefined && inside && rows[at - 1] !== undefined && !/^[-: ]*$/.test(pick(row)) ? [pick(row)] : []
  })
}

/** The names with which the code spans of a text begin. */
const namesIn = (text: string): string[] => [...text.matchAll(/`([A-Za-z]\w*)[^`]*`/g)].map(([, name]) => name!)

const homes = packages(repository)
const all = new Set(
  homes.flatMap(({ folder, manifest }) => entriesOf(folder, manifest).flatMap((path) => [...exportsOf(path).keys()])),
)

const tables = suite('tables of exports')

for (const { name, folder, manifest } of homes)
  tables(`the README of ${name} lists what its entries export, all of it and nothing else`, () => {
    const listed = new Set(cells(readFileSync(join(folder, 'README.md'), 'utf8'), 'first', 'export').flatMap(namesIn))
    const exported = new Set(entriesOf(folder, manifest).flatMap((path) => [...exportsOf(path).keys()]))
    assert.equal(
      [...exported].filter((one) => !listed.has(one)),
      [],
      'exported and not listed',
    )
    assert.equal(
      [...listed].filter((one) => !exported.has(one)),
      [],
      'listed and not exported',
    )
  })

tables('the names of other libraries are translated into names that exist', () => {
  const page = readFileSync(join(repository, 'docs', 'guide', 'coming-from.md'), 'utf8')
  const ours = cells(page, 'last', 'here').flatMap(namesIn)
  assert.ok(ours.length > 100, 'the tables were not found')
  assert.equal(
    ours.filter((one) => !all.has(one)),
    [],
  )
})

tables.run()

const links = suite('links')

const isPage = (path: string) => path.endsWith('.md') && !/^docs\/(api|\.vitepress)\//.test(shown(repository, path))
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CODE_OF_CONDUCT.md'].map((name) => join(repository, name)),
  ...homes.map(({ folder }) => join(folder, 'README.md')),
  ...walk(join(repository, 'docs')).filter(isPage),
].filter((path) => existsSync(path))

/** As GitHub and VitePress make it from a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replace(/\s+/g, '-')

const anchorsOf = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!))

for (const page of pages)
  links(`${shown(repository, page)}: relative links lead to files and headings`, () => {
    const text = readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
    const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^(https?:|\/api\/)/.test(target))
      .filter((target) => {
        const [path, hash] = target.split('#')
        const place = path === '' ? page : resolve(dirname(page), path!)
        return !existsSync(place) || (hash !== undefined && !anchorsOf(place).includes(hash))
      })
    assert.equal(broken, [])
  })

links.run()
