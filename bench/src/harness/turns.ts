/** Who is measured when: A B C, A B C, …, each turn about equally long, with a pause before it in which the threads of the last one
 *  that spin go to sleep. */

export interface Turn {
  /** Repetitions that one sample is the mean of. */
  readonly inner: number
  readonly samples: number
}

/** Turns of about `budget` ms for a repetition of `ms`: a sample of at least 1 ms, so that the clock counts for nothing; at most 50
 *  samples; at least one. */
export const turnFor = (ms: number, budget: number): Turn => {
  const inner = ms >= 1 ? 1 : Math.min(100_000, Math.ceil(1 / Math.max(ms, 1e-6)))
  return { inner, samples: Math.max(1, Math.min(50, Math.floor(budget / (inner * Math.max(ms, 1e-6))))) }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/** Samples by contestant and round. One that throws leaves the game, with its error; the others go on. */
export const takeTurns = async <C>(
  contestants: readonly C[],
  rounds: number,
  turn: (contestant: C, round: number) => Promise<readonly number[]>,
  between = 20,
): Promise<ReadonlyMap<C, { readonly rounds: readonly (readonly number[])[]; readonly error?: string }>> => {
  const taken = new Map(contestants.map((c) => [c, [] as (readonly number[])[]]))
  const errors = new Map<C, string>()
  for (let round = 0; round < rounds; round++)
    for (const contestant of contestants) {
      if (errors.has(contestant)) continue
      await pause(between)
      try {
        taken.get(contestant)!.push(await turn(contestant, round))
      } catch (error) {
        errors.set(contestant, error instanceof Error ? error.message : String(error))
      }
    }
  return new Map(
    contestants.map((c) => {
      const error = errors.get(c)
      return [c, { rounds: taken.get(c)!, ...(error === undefined ? {} : { error }) }]
    }),
  )
}
