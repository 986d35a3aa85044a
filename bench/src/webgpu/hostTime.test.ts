import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hostTimes } from './hostTime.js'
import type { Meter } from './meter.js'
import type { WebgpuPlayer } from './players.js'

/** Its clock runs ahead: n kernels are submitted by two submits, the last of them 10 + 2 n ms after the call, and a third reads back. */
const player = (id: WebgpuPlayer['id']): WebgpuPlayer => {
  let moments: readonly number[] = []
  const meter = { watch: () => {}, take: () => ({ working: 2 }), moments: () => moments } as unknown as Meter
  return {
    id,
    version: '1',
    meter,
    tasks: {
      'jit-kernels': (_, { count }) => ({
        run: () => {
          const now = performance.now()
          moments = [now + 1, now + 10 + 2 * (count as number), now + 1000]
        },
        result: () => ({}),
      }),
    },
  }
}

test('the line goes through the moments of the last submit that works', async () => {
  const times = await hostTimes([player('ours'), player('jax')], 2, 3)
  assert.equal([...times.keys()], ['ours', 'jax'])
  const { points, line } = times.get('jax')!
  assert.equal(
    points.map(([count]) => count),
    [1, 2, 4, 8, 16, 32, 64],
  )
  // between the two looks at the clock there is next to nothing
  assert.ok(Math.abs(line.slope - 2) < 0.1, `${line.slope}`)
  assert.ok(Math.abs(line.intercept - 10) < 1, `${line.intercept}`)
})

test.run()
