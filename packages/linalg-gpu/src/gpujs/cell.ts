/** One gpu.js kernel: a function of one output cell, whose number is `this.thread.x`, and which can write nothing but what it returns.
 *
 *  A cell finds the point of its kernel by inverting the access that stores it; where cells are left over, they keep what was there. */

import type { Access, Bound, Loop, Node } from '../kernel/kernel.js'
import { needed } from '../kernel/point.js'
import { sizeOf, stridesOf } from '../shape.js'
import { locate, sum } from './locate.js'
import { loops, neutralOf } from './reduce.js'
import { callOf, literal } from './scalar.js'

export interface Cell {
  readonly source: string
  /** How many cells there are. */
  readonly size: number
  /** What its arguments are: operands of the kernel and, numbered after them, what earlier cells have made. */
  readonly reads: readonly number[]
  readonly writes: number
}

/** What a cell returns: a node at the point where it is stored, or a reduction at each point of the grid. */
export interface Target {
  readonly node: number
  readonly over: 'grid' | 'inner'
  readonly access: Access
  /** Cells of the operand. */
  readonly size: number
  readonly writes: number
}

/** Of each reduction, the temporary that holds it at each point of the grid; others are made where they are used. */
export type Kept = ReadonlyMap<number, number>

export const cellOf = (kernel: Loop, target: Target, kept: Kept): Cell => {
  const { grid, inner, nodes, stages, operands } = kernel
  const sizes = [...grid, ...inner]
  const rank = grid.length
  const reductions = stages.flatMap((stage) => stage.reductions)
  const reads: number[] = []
  const argument = (operand: number): string => {
    if (!reads.includes(operand)) reads.push(operand)
    return `x${reads.indexOf(operand)}`
  }
  const name = (d: number): string => (d < rank || target.over === 'inner' ? `d${d}` : `i${d}`)
  const affine = (offset: number, strides: readonly number[]): string =>
    sum(
      offset,
      strides.flatMap((stride, d) => (sizes[d] === 1 || stride === 0 ? [] : [[stride, name(d)] as const])),
    )
  const lines: string[] = []

  /** Truth of all bounds, or undefined where there are none. */
  const within = (bounds: readonly Bound[]): string | undefined =>
    bounds.length === 0
      ? undefined
      : bounds
          .map(({ offset, coefficients, size }) => `k_inside(${affine(offset, coefficients)}, ${size})`)
          .reduce((all, one) => `k_and(${all}, ${one})`)

  const named = (i: number): string => {
    const node = nodes[i]!
    if (node.kind === 'constant') return literal(node.value)
    return node.kind === 'reduced' && !kept.has(node.reduction) ? `r${node.reduction}` : `n${i}`
  }
  const declare = (i: number): void => {
    const node = nodes[i]!
    const value = expression(node)
    if (value !== undefined) lines.push(`const n${i} = ${value};`)
  }
  const expression = (node: Node): string | undefined => {
    switch (node.kind) {
      case 'constant':
        return undefined
      case 'reduced': {
        const from = kept.get(node.reduction)
        return from === undefined ? undefined : `${argument(from)}[${affine(0, padded(stridesOf(grid)))}]`
      }
      case 'index':
        return `k_same(${affine(node.offset, node.strides)})`
      case 'inside':
        return `k_same(${within(node.bounds) ?? '1'})`
      case 'load': {
        const { offset, strides, bounds } = node.access
        if (operands[node.operand]!.size === 0) return `k_same(${literal(node.fill)})`
        const [from, at, ok] = [argument(node.operand), affine(offset, strides), within(bounds)]
        if (ok === undefined) return `${from}[${at}]`
        return `k_select(${ok}, ${from}[k_guarded(${ok}, ${at})], ${literal(node.fill)})`
      }
      case 'apply':
        return callOf(node.scalar, node.dtype, node.inputs.map(named))
    }
  }
  const padded = (strides: readonly number[]): number[] => sizes.map((_, d) => strides[d] ?? 0)

  // which nodes look at inner dimensions
  const deep: boolean[] = []
  for (const node of nodes) deep.push(isDeep(node, deep, rank))

  // the point
  const covered = locate(lines, target.access, target.size, target.over === 'grid' ? grid : sizes)

  const declared = new Set<number>()
  const evaluate = (roots: readonly { readonly node: number }[], wanted: (i: number) => boolean): void => {
    for (const i of needed(nodes, roots))
      if (wanted(i) && !declared.has(i)) {
        declared.add(i)
        declare(i)
      }
  }
  /** Reductions that this one, or the store, needs and that nobody has kept. */
  const own = (node: number): readonly number[] =>
    needed(nodes, [{ node }]).flatMap((i) => {
      const it = nodes[i]!
      return it.kind === 'reduced' && !kept.has(it.reduction) ? [it.reduction] : []
    })
  const reduce = (r: number): void => {
    const reduction = reductions[r]!
    for (const before of own(reduction.node)) if (before !== r) reduce(before)
    if (declared.has(-1 - r)) return
    declared.add(-1 - r)
    evaluate([reduction], (i) => !deep[i]!)
    lines.push(`let r${r} = k_same(${neutralOf(reduction)});`)
    if (sizeOf(inner) === 0) return
    const shared = new Set(declared)
    loops(lines, reduction, `r${r}`, inner, rank, () => {
      evaluate([reduction], (i) => deep[i]!)
      return named(reduction.node)
    })
    // what was declared in the loops is not seen after them
    declared.clear()
    for (const i of shared) declared.add(i)
  }
  for (const r of own(target.node)) reduce(r)
  evaluate([{ node: target.node }], () => true)
  const value = named(target.node)
  lines.push(
    covered === undefined
      ? `return k_same(${value});`
      : `return k_select(${covered}, ${value}, ${argument(target.writes)}[this.thread.x]);`,
  )
  const body = lines.map((line) => `  ${line}`).join('\n')
  return {
    source: `function (${reads.map((_, i) => `x${i}`).join(', ')}) {\n${body}\n}`,
    size: target.size,
    reads,
    writes: target.writes,
  }
}

const isDeep = (node: Node, deep: readonly boolean[], rank: number): boolean => {
  const looks = (strides: readonly number[]): boolean => strides.some((stride, d) => d >= rank && stride !== 0)
  const bounded = (bounds: readonly Bound[]): boolean => bounds.some(({ coefficients }) => looks(coefficients))
  switch (node.kind) {
    case 'load':
      return looks(node.access.strides) || bounded(node.access.bounds)
    case 'index':
      return looks(node.strides)
    case 'inside':
      return bounded(node.bounds)
    case 'apply':
      return node.inputs.some((i) => deep[i]!)
    default:
      return false
  }
}
