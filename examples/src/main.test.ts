import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { usage } from './options.js'
import { fewDigits, folder, removeFolders } from './tasks/files.testing.js'

// The command as a user gives it. What it does with other words is in perform.test.ts, which need not start a process each time.

const command = [
  '--conditions=@neumann/source',
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('main.ts', import.meta.url)),
]
const { NEUMANN_DATA: _, ...env } = process.env

const start = (...words: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [...command, ...words], { encoding: 'utf8', env })

const home = folder()
const digits = fewDigits(360, 60)
const inHome = (name: string): string => join(home, name)
const small = ['--data', digits, '--hidden', '6', '--batch', '10', '--interval', '5', '--report', inHome('r.html')]

test.after(removeFolders)

test('a run ends with a table, and a report whose path is told', () => {
  const { status, stdout, stderr } = start(...small)
  assert.is(status, 0, stderr)
  assert.match(stdout, /4 tuned .* → .* → .* → .* %/)
  assert.match(stderr, /100 % \| step 12 of 12/)
  assert.match(stdout, `Report: ${inHome('r.html')}`)
  assert.match(readFileSync(inHome('r.html'), 'utf8'), /^<!doctype html>/)
})

test('^C keeps what there is, says how to go on, and that goes on', async () => {
  const kept = inHome('interrupted.npz')
  const run = spawn(process.execPath, [...command, ...small, '--epochs', '100000', '--checkpoint', kept], { env })
  let out = ''
  const code = await new Promise((done) => {
    const seen = (text: Buffer): void => {
      out += text
      if (/step [1-9]\d* of/.test(out) && !run.killed) run.kill('SIGINT')
    }
    run.stdout.on('data', seen)
    run.stderr.on('data', seen)
    run.on('close', done)
  })
  assert.is(code, 0, out)
  const [, steps] = /Stopped after (\d+) of 600000 steps/.exec(out)!
  const [, words] = /npm start -- (.*)/.exec(out)!
  const more = start(...words!.split(' '), '--stop-after', '2')
  assert.match(more.stdout, `Stopped after ${Number(steps) + 2} of 600000 steps`)
})

test('--help prints the options', () => {
  const { status, stdout } = start('--help')
  assert.is(status, 0)
  assert.is(stdout.trim(), usage)
})

test('what is wrong is one line, and the exit code says so', () => {
  for (const [words, message] of [
    [['--epoch', '3'], /^npm start: Unknown option '--epoch'/],
    [['--data', '/nowhere/at/all'], /^npm start: \/nowhere\/at\/all: there is no such folder\.$/m],
  ] as const) {
    const { status, stdout, stderr } = start(...words)
    assert.equal([status, stdout, stderr.trim().split('\n').length], [1, '', 1])
    assert.match(stderr, message)
  }
})

test.run()
