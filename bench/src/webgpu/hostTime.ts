/** What a call costs the host: from the call to the moment when the last of its work is submitted, over chains of kernels that depend on
 *  one another; its slope is the cost of a kernel. Other work on the machine only adds, so that the least of the samples counts. */

import { givenOf } from '../inputs.js'
import { type Line, lineThrough } from './fit.js'
import type { WebgpuPlayer } from './players.js'
import { chainRows } from './rows.js'

export interface HostTime {
  /** Kernels, ms. */
  readonly points: readonly (readonly [number, number])[]
  readonly line: Line
}

interface Chain {
  /** Repetitions, each timed. */
  readonly turn: (samples: number) => Promise<void>
  readonly least: () => number
  readonly dispose: () => void
}

const chainOf = async ({ meter, tasks }: WebgpuPlayer, count: number): Promise<Chain> => {
  const row = chainRows.find(({ params }) => params.count === count)!
  meter.watch(true)
  const prepared = await tasks[row.task]!(givenOf(row.inputs), row.params)
  for (let i = 0; i < 3; i++) await prepared.run()
  meter.take()
  await prepared.run()
  const { working } = meter.take()
  meter.watch(false)
  let least = Infinity
  return {
    turn: async (samples) => {
      for (let i = 0; i < samples; i++) {
        meter.take()
        const begun = performance.now()
        await prepared.run()
        least = Math.min(least, meter.moments()[working - 1]! - begun)
      }
    },
    least: () => least,
    dispose: () => prepared.dispose?.(),
  }
}

/** The players take turns, so that a wave of other work strikes all. */
export const hostTimes = async (
  players: readonly WebgpuPlayer[],
  rounds: number,
  samples: number,
): Promise<ReadonlyMap<WebgpuPlayer['id'], HostTime>> => {
  const points = new Map(players.map(({ id }) => [id, [] as (readonly [number, number])[]]))
  for (const { params } of chainRows) {
    const count = params.count as number
    const chains: (readonly [WebgpuPlayer['id'], Chain])[] = []
    for (const player of players) chains.push([player.id, await chainOf(player, count)])
    for (let round = 0; round < rounds; round++) for (const [, chain] of chains) await chain.turn(samples)
    for (const [id, chain] of chains) {
      points.get(id)!.push([count, chain.least()])
      chain.dispose()
    }
  }
  return new Map([...points].map(([id, all]) => [id, { points: all, line: lineThrough(all) }]))
}
