import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type DType, dtypes } from '../dtype.js'
import { plainDevice } from '../plain/device.js'
import { jit } from '../run/jit.js'
import { readSync } from '../run/read.js'
import type { Tensor } from '../trace/tensor.js'
import { flat, indices, make, put, rounded, same, sample, throws, words } from './arrays.testing.js'
import {
  arange,
  array,
  bitcast,
  cast,
  eye,
  full,
  fullLike,
  iota,
  linspace,
  ones,
  onesLike,
  zeros,
  zerosLike,
} from './creation.js'

test('array of nested numbers: row-major, f32 by default, any depth, empty axes', () => {
  same(array(5), 'f32', flat([], [5]))
  same(array([]), 'f32', flat([0], []))
  same(array([[], []]), 'f32', flat([2, 0], []))
  same(array([[[]]]), 'f32', flat([1, 1, 0], []))
  same(
    array([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    'f32',
    flat([2, 3], [1, 2, 3, 4, 5, 6]),
  )
  same(array([[[[1]], [[2]]]]), 'f32', flat([1, 2, 1, 1], [1, 2]))
  same(array([0.1, NaN, -0, -Infinity]), 'f32', flat([4], [0.1, NaN, -0, -Infinity]))
  same(array([1, 2, 3, 4], { shape: [2, 2] }), 'f32', flat([2, 2], [1, 2, 3, 4]))
})

test('array of booleans is bool; among numbers they are numbers', () => {
  same(array(true), 'bool', flat([], [1]))
  same(array([[true, false]]), 'bool', flat([1, 2], [1, 0]))
  same(array([true, 3]), 'f32', flat([2], [1, 3]))
  same(array([true, false], { dtype: 'i32' }), 'i32', flat([2], [1, 0]))
  same(array([0, 2, -1], { dtype: 'bool' }), 'bool', flat([3], [0, 1, 1]))
})

test('array of each dtype rounds floats and takes integers modulo the range', () => {
  const values = [0, 1, 200, -1, 70000, 2 ** 31]
  for (const dtype of dtypes) if (dtype !== 'bool') same(array(values, { dtype }), dtype, flat([6], values))
  same(array([1 / 3, 65519, 65520, 1e-8], { dtype: 'f16' }), 'f16', flat([4], [0.333251953125, 65504, Infinity, 0]))
  same(array([1e39, 1e-46], { dtype: 'f32' }), 'f32', flat([2], [Infinity, 0]))
})

test('array of typed arrays keeps their dtype, copies, and takes another', () => {
  const sources = [
    [new Float32Array([1, 2]), 'f32'],
    [new Float64Array([1, 2]), 'f64'],
    [new Int32Array([1, 2]), 'i32'],
    [new Uint32Array([1, 2]), 'u32'],
    [new Int8Array([1, 2]), 'i8'],
    [new Uint8Array([1, 2]), 'u8'],
    [new Uint16Array([0x3c00, 0x4000]), 'f16'],
  ] as const
  for (const [data, dtype] of sources) {
    const x = array(data)
    same(x, dtype, flat([2], [1, 2]))
    data[0] = 7
    same(x, dtype, flat([2], [1, 2]))
    if (dtype !== 'f16') same(array(data, { dtype: 'f64', shape: [2, 1] }), 'f64', flat([2, 1], [7, 2]))
  }
  // a part of a buffer
  same(array(new Float32Array([1, 2, 3, 4]).subarray(1, 3)), 'f32', flat([2], [2, 3]))
  // numbers, where f16 is not meant
  same(array(new Uint16Array([1, 500]), { dtype: 'i32' }), 'i32', flat([2], [1, 500]))
  same(array(new Float64Array([1, 0.1]), { dtype: 'f16' }), 'f16', flat([2], [1, 0.0999755859375]))
  same(array(new Uint8Array([0, 3]), { dtype: 'bool' }), 'bool', flat([2], [0, 1]))
  same(array(new Float32Array(0), { shape: [3, 0] }), 'f32', flat([3, 0], []))
})

test('array puts data on a device and reads do not alias it', () => {
  const device = plainDevice({ name: 'there' })
  const x = array([1, 2], { device })
  assert.is(x.device, device)
  assert.equal(device.memory().makers, new Map([['array', 8]]))
  readSync(x)[0] = 9
  same(x, 'f32', flat([2], [1, 2]))
})

test('full, zeros, ones and their likes', () => {
  for (const dtype of dtypes) {
    for (const shape of [[], [3], [2, 0], [2, 1, 2]]) {
      same(
        zeros(shape, { dtype }),
        dtype,
        make(shape, () => 0),
      )
      same(
        ones(shape, { dtype }),
        dtype,
        make(shape, () => 1),
      )
      const x = put(
        make(shape, () => 1),
        dtype,
      )
      same(
        zerosLike(x),
        dtype,
        make(shape, () => 0),
      )
      same(
        onesLike(x),
        dtype,
        make(shape, () => 1),
      )
      same(
        fullLike(x, 0),
        dtype,
        make(shape, () => 0),
      )
    }
    assert.is(zeros([2], { dtype }).device, undefined)
  }
  same(full([2], 0.1), 'f32', flat([2], [0.1, 0.1]))
  same(full([2], 0.1, { dtype: 'f16' }), 'f16', flat([2], [0.1, 0.1]))
  same(full([2], true), 'bool', flat([2], [1, 1]))
  same(full([1], -Infinity, { dtype: 'f64' }), 'f64', flat([1], [-Infinity]))
  same(full([1], -0), 'f32', flat([1], [-0]))
  same(full([1], 2 ** 32 - 1, { dtype: 'u32' }), 'u32', flat([1], [2 ** 32 - 1]))
  same(fullLike(put(flat([2], [1, 2]), 'i32'), 7), 'i32', flat([2], [7, 7]))
  throws(() => full([2], 300, { dtype: 'u8' }), 'full: the value 300 is no u8: choose another dtype.')
  throws(() => full([2], 0.5, { dtype: 'i32' }), 'full: the value 0.5 is no i32: choose another dtype.')
  throws(() => full([2], 2, { dtype: 'bool' }), 'full: the value 2 is no bool: choose another dtype.')
})

test('iota is the index along an axis', () => {
  for (const dtype of dtypes)
    if (dtype !== 'bool')
      for (const shape of [[4], [2, 3], [2, 3, 4], [0, 2], [3, 0]])
        for (let axis = 0; axis < shape.length; axis++) {
          same(
            iota(shape, axis, { dtype }),
            dtype,
            make(shape, (index) => index[axis]!),
          )
          same(
            iota(shape, axis - shape.length, { dtype }),
            dtype,
            make(shape, (index) => index[axis]!),
          )
        }
  same(
    iota([300], 0, { dtype: 'u8' }),
    'u8',
    make([300], ([i]) => i!),
  )
  same(iota([3]), 'i32', flat([3], [0, 1, 2]))
})

test('arange: Python’s range, floats too', () => {
  const naive = (start: number, stop: number, step: number): number[] => {
    const out: number[] = []
    for (let i = 0; step > 0 ? start + i * step < stop : start + i * step > stop; i++) out.push(start + i * step)
    return out
  }
  for (const [start, stop, step] of [
    [0, 5, 1],
    [2, 8, 2],
    [2, 9, 3],
    [5, 0, -1],
    [5, -5, -3],
    [0, 0, 1],
    [3, 1, 1],
    [-4, 4, 2],
  ] as const) {
    const want = naive(start, stop, step)
    same(arange(start, stop, step), 'i32', flat([want.length], want))
    same(
      arange(start, stop, step, { dtype: 'f64' }),
      'f64',
      flat(
        [want.length],
        want.map((v) => v + 0),
      ),
    )
  }
  same(arange(3), 'i32', flat([3], [0, 1, 2]))
  same(arange(0), 'i32', flat([0], []))
  same(arange(-2), 'i32', flat([0], []))
  same(arange(0.5, 3), 'f32', flat([3], [0.5, 1.5, 2.5]))
  same(arange(0, 1, 0.25), 'f32', flat([4], [0, 0.25, 0.5, 0.75]))
  same(arange(1, 0, -0.25, { dtype: 'f64' }), 'f64', flat([4], [1, 0.75, 0.5, 0.25]))
  for (const dtype of ['u32', 'u8', 'i8', 'f16'] as const) same(arange(2, 9, 3, { dtype }), dtype, flat([3], [2, 5, 8]))
  // computed in f32, rounded once: the index alone would be rounded beyond 2048
  same(
    arange(0, 3000, 1, { dtype: 'f16' }),
    'f16',
    make([3000], ([i]) => i!),
  )
  same(
    arange(1, 3001, 1, { dtype: 'f16' }),
    'f16',
    make([3000], ([i]) => i! + 1),
  )
})

test('linspace ends exactly at its bounds', () => {
  for (const dtype of ['f64', 'f32'] as const)
    for (const [start, stop, n] of [
      [0, 1, 5],
      [-3, 7, 11],
      [2, 2, 3],
      [5, -5, 4],
      [0.1, 0.7, 7],
    ] as const) {
      const want = make([n], ([i]) => start + ((stop - start) * i!) / (n - 1))
      const got = linspace(start, stop, n, { dtype })
      same(got, dtype, want, { ulps: 3, scale: Math.abs(start) + Math.abs(stop) })
      const data = readSync(got)
      assert.is(data[0], rounded(dtype, start))
      assert.is(data[n - 1], rounded(dtype, stop))
    }
  same(linspace(3, 9, 1), 'f32', flat([1], [3]))
  same(linspace(3, 9, 0), 'f32', flat([0], []))
  same(linspace(3, 9, 2, { dtype: 'f16' }), 'f16', flat([2], [3, 9]))
})

test('eye', () => {
  for (const [n, m] of [
    [0, 0],
    [1, 1],
    [3, 3],
    [2, 4],
    [4, 2],
    [0, 3],
  ] as const)
    for (const dtype of dtypes)
      same(
        eye(n, m, { dtype }),
        dtype,
        make([n, m], ([i, j]) => Number(i === j)),
      )
  same(eye(2), 'f32', flat([2, 2], [1, 0, 0, 1]))
})

test('constants inside a trace and outside are the same', () => {
  const all: readonly (() => Tensor)[] = [
    () => eye(3),
    () => arange(2, 9, 3),
    () => linspace(0, 1, 4),
    () => iota([2, 3], 1),
    () => full([2], 7),
    () => cast(eye(2), 'i32'),
  ]
  for (const f of all) assert.is(String(jit(f)()), String(f()))
})

// ── cast ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const range: Partial<Record<DType, readonly [number, number]>> = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
  i8: [-128, 127],
  u8: [0, 255],
}

test('floats to integers truncate and saturate, NaN gives 0; to bool they ask whether they are zero', () => {
  const values = words(
    'nan inf -inf 0 -0 0.9 -0.9 1.5 -1.5 127.9 128 -128.9 -129 255.9 256 65000 -65000 3e9 -3e9 1e30 -1e30',
  )
  for (const from of ['f64', 'f32', 'f16'] as const) {
    const x = flat(
      [values.length],
      values.map((v) => rounded(from, v)),
    )
    for (const [dtype, [low, high]] of Object.entries(range) as [DType, readonly [number, number]][])
      same(
        cast(put(x, from), dtype),
        dtype,
        flat(
          x.shape,
          x.data.map((v) => (v !== v ? 0 : Math.min(high, Math.max(low, Math.trunc(v))) + 0)),
        ),
        { note: `${from} ${dtype}` },
      )
    same(
      cast(put(x, from), 'bool'),
      'bool',
      flat(
        x.shape,
        x.data.map((v) => Number(v !== 0)),
      ),
    )
  }
})

test('integers to integers wrap; to floats they round', () => {
  const values = [0, 1, 127, 128, 255, 256, 2 ** 24 + 1, 2 ** 31 - 1, -1, -128, -(2 ** 31)]
  for (const dtype of dtypes) {
    const want = flat([values.length], values)
    if (dtype === 'bool')
      same(
        cast(put(want, 'i32'), 'bool'),
        'bool',
        flat(
          [values.length],
          values.map((v) => Number(v !== 0)),
        ),
      )
    else same(cast(put(want, 'i32'), dtype), dtype, want)
  }
  same(cast(put(flat([2], [2 ** 32 - 1, 2 ** 31]), 'u32'), 'i32'), 'i32', flat([2], [-1, -(2 ** 31)]))
  same(cast(put(flat([2], [2 ** 32 - 1, 2 ** 31]), 'u32'), 'f32'), 'f32', flat([2], [2 ** 32, 2 ** 31]))
  for (const dtype of dtypes) same(cast(put(flat([2], [1, 0]), 'bool'), dtype), dtype, flat([2], [1, 0]))
})

test('floats to floats round to the nearest, once', () => {
  // 1 + 2⁻¹¹ + 2⁻³⁰ lies above a tie of f16; by way of f32 it would be the tie, and go down to 1
  const above = 1 + 2 ** -11 + 2 ** -30
  same(
    cast(put(flat([4], [above, -above, 1 + 2 ** -11, 1e300])), 'f16'),
    'f16',
    flat([4], [1 + 2 ** -10, -1 - 2 ** -10, 1, Infinity]),
  )
  same(cast(put(flat([3], [0.1, 1e300, -0])), 'f32'), 'f32', flat([3], [0.1, Infinity, -0]))
  const x = sample([50])
  for (const from of ['f64', 'f32', 'f16'] as const)
    for (const to of ['f64', 'f32', 'f16'] as const) same(cast(put(x, from), to), to, x)
  same(cast(put(flat([1], [0.1]), 'f32'), 'f64'), 'f64', flat([1], [Math.fround(0.1)]))
  same(cast(0.1, 'f64'), 'f64', flat([], [Math.fround(0.1)]))
  same(cast(true, 'f32'), 'f32', flat([], [1]))
})

test('bitcast keeps bits', () => {
  const bits = new Uint32Array(new Float32Array([1, -0, NaN, 1e-45, -Infinity]).buffer)
  same(bitcast(put(flat([5], words('1 -0 nan 1e-45 -inf')), 'f32'), 'u32'), 'u32', flat([5], [...bits]))
  same(bitcast(put(flat([5], [...bits]), 'u32'), 'f32'), 'f32', flat([5], words('1 -0 nan 1e-45 -inf')))
  same(bitcast(put(flat([2], [-1, -(2 ** 31)]), 'i32'), 'u32'), 'u32', flat([2], [2 ** 32 - 1, 2 ** 31]))
  same(bitcast(put(flat([2], [200, 1]), 'u8'), 'i8'), 'i8', flat([2], [-56, 1]))
  same(bitcast(put(flat([1], [1.5]), 'f16'), 'f16'), 'f16', flat([1], [1.5]))
  for (const [from, to] of [
    ['f32', 'f64'],
    ['i32', 'u8'],
    ['f16', 'f32'],
  ] as const)
    throws(() => bitcast(put(flat([1], [1]), from), to), `bitcast: ${from} and ${to} differ in width.`)
})

test('indices of the test’s own arrays are row-major', () => {
  assert.equal(indices([2, 2]), [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ])
})

test.run()
