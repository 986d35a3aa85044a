/** A = Pᵀ L U of each matrix of a stack, by elimination with row interchanges, in place in the result.
 *
 *    for each column k: the row of the largest |aᵢₖ|, i ≥ k, comes to row k; below it aᵢₖ ← aᵢₖ / aₖₖ and rowᵢ ← rowᵢ − aᵢₖ rowₖ
 *
 *  Made for matrices of few columns, whose rows are dealt out. Sizes are compared as bits, where NaN is less than any. */

import type { Special } from '../../kernel/kernel.js'
import type { Rendered, Site } from '../rendered.js'
import { greatest } from '../special/tree.js'
import { byCrews, countOf } from './crew.js'

export const renderLu = (kernel: Special, site: Site): Rendered => {
  const [m, n] = kernel.inputs[0]!.shape.slice(-2) as unknown as readonly [number, number]
  return byCrews(kernel, site, { label: kernel.name, count: countOf(kernel), width: m }, (crew, memory) => {
    const tree = greatest(crew.threads)
    const at = (i: string, j: string): string => `base + ${i} * ${n} + ${j}`
    const lu = (i: string, j: string): string => memory.load(1, at(i, j))
    const put = (i: string, j: string, value: string): string => memory.store(1, at(i, j), value)
    const order = (i: string): string => memory.load(2, `first + ${i}`)
    const putOrder = (i: string, value: string): string => memory.store(2, `first + ${i}`, value)
    return {
      declarations: `fn sizeOf(x: f32) -> u32 {
  let magnitude = bitcast<u32>(x) & 0x7fffffffu;
  return select(magnitude + 1u, 0u, magnitude > 0x7f800000u);
}${crew.threads === 1 ? '' : `\n${tree.declarations}`}`,
      body: `let base = unit * ${m * n};
let first = unit * ${m};
${crew.each('i', '0', `${m * n}`)} { ${memory.store(1, 'base + i', memory.load(0, 'base + i'))} }
${crew.each('i', '0', `${m}`)} { ${putOrder('i', 'i')} }
${crew.barrier}
var sign = 1f;
for (var k = 0; k < ${Math.min(m, n)}; k++) {
  var most = 0u;
  var best = u32(k);
  ${crew.each('i', 'k', `${m}`)} {
    let size = sizeOf(${lu('i', 'k')});
    if (size > most) { most = size; best = u32(i); }
  }
${crew.threads === 1 ? '' : tree.body}
${crew.threads === 1 ? '' : crew.barrier}
  let top = i32(${crew.threads === 1 ? 'best' : 'places[0]'});
  if (top != k) {
    sign = -sign;
    ${crew.each('j', '0', `${n}`)} {
      let x = ${lu('k', 'j')};
      ${put('k', 'j', lu('top', 'j'))}
      ${put('top', 'j', 'x')}
    }
    ${crew.once(`let was = ${order('k')}; ${putOrder('k', order('top'))} ${putOrder('top', 'was')}`)}
  }
  ${crew.barrier}
  let pivot = ${lu('k', 'k')};
  ${crew.each('i', 'k + 1', `${m}`)} {
    // a column of zeros is done already
    let factor = select(${lu('i', 'k')} / pivot, ${lu('i', 'k')}, (bitcast<u32>(pivot) << 1u) == 0u);
    ${put('i', 'k', 'factor')}
    for (var j = k + 1; j < ${n}; j++) { ${put('i', 'j', `${lu('i', 'j')} - factor * ${lu('k', 'j')}`)} }
  }
  ${crew.barrier}
}
${crew.once(memory.store(3, 'unit', 'sign'))}`,
    }
  })
}
