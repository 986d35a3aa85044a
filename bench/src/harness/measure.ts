/** One row of a task, measured on all players in turns. */

import type { Digest } from '../contestants/respond.js'
import type { Row } from '../tasks.js'
import { disagreement } from './compare.js'
import type { Player } from './contestants.js'
import { reply } from './process.js'
import type { Missing, ResultRow, Timing, Where } from './rows.js'
import { type Summary, summary } from './statistics.js'
import { takeTurns, turnFor } from './turns.js'

export interface Effort {
  readonly rounds: number
  /** ms of a turn. */
  readonly budget: number
  /** ms of warming up. */
  readonly warmUp: number
}

interface Measured {
  readonly player: Player
  readonly times: Summary
  readonly results: { readonly [name: string]: Digest }
  readonly peakBytes: number | null
  readonly resident: number | null
}

const why = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A repetition longer than this has two rounds only. */
const patience = 3000

export const measure = async (
  row: Row,
  players: readonly Player[],
  { rounds, budget, warmUp }: Effort,
): Promise<{
  readonly measured: readonly Measured[]
  readonly failed: readonly { readonly id: string; readonly why: string }[]
}> => {
  const { task, params, inputs } = row
  const failed: { id: string; why: string }[] = []
  const ready: { player: Player; results: Measured['results']; ms: number }[] = []
  for (const player of players)
    try {
      player.markMemory()
      const { results } = await reply(player.ask({ kind: 'prepare', task, params, inputs }), 'results')
      const { ms } = await reply(player.ask({ kind: 'warm', ms: warmUp }), 'ms')
      ready.push({ player, results, ms })
    } catch (error) {
      failed.push({ id: player.id, why: why(error) })
      await player.ask({ kind: 'release' })
    }
  const taken = await takeTurns(ready, rounds, async ({ player, ms }, round) => {
    if (ms > patience && round >= 2) return []
    return (await reply(player.ask({ kind: 'turn', ...turnFor(ms, budget) }), 'times')).times
  })
  const measured: Measured[] = []
  for (const [one, { rounds, error }] of taken) {
    const { player, results } = one
    const resident = player.grown()
    const { peakBytes } =
      error === undefined ? await reply(player.ask({ kind: 'release' }), 'peakBytes') : { peakBytes: null }
    if (error !== undefined) failed.push({ id: player.id, why: error })
    else measured.push({ player, results, times: summary(rounds), peakBytes, resident })
  }
  return { measured, failed }
}

/** Ours against each rival; ours on more threads also against ours on one. */
export const compared = (row: Row, where: Where, device: string, measured: readonly Measured[]): readonly ResultRow[] =>
  measured
    .filter(({ player }) => player.name === 'ours')
    .flatMap((ours) =>
      measured
        .filter((theirs) => theirs.player.name !== 'ours' || theirs.player.threads < ours.player.threads)
        .map((theirs): ResultRow => {
          const apart = disagreement(ours.results, theirs.results)
          return {
            task: row.task,
            size: row.size,
            where,
            device,
            threads: ours.player.threads,
            rival: theirs.player.name,
            rivalThreads: theirs.player.threads,
            oursMs: ours.times.ms,
            theirsMs: theirs.times.ms,
            ratio: theirs.times.ms / ours.times.ms,
            oursMin: ours.times.min,
            theirsMin: theirs.times.min,
            oursSpread: ours.times.spread,
            theirsSpread: theirs.times.spread,
            difference: Number.isFinite(apart) ? apart : null,
            tolerance: row.tolerance,
            agrees: apart <= row.tolerance,
            flops: row.flops,
            bytes: row.bytes,
            oursBytes: ours.peakBytes,
            oursResident: ours.resident,
            theirsBytes: theirs.resident,
          }
        }),
    )

export const timingsOf = (row: Row, where: Where, measured: readonly Measured[]): readonly Timing[] =>
  measured.map(({ player, times }) => ({ where, contestant: player.id, task: row.task, size: row.size, ...times }))

export const missingOf = (
  row: Row,
  where: Where,
  failed: readonly { readonly id: string; readonly why: string }[],
): readonly Missing[] => failed.map(({ id, why }) => ({ task: row.task, size: row.size, where, contestant: id, why }))
