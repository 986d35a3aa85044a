/** Figures of the packages as they are built: sizes, and times, which a process of their own measures. */

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { atMost, type Figure } from './figure.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const bin = (name: string): string => join(repository, 'node_modules', '.bin', name)

/** What a command prints. An exit code is judged by the caller, as size-limit's says what its output says. */
const output = async (command: string, ...words: string[]): Promise<string> => {
  try {
    return (await promisify(execFile)(command, words, { cwd: repository })).stdout
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string }
    if (stdout?.startsWith('[')) return stdout
    throw new Error(`${[command, ...words].join(' ')} failed:\n${stdout ?? ''}${stderr ?? String(error)}`)
  }
}

/** Brings `dist` of the packages up to date. */
export const build = async (): Promise<void> => {
  await output(bin('tsc'), '-b')
}

interface Size {
  readonly name: string
  readonly size: number
  readonly sizeLimit: number
}

/** Everything that a package exports, minified and compressed: by the rules in `.size-limit.mjs`. */
export const sizes = async (): Promise<readonly Figure[]> =>
  (JSON.parse(await output(bin('size-limit'), '--json')) as readonly Size[]).map(({ name, size, sizeLimit }) =>
    atMost(`kB, compressed: ${name}`, size / 1000, sizeLimit / 1000),
  )

/** What a script of the repository prints. */
export const script = async (path: string): Promise<unknown> =>
  JSON.parse(await output(process.execPath, '--import', import.meta.resolve('tsx'), join(repository, path)))

/** What a measuring script prints. */
export const timings = async (name: string): Promise<readonly Figure[]> =>
  (await script(`bench/src/${name}`)) as readonly Figure[]
