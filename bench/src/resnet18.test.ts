import { plan, type Tensor, trace, treeLeaves, zeros } from '@neumann/linalg-gpu'
import { validate } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { gradProgram, hvpProgram } from './derivatives.js'
import { contractions } from './programs.js'
import { apply, init, loss } from './resnet18.js'

const network = { loss, params: init(), input: zeros([2, 3, 32, 32]), target: zeros([2, 10]) }

test('its parameters are those of the paper, with the stem for small images', () => {
  const leaves = treeLeaves(network.params as never) as readonly Tensor[]
  // 20 convolutions with scale and shift each, a dense layer with bias
  assert.is(leaves.length, 62)
  assert.is(
    leaves.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    11_173_962,
  )
})

test('images become logits, by 20 convolutions and a product', () => {
  const program = trace(apply)(network.params, network.input)
  assert.equal(program.types[program.outputs[0]!]!.shape, [2, 10])
  assert.is(contractions(program), 21)
  assert.is(plan(apply)(network.params, network.input).outputBytes, 80)
})

test('its derivatives are well formed; the gradient has two contractions for each of the loss but the first', () => {
  assert.is(contractions(validate(gradProgram(network))), 3 * 21 - 1)
  // 20 convolutions and a product in a chain with three shortcuts: 8 · 21 − 5
  assert.is(contractions(validate(hvpProgram(network))), 163)
})

test.run()
