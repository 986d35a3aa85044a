import { dispose, liveBuffers, plain, readSync, treeLeaves } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readDigits, rows } from './digits.js'
import { type Plan, type Progress, scoring, stepsPerEpoch, train } from './training.js'

const plan: Plan = { epochs: 3, batch: 32, hidden: 20, lr: 0.1, seed: 1, device: plain }
const { train: all } = await readDigits()
const few = rows(all, 0, 1000)

const trained = async (
  own: Plan,
): Promise<{ readonly params: unknown; readonly flat: number[]; readonly told: Progress[] }> => {
  const run = train(few, own)
  const told: Progress[] = []
  for (;;) {
    const next = await run.next()
    if (next.done) {
      const flat = (treeLeaves(next.value as never) as never[]).flatMap((x) => [...readSync(x)])
      return { params: next.value, flat, told }
    }
    told.push(next.value)
  }
}

test('a thousand digits teach far more than chance, and only the parameters are left in memory', async () => {
  const before = liveBuffers().count
  const { params, told } = await trained(plan)
  assert.is(liveBuffers().count - before, 4)
  const { accuracy, loss } = await scoring(plain)(params as never, rows(all, 50_000, 51_500))
  // chance is 0.1; a nearest-mean classifier of 1,000 digits reaches about 0.8
  assert.ok(accuracy > 0.8, `accuracy ${accuracy}`)
  assert.ok(loss < 0.8, `loss ${loss}`)
  assert.is(liveBuffers().count - before, 4)
  assert.is(told.at(-1)!.step, 3 * stepsPerEpoch(few, plan))
  assert.ok(told.at(-1)!.loss < told[0]!.loss / 2)
  dispose(params)
})

test('a seed decides everything, another seed something else', async () => {
  const [one, two, three] = [await trained(plan), await trained(plan), await trained({ ...plan, seed: 2 })]
  assert.equal(one!.flat, two!.flat)
  assert.not.equal(one!.flat, three!.flat)
  for (const { params } of [one!, two!, three!]) dispose(params)
})

test('scores are means over all digits, also where they fill no whole part', async () => {
  const { params } = await trained({ ...plan, epochs: 1 })
  const score = scoring(plain)
  const [a, b] = [await score(params as never, rows(all, 0, 1000)), await score(params as never, rows(all, 1000, 1300))]
  const both = await score(params as never, rows(all, 0, 1300))
  assert.ok(Math.abs(both.accuracy - (1000 * a!.accuracy + 300 * b!.accuracy) / 1300) < 1e-12)
  assert.ok(Math.abs(both.loss - (1000 * a!.loss + 300 * b!.loss) / 1300) < 1e-9)
  dispose(params)
})

test.run()
