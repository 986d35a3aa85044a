import { jvp } from '@neumann/autodiff'
import { array, full, jit, matmul, mul, readSync, square, sub, sum, type Tensor, zeros } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Begin, contestants, type Hyper, type Samples, type Task } from './clarkeMethods.js'

const f64 = (values: unknown): Tensor => array(values as never, { dtype: 'f64' })

/** R1 of the specification: ½ ‖X w − y‖² on training and on validation rows. */
const x = [[1, 0], [1, 1], [0, 2], [2, 1]] as const // biome-ignore format: a matrix
const y = [1, 2, 2, 3] as const
const half = (rows: readonly (readonly number[])[], targets: readonly number[]) => (w: Tensor) =>
  mul(0.5, sum(square(sub(matmul(f64(rows), w), f64(targets)))))
const validation = half([[1, 1], [1, -1]], [1, 1]) // biome-ignore format: a matrix
const r1: Task<Tensor> = { training: half(x, y), validation }

const beginAt = ({ lr = 0.05, momentum = 0.5, decay = 0.1, m = 1 } = {}): Begin<Tensor> => ({
  weights: f64([0, 0]),
  hyper: { lr: f64(lr), momentum: f64(momentum), decay: f64(decay) },
  multiplier: f64(m),
})
const samples: Samples = { train: zeros([10]), validation: zeros([]) }

/** ∂f/∂w of the training loss. */
const gradient = (w: readonly number[]): number[] => {
  const r = x.map((row, i) => row[0] * w[0]! + row[1] * w[1]! - y[i]!)
  return [0, 1].map((k) => x.reduce((all, row, i) => all + row[k as 0 | 1] * r[i]!, 0))
}

const numbers = (t: Tensor): number[] => Array.from(readSync(t))
const near = (got: readonly number[], want: readonly number[], tolerance: number): void =>
  want.forEach((value, i) => assert.ok(Math.abs(got[i]! - value) <= tolerance, `${got} instead of ${want}`))

type Seen = { tuning: { hyper: Hyper; inner: { weights: Tensor } }; fixed: Partial<Hyper> }

const after = (
  name: keyof typeof contestants,
  begin: Begin<Tensor>,
  steps: number,
): { state: unknown; weights: number[] } => {
  const { init, step, weights } = contestants[name].method(r1)
  const jitted = jit(step)
  let state = init(begin)
  for (let k = 0; k < steps; k++) state = jitted(state, samples)
  return { state, weights: numbers(weights(state)) }
}

test('WD+LR+M goes the way of the specification’s section 2.7-e', () => {
  for (const [steps, ...raw] of [
    [1, -1.3510299936, -0.0499999667, -0.9500000116],
    [2, -1.3856109093, -0.0858478512, -0.8999483831],
    [10, -1.5161421068, -0.2235525644, -0.4918408968],
  ] as const) {
    const { tuning } = after('WD+LR+M', beginAt(), steps).state as Seen
    near([tuning.hyper.lr, tuning.hyper.momentum, tuning.hyper.decay].flatMap(numbers), raw, 1e-10)
  }
})

test('Random is momentum with decay, and Random ×LR multiplies the learning rate after each ten of its steps, within bounds', () => {
  const by = (lr: number, m: number, steps: number): number[] => {
    let [w, b, rate] = [[0, 0], [0, 0], lr]
    for (let k = 0; k < 10 * steps; k++) {
      const g = gradient(w)
      b = b.map((v, i) => 0.5 * v + g[i]! + 0.1 * w[i]!)
      w = w.map((v, i) => v - rate * b[i]!)
      if (k % 10 === 9) rate = Math.min(1, rate * m)
    }
    return w
  }
  // ten digits: of sums of 30 steps in f64
  near(after('random', beginAt(), 3).weights, by(0.05, 1, 3), 1e-12)
  near(after('scheduled', beginAt({ lr: 1e-3, m: 1.5 }), 3).weights, by(1e-3, 1.5, 3), 1e-12)
  near(after('scheduled', beginAt({ lr: 0.002, m: 1e4 }), 2).weights, by(0.002, 1e4, 2), 1e-3)
})

test('Baydin moves log₁₀ of the learning rate by 0.001 ⟨gₜ, gₜ₋₁⟩, gradients without the decay', () => {
  let [w, b, last, raw] = [[0, 0], [0, 0], [0, 0], -2]
  for (let k = 0; k < 20; k++) {
    const g = gradient(w)
    raw += 0.001 * (g[0]! * last[0]! + g[1]! * last[1]!)
    last = g
    b = b.map((v, i) => 0.5 * v + g[i]! + 0.1 * w[i]!)
    w = w.map((v, i) => v - 10 ** raw * b[i]!)
  }
  const { state, weights } = after('baydin', beginAt({ lr: 0.01 }), 2)
  near(weights, w, 1e-12)
  near(numbers((state as { raw: Tensor }).raw), [raw], 1e-12)
  assert.ok(raw > -1.9, 'it did move')
})

test('what a method does not tune stays as it was drawn, what it tunes moves', () => {
  for (const [name, tuned] of [
    ['lorraine', ['decay']],
    ['WD+LR', ['decay', 'lr']],
    ['unrolled', ['decay', 'lr', 'momentum']],
  ] as const) {
    const { tuning, fixed } = after(name, beginAt(), 1).state as Seen
    assert.equal(Object.keys(tuning.hyper).sort(), [...tuned])
    const raw = { decay: -1, lr: Math.log10(0.05), momentum: 0 }
    // Adam's first step has the length of its step size
    for (const key of tuned) near([Math.abs(numbers(tuning.hyper[key])[0]! - raw[key])], [0.05], 1e-6)
    for (const [key, value] of Object.entries(fixed))
      near(numbers(value), [{ lr: 0.05, momentum: 0.5, decay: 0.1 }[key]!], 0)
  }
})

test('through 5 steps is the derivative of these alone: the state before them is a constant', () => {
  // F after 10 steps by the hyperparameters of the last 5, which the sign of Adam's first step tells; and by those of all 10
  const from =
    (steps: number) =>
    (raw: Tensor): Tensor => {
      const { init, step, weights } = contestants.random.method(r1)
      const at = (lr: Tensor) => ({ ...beginAt(), hyper: { ...beginAt().hyper, lr } })
      const early = step(init(at(f64(0.05))), { train: zeros([10 - steps]), validation: zeros([]) })
      const late = step({ ...(early as object), hyper: at(raw).hyper } as never, {
        train: zeros([steps]),
        validation: zeros([]),
      })
      return validation(weights(late))
    }
  const slope = (steps: number): number =>
    numbers(jvp(from(steps), [f64(0.05)], [full([], 1, { dtype: 'f64' })]).tangent as Tensor)[0]!
  const { tuning } = after('unrolled', beginAt(), 1).state as Seen & {
    tuning: { optimiser: { inner: { m: { lr: Tensor } } } }
  }
  // the first moment after one step is a tenth of the gradient by log₁₀ η, η ln 10 of that by η
  const seen =
    numbers((tuning as never as { optimiser: { inner: { m: { lr: Tensor } } } }).optimiser.inner.m.lr)[0]! / 0.1
  near([seen], [slope(5) * 0.05 * Math.LN10], 1e-10)
  assert.ok(Math.abs(slope(5) - slope(9)) > 1e-3 * Math.abs(slope(9)), 'the longer look back is another one')
})

test('WD+HDLR+M has a learning rate for each weight', () => {
  const { tuning } = after('WD+HDLR+M', beginAt(), 3).state as Seen
  assert.equal(tuning.hyper.lr.shape, [2])
  const [first, second] = numbers(tuning.hyper.lr)
  assert.ok(Math.abs(first! - second!) > 1e-3, `${first} ${second}`)
})

test.run()
