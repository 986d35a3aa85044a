/** What is kept of a run as it goes: plain JSON, which knows no NaN or infinity, so that these are null. */

import { type CertificateStatus, certificateStatuses, type Plain } from '@neumann/hypergrad'
import type { Watched } from './pair.js'
import type { Means } from './score.js'

/** A number for each setting. */
export type Row = readonly (number | null)[]

/** All settings after a step of the hyperparameters. */
export interface Step {
  readonly value: Row
  readonly hyper: Readonly<Record<string, Row>>
  readonly status: readonly CertificateStatus[]
  readonly accepted: readonly boolean[]
  readonly contraction: Row
  readonly residual: Row
  readonly stationarity: Row
}

type Kept<M> = { readonly [K in keyof M]: Row }

/** How well both do on the validation part after so many steps. */
export interface Score {
  readonly step: number
  readonly fixed: Kept<Means>
  readonly tuned: Kept<Means>
}

export interface History {
  /** λ before the first step. */
  readonly start: Readonly<Record<string, Row>>
  readonly steps: readonly Step[]
  readonly scores: readonly Score[]
  /** Of each step of the hyperparameters, with its training steps, all settings together. */
  readonly seconds: { readonly fixed: readonly number[]; readonly tuned: readonly number[] }
}

export const row = (values: ArrayLike<number>): Row => Array.from(values, (x) => (Number.isFinite(x) ? x : null))

export const rows = <K extends string>(columns: Readonly<Record<K, ArrayLike<number>>>): Readonly<Record<K, Row>> =>
  Object.fromEntries(Object.entries<ArrayLike<number>>(columns).map(([name, values]) => [name, row(values)])) as Record<
    K,
    Row
  >

export const stepOf = (seen: Plain<Watched>): Step => {
  const all = seen as unknown as { readonly [K in keyof Watched]: ArrayLike<number> }
  return {
    value: row(all.value),
    hyper: rows(seen.hyper as unknown as Record<string, ArrayLike<number>>),
    status: Array.from(all.status, (code) => certificateStatuses[code]!),
    accepted: Array.from(all.accepted, Boolean),
    contraction: row(all.contraction),
    residual: row(all.residual),
    stationarity: row(all.stationarity),
  }
}

/** The value below which such a part of the known ones lies; NaN where none is known. */
export const quantile = (values: readonly (number | null)[], part: number): number => {
  const known = values.filter((x) => x !== null).sort((a, b) => a - b)
  return known[Math.round(part * (known.length - 1))] ?? Number.NaN
}

/** How many of each status there are, of one setting. */
export const counts = ({ steps }: History, setting: number): Partial<Record<CertificateStatus, number>> => {
  const sums: Partial<Record<CertificateStatus, number>> = {}
  for (const { status } of steps) sums[status[setting]!] = (sums[status[setting]!] ?? 0) + 1
  return sums
}

/** Time of a tuned step by that of a fixed one, both of the fastest tenth: what a machine has to do besides only adds to it, and the first step compiles.
 *  NaN before there is a second step. */
export const timeRatio = ({ seconds }: History): number =>
  quantile(seconds.tuned.slice(1), 0.1) / quantile(seconds.fixed.slice(1), 0.1)
