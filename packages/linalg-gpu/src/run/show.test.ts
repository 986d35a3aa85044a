import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, eye, full, iota, plainDevice, type Tensor, zeros } from '../index.js'
import { typeOf } from '../program.js'
import type { Device } from './device.js'
import { held } from './execute.js'
import { showElements } from './show.js'

const shows = (x: Tensor, text: string): void => assert.is(String(x), text)

test('scalars, vectors, matrices', () => {
  shows(array(3), 'f32[] 3')
  shows(array([1, -2.5]), 'f32[2] [1, -2.5]')
  shows(array([[1, 2], [3, 4]]), 'f32[2,2] [[1, 2], [3, 4]]') // biome-ignore format: a matrix
  shows(array([[[1]]]), 'f32[1,1,1] [[[1]]]')
})

test('empty arrays keep their form', () => {
  shows(array([]), 'f32[0] []')
  shows(zeros([2, 0]), 'f32[2,0] [[], []]')
  shows(zeros([0, 2]), 'f32[0,2] []')
})

test('six digits, without trailing zeros; integers whole', () => {
  shows(array([1 / 3, 0.1, 1e-7, 123456.789, 1e20, 16777216]), 'f32[6] [0.333333, 0.1, 1e-7, 123457, 100000002004087730000, 16777216]')
  shows(array(0.1, { dtype: 'f64' }), 'f64[] 0.1')
  shows(array([2 ** 31 - 1, -(2 ** 31)], { dtype: 'i32' }), 'i32[2] [2147483647, -2147483648]')
  shows(array([2 ** 32 - 1], { dtype: 'u32' }), 'u32[1] [4294967295]')
}) // biome-ignore format: a long line

test('NaN, infinities and negative zero', () => {
  shows(array([NaN, Infinity, -Infinity, -0, 0]), 'f32[5] [NaN, Infinity, -Infinity, -0, 0]')
})

test('bool and f16 as what they mean', () => {
  shows(array([true, false]), 'bool[2] [true, false]')
  shows(array([0.5, -2, 65504], { dtype: 'f16' }), 'f16[3] [0.5, -2, 65504]')
})

test('long axes are cut to three entries at each end', () => {
  shows(iota([6]), 'i32[6] [0, 1, 2, 3, 4, 5]')
  shows(iota([7]), 'i32[7] [0, 1, 2, …, 4, 5, 6]')
  shows(iota([7, 8]), `i32[7,8] [${[0, 1, 2].map((n) => `[${Array(3).fill(n).join(', ')}, …, ${Array(3).fill(n).join(', ')}]`).join(', ')}, …, ${[4, 5, 6].map((n) => `[${Array(3).fill(n).join(', ')}, …, ${Array(3).fill(n).join(', ')}]`).join(', ')}]`)
  assert.is(showElements(typeOf('i32', [5]), [1, 2, 3, 4, 5], 1), '[1, …, 5]')
}) // biome-ignore format: a long line

test('constants show their elements without being made on a device', () => {
  shows(full([2], 7), 'f32[2] [7, 7]')
  shows(eye(2), 'f32[2,2] [[1, 0], [0, 1]]')
})

test('a tensor on a device that cannot be read at once shows where it is', () => {
  const { readSync: _, ...far }: Device = plainDevice({ name: 'far' })
  const type = typeOf('f32', [1])
  const x = held({ ...far.upload(new Float32Array(1), type, 'test'), device: far })
  shows(x, 'f32[1] on far')
})

test('console.log in Node shows the same text', async () => {
  const { inspect } = await import('node:util')
  assert.is(inspect(array([1])), 'f32[1] [1]')
})

test.run()
