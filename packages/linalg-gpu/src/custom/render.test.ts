import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../dtype.js'
import type { Special } from '../kernel/kernel.js'
import { type Type, typeOf } from '../program/type.js'
import { perform, placesOf, softwareTraits } from '../webgpu/harness.testing.js'
import type { Place, Rendered, Site } from '../webgpu/rendered.js'
import { renderSpecial } from '../webgpu/special/render.js'
import { type KernelFunction, kernel } from './kernel.js'
import { histogram, logCosh, logSumExpRows, tiled } from './kernels.testing.js'

const f32 = (...shape: number[]): Type => typeOf('f32', shape)

const specialOf = ({ kernel: own }: Pick<KernelFunction, 'kernel'>, ...inputs: readonly Type[]): Special => ({
  kind: 'special',
  name: own.name,
  op: { kind: 'custom', kernel: own },
  inputs,
  outputs: own.infer(inputs),
})

const rendered = (special: Special, changed: Partial<Site> = {}): { site: Site; result: Rendered } => {
  const site = { traits: softwareTraits, places: placesOf(special), gated: false, ...changed }
  return { site, result: renderSpecial(special, site)! }
}

const noise = (n: number, from = -2): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => from + ((i * 37) % 101) / 25)

/** What the oracle says of the inputs among the operands, all in place. */
const expected = (special: Special, operands: readonly TypedArray[]): TypedArray[] => {
  const all = operands.map((x) => x.slice() as TypedArray)
  const n = special.inputs.length
  if (special.op.kind === 'custom') special.op.kernel.oracle(all.slice(0, n), all.slice(n), special)
  return all
}

const near = (got: TypedArray, wanted: TypedArray, what: string): void => {
  assert.is(got.length, wanted.length, what)
  // exp and log of WGSL are good for some 2⁻²¹ of what is added here
  got.forEach((x, i) =>
    assert.ok(Math.abs(x - wanted[i]!) <= 4e-6 * (1 + Math.abs(wanted[i]!)), `${what}, ${i}: ${x}, not ${wanted[i]}`),
  )
}

const codes = ({ dispatches }: Rendered): string[] => dispatches.map(({ label }) => label)

test('operands that have a binding to themselves are bound as they are, in one dispatch, without a constant that is not spoken of', async () => {
  const special = specialOf(tiled, f32(5, 3), f32(3, 9))
  const { site, result } = rendered(special)
  assert.equal(codes(result), ['tiled'])
  assert.equal(result.scratch, [])
  assert.equal(result.dispatches[0]!.workgroups, [2, 1, 1])
  const [code, added] = result.dispatches[0]!.code.split('\n\n// declared by the library\n')
  assert.ok(code!.trimEnd().endsWith('}'))
  assert.is(
    added,
    `@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
const a_size: u32 = 15u;
const a_shape: array<u32, 2> = array(5u, 3u);
const b_size: u32 = 27u;
const b_shape: array<u32, 2> = array(3u, 9u);`,
  )
  const operands = [noise(15), noise(27), new Float32Array(45).fill(Number.NaN)]
  near((await perform(result, site, operands))[2]!, expected(special, operands)[2]!, 'tiled')
})

test('rows of loops are copied into memory of their own and out of it, wherever they begin', async () => {
  const special = specialOf(logCosh, f32(7))
  const places = placesOf(special).map((place) => ({ ...place, shifted: true, writable: true }))
  const { site, result } = rendered(special, { places })
  assert.equal(codes(result), ['logCosh: copy of x', 'logCosh', 'logCosh: copy to y'])
  assert.equal(result.scratch, [28, 28])
  const [whole, into] = [noise(40), new Float32Array(40).fill(9)]
  const [, got] = await perform(result, site, [whole, into], { shifts: { 0: 13, 1: 21 } })
  near(got!.subarray(21, 28), expected(special, [whole.slice(13, 20), new Float32Array(7)])[1]!, 'the row')
  assert.ok(
    got!.every((x, i) => (i >= 21 && i < 28) || x === 9),
    'its neighbours',
  )
})

test('pieces of one buffer, and an operand given twice, are told apart', async () => {
  const special = specialOf(tiled, f32(3, 3), f32(3, 3))
  // the same buffer for a and b, and c behind them in it
  const within = (offset: number): Place => ({ binding: 0, offset, writable: true, shifted: false })
  const operands = [noise(9), noise(9), new Float32Array(9)]
  const one = rendered(special, {
    places: [within(0), within(0), { binding: 1, offset: 0, writable: true, shifted: false }],
  })
  assert.equal(codes(one.result), ['tiled: copy of b', 'tiled'])
  near((await perform(one.result, one.site, operands))[2]!, expected(special, operands)[2]!, 'given twice')
  const three = rendered(special, { places: [within(0), within(64), within(128)] })
  assert.equal(codes(three.result), ['tiled: copy of b', 'tiled', 'tiled: copy to c'])
  const apart = [noise(9), noise(9, 3), new Float32Array(9)]
  const got = await perform(three.result, three.site, apart)
  near(got[2]!, expected(special, apart)[2]!, 'in one buffer')
  assert.equal([...got[1]!], [...apart[1]!])
  // the result over its operand
  const over = rendered(special, { places: [within(0), { ...within(0), binding: 1 }, within(0)] })
  assert.equal(codes(over.result), ['tiled', 'tiled: copy to c'])
  const both = await perform(over.result, over.site, [operands[0]!, operands[1]!, operands[0]!])
  near(both[2]!, expected(special, operands)[2]!, 'in place')
})

test('a closed gate keeps a kernel from writing, with barriers too, and an open one does not', async () => {
  const special = specialOf(logSumExpRows, f32(3, 37))
  const { site, result } = rendered(special, { gated: true })
  assert.match(
    result.dispatches[0]!.code,
    /lane: u32\) \{ if \(neumann_gates\[neumann_told\[0\]\.x\] == 0u\) \{ return; \}\n/,
  )
  const operands = [noise(111), new Float32Array(3).fill(5)]
  const closed = await perform(result, site, operands, { open: false })
  assert.equal([...closed[1]!], [5, 5, 5])
  near((await perform(result, site, operands))[1]!, expected(special, operands)[1]!, 'open')
})

test('atomic outputs begin at zero, whatever stood there', async () => {
  const special = specialOf(histogram, f32(129))
  const x = Float32Array.from({ length: 129 }, (_, i) => i / 129)
  const wanted = expected(special, [x, new Uint32Array(10)])[1]!
  const plain = rendered(special)
  assert.equal(codes(plain.result), ['histogram: zeros of counts', 'histogram'])
  assert.equal([...(await perform(plain.result, plain.site, [x, new Uint32Array(10).fill(77)]))[1]!], [...wanted])
  const [a, b] = placesOf(special) as [Place, Place]
  const row = rendered(special, { places: [a, { ...b, shifted: true }] })
  assert.equal(codes(row.result), ['histogram: zeros of counts', 'histogram', 'histogram: copy to counts'])
  const got = (await perform(row.result, row.site, [x, new Uint32Array(30).fill(77)], { shifts: { 1: 20 } }))[1]!
  assert.equal([...got], [...new Array<number>(20).fill(77), ...wanted])
})

test('integers move as they are', async () => {
  const own = kernel({
    name: 'flip',
    bindings: { inputs: ['x', 'u'], outputs: ['y', 'v'] },
    shape: ({ x, u }) => ({ y: x, v: u }),
    wgsl: `@compute @workgroup_size(32) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      if (id.x < x_size) { y[id.x] = -x[id.x]; v[id.x] = ~u[id.x]; }
    }`,
    oracle: ({ x, u, y, v }) => {
      x.forEach((value, i) => {
        y[i] = -value
        v[i] = ~u[i]!
      })
    },
  })
  const special = specialOf(own, typeOf('i32', [3]), typeOf('u32', [3]))
  const places = placesOf(special).map((place) => ({ ...place, shifted: true, writable: true }))
  const { site, result } = rendered(special, { places })
  const operands = [
    Int32Array.of(-(2 ** 31), 7, -1),
    Uint32Array.of(2 ** 32 - 1, 0, 5),
    new Int32Array(3),
    new Uint32Array(3),
  ]
  assert.equal(
    (await perform(result, site, operands)).map((x) => [...x]),
    expected(special, operands).map((x) => [...x]),
  )
})

test('nothing is sent where there is nothing to compute', () => {
  assert.equal(rendered(specialOf(logCosh, f32(0))).result, { dispatches: [], scratch: [] })
  // 3 × 0 · 0 × 4 is zeros, and they are written
  assert.equal(codes(rendered(specialOf(tiled, f32(3, 0), f32(0, 4))).result), ['tiled'])
})

test('more workgroups than fit along x go on along y, if the text reckons with that', () => {
  const { result } = rendered(specialOf(logCosh, f32(65536 * 64 + 1)))
  assert.equal(result.dispatches[0]!.workgroups, [32769, 2, 1])
  assert.match(result.dispatches[0]!.code, /const threads_x: u32 = 2097216u;/)
  const careless = kernel({
    name: 'careless',
    bindings: { inputs: ['x'], outputs: ['y'] },
    shape: ({ x }) => ({ y: x }),
    wgsl: `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { y[id.x] = x[id.x]; }`,
    oracle: () => {},
  })
  assert.equal(rendered(specialOf(careless, f32(65535 * 64))).result.dispatches[0]!.workgroups, [65535, 1, 1])
  assert.throws(
    () => rendered(specialOf(careless, f32(65535 * 64 + 1))),
    /careless: 4194241 elements take 65536 workgroups of 64 threads, and a GPU has 65535 at most along x: let its WGSL take element id.y \* threads_x \+ id.x/,
  )
})

/** A kernel with this text, and these workgroups. */
const written = (wgsl: unknown, workgroups?: unknown): (() => unknown) => {
  const own = kernel({
    name: 'own',
    bindings: { inputs: ['x'], outputs: ['y'] },
    shape: ({ x }) => ({ y: x }),
    wgsl: wgsl as string,
    oracle: () => {},
    ...(workgroups === undefined ? {} : { workgroups: () => workgroups as number[] }),
  })
  return () => rendered(specialOf(own, f32(4)))
}
const square = '@compute @workgroup_size(8, 8) fn main() {}'

test('a text that cannot be used says why', () => {
  assert.throws(
    written('@group(0) @binding(0) var<storage> x: array<f32>;'),
    /own: its WGSL declares bindings: leave them out and speak of x, y/,
  )
  assert.throws(
    written(() => 7),
    /own: wgsl returns the text of the kernel, got number/,
  )
  assert.throws(written('fn f() {}'), /own: its WGSL has no entry point/)
  assert.throws(written(square), /own: how many workgroups it takes cannot be read off its WGSL.*give workgroups/)
  assert.throws(written(square, [1.5]), /own: workgroups returns one to three whole numbers, got \[1.5\]/)
  assert.throws(written(square, [1, 2, 3, 4]), /own: workgroups returns one to three/)
  assert.throws(written(square, 3), /own: workgroups returns one to three whole numbers, got 3/)
  assert.throws(
    written(square, [1, 65536]),
    /own: workgroups asks for 1 × 65536: this GPU has 65535 at most along each/,
  )
  assert.not.throws(written(`// @group(0) is declared for us\n${square}`, [1]))
})

test('more operands than a GPU binds are refused, with the gate counted', () => {
  const letters = 'abcdefghijkl'.split('')
  const many = kernel({
    name: 'many',
    bindings: { inputs: letters.slice(1), outputs: ['a'] },
    shape: ({ b }) => ({ a: b! }),
    wgsl: '@compute @workgroup_size(1) fn main() { a[0] = b[0]; }',
    oracle: () => {},
  })
  const special = specialOf(many, ...letters.slice(1).map(() => f32(1)))
  assert.not.throws(() => rendered(special))
  assert.throws(
    () => rendered(special, { gated: true }),
    /many: it has 12 operands, and one more where a branch or loop decides whether it runs: this GPU gives 12/,
  )
})

test.run()
