/** A run as a stream of moments: what an algorithm reports, in plain numbers, with the state that goes on from there.
 *
 *  sₖ₊₁, reportₖ = step(sₖ, samplesₖ)       moments are yielded each `every` steps, at the last one, and when the signal says stop
 *
 *  Stop at any time, by leaving the loop or by the signal: the moment that came last holds all that is needed to go on (`saveMoment`), and going on gives the
 *  same bits as never having stopped.
 *  Samples     are asked for one ahead, to know which are the last: whoever makes them must not free them before the next but one.
 *  Ownership   the state of a moment is alive until the next one is asked for; that of the last moment is the caller's. */

import { data, dispose, iterate, type Tensor } from '@neumann/linalg-gpu'
import { fail, flattenTree, isTensor } from '@neumann/linalg-gpu/program'
import type { Certificate } from '../certificate/certificate.js'
import { type Decoded, decode } from '../certificate/decode.js'

/** Samples of one step, and where in the data the next ones begin: anything that is plain JSON. */
export interface Sampled<D, P> {
  readonly samples: D
  readonly position: P
}

/** A report as it is read: scalars as numbers, other tensors as typed arrays, certificates in words. */
export type Plain<R> =
  R extends Omit<Certificate<unknown>, 'reaches'>
    ? Decoded
    : R extends Tensor
      ? number | ArrayLike<number>
      : { readonly [K in keyof R]: Plain<R[K]> }

export interface Moment<S, P, R> {
  /** How many steps were taken, those before a resumption included. */
  readonly steps: number
  readonly state: S
  /** Where the next samples begin. */
  readonly position: P
  readonly report: Plain<R>
  /** Since the stream began, or since the first beginning where it was resumed. */
  readonly seconds: number
}

export interface StreamParts<S, D, P, R, Q> {
  /** Of an algorithm; jit it, donating the state, where speed counts. */
  readonly step: (state: S, samples: D) => readonly [S, R]
  readonly state: S
  readonly samples: Iterable<Sampled<D, P>> | AsyncIterable<Sampled<D, P>>
  /** What of a report is read back; all of it by default. Gradients by a million pixels are better left where they are. */
  readonly watch?: (report: R) => Q
  /** 1 by default. */
  readonly every?: number
  /** Stops after the step that is being taken. */
  readonly signal?: AbortSignal
  /** What a run that goes on had behind it. */
  readonly before?: { readonly steps: number; readonly seconds: number }
}

/** The stream of a run.
 *  @example const { problem, lambda, weights } = R1()
 *  const { init, step } = alternation({ problem, estimator: implicit(exact()), optimiser: sgd, settings: { lr: 1 }, steps: 20 })
 *  const state = init({ inner: problem.begin(mul(weights, 0)), hyper: lambda })
 *  const samples = [0, 1, 2].map((position) => ({ samples: { train: null, validation: null }, position }))
 *  const seen: string[] = []
 *  for await (const { steps, report } of stream({ step, state, samples, every: 2 })) seen.push(`${steps}: ${report.certificate.status}`)
 *  seen // => [ '2: converged', '3: converged' ] */
export async function* stream<S, D, P, R, Q = R>({
  step,
  state,
  samples,
  watch = (report) => report as unknown as Q,
  every = 1,
  signal,
  before = { steps: 0, seconds: 0 },
}: StreamParts<S, D, P, R, Q>): AsyncGenerator<Moment<S, P, Q>, void> {
  if (!Number.isInteger(every) || every < 1) fail('stream', `every is an integer ≥ 1, got ${every}.`)
  const begun = performance.now()
  let position: P | undefined
  let ended = false
  // one step ahead of `iterate`, to know which is the last
  async function* ahead(): AsyncGenerator<D> {
    let held: Sampled<D, P> | undefined
    for await (const next of samples) {
      if (held !== undefined) {
        position = held.position
        yield held.samples
      }
      held = next
      if (signal?.aborted) return
    }
    if (held === undefined) return
    position = held.position
    ended = true
    yield held.samples
  }
  let last: { readonly state: S; readonly value: R } | undefined
  try {
    for await (const now of iterate(step, state, ahead())) {
      last = now
      const steps = before.steps + now.index + 1
      const stop = ended || signal?.aborted === true
      if (!stop && (now.index + 1) % every !== 0) continue
      const report = (await plainly(watch(now.value))) as Plain<Q>
      const seconds = before.seconds + (performance.now() - begun) / 1000
      yield { steps, state: now.state, position: position as P, report, seconds }
      if (stop) return
    }
  } finally {
    // of the last step the state is the caller's; its report was handed over as numbers
    const kept = new Set(flattenTree(last?.state ?? []).leaves)
    dispose(flattenTree(last?.value ?? []).leaves.filter((x) => !kept.has(x)))
  }
}

const isCertificate = (x: unknown): x is Certificate<unknown> =>
  typeof x === 'object' && x !== null && 'reaches' in x && 'stationarity' in x

const plainly = async (report: unknown): Promise<unknown> => {
  if (isCertificate(report)) return decode(report)
  if (isTensor(report)) {
    const values = await data(report)
    return report.shape.length === 0 ? values[0] : values
  }
  if (typeof report !== 'object' || report === null) return report
  const entries = Object.entries(report)
  const values = await Promise.all(entries.map(([, value]) => plainly(value)))
  return Array.isArray(report) ? values : Object.fromEntries(entries.map(([key], i) => [key, values[i]]))
}
