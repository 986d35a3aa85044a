/** Stages at a point of the grid: loops over inner dimensions and over lanes. */

import { type Code, forLoop, get, i32, i32x4, increase, type Local, set, v128, when, whileLoop } from '../assembler.js'
import { laneDim, type StageForm } from './form.js'
import { wideMask } from './lanes.js'
import { store } from './memory.js'
import { evaluate } from './nodes.js'
import { type Reducer, reducerOf } from './reduce.js'
import { advance, laneStride, type Scope, type Writer, wordOf } from './scope.js'

interface Running {
  readonly node: number
  readonly reducer: Reducer
  /** For each copy the parts of its accumulator. */
  readonly accumulators: readonly (readonly Local[])[]
}

/** All stages in order; the scope is a point of the grid, or lanes of it. */
export const stagesAt = (w: Writer, scope: Scope): Code => {
  let first = 0
  return w.form.stages.map((stage) => {
    const code = stageAt(w, scope, stage, first)
    first += stage.reductions.length
    return code
  })
}

const stageAt = (w: Writer, scope: Scope, stage: StageForm, first: number): Code => {
  const here = evaluate(w, scope, stage.needs)
  if (stage.over === 'grid') return [here, storesAt(w, scope, stage)]
  const { across, lanes, unroll } = w.form
  const copies = across === 'grid' ? scope.copies : unroll
  const results = stage.reductions.map(() => Array.from({ length: across === 'grid' ? copies : 1 }, () => w.take()))
  const code = w.scoped(() => {
    const running = stage.reductions.map(({ fn, dtype, node }): Running => {
      const reducer = reducerOf(fn, dtype, lanes)
      const accumulators = Array.from({ length: copies }, () => Array.from({ length: reducer.parts }, () => w.take()))
      return { node, reducer, accumulators }
    })
    return [
      running.map(({ reducer, accumulators }) => accumulators.flat().map((part) => set(part, reducer.start))),
      innerLoops(w, scope, stage, running, 0),
      running.map(({ reducer, accumulators }, r) =>
        across === 'grid'
          ? results[r]!.map((result, c) => set(result, reducer.lanewise(accumulators[c]!)))
          : [joined(reducer, accumulators), set(results[r]![0]!, reducer.across(accumulators[0]!))],
      ),
    ]
  })
  results.forEach((result, r) => {
    w.reduced.set(first + r, result)
  })
  return [here, code]
}

/** All into the first, by halves. */
const joined = (reducer: Reducer, accumulators: readonly (readonly Local[])[]): Code => {
  const code: Code[] = []
  for (let n = accumulators.length; n > 1; n /= 2)
    for (let c = 0; c < n / 2; c++) code.push(reducer.join(accumulators[c]!, accumulators[c + n / 2]!))
  return code
}

const storesAt = (w: Writer, scope: Scope, { stores }: StageForm): Code =>
  stores.map((one) => store(w, scope, one, scope.values.get(one.node)!))

/** Affine functions that code further in looks at and that change along a dimension. */
const movedBy = (w: Writer, scope: Scope, stages: readonly StageForm[], dim: number): number[] => {
  const used = new Set<number>()
  for (const { needs, stores } of stages) {
    for (const { affine } of stores) used.add(affine)
    for (const i of needs) {
      const node = w.form.nodes[i]!
      if (scope.values.has(i)) continue
      if (node.kind === 'load' || node.kind === 'index') used.add(node.affine)
      if (node.kind === 'load' || node.kind === 'inside') for (const { affine } of node.bounds) used.add(affine)
    }
  }
  const isLane = dim === laneDim(w.form)
  return [...used].filter((i) => (isLane ? w.form.affines[i]!.lane !== 'zero' : w.form.affines[i]!.strides[dim]! >= 0))
}

const innerLoops = (w: Writer, scope: Scope, stage: StageForm, running: readonly Running[], j: number): Code => {
  const { inner, outer, across } = w.form
  if (j === inner) return [evaluate(w, scope, stage.needs), steps(w, scope, running), storesAt(w, scope, stage)]
  const dim = outer + j + (across === 'grid' ? 1 : 0)
  const further = (within: Scope): Code => [
    j + 1 < inner ? evaluate(w, within, stage.needs) : [],
    innerLoops(w, within, stage, running, j + 1),
  ]
  if (dim === laneDim(w.form)) return overLanes(w, scope, [stage], wordOf(w, dim), undefined, further)
  return w.scoped(() => {
    const index = w.take('i32')
    const { at, start, moving } = copied(w, scope, movedBy(w, scope, [stage], dim))
    const within: Scope = { ...scope, depth: scope.depth + 1, at, values: new Map(scope.values) }
    return [
      start,
      forLoop(index, i32.const(0), wordOf(w, dim), i32.const(1), [
        w.scoped(() => further(within)),
        moving.map((i) => increase(at[i]!, wordOf(w, w.form.affines[i]!.strides[dim]!))),
      ]),
    ]
  })
}

const copied = (
  w: Writer,
  scope: Scope,
  moving: readonly number[],
): { at: Local[]; start: Code; moving: readonly number[] } => {
  const at = [...scope.at]
  for (const i of moving) at[i] = w.take('i32')
  return { at, start: moving.map((i) => set(at[i]!, get(scope.at[i]!))), moving }
}

/** Accumulates what the nodes are here; lanes without a value count as nothing. */
const steps = (w: Writer, scope: Scope, running: readonly Running[]): Code => {
  const { across, lanes, nodes } = w.form
  const masked = (reducer: Reducer, node: number, x: Code): Code => {
    if (scope.rest === undefined || across === 'grid') return x
    const mask =
      lanes === 2 ? i32x4.const(-1, 0, 0, 0) : i32x4.ltS(i32x4.const(0, 1, 2, 3), i32x4.splat(get(scope.rest)))
    return v128.select(nodes[node]!.dtype === 'f64' ? wideMask(mask) : mask, x, reducer.neutral)
  }
  return running.map(({ node, reducer, accumulators }) => {
    const values = scope.values.get(node)!
    return Array.from({ length: scope.copies }, (_, c) =>
      reducer.step(accumulators[c]!, masked(reducer, node, get(values[Math.min(c, values.length - 1)]!))),
    )
  })
}

/** The loop over `count` lanes: several vectors at a time, one at a time, and what is left of one. */
export const overLanes = (
  w: Writer,
  scope: Scope,
  stages: readonly StageForm[],
  count: Code,
  first: Code | undefined,
  body: (within: Scope) => Code,
): Code =>
  w.scoped(() => {
    const { lanes, unroll, affines } = w.form
    const rest = w.take('i32')
    const { at, start, moving } = copied(w, scope, movedBy(w, scope, stages, laneDim(w.form)))
    const within = (copies: number, partial: boolean): Code =>
      w.scoped(() =>
        body({
          depth: scope.depth + 1,
          inLanes: true,
          copies,
          at,
          values: new Map(scope.values),
          ...(partial ? { rest } : {}),
        }),
      )
    const full = (copies: number): Code => {
      const step = copies * lanes
      return whileLoop(i32.geS(get(rest), i32.const(step)), [
        within(copies, false),
        moving.map((i) => advance(w, at[i]!, affines[i]!, step)),
        increase(rest, i32.const(-step)),
      ])
    }
    return [
      start,
      first === undefined ? [] : moving.map((i) => increase(at[i]!, i32.mul(first, laneStride(w, affines[i]!)))),
      set(rest, count),
      unroll > 1 ? full(unroll) : [],
      full(1),
      when(get(rest), within(1, true)),
    ]
  })
