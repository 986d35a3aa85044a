import { array, type Tensor } from '@neumann/linalg-gpu'
import { flattenTree } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { near } from '../support.testing.js'
import { atStep, leavesOf, stepsIn, table } from './settings.js'

const { structure } = flattenTree({ a: 0, b: [0, 0] })
const leaves = (setting: object | number): readonly Tensor[] => leavesOf('test', 'lr', setting, structure)

test('one setting is for all tensors, a tree for each its own; one number for all steps, [T] for each step', () => {
  near(table('test', 'lr', leaves(0.5), 2), [0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
  near(table('test', 'lr', leaves(array([1, 2])), 2), [1, 1, 1, 2, 2, 2])
  near(table('test', 'lr', leaves({ b: [array([1, 2]), 3], a: 4 }), 2), [4, 1, 3, 4, 2, 3])
  near(atStep(array([1, 2, 3]), array(1, { dtype: 'i32' })), 2)
  near(atStep(array(7), array(1, { dtype: 'i32' })), 7)
})

test('numbers take the dtype of the weights', () => {
  near(table('test', 'lr', leavesOf('test', 'lr', 0.1, structure, 'f64'), 1), [0.1, 0.1, 0.1], 0)
  near(table('test', 'lr', leaves(0.1), 1), Array(3).fill(Math.fround(0.1)), 0)
})

test('they tell the length of a run where they have one', () => {
  assert.is(stepsIn(leaves({ b: [array([1, 2]), 3], a: 4 })), 2)
  assert.is(stepsIn(leaves(1)), undefined)
})

test('forms that do not fit are refused', () => {
  assert.throws(() => leaves(array([[1]])), /test: lr has the shape \[1, 1\]: it is one number, or one for each step/)
  assert.throws(() => leaves({ a: 1 }), /test: lr has the form \{a: \*\}: .* a tree like the weights/)
  assert.throws(() => table('test', 'lr', leaves(array([1, 2])), 3), /lr is given for 2 steps, and the run has 3/)
})

test.run()
