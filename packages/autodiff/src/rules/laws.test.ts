/** Laws of random programs, with loops, branches and checkpoints in one another.
 *
 *    jit(f) = f                         bit by bit: simplification changes no rounding
 *    ⟨push v, c⟩ = ⟨v, pull c⟩           adjointness
 *    ∇f, ∇²f                            against differences of values
 *    vmap(f)(xs)ᵢ = f(xsᵢ), of ∇f too   bit by bit
 *    simplify(∇f) = ∇f                  bit by bit, and both are valid programs
 *
 *  Bit by bit is on the plain device; a device that adds in another order where terms lie otherwise has some ulps (`rearranged`). */

import { jit, plain, scope, sum, type Tensor, trace } from '@neumann/linalg-gpu'
import { simplify, validate } from '@neumann/linalg-gpu/program'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grad, jvp, vjp } from '../api/derivatives.js'
import { vmap } from '../api/vmap.js'
import {
  derivative,
  direction,
  drawn,
  elements,
  inner,
  largest,
  mixedDerivative,
  numeric,
  type Operand,
  randomOf,
  rearranged,
  tensors,
  type Values,
} from './numeric.testing.js'
import { anySteps, operands, program, type Step, smoothSteps } from './random.testing.js'

const runs = (numRuns: number): fc.Parameters<unknown> => ({ numRuns, seed: 20240601, includeErrorInReport: true })

const floats = operands.slice(0, 3)
const at = (seed: number): { readonly x: Values; readonly n: Tensor } => {
  const values = drawn(operands, randomOf(`at ${seed}`))
  return { x: values.slice(0, 3), n: tensors(values.slice(3), operands.slice(3))[0]! }
}
type Three = (x: Tensor, y: Tensor, z: Tensor) => Tensor
const closed =
  (steps: readonly Step[], n: Tensor): Three =>
  (x, y, z) =>
    program(steps)(x, y, z, n)
const scalar =
  (f: Three): Three =>
  (x, y, z) =>
    sum(f(x, y, z))
const gradient = (f: Three): ((...x: Tensor[]) => readonly Tensor[]) => grad(scalar(f), { wrt: [0, 1, 2] }) as never

const equal = (what: string, got: Values, expected: Values, tolerance = rearranged(expected)): void => {
  assert.is(got.length, expected.length, what)
  got.forEach((x, i) => {
    x.forEach((v, j) => {
      const wanted = expected[i]![j]!
      if (!(v === wanted || (v !== v && wanted !== wanted) || Math.abs(v - wanted) <= tolerance))
        assert.unreachable(`${what}: element ${j} of ${i} is ${v}, expected ${wanted}`)
    })
  })
}

const holds = (
  steps: fc.Arbitrary<readonly Step[]>,
  numRuns: number,
  law: (steps: readonly Step[], seed: number) => void,
): void =>
  fc.assert(
    fc.property(steps, fc.nat(99), (list, seed) => scope(() => law(list, seed))),
    runs(numRuns) as never,
  )

test('jit is eager, of values and of gradients', () => {
  holds(anySteps, 80, (steps, seed) => {
    const { x, n } = at(seed)
    const f = closed(steps, n)
    const xs = tensors(x, floats) as [Tensor, Tensor, Tensor]
    equal('value', elements([jit(f)(...xs)]), elements([f(...xs)]))
    equal('gradient', elements(jit(gradient(f))(...xs)), elements(gradient(f)(...xs)))
  })
})

test('push and pull are adjoint', () => {
  holds(anySteps, 80, (steps, seed) => {
    const { x, n } = at(seed)
    const f = closed(steps, n)
    const random = randomOf(`adjoint ${seed}`)
    const xs = tensors(x, floats) as [Tensor, Tensor, Tensor]
    const v = direction(
      x.map((a) => a.length),
      random,
    )
    const { out, tangent } = jvp(f, xs, tensors(v, floats) as [Tensor, Tensor, Tensor])
    const c = direction([elements([out])[0]!.length], random)
    const pulled = elements(vjp(f, xs).pull(tensors(c, [out])[0]!))
    const pushed = elements([tangent])
    // some roundings for each of about a hundred equations, of the size of the terms
    const terms =
      [...pushed[0]!].reduce((s, t, i) => s + Math.abs(t * c[0]![i]!), 0) +
      pulled.reduce((s, p, i) => s + p.reduce((q, t, j) => q + Math.abs(t * v[i]![j]!), 0), 0)
    const [left, right] = [inner(pushed, c), inner(v, pulled)]
    assert.ok(Math.abs(left - right) <= 1024 * 2 ** -52 * (1 + terms), `⟨push v, c⟩ = ${left}, ⟨v, pull c⟩ = ${right}`)
  })
})

test('gradients and second derivatives agree with differences, in every order of the modes', () => {
  let proved = 0
  holds(smoothSteps, 60, (steps, seed) => {
    const { x, n } = at(seed)
    const f = scalar(closed(steps, n))
    const random = randomOf(`differences ${seed}`)
    const g = numeric(floats, (xs) => [f(...(xs as [Tensor, Tensor, Tensor]))])
    const [u, v] = [
      direction(
        x.map((a) => a.length),
        random,
      ),
      direction(
        x.map((a) => a.length),
        random,
      ),
    ]
    const [first, second] = [derivative(g, x, u), mixedDerivative(g, x, u, v)]
    // a program may be too steep for the step: then its differences prove nothing
    if (first.error > 1e-5 * (1 + largest(first.value)) || second.error > 1e-4 * (1 + largest(second.value))) return
    proved++
    const xs = tensors(x, floats)
    const [tu, tv] = [tensors(u, floats), tensors(v, floats)]
    const near = (what: string, got: number, { value, error }: typeof first): void => {
      const wanted = value[0]![0]!
      assert.ok(
        Math.abs(got - wanted) <= 8 * error + 1e-11 * (1 + Math.abs(wanted)),
        `${what}: ${got}, differences give ${wanted} ± ${error}`,
      )
    }
    const slope = gradient(f)
    near('gradient', inner(elements(slope(...xs)), u), first)
    near('jvp', elements([jvp(f, xs as never, tu as never).tangent])[0]![0]!, first)
    const push = (...a: Tensor[]): Tensor => jvp(f, a as never, tu as never).tangent as Tensor
    near('forward over reverse', inner(elements(jvp(slope, xs, tv).tangent), u), second)
    near('reverse over reverse', inner(elements(vjp(slope, xs).pull(tu as never) as readonly Tensor[]), v), second)
    near(
      'reverse over forward',
      inner(
        elements(
          vjp(push, xs).pull(
            tensors([Float64Array.of(1)], [{ dtype: 'f64', shape: [] }])[0]! as never,
          ) as readonly Tensor[],
        ),
        v,
      ),
      second,
    )
    near('forward over forward', elements([jvp(push, xs, tv).tangent])[0]![0]!, second)
  })
  assert.ok(proved > 40, `only ${proved} programs were smooth enough`)
})

test('vmap is the loop, of values and of gradients, for each choice of batched operands', () => {
  fc.assert(
    fc.property(anySteps, fc.nat(99), fc.integer({ min: 1, max: 15 }), (steps, seed, mask) =>
      scope(() => {
        const batched = operands.map((_, i) => (mask >> i) % 2 === 1)
        const random = randomOf(`vmap ${seed}`)
        const members = [0, 1, 2].map(() => drawn(operands, random))
        const one = drawn(operands, random)
        const each = members.map((m) => m.map((v, i) => (batched[i] ? v : one[i]!)))
        const whole = operands.map((o, i) => {
          if (!batched[i]) return tensors([one[i]!], [o])[0]!
          const data = Float64Array.from(members.flatMap((m) => [...m[i]!]))
          return tensors(
            [data],
            [{ dtype: o.dtype, shape: [3, ...o.shape] } satisfies Pick<Operand, 'dtype' | 'shape'>],
          )[0]!
        })
        const axes = batched.map((b) => (b ? 0 : null))
        const joined = (list: readonly Values[]): Values =>
          list[0]!.map((_, i) => Float64Array.from(list.flatMap((v) => [...v[i]!])))
        const f = program(steps)
        type Four = [Tensor, Tensor, Tensor, Tensor]
        equal(
          'value',
          elements([vmap(f, { in: axes })(...(whole as Four))]),
          joined(each.map((v) => elements([f(...(tensors(v, operands) as Four))]))),
        )
        const g = (...a: Tensor[]): readonly Tensor[] => gradient(closed(steps, a[3]!))(...a.slice(0, 3))
        equal(
          'gradient',
          elements(vmap(g, { in: axes })(...whole)),
          joined(each.map((v) => elements(g(...tensors(v, operands))))),
        )
      }),
    ),
    runs(60) as never,
  )
})

test('a simplified gradient program computes what it was, and both are valid', () => {
  holds(anySteps, 60, (steps, seed) => {
    const { x, n } = at(seed)
    const xs = tensors(x, floats)
    const whole = trace((...a: Tensor[]) => gradient((p, q, r) => program(steps)(p, q, r, a[3]!))(...a.slice(0, 3)))
    const own = validate(whole(...xs, n))
    const given = [...xs, n]
    assert.is(own.inputs.length, given.length)
    const values = elements(given)
    const results = [own, validate(simplify(own))].map((p): Values => {
      const buffers = values.map((v, i) => plain.upload(i < 3 ? v : Int32Array.from(v), p.types[p.inputs[i]!]!, 'test'))
      const outs = plain.execute(p, buffers, [])
      const read = outs.map((b) => Float64Array.from(plain.readSync!(b)))
      for (const b of [...buffers, ...outs]) plain.release(b)
      return read
    })
    equal('simplified', results[1]!, results[0]!, 0)
  })
})

test.run()
