/** Outcomes as fp-ts's Either: the same plain objects, typed by fp-ts, so that all of its functions take them.
 *  Its modules are CommonJS, which bundlers cannot thin out: importing two constructors would add some 14 kB to every page. */

import type { Either } from 'fp-ts/lib/Either.js'

export const left = <E>(error: E): Either<E, never> => ({ _tag: 'Left', left: error })
export const right = <A>(value: A): Either<never, A> => ({ _tag: 'Right', right: value })

/** What was thrown, in its own words. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The value, or an error thrown with the failure's message: for promises, whose failures reject. */
export const orThrow = <A>(outcome: Either<{ readonly message: string }, A>): A => {
  if (outcome._tag === 'Left') throw new Error(outcome.left.message)
  return outcome.right
}
