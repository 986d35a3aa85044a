/** Matrix products and convolutions as contractions: where each operand is looked at.
 *
 *  The trilinear form of a convolution is  Σ x[n, g·I + i, s·o + d·k − p] · w[g·F + f, i, k] · y[n, g·F + f, o]  with one operand left out:
 *
 *    forward   y:  batch n g · m f · n o · k i k          filter   w:  batch g · m f · n i k · k n o
 *    input     x:  batch n g · m i · n s · k f k, for each residue of s modulo the stride a contraction of its own, as only
 *                  every stride-th window element meets it; where none does, a sum over nothing gives the zeros */

import type { OpOf } from '../program/op.js'
import type { Type } from '../program/type.js'
import { type Shape, sizeOf, stridesOf } from '../shape.js'
import { alwaysHolds } from './affine.js'
import type { Access, Bound, Contract } from './kernel.js'

/** A contraction but for its name, dtype and operands. */
export type Sizes = Pick<Contract, 'batch' | 'm' | 'n' | 'k' | 'a' | 'b' | 'out'>

/** One term of an affine function: how far a step along a dimension moves. */
type Strides = readonly number[]

const access = (offset: number, strides: Strides, bounds: readonly Bound[] = []): Access => ({
  offset,
  strides,
  bounds,
})

/** Bounds that can fail for some point of the dimensions. */
const needed = (bounds: readonly Bound[], sizes: Shape): readonly Bound[] =>
  bounds.filter((bound) => !alwaysHolds(bound, sizes))

interface Form {
  readonly images: number
  readonly groups: number
  /** Channels and filters of one group. */
  readonly channels: number
  readonly filters: number
  readonly space: Shape
  readonly window: Shape
  readonly outputs: Shape
}

const formOf = (op: OpOf<'conv'>, x: Type, w: Type, y: Type): Form => ({
  images: x.shape[0]!,
  groups: op.groups,
  channels: w.shape[1]!,
  filters: w.shape[0]! / op.groups,
  space: x.shape.slice(2),
  window: w.shape.slice(2),
  outputs: y.shape.slice(2),
})

const zeros = (n: number): number[] => new Array<number>(n).fill(0)
const times = (list: Shape, factors: Shape): number[] => list.map((value, i) => value * factors[i]!)
const dotted = (list: Shape, factors: Shape): number => list.reduce((sum, value, i) => sum + value * factors[i]!, 0)

/** Bounds on s = stride · o + dilation · k − low, one for each axis; where the dimensions of o and k begin is told. */
const windowBounds = (op: OpOf<'conv'>, space: Shape, dims: number, atOutputs: number, atWindow: number): Bound[] =>
  space.map((size, d) => {
    const coefficients = zeros(dims)
    coefficients[atOutputs + d] = op.strides[d]!
    coefficients[atWindow + d] = op.dilation[d]!
    return { offset: -op.padding[d]![0], coefficients, size }
  })

const forward = (op: OpOf<'conv'>, f: Form): Sizes => {
  const rank = f.space.length
  const [S, K, O] = [sizeOf(f.space), sizeOf(f.window), sizeOf(f.outputs)]
  const batch = [f.images, f.groups]
  const k = [f.channels, ...f.window]
  const spaceStrides = stridesOf(f.space)
  const low = op.padding.map((p) => p[0])
  const bDims = [...batch, ...k, ...f.outputs]
  return {
    batch,
    m: [f.filters],
    n: f.outputs,
    k,
    a: access(0, [0, f.filters * f.channels * K, f.channels * K, K, ...stridesOf(f.window)]),
    b: access(
      -dotted(low, spaceStrides),
      [
        f.groups * f.channels * S, f.channels * S, S,
        ...times(spaceStrides, op.dilation), ...times(spaceStrides, op.strides),
      ],
      needed(windowBounds(op, f.space, bDims.length, 3 + rank, 3), bDims),
    ),
    out: access(0, [f.groups * f.filters * O, f.filters * O, O, ...stridesOf(f.outputs)]),
  } // biome-ignore format: strides in the order of the dimensions
}

/** `parts` splits the sum over images; the results of the parts stand one after another. */
const filter = (op: OpOf<'conv'>, f: Form, parts: number): Sizes => {
  const rank = f.space.length
  const [S, K, O] = [sizeOf(f.space), sizeOf(f.window), sizeOf(f.outputs)]
  const batch = [parts, f.groups]
  const images = f.images / parts
  const k = [images, ...f.outputs]
  const n = [f.channels, ...f.window]
  const spaceStrides = stridesOf(f.space)
  const low = op.padding.map((p) => p[0])
  const bDims = [...batch, ...k, ...n]
  const [ofX, ofY] = [f.groups * f.channels * S, f.groups * f.filters * O]
  return {
    batch,
    m: [f.filters],
    n,
    k,
    a: access(0, [images * ofY, f.filters * O, O, ofY, ...stridesOf(f.outputs)]),
    b: access(
      -dotted(low, spaceStrides),
      [
        images * ofX, f.channels * S, ofX,
        ...times(spaceStrides, op.strides), S, ...times(spaceStrides, op.dilation),
      ],
      needed(windowBounds(op, f.space, bDims.length, 3, 4 + rank), bDims),
    ),
    out: access(0, [
      f.groups * f.filters * f.channels * K, f.filters * f.channels * K, f.channels * K, K, ...stridesOf(f.window),
    ]),
  } // biome-ignore format: strides in the order of the dimensions
}

/** Window elements k₀ + t · step that meet the residue r of the input along one axis, and which output they meet: q + at − t · back. */
interface Phase {
  readonly residue: number
  readonly positions: number
  readonly first: number
  readonly step: number
  readonly count: number
  readonly at: number
  readonly back: number
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

const phasesOf = (size: number, window: number, stride: number, dilation: number, low: number): Phase[] => {
  const step = stride / gcd(dilation, stride)
  return Array.from({ length: Math.min(stride, size) }, (_, residue): Phase => {
    let first = 0
    while (first < step && (residue + low - first * dilation) % stride !== 0) first++
    const count = first === step ? 0 : Math.max(0, Math.ceil((window - first) / step))
    return {
      residue,
      positions: Math.ceil((size - residue) / stride),
      first,
      step,
      count,
      at: count === 0 ? 0 : (residue + low - first * dilation) / stride,
      back: (step * dilation) / stride,
    }
  })
}

const product = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((all, list) => all.flatMap((head) => list.map((item) => [...head, item])), [[]])

const input = (op: OpOf<'conv'>, f: Form): Sizes[] => {
  const [S, K, O] = [sizeOf(f.space), sizeOf(f.window), sizeOf(f.outputs)]
  const rank = f.space.length
  const [spaceStrides, windowStrides, outputStrides] = [f.space, f.window, f.outputs].map(stridesOf) as [
    number[],
    number[],
    number[],
  ]
  const batch = [f.images, f.groups]
  const axes = f.space.map((size, d) =>
    phasesOf(size, f.window[d]!, op.strides[d]!, op.dilation[d]!, op.padding[d]![0]),
  )
  return product(axes).map((phase): Sizes => {
    const n = phase.map((p) => p.positions)
    const k = [f.filters, ...phase.map((p) => p.count)]
    const bDims = [...batch, ...k, ...n]
    const bounds = phase.map((p, d): Bound => {
      const coefficients = zeros(bDims.length)
      coefficients[3 + d] = -p.back
      coefficients[3 + rank + d] = 1
      return { offset: p.at, coefficients, size: f.outputs[d]! }
    })
    return {
      batch,
      m: [f.channels],
      n,
      k,
      a: access(
        dotted(phase.map((p) => p.first), windowStrides),
        [0, f.filters * f.channels * K, K, f.channels * K, ...phase.map((p, d) => p.step * windowStrides[d]!)],
      ),
      b: access(
        dotted(phase.map((p) => p.at), outputStrides),
        [
          f.groups * f.filters * O, f.filters * O, O,
          ...phase.map((p, d) => -p.back * outputStrides[d]!), ...outputStrides,
        ],
        k.includes(0) ? [] : needed(bounds, bDims),
      ),
      out: access(
        dotted(phase.map((p) => p.residue), spaceStrides),
        [f.groups * f.channels * S, f.channels * S, S, ...phase.map((_, d) => op.strides[d]! * spaceStrides[d]!)],
      ),
    }
  }) // biome-ignore format: strides in the order of the dimensions
}

/** Terms that one part of a sum over images has at most. */
const termsOfPart = 8192

/** Into how many parts a gradient by the filter splits its sum: whole images, so that parts are alike. It depends on sizes alone. */
export const partsOfFilter = (x: Type, y: Type): number => {
  const images = x.shape[0]!
  const outputs = sizeOf(y.shape.slice(2))
  for (let parts = 1; parts < images; parts++)
    if (images % parts === 0 && (images / parts) * outputs <= termsOfPart) return parts
  return Math.max(1, images)
}

/** The contractions of a convolution. Axes of size 1 of the batch are left out. */
export const convolution = (op: OpOf<'conv'>, x: Type, w: Type, y: Type, parts: number): readonly Sizes[] => {
  const form = formOf(op, x, w, y)
  const all =
    op.direction === 'forward'
      ? [forward(op, form)]
      : op.direction === 'filter'
        ? [filter(op, form, parts)]
        : input(op, form)
  return all.map(withoutUnitBatch)
}

const withoutUnitBatch = (sizes: Sizes): Sizes => {
  const { batch } = sizes
  const keep = <T>(list: readonly T[]): T[] => list.filter((_, d) => d >= batch.length || batch[d] !== 1)
  const slim = (x: Access): Access => ({
    ...x,
    strides: keep(x.strides),
    bounds: x.bounds.map((bound) => ({ ...bound, coefficients: keep(bound.coefficients) })),
  })
  return { ...sizes, batch: keep(batch), a: slim(sizes.a), b: slim(sizes.b), out: slim(sizes.out) }
}
