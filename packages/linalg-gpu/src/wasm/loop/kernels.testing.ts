/** Random loop kernels, well formed and with operands, for the tests of what runs them. */

import fc from 'fast-check'
import { type DType, isFloat, isInteger, storage, type TypedArray } from '../../dtype.js'
import type { Access, Bound, Loop, Node, Operand, Reduction, Stage } from '../../kernel/kernel.js'
import { toHalf } from '../../plain/half.js'
import { sizeOf } from '../../shape.js'

export interface Case {
  readonly kernel: Loop
  readonly operands: readonly TypedArray[]
}

/** Numbers from one seed, so that a case is a function of a few numbers that fast-check can shrink. */
export const dice = (seed: number): ((n: number) => number) => {
  let state = (seed * 2654435761 + 12345) >>> 0
  return (n) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    const mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0
    return ((mixed ^ (mixed >>> 16)) >>> 0) % n
  }
}

/** Small numbers, exact in every dtype, sums and products of few of them too. */
export const filled = (dtype: DType, size: number, roll: (n: number) => number): TypedArray => {
  const data = storage(dtype, size)
  for (let i = 0; i < size; i++) {
    const value =
      dtype === 'bool'
        ? roll(2)
        : isInteger(dtype)
          ? roll(9) - 4
          : roll(40) === 0
            ? [Number.NaN, Infinity, -Infinity, -0][roll(4)]!
            : (roll(33) - 16) / 4
    data[i] = dtype === 'f16' ? toHalf(value) : value
  }
  return data
}

const sizesOf = fc.array(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33), { maxLength: 3 })

const narrow: readonly DType[] = ['f32', 'f32', 'i32', 'u32', 'u8', 'i8', 'bool', 'f16']

/** Cases of these dtypes, the more of one the more often it is named: by default all, f64 where `wide`. */
export const cases = (
  wide: boolean,
  dtypes: readonly DType[] = wide ? [...narrow, 'f64', 'f64'] : narrow,
): fc.Arbitrary<Case> =>
  fc
    .record({ grid: sizesOf, inner: sizesOf.map((sizes) => sizes.slice(0, 2)), seed: fc.nat(1e9), work: fc.nat(12) })
    .filter(({ grid, inner }) => sizeOf([...grid, ...inner]) <= 10_000)
    .map(({ grid, inner, seed, work }) => caseOf(grid, inner, dice(seed), work, dtypes))

const caseOf = (
  grid: readonly number[],
  inner: readonly number[],
  roll: (n: number) => number,
  work: number,
  dtypes: readonly DType[],
): Case => {
  const sizes = [...grid, ...inner]
  const rank = grid.length
  const operands: Operand[] = []
  const data: TypedArray[] = []
  const nodes: Node[] = []
  const usesInner: boolean[] = []
  const pick = <T>(list: readonly T[]): T => list[roll(list.length)]!
  const add = (node: Node, inside: boolean): number => {
    usesInner.push(inside)
    return nodes.push(node) - 1
  }

  const looksInside = (lists: readonly (readonly number[])[]): boolean =>
    lists.some((list) => list.some((c, d) => d >= rank && c !== 0))
  /** Distinct elements for distinct points of these dimensions, the others held still. */
  const distinct = (dims: readonly number[]): { strides: number[]; offset: number; size: number } => {
    const order = roll(3) === 0 ? [...dims].sort(() => roll(3) - 1) : dims
    const strides = sizes.map(() => 0)
    let step = roll(6) === 0 ? 2 : 1
    let offset = roll(4) === 0 ? roll(5) : 0
    for (const d of [...order].reverse()) {
      const back = roll(8) === 0
      strides[d] = back ? -step : step
      if (back) offset += step * Math.max(0, sizes[d]! - 1)
      step *= sizes[d]! + (roll(10) === 0 ? 1 : 0)
    }
    return { strides, offset, size: offset + step + roll(3) }
  }
  const boundOf = (dims: readonly number[]): Bound => {
    const coefficients = sizes.map((_, d) => (dims.includes(d) && roll(2) === 0 ? pick([1, 1, 1, -1, 2]) : 0))
    return { offset: roll(9) - 4, coefficients, size: roll(12) }
  }
  const load = (dims: readonly number[]): number => {
    const seen = dims.filter(() => roll(4) !== 0)
    const { strides, offset, size } = distinct(seen)
    const dtype = pick(dtypes)
    const bounds = roll(4) === 0 ? Array.from({ length: 1 + roll(2) }, () => boundOf(dims)) : []
    const own = (kind: Operand, values: TypedArray): number => {
      data.push(values)
      return operands.push(kind) - 1
    }
    let access: Access = { offset, strides, bounds }
    let most = Math.max(1, size) + 2
    if (roll(8) === 0) {
      const starts = own({ dtype: 'i32', size: 2 }, Int32Array.of(roll(9) - 4, roll(9) - 4))
      access = { ...access, dynamic: { starts, limits: [2, 3], strides: [1, 2] } }
      most += 8
    }
    // every element is reached without bounds, so that a bound is seen by its fill
    const spread = sizes.reduce((sum, n, d) => sum + Math.abs(strides[d]!) * n, most)
    const operand = own({ dtype, size: spread }, filled(dtype, spread, roll))
    const fill = dtype === 'bool' ? roll(2) : roll(5)
    return add(
      { kind: 'load', operand, access, fill, dtype },
      looksInside([strides, ...bounds.map((bound) => bound.coefficients)]),
    )
  }
  const dimsOf = (over: Stage['over']): number[] => sizes.map((_, d) => d).filter((d) => over === 'inner' || d < rank)
  const leaf = (over: Stage['over']): number => {
    const dims = dimsOf(over)
    const kind = roll(8)
    if (kind === 0) {
      const dtype = pick(dtypes)
      return add({ kind: 'constant', dtype, value: dtype === 'bool' ? roll(2) : roll(7) }, false)
    }
    if (kind === 1) {
      const dtype = pick(['i32', 'f32', 'u32'] as const)
      const strides = sizes.map((_, d) => (dims.includes(d) ? roll(3) : 0))
      return add({ kind: 'index', dtype, offset: roll(3), strides }, looksInside([strides]))
    }
    if (kind === 2) {
      const bounds = Array.from({ length: roll(3) }, () => boundOf(dims))
      return add({ kind: 'inside', dtype: 'bool', bounds }, looksInside(bounds.map((bound) => bound.coefficients)))
    }
    return load(dims)
  }
  const apply = (scalar: Extract<Node, { kind: 'apply' }>['scalar'], inputs: readonly number[], dtype: DType): number =>
    add(
      { kind: 'apply', scalar, inputs, dtype },
      inputs.some((i) => usesInner[i]!),
    )
  const castTo = (i: number, dtype: DType): number =>
    nodes[i]!.dtype === dtype ? i : apply({ kind: 'cast' }, [i], dtype)
  const available = (over: Stage['over'], numbered: number): number[] =>
    nodes
      .map((_, i) => i)
      .filter(
        (i) =>
          (over === 'inner' || !usesInner[i]!) &&
          !(nodes[i]!.kind === 'reduced' && (nodes[i] as { reduction: number }).reduction >= numbered),
      )
  const step = (from: readonly number[]): number => {
    const x = pick(from)
    const dtype = nodes[x]!.dtype
    const y = castTo(pick(from), dtype)
    const kind = roll(6)
    if (kind === 0) return apply({ kind: 'cast' }, [x], pick(dtypes.filter((to) => to !== 'u32' || !isFloat(dtype))))
    if (kind === 1)
      return apply({ kind: 'compare', fn: pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const) }, [x, y], 'bool')
    if (kind === 2) return apply({ kind: 'select' }, [castTo(pick(from), 'bool'), x, y], dtype)
    if (kind === 3 && isFloat(dtype))
      return apply({ kind: 'test', fn: pick(['nan', 'infinite', 'finite'] as const) }, [x], 'bool')
    if (dtype === 'bool')
      return apply({ kind: 'binary', fn: pick(['and', 'or', 'xor', 'max', 'min'] as const) }, [x, y], dtype)
    if (dtype === 'u8' || dtype === 'i8')
      return apply({ kind: 'binary', fn: pick(['max', 'min', 'xor'] as const) }, [x, y], dtype)
    if (kind === 4)
      return apply({ kind: 'unary', fn: pick(['neg', 'abs', 'square', 'relu', 'floor'] as const) }, [x], dtype)
    return apply({ kind: 'binary', fn: pick(['add', 'sub', 'mul', 'max', 'min'] as const) }, [x, y], dtype)
  }

  const stages: Stage[] = []
  let numbered = 0
  const outputs: Operand[] = []
  const stageCount = 1 + roll(3)
  for (let s = 0; s < stageCount; s++) {
    const over: Stage['over'] = s > 0 && roll(2) === 0 ? 'grid' : roll(5) === 0 ? 'grid' : 'inner'
    for (let k = roll(3); k >= 0; k--) leaf(over)
    for (let k = 0; k < work / stageCount; k++) step(available(over, numbered))
    const from = available(over, numbered)
    const reductions: Reduction[] = []
    if (over === 'inner')
      for (let k = roll(3); k > 0; k--) {
        const node = pick(from)
        const { dtype } = nodes[node]!
        const adds = dtype !== 'u8' && dtype !== 'i8' && dtype !== 'bool'
        const fn =
          dtype === 'bool'
            ? pick(['and', 'or', 'max', 'min'] as const)
            : adds
              ? pick(['sum', 'sum', 'max', 'min'] as const)
              : pick(['max', 'min'] as const)
        reductions.push({ fn, node, dtype })
      }
    const stores = Array.from({ length: s === stageCount - 1 || reductions.length === 0 ? 1 : roll(2) }, () => {
      const node = roll(2) === 0 ? from.at(-1)! : pick(from)
      const { dtype } = nodes[node]!
      const { strides, offset, size } = distinct(dimsOf(over))
      const operand = operands.length
      const most = sizes.reduce((sum, n, d) => sum + Math.abs(strides[d]!) * n, Math.max(size, 1))
      operands.push({ dtype, size: most })
      outputs.push(operands[operand]!)
      data.push(filled(dtype, most, roll))
      return { operand, access: { offset, strides, bounds: [] }, node }
    })
    stages.push({ over, reductions, stores })
    reductions.forEach(({ dtype }, r) => add({ kind: 'reduced', reduction: numbered + r, dtype }, false))
    numbered += reductions.length
  }
  return { kernel: { kind: 'loop', name: 'random', grid, inner, operands, nodes, stages }, operands: data }
}

/** The bits of an array, so that all NaN of one dtype are one. */
export const bitsOf = (dtype: DType, x: TypedArray): readonly (string | number)[] =>
  Array.from(x, (value) =>
    dtype === 'f16'
      ? (value & 0x7fff) > 0x7c00 ? 'NaN' : value
      : Object.is(value, -0) ? '-0' : value !== value ? 'NaN' : value,
  ) // biome-ignore format: a choice
