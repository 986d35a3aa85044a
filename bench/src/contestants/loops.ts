/** Plain JavaScript on typed arrays, as a competent hand writes it for one task: no library, no copies, the innermost loop along memory,
 *  f32 stored and f64 computed, as the language does. */

import type { Given } from '../inputs.js'
import {
  type Contestant,
  type Implementation,
  leavesOf,
  moved,
  numberOf,
  type Outputs,
  type Prepared,
} from './contestant.js'

type F32 = Float32Array
type Form = 'nn' | 'nt' | 'tn' | 'tt'

const f32 = (given: Given | undefined): F32 => given!.data as F32
const zerosOf = (n: number): F32 => new Float32Array(n)

/** Turned so that rows are contiguous: n² work beside the n³ of a product. */
const transposed = (x: F32, rows: number, columns: number): F32 => {
  const out = zerosOf(x.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = x[i * columns + j]!
  return out
}

/** c += a b, in tiles of 4 × 4 held in registers. a [m, k], b [k, n]. */
const multiply = (a: F32, b: F32, c: F32, m: number, k: number, n: number, ao = 0, bo = 0, co = 0): void => {
  const [mm, nn] = [m - (m % 4), n - (n % 4)]
  for (let i = 0; i < mm; i += 4) {
    const [r0, r1, r2, r3] = [ao + i * k, ao + (i + 1) * k, ao + (i + 2) * k, ao + (i + 3) * k] as const
    for (let j = 0; j < nn; j += 4) {
      let c00 = 0, c01 = 0, c02 = 0, c03 = 0, c10 = 0, c11 = 0, c12 = 0, c13 = 0
      let c20 = 0, c21 = 0, c22 = 0, c23 = 0, c30 = 0, c31 = 0, c32 = 0, c33 = 0 // biome-ignore format: a tile
      for (let p = 0, at = bo + j; p < k; p++, at += n) {
        const b0 = b[at]!, b1 = b[at + 1]!, b2 = b[at + 2]!, b3 = b[at + 3]!
        const a0 = a[r0 + p]!, a1 = a[r1 + p]!, a2 = a[r2 + p]!, a3 = a[r3 + p]!
        c00 += a0 * b0; c01 += a0 * b1; c02 += a0 * b2; c03 += a0 * b3
        c10 += a1 * b0; c11 += a1 * b1; c12 += a1 * b2; c13 += a1 * b3
        c20 += a2 * b0; c21 += a2 * b1; c22 += a2 * b2; c23 += a2 * b3
        c30 += a3 * b0; c31 += a3 * b1; c32 += a3 * b2; c33 += a3 * b3
      } // biome-ignore format: a tile
      const to = co + i * n + j
      c[to]! += c00; c[to + 1]! += c01; c[to + 2]! += c02; c[to + 3]! += c03
      c[to + n]! += c10; c[to + n + 1]! += c11; c[to + n + 2]! += c12; c[to + n + 3]! += c13
      c[to + 2 * n]! += c20; c[to + 2 * n + 1]! += c21; c[to + 2 * n + 2]! += c22; c[to + 2 * n + 3]! += c23
      c[to + 3 * n]! += c30; c[to + 3 * n + 1]! += c31; c[to + 3 * n + 2]! += c32; c[to + 3 * n + 3]! += c33
    } // biome-ignore format: a tile
  }
  const edge = (i: number, from: number): void => {
    for (let p = 0; p < k; p++) {
      const v = a[ao + i * k + p]!
      for (let j = from; j < n; j++) c[co + i * n + j]! += v * b[bo + p * n + j]!
    }
  }
  if (nn < n) for (let i = 0; i < mm; i++) edge(i, nn)
  for (let i = mm; i < m; i++) edge(i, 0)
}

const once = (call: () => readonly F32[]): Prepared => ({
  run: () => void call(),
  result: (): Outputs => Object.fromEntries(call().map((x, i) => [`r${i}`, x])),
})

const matmul: Implementation = ({ a, b }, { form }) => {
  const [f, g] = form as Form as unknown as readonly [string, string]
  const sizes = (shape: readonly number[]): readonly [number, number, number] =>
    shape.length === 3 ? (shape as [number, number, number]) : [1, shape[0]!, shape[1]!]
  const [batch, a0, a1] = sizes(a!.shape)
  const [, b0, b1] = sizes(b!.shape)
  const [m, k] = f === 'n' ? [a0, a1] : [a1, a0]
  const n = g === 'n' ? b1 : b0
  return once(() => {
    const left = f === 'n' ? f32(a) : transposed(f32(a), a0, a1)
    const right = g === 'n' ? f32(b) : transposed(f32(b), b0, b1)
    const c = zerosOf(batch * m * n)
    for (let i = 0; i < batch; i++) multiply(left, right, c, m, k, n, i * m * k, i * k * n, i * m * n)
    return [c]
  })
}

const chain: Implementation = ({ x }) =>
  once(() => {
    const from = f32(x)
    const out = zerosOf(from.length)
    for (let i = 0; i < from.length; i++) {
      const v = from[i]!
      const t = Math.tanh(v * 1.5 + 0.25)
      out[i] = ((Math.exp(t * 0.5) - v) * t + 0.125) * 0.75 - t
    }
    return [out]
  })

const sum: Implementation = ({ x }, { axis }) => {
  const [rows, columns] = x!.shape as readonly [number, number]
  const from = f32(x)
  if (axis === 0)
    return once(() => {
      const out = zerosOf(columns)
      for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j]! += from[i * columns + j]!
      return [out]
    })
  return once(() => {
    const out = zerosOf(axis === 1 ? rows : 1)
    let all = 0
    for (let i = 0; i < rows; i++) {
      let s = 0
      for (let j = 0; j < columns; j++) s += from[i * columns + j]!
      all += s
      if (axis === 1) out[i] = s
    }
    if (axis !== 1) out[0] = all
    return [out]
  })
}

/** Mean cross-entropy of logits z; its gradient takes the place of z. */
const crossEntropy = (z: F32, y: F32, rows: number, classes: number): number => {
  let loss = 0
  for (let i = 0; i < rows; i++) {
    const at = i * classes
    let most = Number.NEGATIVE_INFINITY
    for (let j = 0; j < classes; j++) most = Math.max(most, z[at + j]!)
    let total = 0
    for (let j = 0; j < classes; j++) total += Math.exp(z[at + j]! - most)
    const shift = most + Math.log(total)
    for (let j = 0; j < classes; j++) {
      const log = z[at + j]! - shift
      loss -= y[at + j]! * log
      z[at + j] = (Math.exp(log) - y[at + j]!) / rows
    }
  }
  return loss / rows
}

const softmax: Implementation = ({ x, y }) =>
  once(() => {
    const z = f32(x).slice()
    const [rows, classes] = x!.shape as readonly [number, number]
    return [Float32Array.of(crossEntropy(z, f32(y), rows, classes)), z]
  })

/** Loss and gradient of a perceptron, by hand. */
const backpropagation = (
  p: readonly F32[],
  x: F32,
  y: F32,
  layers: readonly number[],
  batch: number,
  activation: string,
  loss: string,
): readonly [number, F32[]] => {
  const depth = layers.length - 1
  const hidden: F32[] = [x]
  for (let l = 0; l < depth; l++) {
    const [n, m] = [layers[l]!, layers[l + 1]!]
    const z = zerosOf(batch * m)
    for (let i = 0; i < batch; i++) z.set(p[2 * l + 1]!, i * m)
    multiply(hidden[l]!, p[2 * l]!, z, batch, n, m)
    if (l < depth - 1)
      if (activation === 'relu') for (let i = 0; i < z.length; i++) z[i] = Math.max(z[i]!, 0)
      else for (let i = 0; i < z.length; i++) z[i] = Math.tanh(z[i]!)
    hidden.push(z)
  }
  const outs = layers[depth]!
  let d = hidden[depth]!
  let value = 0
  if (loss === 'xent') value = crossEntropy(d, y, batch, outs)
  else
    for (let i = 0; i < d.length; i++) {
      const e = d[i]! - y[i]!
      value += (e * e) / batch
      d[i] = (2 * e) / batch
    }
  const grads: F32[] = []
  for (let l = depth - 1; l >= 0; l--) {
    const [n, m] = [layers[l]!, layers[l + 1]!]
    const [weight, bias] = [zerosOf(n * m), zerosOf(m)]
    multiply(transposed(hidden[l]!, batch, n), d, weight, n, batch, m)
    for (let i = 0; i < batch; i++) for (let j = 0; j < m; j++) bias[j]! += d[i * m + j]!
    grads.unshift(weight, bias)
    if (l === 0) break
    const back = zerosOf(batch * n)
    multiply(d, transposed(p[2 * l]!, n, m), back, batch, m, n)
    const h = hidden[l]!
    if (activation === 'relu') for (let i = 0; i < back.length; i++) back[i] = h[i]! > 0 ? back[i]! : 0
    else for (let i = 0; i < back.length; i++) back[i]! *= 1 - h[i]! * h[i]!
    d = back
  }
  return [value, grads]
}

const netOf = (params: Parameters<Implementation>[1]) =>
  [
    params.layers as readonly number[],
    numberOf(params, 'batch'),
    params.activation as string,
    params.loss as string,
  ] as const

const gradient: Implementation = (inputs, params) => {
  const p = leavesOf(inputs, 'p').map(f32)
  return once(() => {
    const [value, grads] = backpropagation(p, f32(inputs.x), f32(inputs.y), ...netOf(params))
    return [Float32Array.of(value), ...grads]
  })
}

const step: Implementation = (inputs, params) => {
  const first = leavesOf(inputs, 'p').map(f32)
  const p = first.map((w) => w.slice())
  const run = (): number => {
    const [value, grads] = backpropagation(p, f32(inputs.x), f32(inputs.y), ...netOf(params))
    p.forEach((w, i) => {
      const g = grads[i]!
      for (let j = 0; j < w.length; j++) w[j]! -= 0.01 * g[j]!
    })
    return value
  }
  return {
    run: () => void run(),
    result: () => {
      const loss = run()
      return { ...moved(first, p), loss: [loss] }
    },
  }
}

const conv: Implementation = ({ x, f, ct }, { stride, pad }) => {
  const [n, c, s] = x!.shape as readonly number[] as [number, number, number]
  const [filters, , k] = f!.shape as readonly number[] as [number, number, number]
  const o = ct!.shape[2]!
  const [q, r] = [stride as number, pad as number]
  /** For each place of a filter, the rows and columns of the output whose input stands within the image. */
  const first = (w: number): number => Math.max(0, Math.ceil((r - w) / q))
  const last = (w: number): number => Math.min(o - 1, Math.floor((s - 1 + r - w) / q))
  return once(() => {
    const [image, filter, back] = [f32(x), f32(f), f32(ct)]
    const [y, dx, df] = [zerosOf(back.length), zerosOf(image.length), zerosOf(filter.length)]
    for (let b = 0; b < n; b++)
      for (let g = 0; g < filters; g++)
        for (let i = 0; i < c; i++)
          for (let u = 0; u < k; u++)
            for (let v = 0; v < k; v++) {
              const place = ((g * c + i) * k + u) * k + v
              const w = filter[place]!
              let slope = 0
              const [from, to] = [first(v), last(v)]
              for (let row = first(u); row <= last(u); row++) {
                let at = ((b * c + i) * s + row * q + u - r) * s + from * q + v - r
                const out = ((b * filters + g) * o + row) * o
                for (let j = out + from; j <= out + to; j++, at += q) {
                  const d = back[j]!
                  y[j]! += w * image[at]!
                  dx[at]! += w * d
                  slope += d * image[at]!
                }
              }
              df[place]! += slope
            }
    return [y, dx, df]
  })
}

const embedding: Implementation = ({ table, indices, ct }) => {
  const width = table!.shape[1]!
  return once(() => {
    const [from, d] = [f32(table), f32(ct)]
    const [out, back] = [zerosOf(d.length), zerosOf(from.length)]
    indices!.data.forEach((row, i) => {
      out.set(from.subarray(row * width, (row + 1) * width), i * width)
      for (let j = 0; j < width; j++) back[row * width + j]! += d[i * width + j]!
    })
    return [out, back]
  })
}

const scan: Implementation = ({ h, w, b }, { steps }) => {
  const n = h!.data.length
  return once(() => {
    let state = f32(h)
    for (let t = 0; t < (steps as number); t++) {
      const next = f32(b).slice()
      multiply(state, f32(w), next, 1, n, n)
      for (let j = 0; j < n; j++) next[j] = Math.tanh(next[j]!)
      state = next
    }
    return [state]
  })
}

const eager: Implementation = ({ x, y }) =>
  once(() => {
    const [a, b] = [f32(x), f32(y)]
    const out = zerosOf(a.length)
    for (let i = 0; i < a.length; i++) out[i] = a[i]! + b[i]!
    return [out]
  })

/** The bookkeeping that a call cannot do without: its arguments' forms looked up under a key, the program found, a result made. */
const call: Implementation = ({ w, g }) => {
  const programs = new Map([
    [
      'f32[16]|f32[16]',
      (a: F32, b: F32): F32 => {
        const out = zerosOf(a.length)
        for (let i = 0; i < a.length; i++) out[i] = a[i]! - 0.01 * b[i]!
        return out
      },
    ],
  ])
  const form = (x: Given): string => `f32[${x.shape.join(',')}]`
  const jitted = (...args: readonly Given[]): Given => {
    const program = programs.get(args.map(form).join('|'))!
    return { shape: args[0]!.shape, data: program(f32(args[0]), f32(args[1])) }
  }
  return { run: () => void jitted(w!, g!), result: () => ({ r0: jitted(w!, g!).data }) }
}

const kernels: Implementation = ({ x, w }, { count }) =>
  once(() => {
    let out = f32(x)
    for (let i = 0; i < (count as number); i++) {
      const next = zerosOf(256)
      multiply(out, f32(w), next, 16, 16, 16)
      out = next
    }
    return [out]
  })

export const contestant: Contestant = {
  needs: [],
  start: async ({ threads }) => {
    if (threads > 1) throw new Error('one thread: a loop is a loop')
    return {
      version: 'typed arrays',
      tasks: {
        matmul, chain, sum, softmax, 'mlp-step': step, gradient, conv, embedding, scan, eager, 'jit-call': call, 'jit-kernels': kernels,
      }, // biome-ignore format: a list
    }
  },
}
