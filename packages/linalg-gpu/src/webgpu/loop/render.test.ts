import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { all, greater, sum } from '../../index.js'
import { blank, softwareTraits } from '../harness.testing.js'
import { kernelOf, real, same, siteOf } from './loop.testing.js'
import { renderLoop } from './render.js'

test('more workgroups than one dimension holds are a grid of them', async () => {
  const few = { ...softwareTraits, workgroups: 3 }
  for (const n of [191, 192, 193, 3000]) {
    const kernel = kernelOf((x) => sum(x!, { axis: 1 }), ['f32', [n, 3]])
    const [, y] = renderLoop(kernel, siteOf(kernel, few)).dispatches[0]!.workgroups
    assert.is(y > 1, n > 192)
    await same(kernel, few)
    await same(kernel, { ...real, workgroups: 3 })
    await same(
      kernelOf((x) => greater(x!, 1), ['f32', [n]]),
      few,
    )
  }
})

test('where there are no points nothing is dispatched, and over nothing there are neutral elements', async () => {
  const none = kernelOf((x) => sum(x!, { axis: 1 }), ['f32', [0, 5]])
  assert.equal(renderLoop(none, siteOf(none, softwareTraits)).dispatches, [])
  for (const traits of [softwareTraits, real])
    await same(
      kernelOf((x) => [sum(x!, { axis: 1 }), all(greater(x!, 0), { axis: 1 })], ['f32', [5, 0]]),
      traits,
    )
})

test('operands that are not looked at are not bound', () => {
  const kernel = kernelOf((x) => sum(x!, { axis: 1 }), ['f32', [5, 0]])
  const [dispatch] = renderLoop(kernel, siteOf(kernel, softwareTraits)).dispatches
  assert.equal(dispatch!.bindings.map(({ binding }) => binding), [1])
  assert.is(blank(kernel).length, 2)
}) // biome-ignore format: short

test.run()
