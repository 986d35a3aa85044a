/** Waiting for the GPU in a page that may be hidden. Browsers slow what hidden pages do, and may let them wait without end: with patience
 *  so much is said. While the page is seen an answer may take as long as it takes.
 *
 *  The timer here only ever ends a wait: nothing of the device needs one to go on. */

import type { Failure } from '../../run/device.js'

/** Whether the page is hidden: its clocks and callbacks then tell nothing of the GPU. */
export const hidden = (): boolean => (globalThis as { document?: { hidden?: boolean } }).document?.hidden === true

const throttled = (what: string, milliseconds: number): Failure => ({
  code: 'throttled',
  message: `read: ${what} is not there after ${milliseconds} ms in a hidden page, whose timers and GPU browsers slow down. Nothing is lost: bring the page to the front and read again, or compute in a worker.`,
})

/** The answer, or a failure where it has not come after so many milliseconds, at whose begin and end the page was hidden. */
export const patiently = <T>(answer: Promise<T>, what: string, milliseconds: number): Promise<T | Failure> => {
  if (milliseconds === Infinity || (globalThis as { document?: unknown }).document === undefined) return answer
  return new Promise((resolve, reject) => {
    let clock: ReturnType<typeof setTimeout>
    const wait = (): void => {
      const before = hidden()
      clock = setTimeout(() => {
        if (before && hidden()) resolve(throttled(what, milliseconds))
        else wait()
      }, milliseconds)
    }
    wait()
    answer.then(resolve, reject).finally(() => clearTimeout(clock))
  })
}
