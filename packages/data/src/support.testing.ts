/** What the tests of readers share: outcomes looked into, damage done to files, and real files where they can be had.
 *  */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Either, isRight } from 'fp-ts/lib/Either.js'
import * as assert from 'uvu/assert'
import type { DataError, DataErrorCode } from './outcome.js'

/** Asserts that an outcome is an error of this code, whose message matches. */
export const fails = (outcome: Either<DataError, unknown>, code: DataErrorCode, text: RegExp | string): DataError => {
  if (isRight(outcome)) throw new Error(`an error ${code} is expected, there is a result`)
  assert.is(outcome.left.code, code, outcome.left.message)
  assert.match(outcome.left.message, text)
  return outcome.left
}

/** The bytes, changed from `at` on. */
export const damaged = (bytes: Uint8Array, at: number, ...values: readonly number[]): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  copy.set(values, at)
  return copy
}

/** Asserts that a file cut off anywhere is refused: at every length where there are few, else at some hundred of them.
 *  */
export const refusesEveryCut = (bytes: Uint8Array, decode: (bytes: Uint8Array) => Either<DataError, unknown>): void => {
  const step = Math.max(1, Math.floor(bytes.length / 300))
  for (let length = 0; length < bytes.length; length += step)
    if (isRight(decode(bytes.slice(0, length))))
      throw new Error(`cut off to ${length} of ${bytes.length} bytes, it is read`)
}

/** Asserts that no single damaged byte goes unnoticed: the result is an error, or what it was before. */
export const noticesEveryByte = <T>(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => Either<DataError, T>,
  step = 1,
): void => {
  const whole = decode(bytes)
  if (!isRight(whole)) throw new Error(whole.left.message)
  for (let at = 0; at < bytes.length; at += step) {
    const outcome = decode(damaged(bytes, at, bytes[at]! ^ 0x5a))
    if (isRight(outcome)) assert.equal(outcome.right, whole.right, `byte ${at} is damaged, and the result is another`)
  }
}

const folder = process.env['NEUMANN_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))

/** The path of a real file, and why a test of it is skipped where it is not there. */
const realFile = (...parts: readonly string[]): { readonly path: string; readonly missing: string | undefined } => {
  const path = join(folder, ...parts)
  return {
    path,
    missing: existsSync(path)
      ? undefined
      : `skipped: no ${path}; set NEUMANN_DATA to the folder that holds ${parts[0]}/`,
  }
}

type Run = () => void | Promise<void>

/** Registers a test of a real file, or says why it is skipped. */
export const withRealFile = (
  test: { (title: string, run: Run): void; readonly skip: (title: string, run: Run) => void },
  parts: readonly string[],
  title: string,
  run: (path: string) => void | Promise<void>,
): void => {
  const { path, missing } = realFile(...parts)
  if (missing === undefined) test(title, () => run(path))
  else {
    console.log(missing)
    test.skip(`${title} (${missing})`, () => {})
  }
}
