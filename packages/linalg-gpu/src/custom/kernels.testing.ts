/** Kernels as users write them, for tests: a map, shared memory, a reduction, two outputs, atomics. */

import { add, mul, sub } from '../ops/arithmetic.js'
import { mean, sum } from '../ops/reductions.js'
import { broadcastTo, expandDims, transpose } from '../ops/shape.js'
import { exp, tanh } from '../ops/transcendental.js'
import { type KernelFunction, kernel } from './kernel.js'

/** log cosh x, a thread an element. */
export const logCosh = kernel({
  name: 'logCosh',
  bindings: { inputs: ['x'], outputs: ['y'] },
  shape: ({ x }) => ({ y: x }),
  wgsl: `
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      let i = id.y * threads_x + id.x;
      if (i >= x_size) { return; }
      let a = abs(x[i]);
      y[i] = a + log(0.5 + 0.5 * exp(-2.0 * a));
    }`,
  oracle: ({ x, y }) => {
    x.forEach((value, i) => {
      const a = Math.abs(value)
      y[i] = a + Math.log1p(Math.exp(-2 * a)) - Math.LN2
    })
  },
  jvp: ({ x }, { x: dx }) => ({ y: mul(tanh(x), dx) }),
  batch: 'leading',
})

/** c = a · b by tiles of 8 × 8 in shared memory. With both rules, which are kernels again. */
export const tiled: KernelFunction<['a', 'b'], ['c']> = kernel({
  name: 'tiled',
  bindings: { inputs: ['a', 'b'], outputs: ['c'] },
  shape: ({ a, b }) => {
    if (a.shape.length !== 2 || b.shape.length !== 2 || a.shape[1] !== b.shape[0])
      throw new Error(`tiled: [${a.shape}] · [${b.shape}]: two matrices are needed whose inner sizes agree.`)
    return { c: [a.shape[0]!, b.shape[1]!] }
  },
  wgsl: `
    const tile = 8u;
    var<workgroup> left: array<f32, 64>;
    var<workgroup> right: array<f32, 64>;

    @compute @workgroup_size(tile, tile)
    fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_id) at: vec3<u32>) {
      let m = a_shape[0];
      let k = a_shape[1];
      let n = b_shape[1];
      var total = 0.0;
      for (var start = 0u; start < k; start += tile) {
        let own = at.y * tile + at.x;
        left[own] = select(0.0, a[min(id.y * k + start + at.x, a_size - 1u)], id.y < m && start + at.x < k);
        right[own] = select(0.0, b[min((start + at.y) * n + id.x, b_size - 1u)], start + at.y < k && id.x < n);
        workgroupBarrier();
        for (var j = 0u; j < tile; j++) { total += left[at.y * tile + j] * right[j * tile + at.x]; }
        workgroupBarrier();
      }
      if (id.y < m && id.x < n) { c[id.y * n + id.x] = total; }
    }`,
  workgroups: ({ c }) => [Math.ceil(c.shape[1]! / 8), Math.ceil(c.shape[0]! / 8)],
  oracle: ({ a, b, c }, types) => {
    const [m, k] = types.a.shape as readonly [number, number]
    const [, n] = types.b.shape as readonly [number, number]
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let total = 0
        for (let p = 0; p < k; p++) total += a[i * k + p]! * b[p * n + j]!
        c[i * n + j] = total
      }
  },
  jvp: ({ a, b }, { a: da, b: db }) => ({ c: add(tiled(da, b), tiled(a, db)) }),
  vjp: ({ a, b }, { c }) => ({ a: tiled(c, transpose(b)), b: tiled(transpose(a), c) }),
})

/** log Σ exp of each row, a workgroup a row. With a rule for reverse mode alone. */
export const logSumExpRows = kernel({
  name: 'logSumExpRows',
  bindings: { inputs: ['x'], outputs: ['y'] },
  shape: ({ x }) => ({ y: [x.shape[0]!] }),
  wgsl: `
    const threads = 32u;
    var<workgroup> part: array<f32, threads>;

    @compute @workgroup_size(threads)
    fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
      let n = x_shape[1];
      let row = group.x * n;
      var most = -3.0e38;
      for (var i = lane; i < n; i += threads) { most = max(most, x[row + i]); }
      part[lane] = most;
      for (var half = threads / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane < half) { part[lane] = max(part[lane], part[lane + half]); }
      }
      workgroupBarrier();
      most = part[0];
      workgroupBarrier();
      var total = 0.0;
      for (var i = lane; i < n; i += threads) { total += exp(x[row + i] - most); }
      part[lane] = total;
      for (var half = threads / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane < half) { part[lane] += part[lane + half]; }
      }
      if (lane == 0u) { y[group.x] = most + log(part[0]); }
    }`,
  workgroups: ({ y }) => [y.size],
  oracle: ({ x, y }, types) => {
    const [m, n] = types.x.shape as readonly [number, number]
    for (let i = 0; i < m; i++) {
      const row = Array.from(x.subarray(i * n, (i + 1) * n))
      const most = Math.max(...row)
      y[i] = most + Math.log(row.reduce((total, value) => total + Math.exp(value - most), 0))
    }
  },
  vjp: ({ x, y }, { y: c }) => ({ x: mul(expandDims(c, 1), exp(sub(x, expandDims(y, 1)))) }),
})

/** Mean and variance of a vector, by one thread. With a rule for forward mode alone. */
export const moments = kernel({
  name: 'moments',
  bindings: { inputs: ['x'], outputs: ['middle', 'spread'] },
  shape: ({ x }) => ({ middle: { dtype: x.dtype, shape: [] }, spread: { dtype: x.dtype, shape: [] } }),
  wgsl: ({ x }) => `
    @compute @workgroup_size(1)
    fn main() {
      var total = 0.0;
      for (var i = 0u; i < ${x.size}u; i++) { total += x[i]; }
      let m = total / ${x.size}.0;
      total = 0.0;
      for (var i = 0u; i < ${x.size}u; i++) { total += (x[i] - m) * (x[i] - m); }
      middle[0] = m;
      spread[0] = total / ${x.size}.0;
    }`,
  oracle: ({ x, middle, spread }) => {
    const values = Array.from(x)
    const m = values.reduce((total, value) => total + value, 0) / values.length
    middle[0] = m
    spread[0] = values.reduce((total, value) => total + (value - m) ** 2, 0) / values.length
  },
  jvp: ({ x, middle }, { x: dx }) => ({
    middle: mean(dx),
    spread: mul(2 / x.shape[0]!, sum(mul(sub(x, broadcastTo(middle, x.shape)), dx))),
  }),
})

/** How many of the numbers lie in each of ten bins of [0, 1), by atomics. Without derivative. */
export const histogram = kernel({
  name: 'histogram',
  bindings: { inputs: ['x'], outputs: ['counts'], atomic: ['counts'] },
  shape: () => ({ counts: { dtype: 'u32', shape: [10] } }),
  wgsl: `
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      if (id.x < x_size) { atomicAdd(&counts[min(u32(x[id.x] * 10.0), 9u)], 1u); }
    }`,
  workgroups: ({ x }) => [Math.ceil(x.size / 64)],
  oracle: ({ x, counts }) => {
    for (const value of x) counts[Math.min(9, Math.floor(value * 10))]!++
  },
})
