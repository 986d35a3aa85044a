/** Us and each rival on the same work, in the same run, in turns: `pnpm bench [task …] [options]`, see options.ts.
 *  Each contestant has a process (or a browser) of its own for the whole run. Results are compared; ratios are theirs / ours. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commit } from '../../tools/commit.mjs'
import { verdicts } from './goals.js'
import { enter, type Player, rivalEntries, type Setting } from './harness/contestants.js'
import { installRivals } from './harness/install.js'
import { compared, measure, missingOf, timingsOf } from './harness/measure.js'
import { merged, timesOf } from './harness/report.js'
import {
  goalTable,
  linesOf,
  type Missing,
  machine,
  missingLines,
  type Report,
  type ResultRow,
  type Timing,
  table,
  written,
} from './harness/rows.js'
import { type Options, parseOptions, usage } from './options.js'
import { drawPage } from './page/page.js'
import { drawWebgpuPart, webgpuPart, withWebgpuPart } from './page/webgpu.js'
import type { WebgpuReport } from './webgpu/report.js'
import { benchWebgpu } from './webgpu/run.js'

const home = fileURLToPath(new URL('..', import.meta.url))

const perform = async (options: Options, say: (text: string) => void): Promise<Report> => {
  const { where, device, relaxed, rounds, budget, warmUp } = options
  const setting: Setting = {
    where,
    device,
    relaxed: (threads) => relaxed === 'on' || (relaxed === 'auto' && threads > 1),
    patience: 1000 * options.patience,
    broken: installRivals(),
  }
  const wanted = [
    ...options.threads.map((threads) => ({ name: 'ours', threads })),
    ...rivalEntries
      .filter(({ name }) => options.rivals.includes(name))
      .flatMap(({ name, threads }) => threads[where].map((n) => ({ name, threads: n }))),
  ]
  const players: Player[] = []
  const skipped: { contestant: string; where: typeof where; why: string }[] = []
  try {
    for (const { name, threads } of wanted)
      try {
        const player = await enter(name, threads, setting)
        players.push(player)
        say(`${player.id}: ${player.version}`)
      } catch (error) {
        const why = (error as Error).message.split('\n')[0]!
        skipped.push({ contestant: `${name}@${threads}`, where, why })
        say(`${name}@${threads}: skipped: ${why}`)
      }
    const rows: ResultRow[] = []
    const timings: Timing[] = []
    const missing: Missing[] = []
    for (const row of options.rows) {
      // who was lost in a task comes back for the next
      for (const [i, player] of players.entries())
        if (player.lost()) {
          await player.end()
          players[i] = await enter(player.name, player.threads, setting)
        }
      say(`\n${row.task} ${row.size}`)
      const { measured, failed } = await measure(row, players, { rounds, budget, warmUp })
      const made = compared(row, where, device, measured)
      rows.push(...made)
      timings.push(...timingsOf(row, where, measured))
      missing.push(...missingOf(row, where, failed))
      // of one contestant alone there are no rows, as there is nothing to compare
      if (made.length > 0) say(linesOf(made))
      else for (const { player, times } of measured) say(`  ${player.id}  ${written(times.ms)} ms`)
      if (failed.length > 0) say(missingLines(failed))
    }
    return {
      date: new Date().toISOString(),
      commit: commit(),
      machine: machine(),
      settings: { rounds, budgetMs: budget, relaxed },
      contestants: players.map(({ id, version }) => ({ id, where, version })),
      skipped,
      timings,
      rows,
      missing,
      goals: verdicts(where, timesOf(timings, where)),
    }
  } finally {
    await Promise.all(players.map((player) => player.end()))
  }
}

const read = (file: string): Report => JSON.parse(readFileSync(file, 'utf8')) as Report

/** The page, or its part on WebGPU: whichever the report is of, the other stays. */
const draw = async (from: string, file: string): Promise<void> => {
  const report = read(from) as Report | WebgpuReport
  const page = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if ('hostTime' in report) writeFileSync(file, withWebgpuPart(page, drawWebgpuPart(report)))
  else {
    const broken = installRivals()
    if (broken !== null) throw new Error(`what draws the page ${broken}`)
    writeFileSync(file, withWebgpuPart(await drawPage(report), webgpuPart(page)))
  }
  console.log(file)
}

const main = async (options: Options): Promise<void> => {
  if (options.help) return console.log(usage)
  if (options.list)
    return console.log(
      table(
        options.rows.map(({ task, size, sweep, long }) => [
          `${task}  ${size}`,
          sweep ? 'sweep' : '',
          long ? 'long' : '',
        ]),
      ),
    )
  if (options.page !== undefined) return draw(options.page, options.out ?? join(home, '../docs/guide/benchmark.md'))
  if (options.webgpu) return benchWebgpu(options)
  const say = options.json ? () => {} : (text: string) => console.log(text)
  // read before the work, not after it
  const base = options.add === undefined ? undefined : read(options.add)
  const own = await perform(options, say)
  const report = base === undefined ? own : merged(base, own)
  const file = options.out ?? join(home, 'results', `${report.date.replaceAll(':', '-').slice(0, 19)}.json`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`)
  if (options.json) return console.log(JSON.stringify(report))
  if (report.goals.length > 0) say(`\nNumbers to reach (theirs / ours)\n\n${goalTable(report.goals)}`)
  const wrong = report.rows.filter(({ agrees }) => !agrees)
  say(
    `\n${report.rows.length} rows${wrong.length > 0 ? `, results differ in ${wrong.length}` : ', all results agree'}: ${file}`,
  )
}

try {
  await main(parseOptions(process.argv.slice(2)))
} catch (error) {
  console.error(`pnpm bench: ${(error as Error).message}`)
  process.exitCode = 1
}
