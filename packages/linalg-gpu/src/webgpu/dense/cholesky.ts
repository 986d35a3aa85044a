/** A = UᵀU or L Lᵀ of each matrix of a stack, row by row of U, each row's elements dealt out:
 *
 *    uᵢⱼ = (aᵢⱼ − Σ_{p<i} uₚᵢ uₚⱼ) / uᵢᵢ
 *
 *  of (A + Aᵀ)/2. A matrix that is not positive definite, or not finite, becomes NaN. */

import type { Special } from '../../kernel/kernel.js'
import type { Rendered, Site } from '../rendered.js'
import { call } from '../wgsl/library.js'
import { byCrews, countOf } from './crew.js'

export const renderCholesky = (kernel: Special, upper: boolean, site: Site): Rendered => {
  const n = kernel.inputs[0]!.shape.at(-1)!
  return byCrews(kernel, site, { label: kernel.name, count: countOf(kernel), width: n }, (crew, memory, uses) => {
    const a = (i: string, j: string): string => memory.load(0, `base + ${i} * ${n} + ${j}`)
    const place = (i: string, j: string): string => `base + ${upper ? i : j} * ${n} + ${upper ? j : i}`
    const u = (i: string, j: string): string => memory.load(1, place(i, j))
    const put = (i: string, j: string, value: string): string => memory.store(1, place(i, j), value)
    return {
      declarations: crew.shared('pivot', 'f32'),
      body: `let base = unit * ${n * n};
var failed = false;
for (var i = 0; i < ${n}; i++) {
  ${crew.each('j', 'i', `${n}`)} {
    var sum = 0.5f * ${a('i', 'j')} + 0.5f * ${a('j', 'i')};
    for (var p = 0; p < i; p++) { sum -= ${u('p', 'i')} * ${u('p', 'j')}; }
    if (j == i) { pivot = sum; } else { ${put('i', 'j', 'sum')} }
  }
  ${crew.barrier}
  // a positive number, and a finite one
  let bits = bitcast<u32>(pivot);
  if (bits == 0u || bits >= 0x7f800000u) { failed = true; }
  let root = sqrt(pivot);
  ${crew.each('j', 'i', `${n}`)} {
    if (j == i) { ${put('i', 'i', 'root')} continue; }
    ${put('i', 'j', `${u('i', 'j')} / root`)}
    ${put('j', 'i', '0f')}
  }
  ${crew.barrier}
}
if (failed) {
  ${crew.each('i', '0', `${n * n}`)} { ${memory.store(1, 'base + i', call(uses, 'float_of', '0x7fc00000u'))} }
}`,
    }
  })
}
