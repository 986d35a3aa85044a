import { checkGrads, grad } from '@neumann/autodiff'
import { array, dispose, item, liveBuffers, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { build, elements, integers, messageOf, near, reader, sample, total } from '../support.testing.js'
import { binaryCrossEntropy } from './binaryCrossEntropy.js'
import { crossEntropy } from './crossEntropy.js'
import { meanSquaredError } from './meanSquaredError.js'

const f64 = (data: readonly number[]): Tensor => array(data, { dtype: 'f64' })
const logits = sample([5, 4], 1)
const z = reader(logits)
const labels = [2, 0, 3, 3, 1]
const logOf = (i: number, k: number): number => z(i, k) - Math.log(total(4, (j) => Math.exp(z(i, j))))

test('crossEntropy of classes and of probabilities, smoothed or not, in each reduction', () => {
  const soft = build([5, 4], (i, k) => ((i! + 1) * (k! + 2)) / ((i! + 1) * 14))
  const probabilities = array(soft, { shape: [5, 4], dtype: 'f64' })
  for (const smoothing of [0, 0.1, 1])
    for (const [given, q] of [
      [integers(labels), (i: number, k: number) => Number(labels[i] === k)],
      [probabilities, (i: number, k: number) => soft[i * 4 + k]!],
    ] as const) {
      const want = build([5], (i) => -total(4, (k) => ((1 - smoothing) * q(i!, k) + smoothing / 4) * logOf(i!, k)))
      const sum = want.reduce((a, b) => a + b, 0)
      near(crossEntropy(logits, given, { smoothing, reduction: 'none' }), [5], want)
      near(crossEntropy(logits, given, { smoothing, reduction: 'sum' }), [], [sum])
      near(crossEntropy(logits, given, { smoothing }), [], [sum / 5])
    }
})

test('crossEntropy of one row, and of rows in two axes', () => {
  near(crossEntropy(f64([1, 2, 3]), array(2, { dtype: 'i32' })), [], [Math.log(Math.exp(-2) + Math.exp(-1) + 1)])
  const rows = sample([2, 3, 4], 2)
  const own = integers([0, 1, 2, 3, 0, 1], [2, 3])
  assert.equal(crossEntropy(rows, own, { reduction: 'none' }).shape, [2, 3])
})

test('crossEntropy: its gradient is softmax less label, over the batch', () => {
  const g = grad((v: Tensor) => crossEntropy(v, integers(labels)))(logits)
  near(
    g,
    [5, 4],
    build([5, 4], (i, k) => (Math.exp(logOf(i!, k!)) - Number(labels[i!] === k)) / 5),
  )
})

test('crossEntropy: huge logits stay finite, a class that is none gives NaN', () => {
  assert.is(item(crossEntropy(f64([1e5, 0, -1e5]), array(1, { dtype: 'i32' }))), 1e5)
  assert.ok(Number.isNaN(item(crossEntropy(logits, integers([0, 0, 0, 0, 4])))))
})

test('binaryCrossEntropy: by its definition in the middle, by its asymptotes in the tails', () => {
  const [a, t] = [f64([-2, -0.5, 0, 0.3, 3]), f64([0, 1, 0.25, 0.5, 0.9])]
  const sigma = (v: number): number => 1 / (1 + Math.exp(-v))
  const want = build([5], (i) => {
    const [p, q] = [sigma(reader(a)(i!)), reader(t)(i!)]
    return -q * Math.log(p) - (1 - q) * Math.log(1 - p)
  })
  near(binaryCrossEntropy(a, t, { reduction: 'none' }), [5], want)
  near(binaryCrossEntropy(a, t), [], [want.reduce((x, y) => x + y, 0) / 5])
  // ln(1 + e⁻ᶻ) = e⁻ᶻ (1 − e⁻ᶻ / 2 …): relative digits, where z − z would leave none
  const [tail] = elements(binaryCrossEntropy(f64([50]), f64([1]), { reduction: 'none' }))
  assert.ok(Math.abs(tail! / Math.exp(-50) - 1) < 2 ** -50, `${tail}`)
  assert.equal(elements(binaryCrossEntropy(f64([800, -800]), f64([0, 1]), { reduction: 'none' })), [800, 800])
})

test('meanSquaredError: the mean of squares, no half', () => {
  const [a, t] = [sample([3, 2], 4), sample([3, 2], 5)]
  const want = build([3, 2], (i, j) => (reader(a)(i!, j!) - reader(t)(i!, j!)) ** 2)
  near(meanSquaredError(a, t, { reduction: 'none' }), [3, 2], want)
  near(meanSquaredError(a, t, { reduction: 'sum' }), [], [want.reduce((x, y) => x + y, 0)])
  near(meanSquaredError(a, t), [], [want.reduce((x, y) => x + y, 0) / 6])
})

test('derivatives by predictions and targets, orders 1 and 2', () => {
  const [a, t] = [sample([3, 2], 4), sample([3, 2], 5)]
  checkGrads((x: Tensor, y: Tensor) => meanSquaredError(x, y), [a, t])
  checkGrads((x: Tensor, y: Tensor) => binaryCrossEntropy(x, y), [a, t])
  checkGrads((x: Tensor, y: Tensor) => crossEntropy(x, y, { smoothing: 0.2 }), [a, t])
  checkGrads((x: Tensor) => crossEntropy(x, integers([1, 0, 1])), [a])
})

test('wrong calls are errors that say so', () => {
  assert.is(
    messageOf(() => crossEntropy(logits, f64(labels))),
    "crossEntropy: labels f64[5] are floats, so probabilities, and not of the shape of logits f64[5,4]. Classes are integers: cast(labels, 'i32').",
  )
  assert.is(
    messageOf(() => crossEntropy(logits, integers([1]))),
    'crossEntropy: one label for each row of logits f64[5,4] expected, got i32[1].',
  )
  assert.is(
    messageOf(() => crossEntropy(logits, integers(labels), { smoothing: 2 })),
    'crossEntropy: smoothing is in 0 … 1, got 2.',
  )
  assert.is(
    messageOf(() => crossEntropy(logits, integers(labels), { reduction: 'average' as never })),
    `crossEntropy: reduction is 'mean', 'sum' or 'none', got "average".`,
  )
  assert.is(
    messageOf(() => meanSquaredError(sample([3, 1]), sample([3]))),
    'meanSquaredError: targets in the shape of predictions f64[3,1] expected, got f64[3]: reshape one of them.',
  )
})

test('nothing is left alive but the loss', () => {
  const own = integers(labels)
  for (const f of [
    () => crossEntropy(logits, own, { smoothing: 0.1 }),
    () => binaryCrossEntropy(logits, logits),
    () => meanSquaredError(logits, logits),
  ]) {
    const before = liveBuffers().count
    const loss = f()
    assert.is(liveBuffers().count, before + 1)
    dispose(loss)
  }
})

test.run()
