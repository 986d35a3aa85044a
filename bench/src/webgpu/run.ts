/** @jax-js/jax and ours on WebGPU, on the same Dawn in one run, in turns; what each asks of WebGPU is counted (meter.ts), results are
 *  compared with those of the plain device. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commit } from '../../../tools/commit.mjs'
import { softwareGpu } from '../../../tools/webgpu/software.mjs'
import { contestant as plainly } from '../contestants/ours.js'
import { type Digest, type Reply, responder } from '../contestants/respond.js'
import { disagreement } from '../harness/compare.js'
import { installRivals } from '../harness/install.js'
import { measure, missingOf } from '../harness/measure.js'
import { reply } from '../harness/process.js'
import { goalTable, type Missing, machine, missingLines } from '../harness/rows.js'
import type { Options } from '../options.js'
import type { Row } from '../tasks.js'
import { type HostTime, hostTimes } from './hostTime.js'
import { leastBytes } from './least.js'
import { openJax, openOurs, type WebgpuPlayer } from './players.js'
import {
  hostText,
  type Measured,
  type Name,
  rowText,
  type WebgpuReport,
  type WebgpuRow,
  webgpuGoals,
} from './report.js'
import { chainRows, webgpuRows } from './rows.js'
import { type Seat, seatOf } from './seat.js'

type Digests = Readonly<Record<string, Digest>>

/** What the plain device computes, once for each row. */
const referenceOf = async (): Promise<(row: Row) => Promise<Digests>> => {
  const ask = responder(plainly, async () => ({}))
  await reply(ask({ kind: 'start', options: { threads: 1, device: 'plain', relaxed: false } }), 'version')
  return async ({ task, params, inputs }) => {
    const { results } = await reply(ask({ kind: 'prepare', task, params, inputs }), 'results')
    const released: Reply = await ask({ kind: 'release' })
    if ('error' in released) throw new Error(released.error)
    return results
  }
}

const adapterOf = async (): Promise<WebgpuReport['adapter']> => {
  const adapter = await ((await softwareGpu()) as GPU).requestAdapter()
  if (adapter === null) throw new Error('no WebGPU adapter, not even in software')
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info
  return { vendor, architecture, device, description, software: isFallbackAdapter }
}

const perform = async (options: Options, say: (text: string) => void): Promise<WebgpuReport> => {
  const broken = installRivals()
  const adapter = await adapterOf()
  const load = loadavg()[0]!
  say(`adapter: ${adapter.description || adapter.device}`)
  if (load > availableParallelism()) say(`the machine is busy, load ${load.toFixed(1)}: times say little`)
  const players: WebgpuPlayer[] = []
  for (const [name, open] of [['ours', openOurs], ['jax', openJax]] as const) // biome-ignore format: pairs
    try {
      if (name === 'jax' && broken !== null) throw new Error(broken)
      const player = await open()
      players.push(player)
      say(`${player.id}: ${player.version}`)
    } catch (error) {
      say(`${name}: skipped: ${(error as Error).message.split('\n')[0]}`)
    }
  const seats: Seat[] = []
  for (const player of players) seats.push(await seatOf(player))
  const reference = await referenceOf()
  const rows: WebgpuRow[] = []
  const missing: Missing[] = []
  for (const row of webgpuRows.filter((one) => options.rows.includes(one))) {
    say(`\n${row.task} ${row.size}`)
    const expected = await reference(row)
    const { measured, failed } = await measure(row, seats, options)
    const found = measured.map(({ player, times, results }): readonly [Name, Measured] => {
      const difference = disagreement(expected, results)
      const { counted } = seats.find(({ id }) => id === player.id)!
      return [player.id as Name, { times, ...counted(), difference, agrees: difference <= row.tolerance }]
    })
    const { task, size, tolerance } = row
    rows.push({ task, size, tolerance, leastBytes: leastBytes(row), ...Object.fromEntries(found) })
    missing.push(...missingOf(row, 'node', failed))
    say(rowText(rows.at(-1)!))
    if (failed.length > 0) say(missingLines(failed))
  }
  let hostTime: WebgpuReport['hostTime'] = {}
  if (chainRows.some((one) => options.rows.includes(one))) {
    say('\nhost time from call to submit, chains of 16 × 16 products')
    const times = await hostTimes(players, options.rounds, 10)
    hostTime = Object.fromEntries(times) as Record<Name, HostTime>
    say(hostText(hostTime))
  }
  return {
    date: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    load,
    adapter,
    settings: { rounds: options.rounds, budgetMs: options.budget },
    contestants: players.map(({ id, version }) => ({ id, version })),
    rows,
    missing,
    hostTime,
    goals: webgpuGoals(rows),
  }
}

const home = fileURLToPath(new URL('../..', import.meta.url))

/** What `pnpm bench --webgpu` does. */
export const benchWebgpu = async (options: Options): Promise<void> => {
  const say = options.json ? () => {} : (text: string) => console.log(text)
  const report = await perform(options, say)
  const file = options.out ?? join(home, 'results', `webgpu-${report.date.replaceAll(':', '-').slice(0, 19)}.json`)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`)
  if (options.json) return console.log(JSON.stringify(report))
  if (report.goals.length > 0) say(`\nNumbers to reach\n\n${goalTable(report.goals)}`)
  const wrong = report.rows.filter(({ ours, jax }) => ours?.agrees === false || jax?.agrees === false)
  say(
    `\n${report.rows.length} rows${wrong.length > 0 ? `, results differ in ${wrong.length}` : ', all results agree'}: ${file}`,
  )
}
