import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { softwareGpu } from '../../../../tools/webgpu/software.mjs'
import {
  add, array, cond, type Device, data, foriLoop, item, jit, less, map, mul, plain, profile, read, scan, sum, type Tensor, toNested, whileLoop,
} from '../index.js' // biome-ignore format: a list
import { typeOf } from '../program/type.js'
import { wasmDevice } from '../wasm/index.js'
import { webgpuDevice } from '../webgpu/index.js'
import { type KernelOptions, kernel } from './kernel.js'
import { histogram, logCosh, logSumExpRows, moments, tiled } from './kernels.testing.js'

const wasm = await wasmDevice({ threads: 1 })
const gpu = await webgpuDevice({ gpu: await softwareGpu() })
const devices: readonly Device[] = [plain, wasm, gpu]

const numbers = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => ((i * 37) % 101) / 25 - 2)
const put = (device: Device, ...shape: readonly number[]): Tensor =>
  array(numbers(shape.reduce((n, size) => n * size, 1)), { device, shape })

/** Runs on every device: all must give what plain gives, where the oracle alone computes. */
const everywhere = async (f: (device: Device) => Tensor | readonly Tensor[]): Promise<void> => {
  const results: number[][] = []
  for (const device of devices) {
    const out = f(device)
    const list: readonly Tensor[] = Array.isArray(out) ? out : [out as Tensor]
    results.push((await Promise.all(list.map((x) => data(x)))).flatMap((x) => Array.from(x)))
    assert.ok(
      list.every((x) => x.device === device),
      device.name,
    )
  }
  const [wanted, ...others] = results
  others.forEach((got, d) => {
    assert.is(got.length, wanted!.length)
    // exp and log of WGSL are good for some 2⁻²¹ of what is added here
    got.forEach((x, i) =>
      assert.ok(
        Math.abs(x - wanted![i]!) <= 1e-5 * (1 + Math.abs(wanted![i]!)),
        `${devices[d + 1]!.name}, ${i}: ${x}, not ${wanted![i]}`,
      ),
    )
  })
}

// ── as any operation ──────────────────────────────────────────────────────────────────────────────────────────────────

test('a kernel runs on every device, by itself and in a jitted function, at sizes no workgroup divides', async () => {
  for (const n of [0, 1, 63, 65]) {
    await everywhere((device) => logCosh(put(device, n)))
    await everywhere((device) => jit((x: Tensor) => sum(mul(logCosh(add(x, 1)), 2)))(put(device, n)))
  }
  for (const [m, k, n] of [[1, 1, 1], [7, 9, 17], [3, 0, 2], [0, 4, 4]] as const)
    await everywhere((device) => tiled(put(device, m, k), put(device, k, n))) // biome-ignore format: sizes
  for (const [m, n] of [[1, 1], [3, 31], [2, 33], [5, 100]] as const)
    await everywhere((device) => logSumExpRows(put(device, m, n))) // biome-ignore format: sizes
})

test('several outputs are a tuple', async () => {
  await everywhere((device) => moments(put(device, 19)))
  const [middle, spread] = moments(array([1, 2, 3, 6]))
  assert.equal([item(middle), item(spread)], [3, 3.5])
  await everywhere((device) => {
    const [m, s] = jit(moments)(put(device, 5))
    return [s, m]
  })
})

test('one operand may be given twice', async () => {
  await everywhere((device) => {
    const a = put(device, 5, 5)
    return [tiled(a, a), jit((x: Tensor) => tiled(x, x))(a)]
  })
})

test('in a scan it is given rows, and leaves rows', async () => {
  await everywhere((device) => map((row: Tensor) => logCosh(row), put(device, 5, 7)))
  await everywhere((device) => jit((x: Tensor) => map((row: Tensor) => tiled(row, row), x))(put(device, 4, 3, 3)))
  await everywhere((device) => {
    const [last, all] = scan(
      (c: Tensor, x: Tensor): readonly [Tensor, readonly Tensor[]] => [logCosh(add(c, x)), moments(x)],
      put(device, 7),
      put(device, 4, 7),
    )
    return [last, ...all]
  })
  await everywhere((device) => foriLoop(0, 5, (_, c) => logCosh(c), put(device, 9)))
})

test('behind a condition it runs or does not, in a loop without a known end too', async () => {
  for (const flag of [true, false])
    await everywhere((device) =>
      jit((p: Tensor, x: Tensor) => cond(p, () => logSumExpRows(x), () => mul(2, sum(x, { axis: 1 }))))(
        array(flag, { device }),
        put(device, 3, 40),
      ),
    ) // biome-ignore format: one call
  await everywhere((device) =>
    whileLoop(
      ([n]: readonly [Tensor, Tensor]) => less(n, 3),
      ([n, x]) => [add(n, 1), logCosh(x)] as const,
      [array(0, { device, dtype: 'i32' }), put(device, 11)] as const,
    ),
  )
})

test('an atomic output begins at zero at every call', async () => {
  const x = Float32Array.from({ length: 200 }, (_, i) => ((i % 10) + 0.5) / 10)
  for (const device of devices) {
    const f = jit((v: Tensor) => histogram(v))
    for (let turn = 0; turn < 3; turn++)
      assert.equal([...(await data(f(array(x, { device }))))], new Array(10).fill(20), device.name)
  }
})

test('numbers take the dtype of the tensor beside them, number arguments of jit too', async () => {
  const scaled = kernel({
    name: 'scaled',
    bindings: { inputs: ['x', 'by'], outputs: ['y'] },
    shape: ({ x, by }) => {
      if (x.dtype !== by.dtype || by.shape.length !== 0) throw new Error(`scaled: by is ${by.dtype}`)
      return { y: x }
    },
    wgsl: '@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { if (id.x < x_size) { y[id.x] = x[id.x] * by[0]; } }',
    oracle: ({ x, by, y }) => {
      x.forEach((value, i) => {
        y[i] = value * by[0]!
      })
    },
  })
  await everywhere((device) => [
    scaled(put(device, 3), 2),
    jit((x: Tensor, by: Tensor | number) => scaled(x, by))(put(device, 3), 0.5),
  ])
  assert.equal(toNested(scaled(array([1, 2], { dtype: 'f64' }), 0.1)), [0.1, 0.2])
  assert.equal(toNested(scaled(3, 2)), 6)
})

test('a program with a kernel compiles once', async () => {
  const x = put(gpu, 77)
  const f = jit((v: Tensor) => logCosh(mul(v, 3)))
  await data(f(x))
  const { pipelines } = gpu.counters()
  await data(f(x))
  await data(jit((v: Tensor) => logCosh(mul(v, 3)))(x))
  assert.is(gpu.counters().pipelines, pipelines)
})

test('the profile of a device that runs the oracle shows it', async () => {
  const { timings } = await profile((x: Tensor) => logCosh(mul(x, 2)))(put(wasm, 10))
  assert.equal(timings.map(({ kernel: own, calls }) => `${own} ${calls}`).sort(), ['logCosh 1', 'mul 1'])
})

// ── what is wrong ─────────────────────────────────────────────────────────────────────────────────────────────────────

const good = {
  name: 'own',
  bindings: { inputs: ['x'], outputs: ['y'] },
  shape: ({ x }: Record<string, unknown>) => ({ y: x }),
  wgsl: '@compute @workgroup_size(1) fn main() { y[0] = x[0]; }',
  oracle: () => {},
}
const bad = (changed: Readonly<Record<string, unknown>>): (() => unknown) => {
  const options = Object.fromEntries(Object.entries({ ...good, ...changed }).filter(([, value]) => value !== undefined))
  return () => kernel(options as never as KernelOptions<['x'], ['y']>)
}

test('options that are missing, misspelt or of another kind are refused where the kernel is made', () => {
  assert.not.throws(bad({}))
  assert.throws(bad({ name: undefined }), /kernel: needs a name, got undefined/)
  assert.throws(bad({ oracel: 1 }), /kernel own: there is no option oracel, but name, bindings/)
  for (const key of ['shape', 'oracle'])
    assert.throws(bad({ [key]: undefined }), new RegExp(`kernel own: needs ${key}, a function, got undefined`))
  assert.throws(bad({ wgsl: 7 }), /kernel own: needs wgsl, a function or a text, got 7/)
  assert.throws(bad({ bindings: undefined }), /kernel own: bindings are \{ inputs/)
  assert.throws(bad({ bindings: { inputs: ['x'], outputs: [] } }), /with one output or more/)
  assert.throws(bad({ bindings: { inputs: ['x'], outputs: ['x'] } }), /two operands are called x/)
  assert.throws(bad({ bindings: { inputs: ['x y'], outputs: ['z'] } }), /"x y" is no name of a variable in WGSL/)
  assert.throws(bad({ bindings: { inputs: ['x'], outputs: ['y'], atomic: ['x'] } }), /"x" is atomic, and no output/)
})

test('operands that it cannot take are refused at the call', () => {
  assert.throws(() => (tiled as (...x: Tensor[]) => Tensor)(array([[1]])), /tiled: takes 2 operands \(a, b\), got 1/)
  assert.throws(() => tiled(array([[1, 2]]), array([[1, 2]])), /tiled: \[1,2\] · \[1,2\]: two matrices are needed/)
  for (const dtype of ['f16', 'u8', 'bool'] as const)
    assert.throws(
      () => logCosh(array([1], { dtype })),
      new RegExp(`logCosh: the operand x is ${dtype}\\[1\\]: a kernel of your own has elements of f32, i32 or u32`),
    )
  assert.throws(() => logCosh('x' as never), /logCosh: /)
  assert.throws(() => tiled(put(plain, 2, 2), put(wasm, 2, 2)), /tiled: operands live on two devices/)
})

test('a shape that makes no types is refused at the call', () => {
  const of = (shape: unknown, atomic: readonly 'y'[] = []): (() => unknown) => {
    const own = kernel({
      ...good,
      bindings: { inputs: ['x'], outputs: ['y'], atomic },
      shape: () => shape as { y: [] },
    })
    return () => own(array([1, 2]))
  }
  assert.throws(
    of(undefined),
    /own: shape gives undefined for y: it returns \{ y \}, each a list of whole numbers or \{ dtype, shape \}/,
  )
  assert.throws(of({ y: [2.5] }), /own: shape gives \[2.5\] for y/)
  assert.throws(of({ y: { dtype: 'f32' } }), /own: shape gives \{ dtype \} for y/)
  assert.throws(of({ y: typeOf('u8', [2]) }), /own: the output y is u8\[2\]/)
  assert.throws(of({ y: [2] }, ['y']), /own: the output y is atomic and f32: WGSL has atomics of i32 and u32 alone/)
})

test('what the compiler of the GPU refuses is told with the name and the line of the text', async () => {
  const own = kernel({
    name: 'faulty',
    bindings: { inputs: ['x'], outputs: ['y'] },
    shape: ({ x }) => ({ y: x }),
    wgsl: `@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  y[i] = x[i] + nothing;
}`,
    oracle: ({ x, y }) => {
      x.forEach((value, i) => {
        y[i] = value
      })
    },
  })
  const texts = [
    own(put(gpu, 3)),
    map((row: Tensor) => own(row), put(gpu, 2, 3)),
    jit((x: Tensor) =>
      cond(
        less(sum(x), 99),
        () => own(x),
        () => x,
      ),
    )(put(gpu, 3)),
  ]
  for (const result of texts) {
    const outcome = await read(result)()
    if (outcome._tag === 'Right') throw new Error('it was compiled')
    assert.is(outcome.left.code, 'shaderFailed')
    assert.match(
      outcome.left.message,
      /^faulty: .*line 4:\d+: unresolved value 'nothing'.* y\[i\] = x\[i\] \+ nothing;/,
    )
  }
  assert.equal(toNested(own(array([1, 2]))), [1, 2])
})

test('f64 is for devices that have it', async () => {
  assert.equal(moments(array([1, 2], { dtype: 'f64', device: wasm })).map(item), [1.5, 0.25])
  assert.throws(() => logCosh(array([1], { dtype: 'f64', device: gpu })), /f64/)
})

test.run()
