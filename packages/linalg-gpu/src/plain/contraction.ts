/** Matrix products, convolutions and windows, straight from their sums, accumulated in f64. */

import { isFloat, type TypedArray } from '../dtype.js'
import type { OpOf } from '../program/op.js'
import type { Type } from '../program/type.js'
import { type Shape, sizeOf, stridesOf } from '../shape.js'
import { type Dense, empty, gatherView, walk } from './dense.js'

type Inputs = readonly Dense[]
type Types = readonly Type[]

export const dot = (op: OpOf<'dot'>, [x, y]: Inputs, [type]: Types): Inputs => {
  const out = empty(type!)
  const [m, n] = type!.shape.slice(op.batch) as [number, number]
  const k = x!.type.shape[op.batch + (op.left === 'plain' ? 1 : 0)]!
  const [xRow, xColumn] = op.left === 'plain' ? [k, 1] : [1, m]
  const [yRow, yColumn] = op.right === 'plain' ? [n, 1] : [1, k]
  const product = isFloat(type!.dtype) ? floatProduct : integerProduct
  for (let b = 0; b < sizeOf(type!.shape.slice(0, op.batch)); b++) {
    const left = { data: x!.data, start: b * m * k, row: xRow, step: xColumn }
    const right = { data: y!.data, start: b * k * n, row: yColumn, step: yRow }
    product(left, right, m, n, k, out.data.subarray(b * m * n, (b + 1) * m * n))
  }
  return [out]
}

/** Vectors in an array: element l of vector i is at start + i · row + l · step. */
interface Vectors {
  readonly data: TypedArray
  readonly start: number
  readonly row: number
  readonly step: number
}

/** out[i, j] = Σ_l left[i][l] · right[j][l], accumulated in f64, in the order of l. */
const floatProduct = (left: Vectors, right: Vectors, m: number, n: number, k: number, out: TypedArray): void => {
  const a = packed(left, m, 2, k)
  const b = packed(right, n, 4, k)
  // tiles of 2 × 4 sums, kept in registers
  for (let i = 0; i < m; i += 2)
    for (let j = 0; j < n; j += 4) {
      const [a0, b0] = [i * k, j * k]
      const [a1, b1, b2, b3] = [a0 + k, b0 + k, b0 + 2 * k, b0 + 3 * k]
      let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0
      for (let l = 0; l < k; l++) {
        const p = a[a0 + l]!
        const q = a[a1 + l]!
        const r0 = b[b0 + l]!
        const r1 = b[b1 + l]!
        const r2 = b[b2 + l]!
        const r3 = b[b3 + l]!
        s00 += p * r0
        s01 += p * r1
        s02 += p * r2
        s03 += p * r3
        s10 += q * r0
        s11 += q * r1
        s12 += q * r2
        s13 += q * r3
      }
      store(out, i * n + j, n - j, s00, s01, s02, s03)
      if (i + 1 < m) store(out, (i + 1) * n + j, n - j, s10, s11, s12, s13)
    }
} // biome-ignore format: eight sums in a line

const store = (out: TypedArray, at: number, room: number, s0: number, s1: number, s2: number, s3: number): void => {
  out[at] = s0
  if (room > 1) out[at + 1] = s1
  if (room > 2) out[at + 2] = s2
  if (room > 3) out[at + 3] = s3
}

/** The vectors one after another, in f64, with zeros up to a whole number of tiles: the loops over tiles need no tails, and see one kind of array. */
const packed = ({ data, start, row, step }: Vectors, count: number, tile: number, length: number): Float64Array => {
  const out = new Float64Array(Math.ceil(count / tile) * tile * length)
  for (let i = 0, to = 0; i < count; i++)
    for (let l = 0, from = start + i * row; l < length; l++, from += step) out[to++] = data[from]!
  return out
}

/** The same for integers, which wrap at every step, so that no low bits are lost. */
const integerProduct = (left: Vectors, right: Vectors, m: number, n: number, k: number, out: TypedArray): void => {
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let total = 0
      for (let l = 0; l < k; l++)
        total =
          (total +
            Math.imul(
              left.data[left.start + i * left.row + l * left.step]!,
              right.data[right.start + j * right.row + l * right.step]!,
            )) |
          0
      out[i * n + j] = total
    }
}

/** Where window element k of output o lies in the input: a table [outputs × window], −1 in the padding. */
const positions = (
  input: Shape,
  output: Shape,
  window: Shape,
  strides: Shape,
  dilation: Shape,
  low: readonly number[],
): Int32Array => {
  const table = new Int32Array(sizeOf(output) * sizeOf(window)).fill(-1)
  const inputStrides = stridesOf(input)
  const outputStrides = stridesOf(output)
  const windowStrides = stridesOf(window)
  for (let o = 0, row = 0; o < sizeOf(output); o++)
    for (let k = 0; k < sizeOf(window); k++, row++) {
      let at = 0
      for (let d = 0; d < input.length && at >= 0; d++) {
        const i =
          (Math.floor(o / outputStrides[d]!) % output[d]!) * strides[d]! +
          (Math.floor(k / windowStrides[d]!) % window[d]!) * dilation[d]! -
          low[d]!
        at = i >= 0 && i < input[d]! ? at + i * inputStrides[d]! : -1
      }
      table[row] = at
    }
  return table
}

export const conv = (op: OpOf<'conv'>, [a, b]: Inputs, [type]: Types): Inputs => {
  const result = empty(type!)
  // integers wrap at every step, so that no low bits are lost
  const whole = !isFloat(type!.dtype)
  const total = whole ? new Int32Array(type!.size) : new Float64Array(type!.size)
  const times = whole ? Math.imul : (p: number, q: number): number => p * q
  const shapes = {
    forward: [a!.type, b!.type, type!],
    input: [type!, a!.type, b!.type],
    filter: [a!.type, type!, b!.type],
  }[op.direction]
  const arrays = {
    forward: [a!.data, b!.data, total],
    input: [total, a!.data, b!.data],
    filter: [a!.data, total, b!.data],
  }[op.direction]
  const [xs, ws, ys] = shapes.map((t) => t.shape) as [Shape, Shape, Shape]
  const [x, w, y] = arrays as [Float64Array, Float64Array, Float64Array]
  const [batch, channels, filters, perGroup] = [xs[0]!, xs[1]!, ws[0]!, ws[1]!]
  const [inputs, window, outputs] = [xs.slice(2), ws.slice(2), ys.slice(2)]
  const table = positions(
    inputs,
    outputs,
    window,
    op.strides,
    op.dilation,
    op.padding.map((p) => p[0]),
  )
  const [nx, nw, ny] = [sizeOf(inputs), sizeOf(window), sizeOf(outputs)]
  for (let n = 0; n < batch; n++)
    for (let f = 0; f < filters; f++)
      for (let i = 0; i < perGroup; i++) {
        const group = Math.floor(f / (filters / op.groups))
        const atX = (n * channels + group * perGroup + i) * nx
        const atW = (f * perGroup + i) * nw
        const atY = (n * filters + f) * ny
        for (let o = 0, row = 0; o < ny; o++)
          for (let k = 0; k < nw; k++, row++) {
            const at = table[row]!
            if (at < 0) continue
            if (op.direction === 'forward') y[atY + o]! += times(x[atX + at]!, w[atW + k]!)
            else if (op.direction === 'input') x[atX + at]! += times(w[atW + k]!, y[atY + o]!)
            else w[atW + k]! += times(x[atX + at]!, y[atY + o]!)
          }
      }
  result.data.set(total)
  return [result]
}

/** Strides of […, o…, window…] in an array […, s…] of row-major strides. */
const windowStrides = (
  size: Shape,
  lead: Shape,
  op: { readonly strides: Shape; readonly dilation: Shape },
): number[] => {
  const all = stridesOf([...lead, ...size])
  const own = all.slice(lead.length)
  return [
    ...all.slice(0, lead.length),
    ...own.map((s, i) => s * op.strides[i]!),
    ...own.map((s, i) => s * op.dilation[i]!),
  ]
}

export const unfold = (op: OpOf<'unfold'>, [x]: Inputs, [type]: Types): Inputs => {
  const lead = x!.type.shape.length - op.window.length
  return [gatherView(x!, type!, windowStrides(x!.type.shape.slice(lead), x!.type.shape.slice(0, lead), op))]
}

export const fold = (op: OpOf<'fold'>, [x]: Inputs, [type]: Types): Inputs => {
  const out = empty(type!)
  const total = new Float64Array(type!.size)
  const lead = type!.shape.slice(0, type!.shape.length - op.size.length)
  walk(x!.type.shape, windowStrides(op.size, lead, op), 0, (position, at) => {
    total[at]! += x!.data[position]!
  })
  out.data.set(total)
  return [out]
}
