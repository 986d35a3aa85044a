import { key, stack } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { median } from './bootstrap.js'
import { singleLoop } from './singleLoop.js'
import { exactly, leastValue } from './singleLoopExact.js'
import { simulatedQuadratic } from './singleLoopProblems.js'

test('a small slice: every algorithm goes down, and SABA further than SOBA', async () => {
  const shares: number[] = []
  const rows = await singleLoop.run({
    quick: true,
    data: undefined,
    seeds: undefined,
    progress: (share) => shares.push(share),
  })
  assert.is(rows.length, 17)
  const { begin, suboptimality } = simulatedQuadratic(256, 10)
  const begun = median(suboptimality(stack([0, 1].map((seed) => begin(key(seed)).hyper))))
  for (const { what, ours, lost, interval } of rows) {
    assert.ok(Number.isFinite(ours) && lost === 0, what)
    assert.ok(interval![0] <= ours && ours <= interval![1], what)
    assert.ok(ours > 0, what)
    if (what.startsWith('quadratic')) assert.ok(ours < begun, `${what}: ${ours} from ${begun}`)
  }
  const of = (name: string): number => rows.find(({ what }) => what.startsWith(name))!.ours
  assert.ok(of('quadratic, SABA') < of('quadratic, SOBA') / 5)
  assert.ok(of('logistic, SABA') < of('logistic, SOBA'))
  assert.ok(shares.at(-1) === 1 && shares.every((share, i) => share >= (shares[i - 1] ?? 0)))
})

test('the exact h has the gradient that its differences say, and nothing near its least value is below it', () => {
  const random = (i: number): number => Math.sin(12.9898 * (i + 1)) * 1.7
  const data = (seed: number) => ({
    features: Float64Array.from({ length: 60 }, (_, i) => random(seed + i)),
    label: Float64Array.from({ length: 20 }, (_, i) =>
      random(seed + 3 * i) + 0.5 * random(7 * i + seed) > 0 ? 1 : -1,
    ),
  })
  const [train, validation] = [data(0), data(100)]
  const x = [-1, 0.5, -2]
  const { gradient } = exactly(train, validation, x)
  gradient.forEach((g, k) => {
    const at = (step: number): number =>
      exactly(
        train,
        validation,
        x.map((v, l) => (k === l ? v + step : v)),
      ).value
    assert.ok(Math.abs((at(1e-4) - at(-1e-4)) / 2e-4 - g) < 1e-8, `${g}`)
  })
  const least = leastValue(train, validation, x)
  assert.ok(least < exactly(train, validation, x).value)
  for (let i = 0; i < 50; i++) {
    const near = x.map((v, k) => v + 2 * random(50 * i + k))
    assert.ok(exactly(train, validation, near).value >= least - 1e-9)
  }
})

test.run()
