/** Contractions to test and to measure: matrix products in all transposed forms, and the three directions of a convolution. */

import type { Access, Bound, Contract } from '../../kernel/kernel.js'

type Form = 'n' | 't'

export const access = (strides: readonly number[], offset = 0, bounds: readonly Bound[] = []): Access => ({
  offset,
  strides,
  bounds,
})
const product = (x: readonly number[]): number => x.reduce((a, b) => a * b, 1)

/** The smallest operand that an access stays inside. */
const extent = ({ offset, strides, bounds }: Access, sizes: readonly number[]): number =>
  bounds.length > 0 ? 0 : 1 + strides.reduce((sum, s, d) => sum + Math.max(0, s * (sizes[d]! - 1)), offset)

export const contract = (
  part: Pick<Contract, 'batch' | 'm' | 'n' | 'k' | 'a' | 'b' | 'out'> & Partial<Contract>,
  sizes: readonly [number?, number?, number?] = [],
): Contract => {
  const { batch, m, n, k, a, b, out, dtype = 'f32' } = part
  return {
    kind: 'contract',
    name: 'contract',
    dtype,
    operands: [
      { dtype, size: sizes[0] ?? extent(a, [...batch, ...m, ...k]) },
      { dtype, size: sizes[1] ?? extent(b, [...batch, ...k, ...n]) },
      { dtype, size: sizes[2] ?? extent(out, [...batch, ...m, ...n]) },
    ],
    ...part,
  }
}

export interface Matmul {
  readonly batch?: number
  readonly a?: Form
  readonly b?: Form
  readonly out?: Form
  readonly dtype?: Contract['dtype']
  /** An operand that all of the batch shares. */
  readonly shared?: 'a' | 'b'
}

export const matmul = (m: number, n: number, k: number, options: Matmul = {}): Contract => {
  const { batch, a = 'n', b = 'n', out = 'n', dtype = 'f32', shared } = options
  const many = batch === undefined ? [] : [batch]
  const stride = (which: 'a' | 'b', size: number): number[] => many.map(() => (shared === which ? 0 : size))
  const count = batch ?? 1
  return contract(
    {
      dtype,
      batch: many,
      m: [m],
      n: [n],
      k: [k],
      a: access([...stride('a', m * k), ...(a === 'n' ? [k, 1] : [1, m])]),
      b: access([...stride('b', k * n), ...(b === 'n' ? [n, 1] : [1, k])]),
      out: access([...many.map(() => m * n), ...(out === 'n' ? [n, 1] : [1, m])]),
    },
    [(shared === 'a' ? 1 : count) * m * k, (shared === 'b' ? 1 : count) * k * n, count * m * n],
  )
}

export interface Convolution {
  readonly images: number
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly filters: number
  readonly window: readonly [number, number]
  readonly stride?: number
  readonly dilation?: number
  readonly pad?: number
  readonly groups?: number
  readonly dtype?: Contract['dtype']
}

const sizesOf = ({ height, width, window, stride = 1, dilation = 1, pad = 0 }: Convolution): [number, number] =>
  [height, width].map((s, d) => Math.floor((s + 2 * pad - (window[d]! - 1) * dilation - 1) / stride) + 1) as [
    number,
    number,
  ]

/** y[N, co, oh, ow] = Σ x · w */
export const forward = (c: Convolution): Contract => {
  const { images: N, channels, height: H, width: W, filters, window, stride = 1, dilation = 1, pad = 0, groups = 1 } = c
  const [kh, kw] = window
  const [oh, ow] = sizesOf(c)
  const [ci, co] = [channels / groups, filters / groups]
  return contract(
    {
      dtype: c.dtype ?? 'f32',
      batch: [N, groups],
      m: [co],
      n: [oh, ow],
      k: [ci, kh, kw],
      a: access([0, co * ci * kh * kw, ci * kh * kw, kh * kw, kw, 1]),
      // over batch, group, ci, kh, kw, oh, ow
      b: access([channels * H * W, ci * H * W, H * W, dilation * W, dilation, stride * W, stride], -pad * W - pad, [
        { offset: -pad, coefficients: [0, 0, 0, dilation, 0, stride, 0], size: H },
        { offset: -pad, coefficients: [0, 0, 0, 0, dilation, 0, stride], size: W },
      ]),
      out: access([filters * oh * ow, co * oh * ow, oh * ow, ow, 1]),
    },
    [filters * ci * kh * kw, N * channels * H * W, N * filters * oh * ow],
  )
}

/** dx[N, ci, h, w] = Σ dy · w, of a convolution of stride 1 */
export const byInput = (c: Convolution): Contract => {
  const { images: N, channels, height: H, width: W, filters, window, dilation = 1, pad = 0, groups = 1 } = c
  const [kh, kw] = window
  const [oh, ow] = sizesOf(c)
  const [ci, co] = [channels / groups, filters / groups]
  return contract(
    {
      dtype: c.dtype ?? 'f32',
      batch: [N, groups],
      m: [ci],
      n: [H, W],
      k: [co, kh, kw],
      a: access([0, co * ci * kh * kw, kh * kw, ci * kh * kw, kw, 1]),
      // over batch, group, co, kh, kw, h, w: oh = h + pad − kh · dilation
      b: access([filters * oh * ow, co * oh * ow, oh * ow, -dilation * ow, -dilation, ow, 1], pad * ow + pad, [
        { offset: pad, coefficients: [0, 0, 0, -dilation, 0, 1, 0], size: oh },
        { offset: pad, coefficients: [0, 0, 0, 0, -dilation, 0, 1], size: ow },
      ]),
      out: access([channels * H * W, ci * H * W, H * W, W, 1]),
    },
    [filters * ci * kh * kw, N * filters * oh * ow, N * channels * H * W],
  )
}

/** dw[co, ci, kh, kw] = Σ dy · x; the images in `parts` sums, one after the other in the result */
export const byFilter = (c: Convolution, parts = 1): Contract => {
  const { images: N, channels, height: H, width: W, filters, window, stride = 1, dilation = 1, pad = 0 } = c
  const [kh, kw] = window
  const [oh, ow] = sizesOf(c)
  const chunk = N / parts
  return contract(
    {
      dtype: c.dtype ?? 'f32',
      batch: [parts],
      m: [filters],
      n: [channels, kh, kw],
      k: [chunk, oh, ow],
      a: access([chunk * filters * oh * ow, oh * ow, filters * oh * ow, ow, 1]),
      // over part, image, oh, ow, ci, kh, kw
      b: access(
        [chunk * channels * H * W, channels * H * W, stride * W, stride, H * W, dilation * W, dilation],
        -pad * W - pad,
        [
          { offset: -pad, coefficients: [0, 0, stride, 0, 0, dilation, 0], size: H },
          { offset: -pad, coefficients: [0, 0, 0, stride, 0, 0, dilation], size: W },
        ],
      ),
      out: access([filters * channels * kh * kw, channels * kh * kw, kh * kw, kw, 1]),
    },
    [N * filters * oh * ow, N * channels * H * W, parts * filters * channels * kh * kw],
  )
}

export const flopsOf = ({ batch, m, n, k }: Contract): number => 2 * product([...batch, ...m, ...n, ...k])

/** A product in all transposed forms. */
export const forms: Matmul[] = (['n', 't'] as const).flatMap((a) =>
  (['n', 't'] as const).flatMap((b) => (['n', 't'] as const).map((out) => ({ a, b, out }))),
)

/** Any dimensions, strides of any sign, steps and bounds; `out` covers distinct elements, some apart. */
export const anything = (seed: number): Contract => {
  let state = seed
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % n
  }
  const list = (most: number, size: number): number[] => Array.from({ length: below(most + 1) }, () => 1 + below(size))
  const [batch, m, n, k] = [list(1, 3), list(2, 6), list(3, 7), list(3, 7)]
  const operand = (sizes: readonly number[]): [Access, number] => {
    const shuffled = sizes.map((size, d) => ({ size, d, order: below(1000) })).sort((x, y) => x.order - y.order)
    const strides = sizes.map(() => 0)
    let stride = 1
    for (const { size, d } of shuffled) {
      const kind = below(8)
      strides[d] = kind === 0 ? 0 : (kind === 1 ? -1 : 1) * stride
      stride = kind === 2 ? stride + 1 : stride * size
    }
    const bounds = Array.from({ length: below(3) }, () => ({
      offset: below(7) - 3,
      coefficients: sizes.map(() => [0, 0, 1, -1, 2, -3][below(6)]!),
      size: 1 + below(9),
    }))
    const ends = (sign: number): number =>
      strides.reduce((sum, s, d) => sum + (s * sign > 0 ? s * (sizes[d]! - 1) : 0), 0)
    return [{ offset: -ends(-1), strides, bounds }, ends(1) - ends(-1) + 1]
  }
  const [a, aSize] = operand([...batch, ...m, ...k])
  const [b, bSize] = operand([...batch, ...k, ...n])
  const sizes = [...batch, ...m, ...n]
  const strides = sizes.map(() => 0)
  let stride = 1 + below(2)
  let offset = below(3)
  const order = sizes.map((_, d) => ({ d, at: below(3) === 0 ? below(1000) : -d })).sort((x, y) => x.at - y.at)
  for (const { d } of order) {
    const down = below(6) === 0
    strides[d] = down ? -stride : stride
    if (down) offset += stride * (sizes[d]! - 1)
    stride *= sizes[d]!
  }
  return contract({ dtype: 'f32', batch, m, n, k, a, b, out: access(strides, offset) }, [aSize, bSize, offset + stride])
}
