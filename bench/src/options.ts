/** What `pnpm bench` is asked for. */

import { parseArgs } from 'node:util'
import { rivalEntries } from './harness/contestants.js'
import type { Where } from './harness/rows.js'
import { type Row, tasks } from './tasks.js'

export const usage = `pnpm bench [TASK …] [options]     measures us and each rival on the same work, in turns

  TASK                  names of tasks, with * for any letters: matmul, hvp*; all but the long rows by default
  --size TEXT           only rows whose size has this in it
  --sweep               also the rows that show how cost grows
  --long                also the rows that take long for somebody (ResNet-18, large convolutions)
  --rival NAME          ${rivalEntries.map(({ name }) => name).join(', ')}; repeat for several; all by default, none for none
  --device NAME         ours: wasm (default) or plain
  --threads LIST        ours: 1, 2 or 1,2 (default)
  --relaxed WHEN        fused multiply-add where the engine has it: auto (default: on two threads), on, off
  --webgpu              ours and @jax-js/jax on WebGPU in Node, on one software adapter: times, and what each asks of it (dispatches, bytes)
  --chromium            in pages of headless Chromium instead of Node
  --rounds N            turns of each contestant: 5
  --budget MS           length of a turn: 250
  --patience S          seconds after which an answer is no longer waited for: 120
  --quick               2 rounds of 60 ms: to see that all works
  --json                the report as JSON on stdout, nothing else
  --out FILE            where the report goes: bench/results/DATE.json
  --add FILE            a report whose rows for other tasks, or from elsewhere (Node, Chromium), go into this one
  --page FILE           draws docs/guide/benchmark.md (or --out FILE), or its part on WebGPU, from a report, and measures nothing
  --list                tasks and sizes`

export interface Options {
  readonly rows: readonly Row[]
  readonly rivals: readonly string[]
  readonly device: string
  readonly threads: readonly number[]
  readonly relaxed: string
  readonly where: Where
  readonly webgpu: boolean
  readonly rounds: number
  readonly budget: number
  readonly warmUp: number
  /** Seconds after which an answer is no longer waited for. */
  readonly patience: number
  readonly json: boolean
  readonly out: string | undefined
  readonly add: string | undefined
  readonly page: string | undefined
  readonly list: boolean
  readonly help: boolean
}

const matches = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.split('*').map((part) => part.replace(/[^\w-]/g, '\\$&')).join('.*')}$`).test(name) // biome-ignore format: one line

/** Rows of the named tasks. What is asked for by name includes long rows; sweeps are asked for. */
export const chosen = (
  names: readonly string[],
  {
    size = '',
    sweep = false,
    long = false,
  }: { readonly size?: string; readonly sweep?: boolean; readonly long?: boolean },
): readonly Row[] => {
  const unknown = names.filter((name) => !tasks.some((task) => matches(name, task.name)))
  if (unknown.length > 0)
    throw new Error(`no task ${unknown.join(', ')}; the tasks are ${tasks.map(({ name }) => name).join(', ')}.`)
  const rows = tasks
    .filter(({ name }) => names.length === 0 || names.some((pattern) => matches(pattern, name)))
    .flatMap((task) => task.rows)
    .filter((row) => (sweep || !row.sweep) && (long || names.length > 0 || !row.long) && row.size.includes(size))
  if (rows.length === 0) throw new Error(`no row has a size with '${size}' in it; --sweep and --list show more.`)
  return rows
}

export const parseOptions = (words: readonly string[]): Options => {
  const { values, positionals } = parseArgs({
    // pnpm hands its own -- through
    args: words.filter((word) => word !== '--'),
    allowPositionals: true,
    options: {
      size: { type: 'string', default: '' },
      sweep: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      rival: { type: 'string', multiple: true },
      device: { type: 'string', default: 'wasm' },
      threads: { type: 'string' },
      relaxed: { type: 'string', default: 'auto' },
      webgpu: { type: 'boolean', default: false },
      chromium: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      budget: { type: 'string' },
      patience: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      out: { type: 'string' },
      add: { type: 'string' },
      page: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick, device, relaxed } = values
  const known = rivalEntries.map(({ name }) => name)
  const asked = values.rival?.flatMap((list) => list.split(',')) ?? known
  const strange = asked.filter((name) => name !== 'none' && !known.includes(name))
  if (strange.length > 0) throw new Error(`no rival ${strange.join(', ')}; there are ${known.join(', ')}.`)
  if (!['auto', 'on', 'off'].includes(relaxed)) throw new Error(`--relaxed is auto, on or off, got ${relaxed}.`)
  const count = (name: 'rounds' | 'budget' | 'patience', otherwise: number): number => {
    const value = values[name] === undefined ? otherwise : Number(values[name])
    if (!(value >= 1)) throw new Error(`--${name} is a number from 1, got ${values[name]}.`)
    return value
  }
  const threads = (values.threads ?? (device === 'plain' ? '1' : '1,2')).split(',').map(Number)
  if (!threads.every((n) => Number.isInteger(n) && n >= 1))
    throw new Error(`--threads is a list like 1,2, got ${values.threads}.`)
  return {
    // the rows for WebGPU are a choice of their own
    rows: chosen(positionals, values.webgpu ? { ...values, sweep: true, long: true } : values),
    rivals: asked.filter((name) => name !== 'none'),
    device,
    threads,
    relaxed,
    where: values.chromium ? 'chromium' : 'node',
    webgpu: values.webgpu,
    rounds: count('rounds', quick ? 2 : 5),
    budget: count('budget', quick ? 60 : 250),
    warmUp: quick ? 60 : 400,
    patience: count('patience', 120),
    json: values.json,
    out: values.out,
    add: values.add,
    page: values.page,
    list: values.list,
    help: values.help,
  }
}
