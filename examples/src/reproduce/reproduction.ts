/** What a reproduction of a paper's figures is: a job that reports rows, the paper's figure beside ours. */

export interface ReproductionOptions {
  /** A small slice that takes seconds: for tests. */
  readonly quick: boolean
  /** A directory with data files, where the npm packages do not bring them. */
  readonly data: string | undefined
  /** Runs of each setting; each reproduction has its own default. */
  readonly seeds: number | undefined
  /** How far it is, from 0 to 1, and what is being done. */
  readonly progress: (share: number, what: string) => void
}

/** A line of a table: what was measured, what the paper has, ours with its interval, how many runs ended in NaN. */
export interface Row {
  readonly what: string
  /** As the paper prints it; undefined where it has none. */
  readonly paper?: string
  readonly ours: number
  /** How many digits of ours tell something: 3 by default. */
  readonly digits?: number
  /** 95 % bootstrap interval. */
  readonly interval?: readonly [low: number, high: number]
  readonly unit?: string
  readonly runs?: number
  readonly lost?: number
  readonly note?: string
}

export interface Reproduction {
  readonly name: string
  /** The paper, its table, and what is compared. */
  readonly title: string
  /** What the figures were taken from, with "(from memory)" where the specification says so. */
  readonly source: string
  readonly run: (options: ReproductionOptions) => Promise<readonly Row[]>
}
