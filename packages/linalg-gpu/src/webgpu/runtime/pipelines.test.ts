import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testDevice } from '../harness.testing.js'
import type { Dispatch } from '../rendered.js'
import { pipelinesOf } from './pipelines.js'

const dispatch = (label: string): Dispatch => ({
  label,
  code: `// ${label}\n@compute @workgroup_size(1) fn main() {}`,
  bindings: [],
  workgroups: [1, 1, 1],
})

test('one pipeline for the same code, and the one that was asked for the longest ago is forgotten', async () => {
  const pipelines = pipelinesOf(await testDevice(), 2)
  const get = (label: string) => pipelines.get(dispatch(label), false, false)
  const [a, b] = [get('a'), get('b')]
  assert.is(get('a'), a)
  assert.is(pipelines.made(), 2)
  const c = get('c')
  assert.is(get('a'), a)
  assert.is(get('c'), c)
  assert.is(pipelines.made(), 3)
  assert.is.not(get('b'), b)
  assert.is(pipelines.made(), 4)
})

test.run()
