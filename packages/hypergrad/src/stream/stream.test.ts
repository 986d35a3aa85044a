import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  array,
  dispose,
  jit,
  key,
  liveBuffers,
  matmul,
  mean,
  normal,
  square,
  sub,
  type Tensor,
} from '@neumann/linalg-gpu'
import { flattenTree } from '@neumann/linalg-gpu/program'
import { adam, chain, momentum, weightDecay } from '@neumann/precond'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { alternation } from '../algorithms/alternation.js'
import type { CertificateStatus } from '../certificate/certificate.js'
import { onePass } from '../estimators/onePass.js'
import { fromLoss } from '../problem/fromLoss.js'
import { log10, logit } from '../spaces/bijector.js'
import { space } from '../spaces/space.js'
import { numbers } from '../support.testing.js'
import { loadMoment, saveMoment } from './checkpoint.js'
import { type Moment, stream } from './stream.js'

interface Hyper {
  readonly lr: Tensor
  readonly mu: Tensor
  readonly decay: Tensor
}

interface Data {
  readonly x: Tensor
  readonly y: Tensor
}

const job = () => {
  const loss = (w: Tensor, _: Hyper, { x, y }: Data): Tensor => mean(square(sub(matmul(x, w), y)))
  const problem = fromLoss({
    inner: loss,
    outer: loss,
    optimiser: chain(weightDecay, momentum),
    settings: ({ lr, mu, decay }) => [{ weightDecay: decay }, { lr, mu }] as const,
  })
  const { init, step } = alternation({
    problem,
    estimator: onePass({ terms: 3 }),
    optimiser: adam,
    settings: { lr: 0.05 },
    space: space<Hyper>({ lr: log10({ max: 1 }), mu: logit(), decay: log10() }),
  })
  const state = init({
    inner: problem.begin(array([0.1, -0.2, 0.3])),
    hyper: { lr: array(0.05), mu: array(0.5), decay: array(0.01) },
  })
  const draw = (k: number, rows: readonly number[]): Data => ({
    x: normal(key(k), [...rows, 3]),
    y: normal(key(k + 1), rows),
  })
  const samples = function* (from: number, to: number) {
    for (let i = from; i < to; i++)
      yield { samples: { train: draw(10 * i, [4, 5]), validation: draw(10 * i + 5, [6]) }, position: { next: i + 1 } }
  }
  return { step: jit(step), state, samples }
}

test('a run that was stopped, saved, loaded and resumed is the undisturbed run, bit by bit', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'neumann-'))
  const { step, state, samples } = job()
  const all: unknown[] = []
  let whole: Moment<typeof state, { next: number }, unknown> | undefined
  for await (const now of stream({ step, state, samples: samples(0, 9) })) {
    all.push(now.report)
    whole = now
  }
  assert.is(all.length, 9)
  const parts: unknown[] = []
  for (const name of ['moment.safetensors', 'moment.npz']) {
    const again = job()
    const path = join(folder, name)
    parts.length = 0
    const first = new AbortController()
    for await (const now of stream({
      step: again.step,
      state: again.state,
      samples: again.samples(0, 9),
      signal: first.signal,
    })) {
      parts.push(now.report)
      if (now.steps === 4) first.abort()
      if (first.signal.aborted) await saveMoment(path, now)
    }
    const kept = await loadMoment<typeof state, { next: number }>(path)
    const from = kept.position.next
    assert.is(from, kept.steps)
    for await (const now of stream({
      step: again.step,
      state: kept.state,
      samples: again.samples(from, 9),
      before: kept,
    })) {
      parts.push(now.report)
      if (now.steps === 9) assert.equal(numbers(now.state), numbers(whole!.state))
    }
    assert.equal(parts, all)
  }
  rmSync(folder, { recursive: true })
})

test('moments come each so many steps, and at the last one', async () => {
  const { step, state, samples } = job()
  const seen: number[] = []
  for await (const { steps, position, report, seconds } of stream({
    step,
    state,
    samples: samples(0, 7),
    every: 3,
    watch: ({ value }) => ({ value }),
  })) {
    seen.push(steps)
    assert.is(position.next, steps)
    assert.equal(Object.keys(report), ['value'])
    assert.type(report.value, 'number')
    assert.ok(seconds > 0)
  }
  assert.equal(seen, [3, 6, 7])
})

test('certificates arrive in words, whatever tree of λ they are of', async () => {
  const { step, state, samples } = job()
  for await (const { report } of stream({ step, state, samples: samples(0, 1) })) {
    // a type, too
    const status: CertificateStatus = report.certificate.status
    assert.is(status, 'truncated')
    assert.equal(report.certificate.disconnected, [])
  }
})

test('nothing is retained but the state of the last moment, whether the run ends or the loop is left', async () => {
  const { step, state, samples } = job()
  const data = [...samples(0, 4)]
  // what compiling makes stays
  for await (const { state: last } of stream({ step, state, samples: data.slice(0, 1) })) dispose(last)
  const before = liveBuffers().count
  for (const leaveAt of [2, 4]) {
    let kept: unknown
    for await (const { state: last, steps } of stream({ step, state, samples: data })) {
      kept = last
      if (steps === leaveAt) break
    }
    assert.is(liveBuffers().count, before + flattenTree(kept).leaves.length)
    dispose(kept)
    assert.is(liveBuffers().count, before, `left at ${leaveAt}`)
  }
})

test('a file that is no moment is refused with its path', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'neumann-'))
  const path = join(folder, 'other.safetensors')
  const said = async (): Promise<string> => loadMoment(path).then(String, (error: Error) => error.message)
  assert.match(await said(), /loadMoment: .*other\.safetensors.*no such file/)
  writeFileSync(path, 'nonsense')
  assert.match(await said(), /other\.safetensors/)
  rmSync(folder, { recursive: true })
})

test.run()
