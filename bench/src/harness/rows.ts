/** What a run leaves behind: rows to read, to print and to draw. */

import { arch, availableParallelism, cpus, platform } from 'node:os'

export type Where = 'node' | 'chromium'

/** Ours against one rival, on one row of one task. `ms` are the least of the rounds' medians: see statistics.ts. */
export interface ResultRow {
  readonly task: string
  readonly size: string
  readonly where: Where
  /** Ours: `wasm`, `plain`. */
  readonly device: string
  /** Ours. */
  readonly threads: number
  readonly rival: string
  readonly rivalThreads: number
  readonly oursMs: number
  readonly theirsMs: number
  /** theirs / ours: above 1 we are quicker. */
  readonly ratio: number
  readonly oursMin: number
  readonly theirsMin: number
  readonly oursSpread: number
  readonly theirsSpread: number
  /** ‖theirs − ours‖ / ‖ours‖, and what it may be. */
  readonly difference: number | null
  readonly tolerance: number
  readonly agrees: boolean
  readonly flops: number
  readonly bytes: number
  /** Most bytes in use while the task ran: ours by the device's own count, theirs by the growth of their process. */
  readonly oursBytes: number | null
  readonly oursResident: number | null
  readonly theirsBytes: number | null
}

/** A contestant's time on a row of a task, whoever else was measured. */
export interface Timing {
  readonly where: Where
  readonly contestant: string
  readonly task: string
  readonly size: string
  readonly ms: number
  readonly median: number
  readonly min: number
  readonly spread: number
  readonly samples: number
}

/** What a contestant did not do, and why. */
export interface Missing {
  readonly task: string
  readonly size: string
  readonly where: Where
  readonly contestant: string
  readonly why: string
}

export interface Verdict {
  readonly name: string
  readonly value: number
  readonly bound: string
  readonly reached: boolean
  /** The goal beyond, where there is one. */
  readonly beyond: string | null
  readonly beyondReached: boolean | null
}

export interface Report {
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly settings: { readonly rounds: number; readonly budgetMs: number; readonly relaxed: string }
  readonly contestants: readonly { readonly id: string; readonly where: Where; readonly version: string }[]
  readonly skipped: readonly { readonly contestant: string; readonly where: Where; readonly why: string }[]
  readonly timings: readonly Timing[]
  readonly rows: readonly ResultRow[]
  readonly missing: readonly Missing[]
  readonly goals: readonly Verdict[]
}

export const machine = (): string =>
  `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores, ${platform()} ${arch()}, Node ${process.version}`

/** Three digits that say something. */
export const written = (value: number): string =>
  !Number.isFinite(value) ? '–' : Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(3)

/** Columns: the first left, the others right. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const widths = rows.reduce<number[]>((w, row) => row.map((cell, i) => Math.max(w[i] ?? 0, cell.length)), [])
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

interface Line {
  readonly id: string
  readonly ms: number
  readonly min: number
  readonly spread: number
}

/** A row of a task as a table: a line for each contestant, its time over each of ours, and a mark where results differ. */
export const linesOf = (rows: readonly ResultRow[]): string => {
  const ours = new Map(rows.map((row) => [row.threads, row]))
  const lines: Line[] = [...ours.values()].map(({ threads, oursMs, oursMin, oursSpread }) => ({
    id: `ours@${threads}`,
    ms: oursMs,
    min: oursMin,
    spread: oursSpread,
  }))
  for (const { rival, rivalThreads, theirsMs, theirsMin, theirsSpread } of rows)
    if (!lines.some(({ id }) => id === `${rival}@${rivalThreads}`))
      lines.push({ id: `${rival}@${rivalThreads}`, ms: theirsMs, min: theirsMin, spread: theirsSpread })
  const cells = lines.map(({ id, ms, min, spread }) => {
    const pairs = rows.filter((row) => `${row.rival}@${row.rivalThreads}` === id)
    const wrong = pairs.filter(({ agrees }) => !agrees)
    return [
      `  ${id}`,
      `${written(ms)} ms`,
      `least ${written(min)}`,
      `± ${(100 * spread).toFixed(0)} %`,
      ...[...ours.keys()].map((threads) => {
        const pair = pairs.find((row) => row.threads === threads)
        return pair === undefined ? '' : `${written(pair.ratio)} × ours@${threads}`
      }),
      wrong.length === 0 ? '' : `RESULTS DIFFER by ${wrong[0]!.difference?.toExponential(1) ?? 'their form'}`,
    ]
  })
  return table(cells)
}

/** What was not done, those with the same reason together. */
export const missingLines = (failed: readonly { readonly id: string; readonly why: string }[]): string =>
  [...new Set(failed.map(({ why }) => why))]
    .map((why) => `  ${failed.filter((one) => one.why === why).map(({ id }) => id).join(', ')}: ${why}`) // biome-ignore format: one line
    .join('\n')

export const goalTable = (goals: readonly Verdict[]): string =>
  table(
    goals.map(({ name, value, bound, reached, beyond, beyondReached }) => [
      name,
      written(value),
      bound,
      reached ? 'reached' : 'NOT REACHED',
      beyond === null ? '' : `${beyond} ${beyondReached ? 'reached' : 'not reached'}`,
    ]),
  )
