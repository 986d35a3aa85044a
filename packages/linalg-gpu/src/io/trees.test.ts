import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type DType, dtypes, storage } from '../dtype.js'
import { array, eye, full } from '../ops/creation.js'
import { plain, plainDevice } from '../plain/device.js'
import { typeOf } from '../program/type.js'
import type { Device, Failure } from '../run/device.js'
import { held } from '../run/execute.js'
import { jit } from '../run/jit.js'
import { readStored, readSync } from '../run/read.js'
import { dispose, liveBuffers } from '../run/scope.js'
import { sizeOf } from '../shape.js'
import { isTensor, type Tensor } from '../trace/tensor.js'
import type { Tree } from '../tree.js'
import type { FileError } from './entry.js'
import { writeNpz } from './npz.js'
import { writeSafetensors } from './safetensors.js'
import {
  type DecodeOptions,
  decodeNpz,
  decodeSafetensors,
  encodeNpz,
  encodeSafetensors,
  safetensorsMetadata,
} from './trees.js'

const value = <T>(outcome: E.Either<Failure | FileError, T>): T => {
  if (E.isLeft(outcome)) throw new Error(`${outcome.left.code}: ${outcome.left.message}`)
  return outcome.right
}

const fails = (outcome: E.Either<Failure | FileError, unknown>, code: string, text: RegExp): void => {
  if (E.isRight(outcome)) throw new Error('a Left is expected')
  assert.is(outcome.left.code, code)
  assert.match(outcome.left.message, text)
}

interface Format {
  readonly name: string
  readonly encode: (tree: unknown) => TE.TaskEither<Failure | FileError, Uint8Array>
  readonly decode: (bytes: Uint8Array, options?: DecodeOptions) => E.Either<FileError, Tree<Tensor>>
}

const formats: readonly Format[] = [
  { name: 'Safetensors', encode: (tree) => encodeSafetensors(tree), decode: decodeSafetensors },
  { name: 'Npz', encode: (tree) => encodeNpz(tree), decode: decodeNpz },
  { name: 'Npz', encode: (tree) => encodeNpz(tree, { method: 'deflate' }), decode: decodeNpz },
]

/** A tree with each tensor as its dtype, shape and bytes. */
const bare = async (tree: unknown): Promise<unknown> => {
  if (isTensor(tree)) {
    const data = value(await readStored('test', tree)())
    return [tree.dtype, [...tree.shape], [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]]
  }
  if (Array.isArray(tree)) return Promise.all(tree.map(bare))
  const pairs = Object.entries(tree as object).map(async ([key, child]) => [key, await bare(child)] as const)
  return Object.fromEntries(await Promise.all(pairs))
}

/** Any bits at all, NaNs with their payloads and subnormal numbers included. */
const stored = (dtype: DType, shape: readonly number[], bytes: Uint8Array): Tensor => {
  const data = storage(dtype, sizeOf(shape))
  const raw = new Uint8Array(data.buffer)
  raw.set(bytes.subarray(0, raw.length))
  if (dtype === 'bool') raw.forEach((byte, i) => (raw[i] = byte & 1))
  return held(plain.upload(data, typeOf(dtype, shape), 'test'))
}

const tensor = fc
  .tuple(
    fc.constantFrom(...dtypes),
    fc.constantFrom([], [0], [1], [3], [2, 3], [2, 0, 3], [1, 2, 1, 2]),
    fc.uint8Array({ minLength: 64, maxLength: 64 }),
  )
  .map(([dtype, shape, bytes]) => stored(dtype, shape, bytes))

const keys = fc.oneof(
  fc.constantFrom('', 'w', 'a.b', '0', '\\', '__proto__', '__tree__', '__metadata__', 'é'),
  fc.string({ maxLength: 3 }),
)
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    tensor,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.uniqueArray(fc.tuple(keys, tie('tree')), { maxLength: 3, selector: ([name]) => name }).map(Object.fromEntries),
  ),
}))

for (const { name, encode, decode } of formats) {
  test(`law: decode${name}(encode${name}(t)) = t, in form, dtypes and bits`, () =>
    fc.assert(
      fc.asyncProperty(tree, async (made) => {
        const bytes = value(await encode(made)())
        deepStrictEqual(await bare(value(decode(bytes))), await bare(made))
      }),
      { numRuns: 200 },
    ))

  test(`encode${name}: numbers become f32, booleans bool, constants what they stand for`, async () => {
    const bytes = value(await encode({ a: 0.1, b: [true], c: eye(2), d: full([2], 3, { dtype: 'f16' }) })())
    assert.equal(await bare(value(decode(bytes))), await bare({
      a: array(new Float32Array([0.1]), { shape: [] }), b: [array(true)], c: array([[1, 0], [0, 1]]), d: array([3, 3], { dtype: 'f16' }),
    })) // biome-ignore format: a tree
  })

  test(`decode${name}: the tensors own their memory, on the device that is asked for`, async () => {
    const device = plainDevice({ name: 'other' })
    const bytes = value(await encode({ w: array([1, 2, 3]) })())
    const { w } = value(decode(bytes, { device })) as { readonly w: Tensor }
    bytes.fill(0xff)
    assert.is(w.device, device)
    assert.is(liveBuffers(device).count, 1)
    assert.equal([...readSync(w)], [1, 2, 3])
  })

  test(`decode${name}: with only, the chosen arrays by their dotted names`, async () => {
    const bytes = value(await encode({ layers: [{ w: array([1]), b: array([2]) }], 'a.b': array([3]) })())
    const chosen = value(decode(bytes, { only: ['layers.0.b', 'a\\.b'] }))
    assert.equal(await bare(chosen), await bare({ layers: { 0: { b: array([2]) } }, 'a.b': array([3]) }))
    fails(decode(bytes, { only: ['w'] }), 'notFound', new RegExp(`^decode${name}: no array "w"`))
    assert.equal(await bare(value(decode(bytes, { only: [] }))), {})
  })

  test(`decode${name}: a file that is refused leaves no tensor behind`, () => {
    const f32 = { dtype: 'f32', shape: [1], data: new Float32Array(1) } as const
    const entries = { w: f32, 'w.x': f32 }
    const device = plainDevice()
    const bytes = name === 'Npz' ? writeNpz(entries) : writeSafetensors(entries)
    fails(decode(bytes, { device }), 'badTree', new RegExp(`^decode${name}: name "w.x" goes through another`))
    fails(decode(bytes.subarray(0, bytes.length - 30), { device }), 'truncated', new RegExp(`^decode${name}: `))
    assert.is(liveBuffers(device).count, 0)
    assert.is(value(decode(bytes, { only: ['w'] }) as E.Either<FileError, { readonly w: Tensor }>).w.dtype, 'f32')
  })

  test(`decode${name}: a description that is not that of the arrays is refused`, () => {
    const f32 = { dtype: 'f32', shape: [1], data: new Float32Array(1) } as const
    const text = new TextEncoder().encode('{"v":null}')
    const bytes =
      name === 'Npz'
        ? writeNpz({ w: f32, __tree__: { dtype: 'u8', shape: [text.length], data: text } })
        : writeSafetensors({ w: f32 }, { 'neumann.tree': '{"v":null}' })
    fails(decode(bytes), 'notFound', new RegExp(`^decode${name}: the tree has a leaf "v", the file has none`))
    if (name === 'Npz') fails(decode(writeNpz({ __tree__: f32 })), 'badTree', /^decodeNpz: __tree__ is a u8 vector/)
  })

  test(`decode${name}: names by others make records`, async () => {
    const f32 = { dtype: 'f32', shape: [1], data: Float32Array.of(7) } as const
    const entries = { 'model.layers.0.weight': f32, 'model.layers.1.weight': f32, step: f32 }
    const bytes = name === 'Npz' ? writeNpz(entries) : writeSafetensors(entries, { format: 'pt' })
    const w = array([7])
    const expected = { model: { layers: { 0: { weight: w }, 1: { weight: w } } }, step: w }
    assert.equal(await bare(value(decode(bytes))), await bare(expected))
  })

  test(`encode${name}: what cannot be read back is an outcome`, async () => {
    const w = array([1, 2])
    const task = encode({ w })
    dispose(w)
    fails(await task(), 'disposed', /f32\[2\] was disposed/)
    fails(await encode({ w })(), 'disposed', /f32\[2\] was disposed/)
    const lost: Device = {
      ...plainDevice(),
      upload: (_, type) => ({ device: lost, type }),
      read: () => TE.left({ code: 'deviceLost', message: 'gone' }),
    }
    fails(await encode([array([1]), array([1], { device: lost })])(), 'deviceLost', /gone/)
  })

  test(`encode${name}: what is no tree of tensors throws at the call, with its path`, () => {
    assert.throws(() => encode({ a: [array([1]), 'x'] }), new RegExp(`encode${name}: "a.1" is "x"`))
    assert.throws(() => encode({ a: undefined }), new RegExp(`encode${name}: "a" is undefined`))
    assert.throws(() => encode({ '\ud800': 1 }), new RegExp(`encode${name}: the name .* half a surrogate pair`))
    assert.throws(
      () => jit((x: Tensor) => [x, encode({ x })])(array([1])),
      new RegExp(`encode${name}: f32\\[1\\] is traced`),
    )
    const self: { self?: unknown } = {}
    self.self = self
    assert.throws(() => encode(self), /does it contain itself/)
  })
}

test('encodeSafetensors reads from devices that the host cannot look at', async () => {
  const { readSync: _, ...inner } = plainDevice()
  const far: Device = { ...inner, upload: (data, type, maker) => ({ ...inner.upload(data, type, maker), device: far }) }
  const bytes = value(await encodeSafetensors({ w: array([1, 2], { device: far }) })())
  assert.equal(await bare(value(decodeSafetensors(bytes))), { w: await bare(array([1, 2])) })
})

test('metadata is written for others and read back without ours', async () => {
  const bytes = value(await encodeSafetensors({ w: 1 }, { metadata: { license: 'MIT', '': 'é', __proto__x: '' } })())
  assert.equal(value(safetensorsMetadata(bytes)), { license: 'MIT', '': 'é', __proto__x: '' })
  assert.throws(() => encodeSafetensors(1, { metadata: { 'neumann.tree': '' } }), /is written by this library/)
  assert.throws(() => encodeSafetensors(1, { metadata: { a: 1 as never } }), /metadata "a" is number, text is expected/)
  assert.throws(() => encodeSafetensors(1, { metadata: { a: '\ud800' } }), /metadata "a" holds half a surrogate pair/)
  fails(safetensorsMetadata(new Uint8Array(2)), 'truncated', /8 bytes of header length/)
})

test('an archive that would be too large is an outcome', async () => {
  fails(await encodeNpz({ ['k'.repeat(70_000)]: 1 })(), 'tooLarge', /encodeNpz: a name of 70004 bytes/)
  const bytes = value(await encodeNpz(full([1000], 1))())
  fails(decodeNpz(bytes, { maximumBytes: 1000 }), 'tooLarge', /bytes when expanded, 1000 are allowed/)
})

test.run()
