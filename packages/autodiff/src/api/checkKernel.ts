/** A kernel of the user's own, checked on a device: against its oracle, and its rules against differences.
 *
 *  It stands here and not beside `kernel`, as it takes derivatives and batches. */

import {
  array,
  cond,
  type Device,
  type DType,
  data,
  dispose,
  emit1,
  fail,
  isFloat,
  jit,
  type KernelFunction,
  map,
  type Shape,
  scope,
  showShape,
  sizeOf,
  type Tensor,
  type TypedArray,
  typeOf,
} from '../language.js'
import { checkGrads } from './checkGrads.js'
import { vjp } from './derivatives.js'
import { vmap } from './vmap.js'

type Names = readonly string[]

export interface KernelCheckOptions<I extends Names> {
  /** Where it runs. On plain and wasm that is the oracle itself. */
  readonly device: Device
  /** The inputs at a size, by name: shapes, filled with numbers of (−1, 1), or tensors. By default a vector of n for each. */
  readonly inputs?: (n: number) => { readonly [K in I[number]]: Shape | Tensor }
  /** By default 0, 1, 2, 3, 7, 31, 64, 65 and 257; where `inputs` is left out too, one for which 65,535 workgroups of 64 are too few. */
  readonly sizes?: readonly number[]
  /** Of results, relative to the largest; by default 1e-5, for sums of some hundred numbers and functions as WGSL has them. */
  readonly tolerance?: number
  /** Highest derivative that is checked; 2 by default. */
  readonly order?: 0 | 1 | 2
  /** What fails is thrown, all of it in one error; or only reported. */
  readonly onFailure?: 'throw' | 'report'
}

export interface KernelCheck {
  readonly name: string
  readonly ok: boolean
  /** The largest error, relative to the largest element; undefined where nothing was measured. */
  readonly error: number | undefined
  readonly message: string
}

export interface KernelReport {
  readonly kernel: string
  readonly device: string
  readonly ok: boolean
  readonly checks: readonly KernelCheck[]
  /** The checks as lines. */
  readonly text: string
}

/** An input, on the host. */
interface Value {
  readonly shape: Shape
  readonly dtype: DType
  readonly data: TypedArray
}

type Flat = (inputs: readonly Tensor[]) => readonly Tensor[]

const awkward = [0, 1, 2, 3, 7, 31, 64, 65, 257]
const beyond = 64 * 65535 + 1
/** Smooth, never twice the same nor at 0, between −1 and 1. */
const filled = (size: number, seed: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(0.7 + 1.3 * seed + 12.9898 * i))

/** Runs a kernel on a device at sizes at which kernels go wrong, and reports: whether it gives what its oracle gives, writes every element
 *  and the same bits each time; also as a step of a loop, behind a condition and batched; and its rules, against differences in f64 to
 *  order 2, and on the device.
 *  Errors   a report of all that failed, unless `onFailure` is 'report'
 *  @example
 *  const cube = kernel({
 *    name: 'cube',
 *    bindings: { inputs: ['x'], outputs: ['y'] },
 *    shape: ({ x }) => ({ y: x }),
 *    wgsl: `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
 *      if (id.x < x_size) { y[id.x] = x[id.x] * x[id.x] * x[id.x]; }
 *    }`,
 *    oracle: ({ x, y }) => x.forEach((value, i) => { y[i] = value ** 3 }),
 *    jvp: ({ x }, { x: dx }) => ({ y: mul(3, mul(square(x), dx)) }),
 *  })
 *  const { ok } = await checkKernel(cube, { device: plain, sizes: [0, 1, 7] })
 *  ok // => true */
export const checkKernel = async <const I extends Names, const O extends Names>(
  tested: KernelFunction<I, O>,
  { device, inputs, sizes, tolerance = 1e-5, order = 2, onFailure = 'throw' }: KernelCheckOptions<I>,
): Promise<KernelReport> => {
  const { kernel, inputs: names } = tested
  const f: Flat = (given) => {
    const out = (tested as (...x: readonly Tensor[]) => unknown)(...given)
    return Array.isArray(out) ? out : [out]
  }
  const checks: KernelCheck[] = []
  const note = (name: string, ok: boolean, error: number | undefined, message = ''): void => {
    checks.push({ name, ok, error, message })
  }
  const attempt = async (name: string, check: () => Promise<void> | void): Promise<void> => {
    try {
      await check()
    } catch (error) {
      note(name, false, undefined, (error as Error).message)
    }
  }
  const valuesAt = async (n: number, seed = 0): Promise<readonly Value[]> => {
    const given = inputs?.(n)
    return Promise.all(
      names.map(async (name, i): Promise<Value> => {
        const one: Shape | Tensor = given === undefined ? [n] : given[name as I[number]]
        if (!isShape(one)) return { shape: one.shape, dtype: one.dtype, data: await data(one) }
        return { shape: one, dtype: 'f32', data: filled(sizeOf(one), seed + i) }
      }),
    )
  }
  const typesOf = (values: readonly Value[]) => values.map(({ dtype, shape }) => typeOf(dtype, shape))
  /** By the oracle, floats in f64. */
  const meant = (values: readonly Value[]): TypedArray[] => {
    const types = { inputs: typesOf(values), outputs: kernel.infer(typesOf(values)) }
    const out = types.outputs.map(({ dtype, size }) => (isFloat(dtype) ? new Float64Array(size) : new Int32Array(size)))
    kernel.oracle(
      values.map((value) => value.data),
      out,
      types,
    )
    return out.map((x, i) => (types.outputs[i]!.dtype === 'u32' ? Uint32Array.from(x, (v) => v >>> 0) : x))
  }
  const compare = (
    name: string,
    got: readonly TypedArray[],
    wanted: readonly TypedArray[],
    bound = tolerance,
  ): void => {
    const errors = wanted.map((x, i) => errorOf(got[i]!, x))
    const error = Math.max(0, ...errors.map((one) => one.error))
    const worst = errors.findIndex((one) => one.error === error)
    const { at } = errors[worst]!
    const ok = error <= bound
    note(
      name,
      ok,
      error,
      ok
        ? ''
        : `${tested.outputs[worst] ?? `output ${worst}`}, element ${at}: ${got[worst]![at]}, and ${wanted[worst]![at]} by the oracle`,
    )
  }

  const fitting: number[] = []
  for (const n of sizes ?? (inputs === undefined ? [...awkward, beyond] : awkward)) {
    let values: readonly Value[]
    try {
      values = await valuesAt(n)
      kernel.infer(typesOf(values))
    } catch (error) {
      note(`size ${n}`, true, undefined, `refused: ${(error as Error).message}`)
      continue
    }
    fitting.push(n)
    const name = `size ${n}: ${values.map(({ shape }) => showShape(shape)).join(' ')}`
    await attempt(name, async () => {
      const wanted = meant(values)
      const got = await run(device, values, f, wanted)
      compare(name, got, wanted)
      const again = await run(device, values, f, wanted)
      if (got.some((x, i) => !sameBits(x, again[i]!)))
        note(
          `${name}, once more`,
          false,
          undefined,
          'other bits than the first time: threads race, or elements are not written',
        )
    })
  }
  if (fitting.length === 0)
    note('sizes', false, undefined, 'it refused them all: give inputs, as (n) => ({ x: [n, 3] })')
  const small = fitting.filter((n) => n > 0 && n < 100)
  const n = small.find((size) => size >= 7) ?? small.at(-1)
  if (n !== undefined) {
    const members = [await valuesAt(n, 0), await valuesAt(n, 10), await valuesAt(n, 20)]
    const stacked = names.map((_, i) => stack(members.map((values) => values[i]!)))
    const each = (of: readonly (readonly Value[])[]): TypedArray[] => {
      const all = of.map(meant)
      return all[0]!.map((_, i) => joined(all.map((outs) => outs[i]!)))
    }
    await attempt('in a loop', async () => {
      const looped = jit((...x: readonly Tensor[]) => map((row: readonly Tensor[]) => f(row), x))
      compare('in a loop', await run(device, stacked, (x) => looped(...x)), each(members))
    })
    await attempt('behind a condition', async () => {
      const types = kernel.infer(typesOf(members[0]!))
      const gated = jit((open: Tensor, ...x: readonly Tensor[]) =>
        cond(open, () => f(x), () => types.map((type) => emit1({ kind: 'full', value: 0, type }))),
      ) // biome-ignore format: one call
      const flag = (open: number): Value => ({ shape: [], dtype: 'bool', data: Uint8Array.of(open) })
      const go = ([open, ...x]: readonly Tensor[]): readonly Tensor[] => gated(open!, ...x)
      compare('behind a condition', await run(device, [flag(1), ...members[0]!], go), meant(members[0]!))
      const closed = await run(device, [flag(0), ...members[0]!], go)
      compare(
        'behind a condition that is false',
        closed,
        closed.map((x) => x.map(() => 0)),
      )
    })
    for (const only of names.length > 1 ? [undefined, ...names.keys()] : [undefined]) {
      const name = only === undefined ? 'vmap' : `vmap of ${names[only]} alone`
      await attempt(name, async () => {
        const own = (i: number): boolean => only === undefined || only === i
        const given = stacked.map((value, i) => (own(i) ? value : members[0]![i]!))
        const batched = vmap((...x: readonly Tensor[]) => f(x), { in: names.map((_, i) => (own(i) ? 0 : null)) })
        const wanted = each(members.map((values) => values.map((value, i) => (own(i) ? value : members[0]![i]!))))
        compare(name, await run(device, given, (x) => batched(...x)), wanted)
      })
    }
  }
  const { jvp, vjp: pulled } = kernel.rules
  if (order > 0 && (jvp ?? pulled) !== undefined) {
    for (const m of [...new Set([small[0], small.find((size) => size >= 3)])]) {
      if (m === undefined) continue
      const values = await valuesAt(m)
      await attempt(`derivatives at size ${m}`, () => {
        const double = wide(values)
        const precise = kernel.infer(typesOf(double)).every(({ dtype }) => !isFloat(dtype) || dtype === 'f64')
        const modes = jvp === undefined ? (['reverse'] as const) : (['forward', 'reverse'] as const)
        scope(() =>
          checkGrads(
            named(kernel.name, (...x: readonly Tensor[]) => f(x)),
            onHost(precise ? double : values),
            { order, modes },
          ),
        )
        note(`derivatives at size ${m}, to order ${order}${precise ? '' : ', in f32'}`, true, undefined)
      })
      const name = `gradient at size ${m} on ${device.name}`
      await attempt(name, async () => {
        const wanted = await run(undefined, wide(values), gradient(f))
        compare(name, await run(device, values, gradient(f)), wanted, 10 * tolerance)
      })
    }
  }

  const ok = checks.every((check) => check.ok)
  const text = checks.map(line).join('\n')
  if (!ok && onFailure === 'throw')
    fail(
      'checkKernel',
      `${kernel.name} on ${device.name}:\n${checks
        .filter((check) => !check.ok)
        .map(line)
        .join('\n')}`,
    )
  return { kernel: kernel.name, device: device.name, ok, checks, text }
}

const isShape = (x: Shape | Tensor): x is Shape => Array.isArray(x)
const named = <F extends object>(name: string, f: F): F => Object.defineProperty(f, 'name', { value: name })

const line = ({ name, ok, error, message }: KernelCheck): string =>
  `${ok ? '✓' : '✘'} ${name}${error === undefined ? '' : `: error ${error.toExponential(1)}`}${message === '' ? '' : `, ${message}`}`

/** cᵀ ∂f for some c, of the float inputs. */
const gradient =
  (f: Flat): Flat =>
  (x) => {
    const floats = x.map(({ dtype }) => isFloat(dtype))
    const merged = (own: readonly Tensor[]): Tensor[] => {
      let at = 0
      return x.map((v, i) => (floats[i] ? own[at++]! : v))
    }
    const outs = (...own: readonly Tensor[]): Tensor[] => [...f(merged(own))].filter(({ dtype }) => isFloat(dtype))
    const { out, pull } = vjp(outs, x.filter((_, i) => floats[i]) as [...Tensor[]])
    const cotangents = out.map(({ dtype, shape, device }, i) =>
      put({ shape, dtype, data: filled(sizeOf(shape), 30 + i) }, device),
    )
    return pull(cotangents as never) as readonly Tensor[]
  }

const put = ({ shape, dtype, data: elements }: Value, device: Device | undefined): Tensor =>
  array(elements, { shape, dtype, ...(device === undefined ? {} : { device }) })
const onHost = (values: readonly Value[]): Tensor[] => values.map((value) => put(value, undefined))

/** What f gives on a device. Memory of the sizes of `results` is left full of NaN before, so that elements that are not written are seen. */
const run = async (
  device: Device | undefined,
  values: readonly Value[],
  f: Flat,
  results: readonly TypedArray[] = [],
): Promise<TypedArray[]> => {
  const out: Tensor[] = []
  const rest = scope(() => {
    const given = values.map((value) => put(value, device))
    const poison = results.map(({ length }) =>
      put({ shape: [length], dtype: 'f32', data: new Float32Array(length).fill(Number.NaN) }, device),
    )
    dispose(poison)
    out.push(...f(given))
    return [given, out]
  })
  try {
    return await Promise.all(out.map((x) => data(x)))
  } finally {
    dispose(rest)
  }
}

/** Floats in f64. */
const wide = (values: readonly Value[]): Value[] =>
  values.map((value) =>
    isFloat(value.dtype) ? { ...value, dtype: 'f64', data: Float64Array.from(value.data) } : value,
  )

const joined = (parts: readonly TypedArray[]): TypedArray => {
  const [first] = parts as [TypedArray]
  const out = new (first.constructor as Float64ArrayConstructor)(parts.length * first.length)
  parts.forEach((part, i) => out.set(part, i * first.length))
  return out
}
const stack = (values: readonly Value[]): Value => ({
  ...values[0]!,
  shape: [values.length, ...values[0]!.shape],
  data: joined(values.map((value) => value.data)),
})

const sameBits = (x: TypedArray, y: TypedArray): boolean => {
  const [a, b] = [x, y].map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength))
  return a!.every((byte, i) => byte === b![i])
}

/** The largest difference, relative to the largest element that is a number, and where it is. */
const errorOf = (got: TypedArray, wanted: TypedArray): { readonly error: number; readonly at: number } => {
  let [scale, error, at] = [0, 0, 0]
  for (const x of wanted) if (Number.isFinite(x)) scale = Math.max(scale, Math.abs(x))
  for (let i = 0; i < wanted.length; i++) {
    if (Object.is(got[i], wanted[i]) || got[i] === wanted[i]) continue
    const difference = Math.abs(got[i]! - wanted[i]!) / (scale || 1)
    const own = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
    if (own > error) [error, at] = [own, i]
  }
  return { error, at }
}
