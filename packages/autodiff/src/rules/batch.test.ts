/** vmap of every operation against the loop over its members: each set of batched operands, axes anywhere, nested, of derivatives.
 *
 *  Values are equal as far as the device adds in one order, batched or not (`rearranged`): bit by bit on the plain device.
 *  The cotangent of an operand without the batch is a sum over members, equal to some ulps of its terms. */

import { type Shape, scope, type Tensor } from '@neumann/linalg-gpu'
import { sizeOf } from '@neumann/linalg-gpu/program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jvp, vjp } from '../api/derivatives.js'
import { vmap } from '../api/vmap.js'
import { allCases, cases, floatsOf, listed, type Named } from './cases.testing.js'
import {
  direction,
  drawn,
  elements,
  isFloatOperand,
  type Operand,
  type Random,
  randomOf,
  rearranged,
  tensors,
  ulps,
  type Values,
} from './numeric.testing.js'

type Several = (...x: Tensor[]) => readonly Tensor[]

const pick = (random: Random, n: number): number => Math.floor(n * random())

/** Members side by side along a new axis. */
const stacked = (
  members: readonly Float64Array[],
  shape: Shape,
  axis: number,
): { readonly data: Float64Array; readonly shape: Shape } => {
  const outer = sizeOf(shape.slice(0, axis))
  const inner = sizeOf(shape.slice(axis))
  const out = new Float64Array(members.length * outer * inner)
  members.forEach((member, b) => {
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) out[(o * members.length + b) * inner + i] = member[o * inner + i]!
  })
  return { data: out, shape: [...shape.slice(0, axis), members.length, ...shape.slice(axis)] }
}

const equal = (
  what: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance = rearranged([expected]),
): void => {
  assert.is(got.length, expected.length, `${what}: number of elements`)
  for (let i = 0; i < got.length; i++) {
    const [own, wanted] = [got[i]!, expected[i]!]
    if (!(own === wanted || (own !== own && wanted !== wanted) || Math.abs(own - wanted) <= tolerance))
      assert.unreachable(`${what}: element ${i} is ${own}, the loop gives ${wanted}`)
  }
}

interface Batch {
  /** Operands for vmap, and for each member. */
  readonly whole: readonly Tensor[]
  readonly each: readonly (readonly Tensor[])[]
  readonly axes: readonly (number | null)[]
}

/** Operands of which some carry a batch, drawn anew for each member. */
const batchOf = (operands: readonly Operand[], batched: readonly boolean[], size: number, random: Random): Batch => {
  const members = Array.from({ length: size }, () => drawn(operands, random))
  const one = drawn(operands, random)
  const axes = operands.map((x, i) => (batched[i] ? pick(random, x.shape.length + 1) : null))
  const parts = operands.map((x, i) => {
    if (axes[i] === null) return tensors([one[i]!], [x])[0]!
    const { data, shape } = stacked(
      members.map((m) => m[i]!),
      x.shape,
      axes[i]!,
    )
    return tensors([data], [{ dtype: x.dtype, shape }])[0]!
  })
  return {
    whole: parts,
    axes,
    each: members.map((m) =>
      tensors(
        m.map((v, i) => (batched[i] ? v : one[i]!)),
        operands,
      ),
    ),
  }
}

/** vmap(f) against the loop. */
const asLoop = (what: string, f: Several, batch: Batch, random: Random): void => {
  const expected = batch.each.map((x) => f(...x))
  const out = expected[0]!.map((y) => pick(random, y.shape.length + 1))
  const got = vmap(f, { in: batch.axes, out })(...batch.whole)
  assert.is(got.length, expected[0]!.length, `${what}: number of results`)
  got.forEach((y, i) => {
    const { shape, dtype } = expected[0]![i]!
    const wanted = stacked(
      expected.map((m) => elements([m[i]!])[0]!),
      shape,
      out[i]!,
    )
    assert.is(`${y.dtype}[${y.shape}]`, `${dtype}[${wanted.shape}]`, `${what}: type of result ${i}`)
    equal(`${what}, result ${i}`, elements([y])[0]!, wanted.data)
  })
}

const subsets = (n: number): boolean[][] =>
  Array.from({ length: 2 ** n - 1 }, (_, k) => Array.from({ length: n }, (__, i) => ((k + 1) >> i) % 2 === 1))

const several =
  (c: Named): Several =>
  (...x) =>
    listed(c.f(x))

/** The results that are floats, as functions of all operands: what has derivatives. */
const floats =
  (f: Several): Several =>
  (...x) =>
    f(...x).filter(isFloatOperand)

const count = { values: 0, derivatives: 0, nested: 0 }

const values = (c: Named): void => {
  for (const batched of subsets(c.operands.length))
    scope(() => {
      const random = randomOf(`batch ${c.title} ${batched}`)
      asLoop(`${c.title}, batched ${batched}`, several(c), batchOf(c.operands, batched, 3, random), random)
      count.values++
    })
  // a batch of none, and of one
  const example = several(c)(...tensors(drawn(c.operands, randomOf(c.title)), c.operands))
  for (const batched of subsets(c.operands.length))
    scope(() => {
      const none = batchOf(c.operands, batched, 0, randomOf(`none ${c.title}`))
      const got = vmap(several(c), { in: none.axes })(...none.whole)
      assert.equal(
        got.map((y) => y.shape),
        example.map((y) => [0, ...y.shape]),
        `${c.title}, no member, batched ${batched}`,
      )
    })
  scope(() => {
    const all = c.operands.map(() => true)
    const random = randomOf(`one ${c.title}`)
    asLoop(`${c.title}, one member`, several(c), batchOf(c.operands, all, 1, random), random)
  })
}

/** vmap of jvp and of pull, and jvp and pull of vmap, against the loop over members. */
const derivatives = (c: Named, batched: readonly boolean[]): void =>
  scope(() => {
    const what = `${c.title}, batched ${batched}`
    const random = randomOf(`derivatives ${what}`)
    const f = floats(several(c))
    const n = c.operands.length
    const which = floatsOf(c)
    const modes = c.modes ?? ['forward', 'reverse']
    const members = 3
    const batch = batchOf(c.operands, batched, members, random)
    const outs = f(...batch.each[0]!)
    const outTypes = outs.map(
      ({ dtype, shape }): Operand => ({ dtype, shape, draw: (r, size) => [...direction([size], r)[0]!] }),
    )
    const inTypes = which.map((i): Operand => ({ ...c.operands[i]!, draw: (r, size) => [...direction([size], r)[0]!] }))
    const restrict = (x: readonly Tensor[]): readonly Tensor[] => which.map((i) => x[i]!)
    /** f of its float operands beside the others. */
    const beside =
      (x: readonly Tensor[], g: Several): Several =>
      (...own) => {
        const whole = [...x]
        which.forEach((place, i) => {
          whole[place] = own[i]!
        })
        return g(...whole)
      }
    const batchedFloats = which.map((i) => batched[i]!)
    if (modes.includes('forward')) {
      const push: Several = (...a) => jvp(beside(a.slice(0, n), f), restrict(a) as Tensor[], a.slice(n)).tangent
      const along = batchOf(inTypes, batchedFloats, members, random)
      const both: Batch = {
        whole: [...batch.whole, ...along.whole],
        axes: [...batch.axes, ...along.axes],
        each: batch.each.map((x, i) => [...x, ...along.each[i]!]),
      }
      asLoop(`${what}: vmap of jvp`, push, both, random)
      // tangents stand on the axes of their values for jvp of vmap
      const aligned = restrict(batch.whole)
      const straight = which.map((place, i) => {
        const axis = batch.axes[place]
        if (axis === null || axis === undefined) return along.whole[i]!
        const { data, shape } = stacked(
          along.each.map((m) => elements([m[i]!])[0]!),
          c.operands[place]!.shape,
          axis,
        )
        return tensors([data], [{ dtype: c.operands[place]!.dtype, shape }])[0]!
      })
      const g = beside(batch.whole, vmap(f, { in: batch.axes }))
      const { tangent } = jvp(g, aligned as Tensor[], straight)
      tangent.forEach((t, o) => {
        const expected = both.each.map((m) => elements([push(...m)[o]!])[0]!)
        equal(`${what}: jvp of vmap, result ${o}`, elements([t])[0]!, stacked(expected, outs[o]!.shape, 0).data)
      })
    }
    if (modes.includes('reverse')) {
      const m = which.length
      const pull: Several = (...a) =>
        vjp(beside(a.slice(0, n), f), restrict(a) as Tensor[]).pull(a.slice(n) as never) as readonly Tensor[]
      const cts = batchOf(
        outTypes,
        outTypes.map(() => true),
        members,
        random,
      )
      const both: Batch = {
        whole: [...batch.whole, ...cts.whole],
        axes: [...batch.axes, ...cts.axes],
        each: batch.each.map((x, i) => [...x, ...cts.each[i]!]),
      }
      asLoop(`${what}: vmap of pull`, pull, both, random)
      const front = outTypes.map((type, o) => {
        const { data, shape } = stacked(
          cts.each.map((k) => elements([k[o]!])[0]!),
          type.shape,
          0,
        )
        return tensors([data], [{ dtype: type.dtype, shape }])[0]!
      })
      const g = beside(batch.whole, vmap(f, { in: batch.axes }))
      const back = vjp(g, restrict(batch.whole) as Tensor[]).pull(front as never) as readonly Tensor[]
      const own = both.each.map((k) => pull(...k).map((x) => elements([x])[0]!))
      for (let i = 0; i < m; i++) {
        const axis = batch.axes[which[i]!]
        const lists: Values = own.map((k) => k[i]!)
        if (axis !== null && axis !== undefined) {
          // sums over what broadcasting had spread stand inside the batch: some ulps of their terms
          const size = Math.max(0, ...lists.flatMap((x) => [...x].map(Math.abs)))
          equal(
            `${what}: pull of vmap, operand ${i}`,
            elements([back[i]!])[0]!,
            stacked(lists, c.operands[which[i]!]!.shape, axis).data,
            ulps(64, size),
          )
        } else {
          const total = lists[0]!.map((_, j) => lists.reduce((s, x) => s + x[j]!, 0))
          const size = Math.max(0, ...lists.flatMap((x) => [...x].map(Math.abs)))
          equal(
            `${what}: pull of vmap, operand ${i} without the batch`,
            elements([back[i]!])[0]!,
            total,
            ulps(64, size),
          )
        }
      }
    }
    count.derivatives++
  })

/** A batch of batches: each operand carries one axis, the other, both or none. */
const nested = (c: Named): void =>
  scope(() => {
    const random = randomOf(`nested ${c.title}`)
    const n = c.operands.length
    const [outer, inner] = [c.operands.map(() => random() < 0.6), c.operands.map(() => random() < 0.6)]
    outer[pick(random, n)] = true
    inner[pick(random, n)] = true
    const f = several(c)
    // [outer member][inner member] → values; an operand without an axis repeats along it
    const grid = [0, 1].map(() => [0, 1, 2].map(() => drawn(c.operands, random)))
    const at = (i: number, j: number): Values =>
      c.operands.map((_, p) => grid[outer[p] ? i : 0]![inner[p] ? j : 0]![p]!)
    const whole = c.operands.map((x, p) => {
      const rows = [0, 1].map((i) =>
        inner[p]
          ? stacked(
              [0, 1, 2].map((j) => at(i, j)[p]!),
              x.shape,
              0,
            )
          : { data: at(i, 0)[p]!, shape: x.shape },
      )
      const full = outer[p]
        ? stacked(
            rows.map((r) => r.data),
            rows[0]!.shape,
            0,
          )
        : rows[0]!
      return tensors([full.data], [{ dtype: x.dtype, shape: full.shape }])[0]!
    })
    const axes = (flags: readonly boolean[]): (number | null)[] => flags.map((b) => (b ? 0 : null))
    const got = vmap((...x: Tensor[]) => vmap(f, { in: axes(inner) })(...x), { in: axes(outer) })(...whole)
    const expected = [0, 1].map((i) => [0, 1, 2].map((j) => f(...tensors(at(i, j), c.operands))))
    got.forEach((y, o) => {
      const { shape } = expected[0]![0]![o]!
      assert.equal(y.shape, [2, 3, ...shape], `${c.title}: nested, shape of result ${o}`)
      const rows = expected.map((row) =>
        stacked(
          row.map((r) => elements([r[o]!])[0]!),
          shape,
          0,
        ),
      )
      equal(
        `${c.title}: nested, result ${o}`,
        elements([y])[0]!,
        stacked(
          rows.map((r) => r.data),
          rows[0]!.shape,
          0,
        ).data,
      )
    })
    count.nested++
  })

for (const kind of Object.keys(cases)) {
  const own = allCases.filter((c) => c.kind === kind)
  test(`${kind}: vmap equals the loop, for each set of batched operands`, () => own.forEach(values))
  test(`${kind}: vmap of vmap equals the loop in a loop`, () => own.forEach(nested))
  test(`${kind}: vmap of derivatives and derivatives of vmap equal the loop`, () => {
    for (const c of own) {
      if (floatsOf(c).length === 0) continue
      const sets = subsets(c.operands.length)
      derivatives(c, sets[sets.length - 1]!)
      const random = randomOf(`set ${c.title}`)
      if (sets.length > 1) derivatives(c, sets[pick(random, sets.length - 1)]!)
    }
  })
}

test('the counts of what was compared', () => {
  assert.ok(count.values > 900 && count.derivatives > 500 && count.nested > 300, JSON.stringify(count))
})

test.run()
