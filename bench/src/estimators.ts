/** What each estimator gives and takes on one problem, as the table of docs/guide/estimators.md: `npx tsx --conditions=@neumann/source bench/src/estimators.ts`.
 *
 *  Logistic regression with a penalty for each of 50 features, 400 examples, f64, wasm device with one thread. The error is that to the exact hypergradient
 *  of the solved problem, at its optimum, or after 200 inner steps from 0 for what goes through the steps; a gradient is one of the inner loss. */

import { grad } from '@neumann/autodiff'
import {
  decode,
  type Estimator,
  finiteDifference,
  forward,
  guarded,
  implicit,
  onePass,
  phantom,
  unrolled,
} from '@neumann/hypergrad'
import { logistic } from '@neumann/hypergrad/fixtures'
import { data, div, jit, onDevice, plan, type Tensor } from '@neumann/linalg-gpu'
import { cg, exact, neumann } from '@neumann/linalg-gpu/solvers'
import { wasmDevice } from '@neumann/linalg-gpu/wasm'
import { caseOf, measure } from './cases.js'

const device = await wasmDevice({ threads: 1 })
const own = onDevice(device, () => logistic({ examples: 400, features: 50 }))
const { problem, optimum, lr } = own
type Point = typeof optimum
type Any = (problem: never) => Estimator<Point, Tensor, never>

const rows: readonly (readonly [string, unknown])[] = [
  ['`implicit(exact())`', implicit(exact())],
  ['`implicit(cg())`', implicit(cg())],
  [
    '`implicit(guarded(neumann))`, 20 terms',
    implicit(guarded((largest: Tensor) => neumann({ terms: 20, step: div(1, largest) }))),
  ],
  ['`implicit(neumann)`, 5 terms, α the inner step', implicit(neumann({ terms: 5, step: lr }))],
  ['`onePass`, 5 terms', onePass({ terms: 5 })],
  ['`phantom`, 5 terms, damping ½', phantom({ terms: 5, damping: 0.5 } as never)],
  ['`unrolled`, all 200 steps', unrolled({ steps: 200 })],
  ["`unrolled`, `keep: 'sqrt'`", unrolled({ steps: 200, keep: 'sqrt' })],
  ['`forward`, all 200 steps', forward({ steps: 200 })],
  ['`finiteDifference`', finiteDifference({ steps: 200 })],
]

const gradient = jit((w: Tensor, λ: Tensor) => grad(problem.inner)(w, λ, null))
const unit = caseOf(() => gradient(own.weights, own.hyper))
const reference = Array.from(await data(own.exact))
const lines: (readonly [string, number, string, string, () => number, number])[] = []
const cases = [unit]
for (const [name, maker] of rows) {
  const estimate = (maker as Any)(problem as never)
  const memory = onDevice(device, () => estimate.init(optimum))
  const run = jit((point: Point) => {
    const { gradient, certificate } = estimate(memory, point)
    return { gradient, certificate }
  })
  const { gradient: got, certificate } = run(optimum)
  const values = Array.from(await data(got))
  const error = Math.hypot(...values.map((v, i) => v - reference[i]!)) / Math.hypot(...reference)
  const { status, products } = await decode(certificate)
  const one = caseOf(() => run(optimum))
  cases.push(one)
  const bytes = plan((point: Point) => estimate(memory, point).gradient)(optimum).peakBytes
  lines.push([name, error, status, String(products), () => one.best / unit.best, bytes])
}
measure(cases, 40)
console.log(
  '| estimator | relative error | status | products | time, gradients | memory, kB |\n| --- | --- | --- | --- | --- | --- |',
)
for (const [name, error, status, products, time, bytes] of lines)
  console.log(
    `| ${name} | ${error.toExponential(1)} | \`${status}\` | ${products} | ${time().toFixed(0)} | ${(bytes / 1000).toFixed(0)} |`,
  )
device.dispose()
