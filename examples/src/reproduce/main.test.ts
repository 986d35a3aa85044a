import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { reproductions } from './list.js'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const data = process.env['NEUMANN_DATA'] || fileURLToPath(new URL('../../../../shared/data', import.meta.url))

const reproduce = (
  ...words: string[]
): { readonly code: number | null; readonly out: string; readonly err: string } => {
  const { NEUMANN_DATA: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@neumann/source', '--import', import.meta.resolve('tsx'), main, ...words],
    { encoding: 'utf8', env },
  )
  return { code: status, out: stdout, err: stderr }
}

const refused = (words: string[], message: RegExp): void => {
  const { code, err } = reproduce(...words)
  assert.is(code, 1)
  assert.match(err, message)
  assert.is(err.trim().split('\n').filter((line) => line.startsWith('pnpm reproduce:')).length, 1) // biome-ignore format: one call
}

test('without a name it lists all of them, and each is known by its own name', async () => {
  const { code, out } = reproduce()
  assert.is(code, 0)
  for (const [name, load] of Object.entries(reproductions)) {
    assert.is((await load()).name, name)
    assert.match(out, new RegExp(`^${name} `, 'm'))
  }
})

test('wrong words get one line and a code', () => {
  refused(['clarke-enrgy'], /there is no reproduction 'clarke-enrgy': there are clarke-energy,/)
  refused(['clarke-energy', 'clarke-power'], /one name at a time/)
  refused(['clarke-energy', '--seeds', '0'], /--seeds is a whole number, at least 1, got '0'/)
  refused(['clarke-energy', '--fast'], /--fast/)
  refused(['clarke-energy'], /give --data DIR or NEUMANN_DATA/)
  refused(['clarke-energy', '--data', '/nowhere'], /nowhere/)
})

const path = join(data, 'uci', 'energy')
const missing = existsSync(path) ? undefined : `skipped: no ${path}; set NEUMANN_DATA to the folder that holds uci/`
if (missing) console.log(missing)
const real = missing ? test.skip : test

real('a slice of the Energy table, as rows of the terminal and of a file; the page of the docs is left alone', () => {
  const json = join(mkdtempSync(join(tmpdir(), 'neumann-')), 'rows.json')
  const page = fileURLToPath(new URL('../../../docs/reproductions/clarke-energy.md', import.meta.url))
  const before = existsSync(page) && readFileSync(page, 'utf8')
  const { code, out, err } = reproduce('clarke-energy', '--quick', '--seeds', '3', '--data', data, '--json', json)
  assert.is(code, 0, err)
  assert.match(out, /^Ours WD\+LR\+M, mean \(\d+ s\) +1.28 ± .08 +[\d.]+ +[\d.]+ – [\d.]+ +3 +0$/m)
  const { name, rows } = JSON.parse(readFileSync(json, 'utf8'))
  assert.is(name, 'clarke-energy')
  assert.is(rows.length, 27, 'mean, median and best of nine methods')
  assert.equal(existsSync(page) && readFileSync(page, 'utf8'), before)
})

test.run()
