/** Loops and branches inside one another, under every transform, against the same loops unrolled on power series. */

import {
  add,
  cast,
  cond,
  dot,
  floor,
  foriLoop,
  greater,
  jit,
  less,
  logicalAnd,
  mul,
  neg,
  outer,
  scan,
  sin,
  sum,
  switchCase,
  type Tensor,
  whileLoop,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import { checkpoint, checkpointName, grad, hessian, jacfwd, jacrev, jvp, vmap } from '../index.js'
import {
  directional,
  dotOf,
  f64,
  hessiansOf,
  jacobianOf,
  near,
  type OnSeries,
  type Series,
  series as s,
  second,
  valueOf,
} from '../support.testing.js'

/** A step c ← step(x, c) on vectors, beside the same step on series. Every layer closes over x. */
interface Step {
  readonly run: (x: Tensor, c: Tensor) => Tensor
  readonly twin: (x: readonly Series[], c: readonly Series[]) => readonly Series[]
}

const total = (c: readonly Series[]): number => c.reduce((t, v) => t + v[0]!, 0)

// c ← 0.7 sin c + 0.3 x c + 0.1 x
const base: Step = {
  run: (x, c) => add(mul(sin(checkpointName(c, 'c')), 0.7), mul(x, add(mul(c, 0.3), 0.1))),
  twin: (x, c) => c.map((ci, i) => s.add(s.scale(s.sin(ci), 0.7), s.mul(x[i]!, s.shift(s.scale(ci, 0.3), 0.1)))),
}

const rows = [0.5, -0.3, 0.8]

const layers: Readonly<Record<string, (inner: Step) => Step>> = {
  // xs depends on x, ys too, the carry begins as a value with a tangent
  scan: (inner) => ({
    run: (x, c) => {
      const [end, ys] = scan(
        (carry: Tensor, row: Tensor): [Tensor, Tensor] => {
          const next = inner.run(x, add(carry, row))
          return [next, mul(next, row)]
        },
        c,
        outer(f64(rows), x),
      )
      return add(end, sum(ys, { axis: 0 }))
    },
    twin: (x, c) => {
      let carry = c
      let ys = c.map((ci) => s.scale(ci, 0))
      for (const r of rows) {
        const row = x.map((xi) => s.scale(xi, r))
        carry = inner.twin(
          x,
          carry.map((ci, i) => s.add(ci, row[i]!)),
        )
        ys = ys.map((y, i) => s.add(y, s.mul(carry[i]!, row[i]!)))
      }
      return carry.map((ci, i) => s.add(ci, ys[i]!))
    },
  }),
  // backwards, with a counter and a carry that begins as a constant
  reversed: (inner) => ({
    run: (x, c) =>
      scan(
        ([count, a, b]: [Tensor, Tensor, Tensor], row: Tensor): [[Tensor, Tensor, Tensor], null] => [
          [add(count, 1), inner.run(x, add(a, mul(b, row))), add(b, mul(a, cast(count, 'f64')))],
          null,
        ],
        [0, c, f64([0, 0])] as never,
        f64(rows),
        { reverse: true },
      )[0][1],
    twin: (x, c) => {
      let a = c
      let b = c.map((ci) => s.scale(ci, 0))
      ;[...rows].reverse().forEach((row, count) => {
        const next = inner.twin(
          x,
          a.map((ai, i) => s.add(ai, s.scale(b[i]!, row))),
        )
        b = b.map((bi, i) => s.add(bi, s.scale(a[i]!, count)))
        a = next
      })
      return a
    },
  }),
  fori: (inner) => ({
    run: (x, c) => foriLoop(1, 3, (i, a: Tensor) => inner.run(x, add(a, mul(cast(i, 'f64'), 0.1))), c),
    twin: (x, c) => {
      let a = c
      for (let i = 1; i < 3; i++)
        a = inner.twin(
          x,
          a.map((ai) => s.shift(ai, 0.1 * i)),
        )
      return a
    },
  }),
  // how long it runs depends on the data
  while: (inner) => ({
    run: (x, c) => {
      const [, a] = whileLoop(
        ([i, v]: [Tensor, Tensor]) => less(add(cast(i, 'f64'), cast(greater(sum(v), 0.4), 'f64')), 2.5),
        ([i, v]: [Tensor, Tensor]): [Tensor, Tensor] => [add(i, 1), inner.run(x, v)],
        [0, c] as never,
      )
      return a
    },
    twin: (x, c) => {
      let a = c
      for (let i = 0; i + (total(a) > 0.4 ? 1 : 0) < 2.5; i++) a = inner.twin(x, a)
      return a
    },
  }),
  cond: (inner) => ({
    run: (x, c) =>
      cond(
        logicalAnd(greater(sum(c), 0.3), less(sum(c), 2)),
        (v: Tensor) => inner.run(x, mul(v, 1.1)),
        (v: Tensor) => add(mul(v, x), -0.2),
        c,
      ),
    twin: (x, c) =>
      total(c) > 0.3 && total(c) < 2
        ? inner.twin(
            x,
            c.map((ci) => s.scale(ci, 1.1)),
          )
        : c.map((ci, i) => s.shift(s.mul(ci, x[i]!), -0.2)),
  }),
  switch: (inner) => ({
    run: (x, c) =>
      switchCase(cast(floor(mul(sum(c), 2)), 'i32'), [
        () => inner.run(x, c),
        () => add(inner.run(x, neg(c)), x),
        () => mul(c, c),
      ]),
    twin: (x, c) => {
      const at = Math.max(0, Math.min(2, Math.floor(2 * total(c))))
      if (at === 0) return inner.twin(x, c)
      if (at === 2) return c.map((ci) => s.mul(ci, ci))
      return inner
        .twin(
          x,
          c.map((ci) => s.scale(ci, -1)),
        )
        .map((v, i) => s.add(v, x[i]!))
    },
  }),
}

const points = [
  [0.4, 0.25],
  [-0.3, 0.6],
  [0.9, -0.2],
]
// the last is there for the branches that it takes in a batch
const pair = points.slice(0, 2)
const v = [0.7, -1.3]
const u = [0.2, 0.9]
const c0 = [0.3, 0.35]

const start = (x: Tensor): Tensor => add(mul(x, 0.5), f64(c0))
const startTwin = (x: readonly Series[]): readonly Series[] => x.map((xi, i) => s.shift(s.scale(xi, 0.5), c0[i]!))

const weights = [1.5, -0.4]

const checks: Readonly<Record<string, (f: (x: Tensor) => Tensor, twin: OnSeries) => void>> = {
  value: (f, twin) => {
    for (const x of points) near(f(f64(x)), valueOf(twin, x), 1e-12)
  },
  jvp: (f, twin) => {
    for (const x of pair) near(jvp(f, [f64(x)], [f64(v)]).tangent, directional(twin, x, v), 1e-11)
  },
  vmap: (f, twin) =>
    near(
      vmap(f)(f64(points)),
      points.map((x) => valueOf(twin, x)),
      1e-12,
    ),
  'jvp of jvp': (f, twin) => {
    for (const x of pair)
      near(jvp((y: Tensor) => jvp(f, [y], [f64(v)]).tangent, [f64(x)], [f64(u)]).tangent, second(twin, x, u, v), 1e-10)
  },
  'vmap of jvp': (f, twin) =>
    near(
      vmap((x: Tensor) => jvp(f, [x], [f64(v)]).tangent)(f64(points)),
      points.map((x) => directional(twin, x, v)),
      1e-11,
    ),
  'jvp of vmap': (f, twin) =>
    near(
      jvp((xs: Tensor) => vmap(f)(xs), [f64(points)], [f64(points.map(() => v))]).tangent,
      points.map((x) => directional(twin, x, v)),
      1e-11,
    ),
  jacfwd: (f, twin) => {
    for (const x of pair) near(jacfwd(f)(f64(x)), jacobianOf(twin, x), 1e-11)
  },
  'jacfwd of jacfwd': (f, twin) => {
    const x = points[0]!
    near(jacfwd(jacfwd(f))(f64(x)), hessiansOf(twin, x), 1e-10)
  },
  'jit of jvp': (f, twin) => {
    const g = jit((x: Tensor) => jvp(f, [x], [f64(v)]).tangent)
    for (const x of pair) near(g(f64(x)), directional(twin, x, v), 1e-11)
  },
}

const scalar =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    dot(f64(weights), f(x))
/** ∇(w · f). */
const gradientOf = (twin: OnSeries, x: readonly number[]): number[] =>
  x.map((_, i) =>
    dotOf(
      weights,
      jacobianOf(twin, x).map((row) => row[i]!),
    ),
  )
const hessianOf = (twin: OnSeries, x: readonly number[]): number[][] => {
  const each = hessiansOf(twin, x)
  return x.map((_, i) =>
    x.map((__, j) =>
      dotOf(
        weights,
        each.map((h) => h[i]![j]!),
      ),
    ),
  )
}
const times = (h: readonly (readonly number[])[], w: readonly number[]): number[] => h.map((row) => dotOf(row, w))

const reverse: Readonly<Record<string, (f: (x: Tensor) => Tensor, twin: OnSeries) => void>> = {
  grad: (f, twin) => {
    for (const x of pair) near(grad(scalar(f))(f64(x)), gradientOf(twin, x), 1e-11)
  },
  'jit of grad': (f, twin) => {
    const g = jit(grad(scalar(f)))
    for (const x of pair) near(g(f64(x)), gradientOf(twin, x), 1e-11)
  },
  'grad of grad': (f, twin) => {
    for (const x of pair)
      near(grad((y: Tensor) => dot(grad(scalar(f))(y), f64(v)))(f64(x)), times(hessianOf(twin, x), v), 1e-10)
  },
  'jvp of grad': (f, twin) => {
    for (const x of pair)
      near(jvp((y: Tensor) => grad(scalar(f))(y), [f64(x)], [f64(v)]).tangent, times(hessianOf(twin, x), v), 1e-10)
  },
  'grad of jvp': (f, twin) => {
    const x = points[1]!
    near(grad((y: Tensor) => jvp(scalar(f), [y], [f64(v)]).tangent)(f64(x)), times(hessianOf(twin, x), v), 1e-10)
  },
  'vmap of grad': (f, twin) =>
    near(
      vmap(grad(scalar(f)))(f64(points)),
      points.map((x) => gradientOf(twin, x)),
      1e-11,
    ),
  'grad of vmap': (f, twin) =>
    near(
      grad((xs: Tensor) => sum(vmap(scalar(f))(xs)))(f64(points)),
      points.map((x) => gradientOf(twin, x)),
      1e-11,
    ),
  'vmap of jvp of grad': (f, twin) =>
    near(
      vmap((x: Tensor) => jvp(grad(scalar(f)), [x], [f64(v)]).tangent)(f64(points)),
      points.map((x) => times(hessianOf(twin, x), v)),
      1e-10,
    ),
  jacrev: (f, twin) => {
    for (const x of pair) near(jacrev(f)(f64(x)), jacobianOf(twin, x), 1e-11)
  },
  hessian: (f, twin) => {
    const x = points[2]!
    near(hessian(scalar(f))(f64(x)), hessianOf(twin, x), 1e-10)
  },
  'jacrev of jacrev': (f, twin) => {
    const x = points[0]!
    near(jacrev(jacrev(f))(f64(x)), hessiansOf(twin, x), 1e-10)
  },
}

for (const policy of ['nothing', { names: ['c'] }, 'sqrt'] as const) {
  const label = typeof policy === 'string' ? policy : 'names'
  Object.assign(reverse, {
    [`grad of checkpoint ${label}`]: (f: (x: Tensor) => Tensor, twin: OnSeries) => {
      for (const x of pair) near(grad(scalar(checkpoint(f, { policy })))(f64(x)), gradientOf(twin, x), 1e-11)
    },
    [`hessian of checkpoint ${label}`]: (f: (x: Tensor) => Tensor, twin: OnSeries) => {
      const x = points[1]!
      const g = scalar(checkpoint(f, { policy }))
      near(jacfwd(grad(g))(f64(x)), hessianOf(twin, x), 1e-10, 'forward')
      near(jacrev(grad(g))(f64(x)), hessianOf(twin, x), 1e-10, 'reverse')
      near(
        vmap(grad(g))(f64(points)),
        points.map((y) => gradientOf(twin, y)),
        1e-11,
        'vmap',
      )
    },
  } satisfies typeof reverse)
}

const compose = (names: readonly string[]): { readonly f: (x: Tensor) => Tensor; readonly twin: OnSeries } => {
  const step = names.reduceRight((inner, name) => layers[name]!(inner), base)
  return {
    f: (x) => step.run(x, start(x)),
    twin: (x) => step.twin(x, startTwin(x)),
  }
}

const verify = (names: readonly string[], wanted: (name: string, at: number) => boolean): void => {
  const { f, twin } = compose(names)
  const all = { ...checks, ...(names.includes('while') ? {} : reverse) }
  Object.entries(all).forEach(([name, check], at) => {
    if (!wanted(name, at)) return
    try {
      check(f, twin)
    } catch (error) {
      throw new Error(`${name} of ${names.join(' in ')}: ${(error as Error).message}`, { cause: error })
    }
  })
}

const kinds = Object.keys(layers)

for (const a of kinds) test(`${a}: all transforms`, () => verify([a], () => true))

for (const a of kinds)
  test(`${a} around each other kind: all transforms`, () => {
    for (const b of kinds) verify([a, b], () => true)
  })

for (const a of kinds)
  test(`${a} around each pair of kinds: value, first and second derivatives, batches`, () => {
    let at = 0
    for (const b of kinds)
      for (const c of kinds) {
        // one of the transforms for each triple, another for the next
        at++
        verify([a, b, c], (name, i) => name === 'value' || (i + at) % 26 === 0)
      }
  })

test.run()
