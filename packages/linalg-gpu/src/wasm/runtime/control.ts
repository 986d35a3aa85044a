/** The control block: words in memory by which threads speak to each other. Each group has a cache line of its own, so that
 *  threads which look at one do not slow those which write another. */

/** Offsets in bytes. */
export const field = {
  // written by the caller's thread between jobs
  /** Chunks into which a kernel is cut at most: some to a thread, 0 while the caller is alone. */
  pieces: 0,
  /** Turns of a loop for which a thread looks for work before it sleeps. */
  spins: 4,
  /** How many modules there are, and the address of the first: each begins with the address of the next. */
  modules: 8,
  firstModule: 12,
  /** Not 0 when a worker's chunk has trapped. */
  error: 16,
  // the job
  number: 64,
  fn: 68,
  words: 72,
  units: 76,
  chunk: 80,
  chunks: 84,
  /** i64: the number of the job, and below it how many of its chunks nobody has taken. */
  claim: 128,
  /** i64: the number of the job, and below it how many of its chunks are done. */
  done: 192,
  /** Whether the caller sleeps until all is done. */
  waiting: 200,
  /** How many workers sleep. */
  sleepers: 256,
  /** One record to a thread; the caller's is the first. */
  records: 320,
} as const

/** Offsets in a thread's record. */
export const record = {
  /** i64: the claim of the chunk that it is doing, 0 when it does none. */
  current: 0,
  scratch: 8,
  /** Whether it has begun, whether it sleeps, and how many modules it has. */
  begun: 12,
  asleep: 16,
  loaded: 20,
} as const

/** The address of a thread's record; that of thread n is the end of a block for n threads. */
export const recordOf = (control: number, thread: number): number => control + field.records + 64 * thread
