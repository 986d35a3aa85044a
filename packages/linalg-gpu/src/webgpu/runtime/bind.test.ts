// Operands of one buffer under one binding: where a GPU has fewer bindings than a kernel has operands.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { add, array, type Device, data, jit, matmul, mul, plain, type Tensor } from '../../index.js'
import { webgpuDevice } from '../index.js'
import { lowered, wrappedGpu } from '../outcomes.testing.js'

const opened = async (maxStorageBuffersPerShaderStage: number) =>
  webgpuDevice({
    gpu: (await wrappedGpu({ device: ({ limits }) => ({ limits: lowered(limits, { maxStorageBuffersPerShaderStage }) }) })).gpu,
  }) // biome-ignore format: one call

/** Products, which stand in the arena one behind the other, and their sum with weights that tell them apart: whole numbers all. */
const weighted = (x: Tensor, turn: Tensor): Tensor => {
  const products = [x]
  for (let i = 1; i < 7; i++) products.push(matmul(products[i - 1]!, turn))
  return products.map((one, i) => mul(one, 3 ** i)).reduce((sum, one) => add(sum, one))
}

test('operands of one arena are told apart, with few bindings and with many', async () => {
  const values = [[1, 2, 3], [4, 5, 6], [7, 8, 9]] // biome-ignore format: a matrix
  const turn = [[0, 1, 0], [0, 0, 1], [2, 0, 0]] // biome-ignore format: a matrix
  const on = (device: Device): Promise<ArrayLike<number>> =>
    data(jit(weighted)(array(values, { device }), array(turn, { device })))
  const wanted = Array.from(await on(plain))
  for (const bindings of [4, 5, 12]) {
    const device = await opened(bindings)
    assert.equal(Array.from(await on(device)), wanted, `${bindings} bindings`)
    device.dispose()
  }
})

test.run()
