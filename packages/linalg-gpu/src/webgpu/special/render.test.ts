import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CustomKernel } from '../../program/custom.js'
import { elements, places, specialOf } from '../../wasm/special/special.testing.js'
import { placesOf, softwareTraits } from '../harness.testing.js'
import { dispatch } from './parts.js'
import { renderSpecial } from './render.js'
import { agrees, hosts } from './special.testing.js'

const twice: CustomKernel = {
  name: 'twice',
  infer: (inputs) => inputs,
  oracle: ([x], [y]) => y!.set(x!.map((value) => 2 * value)),
  wgsl: (kernel, site) => ({
    dispatches: [
      dispatch(kernel, site, { label: 'twice', threads: 1, workgroups: kernel.inputs[0]!.size }, (memory) => ({
        body: memory.store(1, 'group', `2f * ${memory.load(0, 'group')}`),
      })),
    ],
    scratch: [],
  }),
  rules: { jvp: () => [null] },
}

test("a user's kernel brings its shaders, or the host computes its oracle", async () => {
  const given = [elements('f32', [7], 1, false)]
  await agrees({ op: { kind: 'custom', kernel: twice }, given })
  const kernel = specialOf({ kind: 'custom', kernel: { ...twice, wgsl: () => undefined } }, [given[0]!.type])
  assert.is(renderSpecial(kernel, { traits: softwareTraits, places: placesOf(kernel), gated: false }), undefined)
})

test('scratch that cannot be bound leaves the work to the host', () => {
  const kernel = specialOf({ kind: 'argsort', axis: 0, descending: false }, [elements('f32', [300]).type])
  const site = { traits: softwareTraits, places: placesOf(kernel), gated: false }
  assert.equal(renderSpecial(kernel, site)!.scratch, [2400, 2400])
  assert.is(renderSpecial(kernel, { ...site, traits: { ...softwareTraits, bindingBytes: 2399 } }), undefined)
})

test('more workgroups than one dimension of a dispatch holds', async () => {
  for (const host of hosts) {
    const traits = { ...host, workgroups: 3 }
    await agrees({ op: { kind: 'argReduce', fn: 'max', axis: 1 }, given: [elements('f32', [11, 40])], traits })
    await agrees({ op: { kind: 'argsort', axis: 1, descending: false }, given: [elements('f32', [11, 70])], traits })
    await agrees({ op: { kind: 'gather', batch: 0, fill: 1 }, given: [elements('u8', [50]), places([1111], 50)], traits })
    await agrees({ op: { kind: 'cumsum', axis: 1, reverse: true }, given: [elements('i32', [11, 40])], traits })
  }
}) // biome-ignore format: one line a call

test.run()
