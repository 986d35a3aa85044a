import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { model } from './contestants/onnxModel.js'
import { elementsOf, word } from './inputs.js'
import { chosen, parseOptions } from './options.js'
import { sweeps } from './page/sweeps.js'
import { tasks } from './tasks.js'

test('rows have names of their own, and inputs of a known size', () => {
  const names = tasks.flatMap(({ rows }) => rows.map(({ task, size }) => `${task} ${size}`))
  assert.is(new Set(names).size, names.length)
  for (const { rows } of tasks) for (const row of rows) assert.ok(row.tolerance > 0, row.size)
})

test('numbers are those of pytorch.py, which was seen to make these', () => {
  assert.equal(
    [0, 1, 2].map((i) => word(i, 1)),
    [2612203797, 2362583817, 570061382],
  )
  const x = elementsOf({ kind: 'uniform', shape: [2, 500], seed: 3, scale: 2, offset: 1 })
  assert.ok(x.every((v) => v >= -1 && v < 3))
  assert.ok(Math.abs(Array.from(x).reduce((a, b) => a + b) / 1000 - 1) < 0.1)
  assert.equal([...elementsOf({ kind: 'onehot', shape: [1, 3], seed: 2 })].sort(), [0, 0, 1])
  assert.ok(elementsOf({ kind: 'index', shape: [100], seed: 2, high: 7 }).every((v) => v >= 0 && v < 7))
})

test('tasks are chosen by name and pattern; long rows and sweeps when asked for', () => {
  assert.equal(
    [...new Set(chosen(['hvp-*'], {}).map(({ task }) => task))],
    ['hvp-forward', 'hvp-reverse', 'hvp-kept', 'hvp-k'],
  )
  assert.not.ok(chosen([], {}).some(({ long, sweep }) => long || sweep))
  assert.ok(chosen(['resnet18'], {}).some(({ long }) => long))
  assert.ok(chosen([], { sweep: true }).some(({ sweep }) => sweep))
  assert.equal(
    chosen(['matmul'], { size: '1024' }).map(({ size }) => size),
    ['1024', '1x1024x1024'],
  )
  assert.throws(() => chosen(['matmal'], {}), 'no task matmal')
  assert.throws(() => chosen(['matmul'], { size: '77' }), "no row has a size with '77'")
})

test('options', () => {
  const { threads, device, where, rounds } = parseOptions(['--', 'matmul', '--threads', '2', '--chromium', '--quick'])
  assert.equal({ threads, device, where, rounds }, { threads: [2], device: 'wasm', where: 'chromium', rounds: 2 })
  assert.equal(parseOptions(['--device', 'plain']).threads, [1])
  assert.equal(parseOptions(['--rival', 'jax,torch', '--rival', 'onnx']).rivals, ['jax', 'torch', 'onnx'])
  assert.throws(() => parseOptions(['--rival', 'numpy']), 'no rival numpy')
  assert.throws(() => parseOptions(['--rounds', '0']), '--rounds is a number from 1, got 0.')
})

test('every sweep has two sizes at least', () => {
  for (const { task, at } of sweeps) {
    const rows = tasks.find(({ name }) => name === task)!.rows
    const found = new Set(rows.map(({ size }) => at(size)).filter((x) => x !== null))
    assert.ok(found.size > 1, task)
  }
})

test('a model is the bytes of its protobuf message', () => {
  const bytes = model({ inputs: { x: [2] }, nodes: [{ op: 'Neg', inputs: ['x'], output: 'y' }], outputs: ['y'] })
  const hex = Buffer.from(bytes).toString('hex')
  // ir_version 7; graph { node { input x, output y, op_type Neg }, name bench, input x: float [2], output y: float }; opset 13
  assert.is(hex, '08073a300a0b0a017812017922034e6567120562656e63685a0f0a0178120a0a08080112040a02080262090a01791204' + '0a020801' + '4202100d') // biome-ignore format: one line
})

test.run()
