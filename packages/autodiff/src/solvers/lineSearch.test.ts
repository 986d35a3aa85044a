/** The line search on the functions that Moré and Thuente, and Yanai, tried theirs on: every step that is accepted has to satisfy the strong Wolfe
 *  conditions in plain numbers. */

import {
  abs,
  add,
  array,
  cos,
  div,
  exp,
  item,
  jit,
  lessEqual,
  log,
  mul,
  pow,
  sin,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  where,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { valueAndGrad, vmap } from '../index.js'
import { messageOf } from '../support.testing.js'
import { type Sample, type Searched, type Wolfe, wolfe, wolfeOf } from './lineSearch.js'
import { numbersOf, type Precision, ulp, vector } from './problems.testing.js'

const sampleOf =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Sample<Tensor> => {
    const { value, grad } = valueAndGrad(f)(x)
    return { x, value, gradient: grad }
  }
/** Along +1 from 0: x is the step length. */
const searchedFrom0 = (
  f: (t: Tensor) => Tensor,
  trial: number,
  constants: Wolfe = { decrease: 1e-4, curvature: 0.9 },
  dtype: Precision = 'f64',
): Searched<Tensor> =>
  jit((trial: Tensor) => {
    const at = sampleOf((x: Tensor) => sum(f(x)))
    const zero = mul(0, trial)
    return wolfe(at, at(zero), add(zero, 1), trial, constants)
  })(array(trial, { dtype }))
const read = ({ x, value, gradient, found, fell, endless, evaluations }: Searched<Tensor>) => ({
  t: item(x),
  value: item(value),
  slope: item(gradient),
  found: item(found) as unknown as boolean,
  fell: item(fell) as unknown as boolean,
  endless: item(endless) as unknown as boolean,
  evaluations: item(evaluations),
})

type Plain = (t: number) => number
interface Line {
  readonly name: string
  readonly f: (t: Tensor) => Tensor
  readonly plain: Plain
  readonly slope: Plain
  readonly constants: Wolfe
}

const yanai = (a: number, b: number): Pick<Line, 'f' | 'plain' | 'slope'> => {
  const weight = (c: number): number => Math.hypot(1, c) - c
  const [p, q] = [weight(a), weight(b)]
  return {
    f: (t) => add(mul(p, sqrt(add(square(sub(1, t)), b * b))), mul(q, sqrt(add(square(t), a * a)))),
    plain: (t) => p * Math.hypot(1 - t, b) + q * Math.hypot(t, a),
    slope: (t) => (-p * (1 - t)) / Math.hypot(1 - t, b) + (q * t) / Math.hypot(t, a),
  }
}
const bend = 0.01
const waves = 39 * (Math.PI / 2)
const lines: readonly Line[] = [
  {
    name: 'Moré–Thuente 1',
    f: (t) => div(mul(-1, t), add(square(t), 2)),
    plain: (t) => -t / (t * t + 2),
    slope: (t) => (t * t - 2) / (t * t + 2) ** 2,
    constants: { decrease: 0.001, curvature: 0.1 },
  },
  {
    name: 'Moré–Thuente 2',
    f: (t) => sub(pow(add(t, 0.004), 5), mul(2, pow(add(t, 0.004), 4))),
    plain: (t) => (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4,
    slope: (t) => 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3,
    constants: { decrease: 0.1, curvature: 0.101 },
  },
  {
    // a kink smoothed over 2 · bend, and waves on it
    name: 'Moré–Thuente 3',
    f: (t) => {
      const near = lessEqual(abs(sub(t, 1)), bend)
      const smooth = add(div(square(sub(t, 1)), 2 * bend), bend / 2)
      return add(where(near, smooth, abs(sub(t, 1))), mul((1 - bend) / waves, sin(mul(waves, t))))
    },
    plain: (t) =>
      (Math.abs(t - 1) <= bend ? (t - 1) ** 2 / (2 * bend) + bend / 2 : Math.abs(t - 1)) +
      ((1 - bend) / waves) * Math.sin(waves * t),
    slope: (t) => (Math.abs(t - 1) <= bend ? (t - 1) / bend : Math.sign(t - 1)) + (1 - bend) * Math.cos(waves * t),
    constants: { decrease: 0.1, curvature: 0.101 },
  },
  ...(
    [
      [0.001, 0.001],
      [0.01, 0.001],
      [0.001, 0.01],
    ] as const
  ).map(([a, b], i) => ({
    name: `Yanai ${i + 4}`,
    ...yanai(a, b),
    constants: { decrease: 0.001, curvature: 0.0011 },
  })),
]

test('the strong Wolfe conditions hold at every step that is accepted', () => {
  for (const { name, f, plain, slope, constants } of lines)
    for (const trial of [1e-3, 1e-1, 1e1, 1e3])
      for (const own of [constants, { decrease: 1e-4, curvature: 0.9 }]) {
        const note = `${name} from ${trial}`
        const { t, found, value, slope: end, evaluations } = read(searchedFrom0(f, trial, own))
        assert.ok(found, `${note}: nothing found`)
        assert.ok(Math.abs(plain(t) - value) <= 1e-12 && Math.abs(slope(t) - end) <= 1e-9, `${note}: ${value} ${end}`)
        // what rounding does to the values
        const slack = 4 * ulp.f64 * Math.abs(plain(0))
        assert.ok(plain(t) <= plain(0) + own.decrease * t * slope(0) + slack, `${note}: not low enough at ${t}`)
        assert.ok(Math.abs(slope(t)) <= own.curvature * -slope(0) * (1 + 1e-9), `${note}: not flat enough at ${t}`)
        assert.ok(evaluations <= 20, `${note}: ${evaluations} trials`)
      }
})

test('on a parabola the trial after the bracket is the minimum', () => {
  for (const [trial, trials] of [
    [3, 2],
    [0.7, 3],
    [20, 2],
  ] as const) {
    // biome-ignore format: a table
    const { t, evaluations } = read(
      searchedFrom0((t) => mul(1.7, square(sub(t, 2.5))), trial, { decrease: 1e-4, curvature: 1e-6 }),
    )
    assert.ok(Math.abs(t - 2.5) <= 1e-6 * 2.5, `${t}`)
    // 0.7 grows to 2.8 first
    assert.is(evaluations, trials)
  }
})

test('steps into a region without values are drawn back', () => {
  for (const trial of [0.5, 1, 50]) {
    const { t, found } = read(searchedFrom0((t) => sub(mul(-2, t), log(sub(1, t))), trial))
    // the minimum is at ½; log(0) = −∞ makes +∞
    assert.ok(found && t > 0 && t < 1, `${t}`)
  }
})

test('a function that falls without end is told, and one whose gradient lies', () => {
  for (const f of [
    (t: Tensor) => mul(-1, t),
    (t: Tensor) => sub(mul(-1, t), square(t)),
    (t: Tensor) => mul(-1, exp(t)),
  ])
    for (const dtype of ['f32', 'f64'] as const) {
      const { found, endless } = read(searchedFrom0(f, 0.1, { decrease: 1e-4, curvature: 0.9 }, dtype))
      assert.equal([found, endless].map(Boolean), [false, true], dtype)
    }
  // the value rises where the slope says that it falls
  const lying = (x: Tensor): Sample<Tensor> => ({ x, value: add(1, x), gradient: sub(mul(0, x), 1) })
  const at0 = array(0, { dtype: 'f64' })
  const { found, fell, endless, t } = read(
    wolfe(lying, lying(at0), array(1, { dtype: 'f64' }), array(1, { dtype: 'f64' }), {
      decrease: 1e-4,
      curvature: 0.9,
    }),
  )
  assert.equal([found, fell, endless].map(Boolean), [false, false, false])
  assert.is(t, 0)
})

test('up the slope, or where there is none, nothing is tried', () => {
  const at = sampleOf((x: Tensor) => square(sub(x, 1)))
  for (const d of [-1, 0, NaN]) {
    const [from, one] = [array(0, { dtype: 'f64' }), array(1, { dtype: 'f64' })]
    const got = read(wolfe(at, at(from), array(d, { dtype: 'f64' }), one, { decrease: 1e-4, curvature: 0.9 }))
    assert.equal([got.found, got.fell, got.endless].map(Boolean), [false, false, false], `${d}`)
    assert.equal([got.t, got.evaluations], [0, 0], `${d}`)
  }
})

test('where rounding hides the decrease, slopes decide', () => {
  // in f32 ulps of 1000 are 6e-5: the fall of 2e-5 cannot be seen
  const { t, found } = read(
    searchedFrom0((t) => add(1000, mul(2e-5, square(sub(t, 1)))), 1.5, { decrease: 1e-4, curvature: 0.1 }, 'f32'),
  )
  assert.ok(found && Math.abs(t - 1) <= 0.1 + 1e-3, `${t}`)
  // −t + 7.5 t² − 4.5 t³: at 1 a value of 2, which rounds to an ulp above φ(0), and a slope of ½
  const wave = (t: Tensor): Tensor => add(mul(-1, t), sub(mul(7.5, square(t)), mul(4.5, mul(t, square(t)))))
  const up = read(searchedFrom0((t) => add(1000, mul(2e-5, wave(t))), 1, { decrease: 1e-4, curvature: 0.9 }, 'f32'))
  assert.ok(up.value > 1000)
  assert.equal([up.t, up.evaluations], [1, 1])
})

test('lanes of a batch search by themselves', () => {
  const f = (t: Tensor): Tensor => sum(cos(t))
  const trials = [1e-3, 0.4, 7, 100]
  const one = (trial: Tensor): Searched<Tensor> => {
    const at = sampleOf(f)
    const from = add(mul(0, trial), 0.1)
    return wolfe(at, at(from), add(mul(0, trial), 1), trial, { decrease: 1e-4, curvature: 0.2 })
  }
  const got = vmap(one)(vector(trials))
  const alone = trials.map((trial) => read(jit(one)(array(trial, { dtype: 'f64' }))))
  assert.equal(
    numbersOf(got.x),
    alone.map(({ t }) => t),
  )
  assert.equal(
    numbersOf(got.evaluations),
    alone.map(({ evaluations }) => evaluations),
  )
  assert.ok(new Set(alone.map(({ evaluations }) => evaluations)).size > 1)
})

test('slopes whose squares are no numbers of f32', () => {
  for (const unit of [1e-25, 1e25]) {
    const { t, found } = read(
      searchedFrom0((t) => mul(unit, square(sub(t, 1))), 0.3, { decrease: 1e-4, curvature: 1e-3 }, 'f32'),
    )
    assert.ok(found && Math.abs(t - 1) <= 2e-3, `${unit}: ${t}`)
  }
})

test('constants for which no step may serve are refused', () => {
  for (const bad of [{ decrease: 0 }, { decrease: 0.6 }, { curvature: 1 }, { decrease: 0.3, curvature: 0.2 }])
    assert.match(
      messageOf(() => wolfeOf('lbfgs', bad)),
      'lbfgs: decrease is in (0, ½) and curvature in (decrease, 1)',
    )
})

test.run()
