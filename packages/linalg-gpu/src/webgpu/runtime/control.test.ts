// Branches and loops as the device itself decides on them: what the host recorded ahead of time, and a gate that opens or does not.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../../tools/webgpu/software.mjs'
import {
  add, array, cond, data, foriLoop, jit, less, matmul, mul, plain, scan, sub, sum, switchCase, type Tensor, whileLoop,
} from '../../index.js' // biome-ignore format: a list
import { webgpuDevice } from '../index.js'

const device = await webgpuDevice({ gpu: await softwareGpu() })

const given = Float32Array.from({ length: 9 }, (_, i) => ((5 * i) % 7) - 3)
/** On both devices; whole numbers, so that they are the same. */
const agrees = async (f: (x: Tensor, n: Tensor) => Tensor, n: number): Promise<void> => {
  const on = (own: typeof plain): Promise<ArrayLike<number>> =>
    data(jit(f)(array(given, { shape: [3, 3], device: own }), array(n, { dtype: 'i32', device: own })))
  const [got, wanted] = [await on(device), await on(plain)]
  assert.equal([...Array.from(got)], [...Array.from(wanted)], `${n}`)
}
// products are kernels of their own, of which a branch must run one and not the others
const twice = (x: Tensor): Tensor => matmul(x, x)
const turned = (x: Tensor): Tensor => matmul(x, sub(1, x))
/** Grows slowly. */
const mixed = (x: Tensor): Tensor => sub(sum(x, { axis: 0, keepDims: true }), mul(x, 2))
const ways = (x: Tensor, n: Tensor): Tensor => switchCase(n, [twice, turned, (y: Tensor) => add(twice(y), 100)], x)

test('an index below the first branch takes the first, one beyond the last takes the last', async () => {
  for (const n of [-(2 ** 31), -1, 0, 1, 2, 3, 2 ** 31 - 1]) await agrees(ways, n)
})

test('of branches in branches those run that all around them chose', async () => {
  // results of branches stand in the same place: one that ran though it was not chosen would be seen
  const nested = (x: Tensor, n: Tensor): Tensor =>
    cond(
      less(n, 0),
      (y: Tensor) => ways(twice(y), add(n, 3)),
      (y: Tensor) => ways(y, n),
      x,
    )
  for (const n of [-3, -2, -1, 0, 1, 2]) await agrees(nested, n)
})

test('a branch in each turn of a loop, by the number of the turn', async () => {
  const turn = (i: Tensor, y: Tensor): Tensor => switchCase(sub(i, 1), [mixed, (v: Tensor) => add(mixed(v), 1), mixed], y)
  await agrees((x) => foriLoop(0, 5, turn, x), 0)
}) // biome-ignore format: one thought a line

test('a loop of any number of turns, also of more than were expected, and of none', async () => {
  type State = readonly [Tensor, Tensor]
  const turns = (x: Tensor, n: Tensor): Tensor => {
    const [y] = whileLoop(([, i]: State) => less(i, n), ([v, i]: State) => [mixed(v), add(i, 1)] as const, [x, sub(n, n)] as const)
    return add(y, x)
  }
  for (const n of [3, 0, 1, 2, 9, 4, 5, 0]) await agrees(turns, n)
}) // biome-ignore format: one thought a line

test('rows of a scan in either direction', async () => {
  for (const reverse of [false, true])
    await agrees((x) => add(...scan((c: Tensor, row: Tensor) => [add(mul(c, -1), row), add(c, mul(row, 10))] as const, sum(x, { axis: 0 }), x, { reverse })), 0)
}) // biome-ignore format: one thought a line

test.run()
