/** The function of a form: units of a kernel, one after another. */

import {
  type Code,
  either,
  type Func,
  get,
  i32,
  increase,
  type Local,
  memory,
  set,
  when,
  whileLoop,
} from '../assembler.js'
import { kernelFunction, pointer } from '../lowered.js'
import { type Affine, blocksWord, type Form, laneDim, type StoreForm } from './form.js'
import { overLanes, stagesAt } from './nest.js'
import { evaluate } from './nodes.js'
import { type Scope, type Writer, wordOf, writer } from './scope.js'

export const emit = (name: string, form: Form): Func =>
  kernelFunction(name, ({ words, lo, hi, scratch, local }) => {
    const w = writer(form, get(words), get(scratch), local)
    const at = form.affines.map(() => w.take('i32'))
    const index = Array.from({ length: form.outer }, () => w.take('i32'))
    const all: Scope = { depth: 0, inLanes: false, copies: 1, at, values: new Map() }
    const needs = form.stages.flatMap((stage) => stage.needs)
    const invariant = evaluate(w, all, needs)
    const block = w.take('i32')
    const onGrid = form.across === 'grid'
    const body = w.scoped(() => {
      const here: Scope = { ...all, depth: 1, values: new Map(all.values) }
      return onGrid ? [evaluate(w, here, needs), blockOfLanes(w, here, block)] : stagesAt(w, here)
    })
    const next = odometer(w, at, index)
    return [
      form.affines.map((affine, i) => set(at[i]!, baseOf(w, affine))),
      invariant,
      decode(w, at, index, block, get(lo)),
      whileLoop(i32.ltS(get(lo), get(hi)), [
        body,
        onGrid
          ? [
              increase(block, i32.const(1)),
              when(i32.eq(get(block), wordOf(w, blocksWord(form))), [set(block, i32.const(0)), next]),
            ]
          : next,
        increase(lo, i32.const(1)),
      ]),
    ]
  })

/** A block of lanes of a row. */
const blockOfLanes = (w: Writer, scope: Scope, block: Local): Code => {
  const size = i32.const(w.form.block)
  const first = w.take('i32')
  const left = w.take('i32')
  return [
    set(first, i32.mul(get(block), size)),
    set(left, i32.sub(wordOf(w, laneDim(w.form)), get(first))),
    set(left, either(i32.ltS(get(left), size), get(left), size)),
    inBulk(w, scope, get(first), get(left)) ??
      overLanes(w, scope, w.form.stages, get(left), get(first), (within) => stagesAt(w, within)),
  ]
}

/** All at once, where neighbours are copied to neighbours, or filled with zeros: the host knows how, most of all for small elements. */
const inBulk = (w: Writer, { at }: Scope, first: Code, left: Code): Code | undefined => {
  const { affines, nodes, outer, inner, stages } = w.form
  const [stage, ...further] = stages
  if (outer > 0 || inner > 0 || further.length > 0 || stage!.stores.length !== 1) return undefined
  const [{ affine, node, dtype }] = stage!.stores as [StoreForm]
  const { lane, unit } = affines[affine]!
  const from = nodes[node]!
  if (lane !== 'unit' || from.dtype !== dtype) return undefined
  const bytes = (x: Code): Code => i32.mul(x, i32.const(unit))
  const place = (i: number): Code => i32.add(get(at[i]!), bytes(first))
  if (from.kind === 'constant' && from.words.every((value) => value === 0))
    return memory.fill(place(affine), i32.const(0), bytes(left))
  return from.kind === 'load' && from.bounds.length === 0 && affines[from.affine]!.lane === 'unit'
    ? memory.copy(place(affine), place(from.affine), bytes(left))
    : undefined
}

/** The constant part: of an address that of its operand, the offset, and what starts at run time add. */
const baseOf = (w: Writer, { base, cell, dynamic }: Affine): Code => {
  const offset = wordOf(w, base)
  const start = cell === undefined ? offset : i32.add(pointer(w.words, cell), offset)
  if (dynamic === undefined) return start
  return Array.from({ length: dynamic.terms }, (_, j): Code => {
    const from = i32.load(pointer(w.words, dynamic.cell), 4 * j)
    const limit = wordOf(w, dynamic.at + 2 * j)
    const low = either(i32.ltS(from, i32.const(0)), i32.const(0), from)
    return i32.mul(either(i32.gtS(low, limit), limit, low), wordOf(w, dynamic.at + 2 * j + 1))
  }).reduce((sum, term) => i32.add(sum, term), start)
}

/** The point of a unit, once a call: after that indices and affine functions go from point to point by steps. */
const decode = (w: Writer, at: readonly Local[], index: readonly Local[], block: Local, unit: Code): Code => {
  const { form } = w
  const rest = w.take('i32')
  const blocks = wordOf(w, blocksWord(form))
  return [
    form.across === 'grid' ? [set(block, i32.remU(unit, blocks)), set(rest, i32.divU(unit, blocks))] : set(rest, unit),
    [...index.keys()]
      .reverse()
      .map((d) => [
        set(index[d]!, d === 0 ? get(rest) : i32.remU(get(rest), wordOf(w, d))),
        d === 0 ? [] : set(rest, i32.divU(get(rest), wordOf(w, d))),
        form.affines.map(({ strides }, i) =>
          strides[d]! < 0 ? [] : increase(at[i]!, i32.mul(get(index[d]!), wordOf(w, strides[d]!))),
        ),
      ]),
  ]
}

const odometer = (w: Writer, at: readonly Local[], index: readonly Local[], d = index.length - 1): Code =>
  d < 0
    ? []
    : [
        w.form.affines.map(({ carries }, i) => (carries[d]! < 0 ? [] : increase(at[i]!, wordOf(w, carries[d]!)))),
        increase(index[d]!, i32.const(1)),
        d === 0
          ? []
          : when(i32.eq(get(index[d]!), wordOf(w, d)), [set(index[d]!, i32.const(0)), odometer(w, at, index, d - 1)]),
      ]
