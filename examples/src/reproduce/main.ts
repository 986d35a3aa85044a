/** `pnpm reproduce`: runs a reproduction of a paper's figures, prints them beside the paper's, and writes the page of the docs. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Presets, SingleBar } from 'cli-progress'
import { commit } from '../../../tools/commit.mjs'
import { reproductions } from './list.js'
import { page, table } from './page.js'
import type { Row } from './reproduction.js'

const usage = `Runs a reproduction of a paper's figures, and prints them beside the paper's.

  pnpm reproduce                     lists them
  pnpm reproduce NAME [options]

  --quick      a slice of it that takes seconds, to see that it works
  --data DIR   a folder with data that no npm package brings; also NEUMANN_DATA
  --seeds N    runs of each setting   (its own number)
  --json PATH  writes the rows there too
  --help       this text

A run that is not quick rewrites docs/reproductions/NAME.md.`

const docs = fileURLToPath(new URL('../../../docs/reproductions/', import.meta.url))

/** Of the progress bar. */
const parts = 10_000

const list = async (): Promise<string> => {
  const all = await Promise.all(Object.values(reproductions).map((load) => load()))
  const width = Math.max(...all.map(({ name }) => name.length))
  return all.map(({ name, title }) => `${name.padEnd(width)}  ${title}`).join('\n')
}

const main = async (words: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> => {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      data: { type: 'string' },
      seeds: { type: 'string' },
      json: { type: 'string' },
    },
  })
  if (values.help) return console.log(usage)
  const [name, ...more] = positionals
  if (name === undefined) return console.log(await list())
  if (more.length > 0) throw new Error(`one name at a time, got ${positionals.join(' ')}.`)
  if (!Object.hasOwn(reproductions, name))
    throw new Error(`there is no reproduction '${name}': there are ${Object.keys(reproductions).join(', ')}.`)
  const seeds = values.seeds === undefined ? undefined : Number(values.seeds)
  if (seeds !== undefined && !(Number.isSafeInteger(seeds) && seeds >= 1))
    throw new Error(`--seeds is a whole number, at least 1, got '${values.seeds}'.`)
  const reproduction = await reproductions[name]!()
  const bar = new SingleBar(
    {
      format: '{bar} {percentage} % | {what} | {eta_formatted} to go',
      noTTYOutput: true,
      notTTYSchedule: 10_000,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  )
  console.log(`${reproduction.title}\n${reproduction.source}`)
  const begun = performance.now()
  bar.start(parts, 0, { what: '…' })
  let rows: readonly Row[]
  try {
    rows = await reproduction.run({
      quick: values.quick,
      data: values.data ?? (environment['NEUMANN_DATA'] || undefined),
      seeds,
      progress: (share, what) => bar.update(Math.round(share * parts), { what }),
    })
  } finally {
    bar.stop()
  }
  const seconds = (performance.now() - begun) / 1000
  console.log(table(rows))
  console.log(`${seconds.toFixed(0)} s`)
  const run = {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    machine: `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`,
    seconds,
    command: ['pnpm reproduce', name, ...(seeds === undefined ? [] : [`--seeds ${seeds}`])].join(' '),
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ name, ...run, rows }, null, 2)}\n`)
  if (!values.quick) {
    mkdirSync(docs, { recursive: true })
    writeFileSync(`${docs}${name}.md`, page(reproduction, rows, run))
    console.log(`written: docs/reproductions/${name}.md`)
  }
}

try {
  await main(process.argv.slice(2), process.env)
} catch (error) {
  console.error(`pnpm reproduce: ${(error as Error).message.split('\n')[0]}`)
  process.exitCode = 1
}
