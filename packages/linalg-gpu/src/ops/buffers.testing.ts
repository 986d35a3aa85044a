/** Live buffers after a public call equal the handles returned: a test for each function of an entry. */

import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { dispose } from '../index.js'
import type { Device } from '../run/device.js'
import { defaultDevice } from '../run/onDevice.js'
import { isTensor, type Tensor, type TensorValue } from '../trace/tensor.js'
import { flatten } from '../tree.js'

/** How a function is called eagerly, or why there is nothing to count. */
export type Rows = Readonly<Record<string, (() => unknown) | string>>

/** The number of buffers on a device and on the default one. */
export const aliveOn = (device: Device) => (): number => device.memory().count + defaultDevice().memory().count

/** Results may be functions and values of any kind; the tensors in them that are no inputs count. */
export const leavesNothing = (
  test: Test,
  entry: Readonly<Record<string, unknown>>,
  rows: Rows,
  device: Device,
  inputs: readonly Tensor[],
): void => {
  const alive = aliveOn(device)

  test('the table names every function of the entry', () => {
    const functions = Object.entries(entry).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))
    assert.equal(Object.keys(rows).sort(), functions.sort())
  })

  for (const [name, call] of Object.entries(rows))
    if (typeof call === 'function')
      test(`${name} leaves nothing but its results`, () => {
        const before = alive()
        const results = new Set(
          flatten(call()).leaves.filter(
            (leaf) => isTensor(leaf) && !inputs.includes(leaf) && (leaf as TensorValue).buffer !== null,
          ),
        )
        assert.is(alive() - before, results.size, `${alive() - before} buffers more, ${results.size} results`)
        dispose([...results])
        assert.is(alive(), before)
      })

  test('the inputs are still alive', () => {
    for (const input of inputs) assert.not.match(String(input), 'disposed')
  })
}
