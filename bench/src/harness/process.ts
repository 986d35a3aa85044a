/** Our half of the protocol: a contestant in a process of its own, asked by JSON lines. */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Message, Reply } from '../contestants/respond.js'

export interface Contact {
  readonly ask: (message: Message) => Promise<Reply>
  readonly end: () => Promise<void>
  /** Whether it can answer no more. */
  readonly lost: () => boolean
  /** Most bytes resident since the last `markMemory`, less those resident then. null where the system does not say. */
  readonly markMemory: () => void
  readonly grown: () => number | null
}

/** What a reply is when all is well: an error becomes an exception. */
export const reply = async <K extends string>(
  answer: Promise<Reply>,
  key: K,
): Promise<Extract<Reply, Record<K, unknown>>> => {
  const got = await answer
  if ('error' in got) throw new Error(got.error)
  if ('missing' in got) throw new Error(got.missing)
  if (!(key in got)) throw new Error(`unexpected reply ${JSON.stringify(got).slice(0, 100)}`)
  return got as Extract<Reply, Record<K, unknown>>
}

export const launch = (
  command: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  patience: number,
): Contact => {
  const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const lines = createInterface({ input: child.stdout })
  let noise = ''
  child.stderr.on('data', (data: Buffer) => {
    noise = `${noise}${data}`.slice(-2000)
  })
  let answer: ((reply: Reply) => void) | undefined
  let ended: string | undefined
  const settle = (value: Reply): void => {
    const done = answer
    answer = undefined
    done?.(value)
  }
  const close = (why: string): void => {
    ended ??= why
    settle({ error: ended })
  }
  lines.on('line', (line) => settle(JSON.parse(line) as Reply))
  child.on('error', (error) => close(error.message))
  child.on('exit', (code, signal) =>
    close(
      `its process ended (${signal ?? `code ${code}`})${noise === '' ? '' : `: ${noise.trim().split('\n').at(-1)}`}`,
    ),
  )
  child.stdin.on('error', () => {})
  let resident = 0
  return {
    ask: (message) =>
      new Promise((done) => {
        if (ended !== undefined) return done({ error: ended })
        const clock = setTimeout(() => {
          ended = `no answer to '${message.kind}' in ${patience / 1000} s`
          child.kill('SIGKILL')
          settle({ error: ended })
        }, patience)
        answer = (value) => {
          clearTimeout(clock)
          done(value)
        }
        child.stdin.write(`${JSON.stringify(message)}\n`)
      }),
    end: () => stopped(child),
    lost: () => ended !== undefined,
    markMemory: () => {
      resetPeak(child.pid)
      resident = statusOf(child.pid, 'VmRSS') ?? 0
    },
    grown: () => {
      const peak = statusOf(child.pid, 'VmHWM')
      return peak === null ? null : Math.max(0, peak - resident)
    },
  }
}

const stopped = (child: ChildProcess): Promise<void> =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return done()
    const clock = setTimeout(() => child.kill('SIGKILL'), 2000)
    child.on('exit', () => {
      clearTimeout(clock)
      done()
    })
    child.stdin!.end()
  })

/** Linux keeps the highest resident size of a process, and forgets it when asked. */
const resetPeak = (pid: number | undefined): void => {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // another system, or not allowed: `grown` says so
  }
}

const statusOf = (pid: number | undefined, field: string): number | null => {
  try {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? null : 1024 * Number(kilobytes)
  } catch {
    return null
  }
}
