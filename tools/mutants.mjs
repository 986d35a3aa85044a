/** Plants known bugs one by one in a copy of the sources and shows that the tests kill each: `node tools/mutants.mjs [part of a name …]`.
 *  A mutant that survives, or whose line is no longer in the source, fails the command. Two run at a time; tests beside the planted file run first. */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './files.mjs'
import { mutants } from './mutants.list.mjs'

const wanted = process.argv.slice(2)
const chosen = mutants.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
const scratch = join(repository, '.mutants')

/** A copy of the packages that resolves its dependencies as the original does. */
const copy = (place) => {
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place, { recursive: true })
  cpSync(join(repository, 'packages'), join(place, 'packages'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !/\/(dist|\.turbo)(\/|$)/.test(path),
  })
  cpSync(join(repository, 'tools'), join(place, 'tools'), { recursive: true })
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'tsconfig.base.json'])
    cpSync(join(repository, file), join(place, file))
  symlinkSync(join(repository, 'node_modules'), join(place, 'node_modules'))
}

const run = (place, folders) =>
  new Promise((done) => {
    const child = spawn(process.execPath, ['tools/test.mjs', '--jobs=1', ...folders], {
      cwd: place,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: process.env,
    })
    let text = ''
    child.stdout.on('data', (chunk) => (text += chunk))
    child.stderr.on('data', (chunk) => (text += chunk))
    child.on('close', (code) => done({ code, text }))
  })

const plant = async (mutant, place) => {
  const path = join(place, 'packages', mutant.file)
  const source = readFileSync(path, 'utf8')
  const parts = source.split(mutant.find)
  if (parts.length !== 2)
    return { ...mutant, outcome: `STALE: its line occurs ${parts.length - 1} times in ${mutant.file}` }
  writeFileSync(path, parts.join(mutant.plant))
  try {
    for (const folder of mutant.tests) {
      const { code, text } = await run(place, [`packages/${folder}`])
      if (code !== 0) {
        const first = /FAIL\s+(?:\S+\s+)?"?(.+?)"?$/m.exec(text)?.[1] ?? /✘ .*/.exec(text)?.[0] ?? 'tests failed'
        return { ...mutant, outcome: 'killed', by: first.slice(0, 90) }
      }
    }
    return { ...mutant, outcome: 'SURVIVED' }
  } finally {
    writeFileSync(path, source)
  }
}

const queue = [...chosen]
const results = []
const worker = async (n) => {
  const place = join(scratch, String(n))
  copy(place)
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const result = await plant(next, place)
    results.push(result)
    console.log(
      `${result.outcome === 'killed' ? '✔ killed  ' : `✘ ${result.outcome}`}  ${result.name}${result.by ? `  — ${result.by}` : ''}`,
    )
  }
}
await Promise.all([worker(0), worker(1)])
rmSync(scratch, { recursive: true, force: true })
const alive = results.filter(({ outcome }) => outcome !== 'killed')
console.log(`${results.length - alive.length} of ${results.length} mutants killed`)
process.exitCode = alive.length > 0 || results.length === 0 ? 1 : 0
