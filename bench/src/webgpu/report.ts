/** What a run on WebGPU leaves behind: rows to read and to print, and the numbers to reach. */

import { verdicts } from '../goals.js'
import { type Missing, table, type Verdict, written } from '../harness/rows.js'
import type { Summary } from '../harness/statistics.js'
import type { HostTime } from './hostTime.js'
import type { Counts } from './meter.js'
import type { Counted } from './seat.js'

export type Name = 'ours' | 'jax'

export interface Measured extends Counted {
  readonly times: Summary
  /** ‖theirs − plain‖ / ‖plain‖. */
  readonly difference: number
  readonly agrees: boolean
}

export interface WebgpuRow {
  readonly task: string
  readonly size: string
  readonly tolerance: number
  /** See least.ts. */
  readonly leastBytes: number
  readonly ours?: Measured
  readonly jax?: Measured
}

export interface WebgpuReport {
  readonly date: string
  readonly commit: string
  readonly machine: string
  /** Processes that wanted to run, in the minute before: above the number of cores, times say little. */
  readonly load: number
  readonly adapter: Readonly<Record<string, string | boolean>>
  readonly settings: { readonly rounds: number; readonly budgetMs: number }
  readonly contestants: readonly { readonly id: string; readonly version: string }[]
  readonly rows: readonly WebgpuRow[]
  readonly missing: readonly Missing[]
  readonly hostTime: Readonly<Partial<Record<Name, HostTime>>>
  readonly goals: readonly Verdict[]
}

/** By task: their time / ours. */
const ratios: Readonly<Record<string, number>> = { 'mlp-step': 1.5, hvp: 3, neumann: 2.5 }

export const objectsOf = ({ bindGroups, buffers, pipelines, modules }: Counts): number =>
  bindGroups + buffers + pipelines + modules

/** What crosses the adapter's memory, by dispatches and by copies. */
export const movedBytes = ({ bound, copied }: Counts): number => bound + copied

export const webgpuGoals = (rows: readonly WebgpuRow[]): readonly Verdict[] =>
  verdicts(
    'node',
    () => Number.NaN,
    rows.flatMap(({ task, size, ours, jax, leastBytes }) => {
      const goal = (name: string, value: number | undefined, bound: { least: number } | { most: number }) => ({
        name: `${task} ${size}: ${name}`,
        where: 'node' as const,
        value: () => value ?? Number.NaN,
        ...bound,
      })
      const ratio = ratios[task]
      const both = ours !== undefined && jax !== undefined
      return [
        ...(ratio === undefined ? [] : [goal('time, jax / ours', both ? jax.times.ms / ours.times.ms : undefined, { least: ratio })]),
        goal('dispatches, ours / jax', both ? ours.steady.dispatches / jax.steady.dispatches : undefined, { most: 0.5 }),
        goal('submits', ours?.steady.submits, { most: 1 }),
        goal('objects made', ours === undefined ? undefined : objectsOf(ours.steady), { most: 0 }),
        goal('bytes moved / the least', ours === undefined ? undefined : movedBytes(ours.steady) / leastBytes, { most: 1.5 }),
      ] // biome-ignore format: a table
    }),
  )

const kilobytes = (bytes: number): string => `${written(bytes / 1000)} kB`

const lineOf = (
  id: Name,
  { times, first, steady, processor, difference, agrees }: Measured,
  least: number,
): readonly string[] => [
  `  ${id}`,
  `${written(times.ms)} ms`,
  `± ${(100 * times.spread).toFixed(0)} %`,
  `${written(processor)} ms`,
  `${steady.dispatches}`,
  `${steady.submits}`,
  `${objectsOf(steady)}`,
  kilobytes(movedBytes(steady)),
  `${written(movedBytes(steady) / least)} × the least`,
  `${first.pipelines}`,
  agrees ? difference.toExponential(0) : `DIFFERS by ${difference.toExponential(1)}`,
]

/** A row as a table: a line for each contestant. */
export const rowText = ({ ours, jax, leastBytes }: WebgpuRow): string =>
  table([
    [
      '',
      'time',
      '',
      'processor',
      'dispatches',
      'submits',
      'made',
      'moved',
      `least ${kilobytes(leastBytes)}`,
      'compiled',
      'from plain',
    ],
    ...(ours === undefined ? [] : [lineOf('ours', ours, leastBytes)]),
    ...(jax === undefined ? [] : [lineOf('jax', jax, leastBytes)]),
  ])

export const hostText = (hostTime: WebgpuReport['hostTime']): string =>
  table(
    Object.entries(hostTime).map(([id, { points, line }]) => [
      `  ${id}`,
      `${(1000 * line.intercept).toFixed(0)} µs + ${(1000 * line.slope).toFixed(1)} µs a kernel`,
      ...points.map(([kernels, ms]) => `${kernels}: ${(1000 * ms).toFixed(0)} µs`),
    ]),
  )
