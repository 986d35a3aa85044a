/** The page of the documentation that shows a report. */

import { type Report, type ResultRow, type Where, written } from '../harness/rows.js'
import { tasks } from '../tasks.js'
import { plots } from './plots.js'
import { pointsOf, sweeps } from './sweeps.js'
import { markdown } from './table.js'

const unique = <X>(values: readonly X[]): readonly X[] => [...new Set(values)]

const megabytes = (bytes: number | null): string => (bytes === null ? '' : `${written(bytes / 1e6)} MB`)

/** Times of all contestants, a row each. */
const times = (rows: readonly ResultRow[], ids: readonly string[]): string => {
  const keys = unique(rows.map(({ task, size }) => `${task} ${size}`))
  return markdown(
    ['ms', ...ids, 'GFLOP/s, ours'],
    keys.map((key) => {
      const own = rows.filter(({ task, size }) => `${task} ${size}` === key)
      const quickest = Math.min(...own.map(({ oursMs }) => oursMs))
      return [
        key,
        ...ids.map((id) => {
          const row = own.find((r) => `ours@${r.threads}` === id || `${r.rival}@${r.rivalThreads}` === id)
          if (row === undefined) return ''
          const ours = `ours@${row.threads}` === id
          return `${written(ours ? row.oursMs : row.theirsMs)}${ours || row.agrees ? '' : ' ✗'}`
        }),
        own[0]!.flops > 0 ? written(own[0]!.flops / quickest / 1e6) : '',
      ]
    }),
  )
}

const memory = (rows: readonly ResultRow[]): string => {
  const kept = rows.filter(
    ({ oursBytes, theirsBytes, where }) => where === 'node' && oursBytes !== null && theirsBytes !== null,
  )
  const keys = unique(kept.map(({ task, size }) => `${task} ${size}`))
  const names = unique(
    kept.filter(({ rival }) => rival !== 'ours').map(({ rival, rivalThreads }) => `${rival}@${rivalThreads}`),
  )
  return markdown(
    ['', 'ours, its own count', 'ours, process', ...names.map((name) => `${name}, process`)],
    keys.map((key) => {
      const own = kept.filter(({ task, size }) => `${task} ${size}` === key)
      return [
        key,
        megabytes(own[0]!.oursBytes),
        megabytes(own[0]!.oursResident),
        ...names.map((name) =>
          megabytes(own.find((row) => `${row.rival}@${row.rivalThreads}` === name)?.theirsBytes ?? null),
        ),
      ]
    }),
  )
}

const titles: Readonly<Record<Where, string>> = { node: 'Node', chromium: 'Chromium, headless' }

export const drawPage = async (report: Report): Promise<string> => {
  const { ratios, growth } = await plots()
  const places = (['node', 'chromium'] as const).filter((where) => report.rows.some((row) => row.where === where))
  const sections = places.flatMap((where) => {
    const rows = report.rows.filter((row) => row.where === where)
    const ids = report.contestants.filter((one) => one.where === where).map(({ id }) => id)
    const grown = sweeps
      .map((sweep) => ({ sweep, points: pointsOf(sweep, rows, where) }))
      .filter(({ points }) => unique(points.map(({ at }) => at)).length > 1)
    return [
      `## ${titles[where]}`,
      ...unique(rows.map(({ threads }) => threads)).map((threads) => ratios(rows, where, threads)),
      'Least medians of the rounds, in milliseconds. ✗: the results differ, so that the time says nothing.',
      times(rows, ids),
      ...(grown.length > 0 ? [`### How cost grows`, ...grown.map(({ sweep, points }) => growth(sweep, points))] : []),
    ]
  })
  const missing = unique(report.missing.filter(({ why }) => why !== 'not written').map(({ contestant, task, why }) => `${contestant.split('@')[0]}|${task}|${why}`)) // biome-ignore format: one line
  return `${[
    '# Benchmark',
    `Drawn by \`pnpm bench --page\` from a run of ${report.date.slice(0, 10)} at commit \`${report.commit}\` on ${report.machine}.`,
    `Each contestant has a process of its own, and they take turns: A B C, A B C, …, ${report.settings.rounds} rounds of about ${report.settings.budgetMs} ms each after warming up. A time is the least of the rounds' medians; a ratio is their time over ours, so that above 1 we are quicker. All compute with the same numbers, and their results are compared with ours within tolerances of rounding. \`@2\` means two threads; ours on two threads use fused multiply-add where the engine has it.`,
    markdown(
      ['', 'where', 'version'],
      [
        ...report.contestants.map(({ id, where, version }) => [id, titles[where], version]),
        ...report.skipped.map(({ contestant, where, why }) => [contestant, titles[where], `skipped: ${why}`]),
      ],
    ),
    ...(report.goals.length > 0
      ? [
          '## Numbers to reach',
          markdown(
            ['', 'ratio', 'goal', '', 'beyond'],
            report.goals.map(({ name, value, bound, reached, beyond, beyondReached }) => [
              name, written(value), bound, reached ? 'reached' : '**not reached**', beyond === null ? '' : `${beyond}${beyondReached ? ', reached' : ''}`,
            ]), // biome-ignore format: a row
          ),
        ]
      : []),
    ...sections,
    ...(report.rows.some(({ theirsBytes }) => theirsBytes !== null)
      ? ['## Memory', 'The most in use while a task stood ready and ran: what our device counts, and by how much each process grew. A process that has run larger tasks before may need no growth.', memory(report.rows)] // biome-ignore format: a section
      : []),
    ...(missing.length > 0
      ? [
          '## What rivals did not do',
          markdown(
            ['', 'task', 'why'],
            missing.map((line) => line.split('|')),
          ),
        ]
      : []),
    '## The tasks',
    markdown(
      ['', 'what'],
      tasks.map(({ name, what }) => [name, what]),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`
}
