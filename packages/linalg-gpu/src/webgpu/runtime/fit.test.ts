import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add,
  array,
  cond,
  data,
  foriLoop,
  jit,
  less,
  mul,
  scan,
  sqrt,
  stack,
  sub,
  sum,
  type Tensor,
  trace,
} from '../../index.js'
import { executeSchedule } from '../../kernel/execute.testing.js'
import { schedule } from '../../kernel/lower.js'
import { kernelsOf, type Schedule, type Step } from '../../kernel/schedule.js'
import { inputTypes, simplify } from '../../program.js'
import { softwareTraits } from '../harness.testing.js'
import { webgpuDevice } from '../index.js'
import { lowered, wrappedGpu } from '../outcomes.testing.js'
import { fitted } from './fit.js'

const traits = (bindings: number) => ({ ...softwareTraits, bindings })
const values = (n: number, i: number): Float32Array =>
  Float32Array.from({ length: n }, (_, j) => Math.fround(Math.sin(3 * i + j)))
const many = (count: number, n: number): Tensor[] => Array.from({ length: count }, (_, i) => array(values(n, i)))

const rows = (...all: Tensor[]): Tensor =>
  scan(
    (c: Tensor, x: Tensor) => [add(c, x), sumOf(c, x, ...all)] as const,
    all[0]!,
    stack([all[1]!, all[2]!, all[3]!]),
  )[1]

/** How many bindings the kernels need at the most: temporaries are one. */
const neededBy = ({ steps, storages }: Schedule): number => {
  const operands = (list: readonly Step[]): readonly (readonly number[])[] =>
    list.flatMap((step) => {
      if (step.kind === 'kernel') return [step.operands]
      if (step.kind === 'scan') return operands(step.body)
      if (step.kind === 'while') return [...operands(step.test), ...operands(step.body)]
      return step.kind === 'switch' ? step.branches.flatMap(operands) : []
    })
  return Math.max(
    ...operands(steps).map((ids) => {
      const own = new Set(ids)
      const apart = [...own].filter((id) => storages[id]!.role !== 'temporary').length
      return apart + (apart < own.size ? 1 : 0)
    }),
  )
}

const sumOf = (...all: Tensor[]): Tensor => all.reduce((a, b) => add(a, b))

/** A step of Adam for each of some parameters, with its state. */
const adam = (...all: Tensor[]): Tensor[] => {
  const count = all.length / 4
  return Array.from({ length: count }, (_, i) => {
    const [w, g, m, v] = [all[i]!, all[count + i]!, all[2 * count + i]!, all[3 * count + i]!]
    const first = add(mul(m, 0.9), mul(g, 0.1))
    const second = add(mul(v, 0.99), mul(mul(g, g), 0.01))
    return [sub(w, mul(0.1, mul(first, sqrt(add(mul(second, second), 1))))), first, second]
  }).flat()
}

const inLoops = (...all: Tensor[]): Tensor => {
  const flag = less(sum(all[0]!), 1)
  return foriLoop(
    0,
    3,
    (_, x: Tensor) =>
      cond(
        flag,
        () => add(x, sumOf(...all)),
        () => sub(x, sumOf(...all)),
      ),
    all[0]!,
  )
}

for (const [name, f, count, n] of [
  ['a sum of 20 inputs', sumOf, 20, 7],
  ['Adam on 10 parameters', adam, 40, 3],
  ['a sum in a branch in a loop', inLoops, 13, 4],
  ['a sum for each row', rows, 13, 4],
] as const)
  test(`${name}: kernels are given no more storages than can be bound, and mean the same`, () => {
    const given = many(count, n)
    const program = simplify(trace(f as (...all: Tensor[]) => Tensor)(...given))
    const whole = schedule(program)
    assert.ok(neededBy(whole) > 12)
    const inputs = inputTypes(program).map((type, i) => values(type.size, i))
    const wanted = executeSchedule(whole, inputs)
    for (const bindings of [12, 8, 5, 4]) {
      const fit = fitted(whole, traits(bindings))
      assert.ok(neededBy(fit) <= bindings, `${neededBy(fit)} of ${bindings}`)
      assert.equal(executeSchedule(fit, inputs), wanted)
    }
  })

test('what fits is left as it is', () => {
  const whole = schedule(simplify(trace(sumOf)(...many(11, 4))))
  assert.is(fitted(whole, traits(12)), whole)
})

test('Adam is shared out by its results, and nothing is copied', () => {
  const whole = schedule(simplify(trace(adam)(...many(120, 3))))
  const fit = fitted(whole, traits(8))
  assert.ok(fit.steps.every(({ kind }) => kind === 'kernel'))
  assert.is(fit.storages.length, whole.storages.length)
  assert.ok(kernelsOf(fit.steps).length <= kernelsOf(whole.steps).length + 30, 'a parameter takes 7')
  assert.ok(neededBy(fit) <= 8)
})

const narrow = (bindings: number): Promise<{ readonly gpu: GPU }> =>
  wrappedGpu({ device: ({ limits }) => ({ limits: lowered(limits, { maxStorageBuffersPerShaderStage: bindings }) }) })

test('on a device of 8 bindings they run, also in loops and behind gates, in f32 and in bytes', async () => {
  const { gpu } = await narrow(8)
  const device = await webgpuDevice({ gpu })
  const moved = (all: readonly Tensor[], x: (i: number) => ArrayLike<number>, dtype: 'f32' | 'u8' = 'f32'): Tensor[] =>
    all.map((_, i) => array([...Array.from(x(i))], { device, dtype }))
  const same = async (
    f: (...all: Tensor[]) => Tensor | Tensor[],
    count: number,
    n: number,
    dtype: 'f32' | 'u8' = 'f32',
  ) => {
    const given = Array.from({ length: count }, (_, i) =>
      dtype === 'f32' ? values(n, i) : Uint8Array.from({ length: n }, (_, j) => (7 * i + j) % 11),
    )
    const here = [f(...given.map((x) => array([...x], { dtype })))].flat()
    const there = [jit(f)(...moved(many(count, 1), (i) => given[i]!, dtype))].flat()
    for (const [i, x] of there.entries()) {
      const [got, wanted] = [await data(x), await data(here[i]!)]
      // sums of at most 20 terms, in another order
      got.forEach((value, j) =>
        assert.ok(Math.abs(value - wanted[j]!) <= 20 * 2 ** -20, `${f.name}: ${value}, ${wanted[j]}`),
      )
    }
  }
  await same(sumOf, 20, 33)
  await same(sumOf, 20, 33, 'u8')
  await same(adam, 120, 5)
  await same(inLoops, 13, 4)
  await same(rows, 13, 4)
  device.dispose()
})

test.run()
