/** ∏ xᵢ over rows, a thread each: while the product is below 1 in size a factor that is not comes next, and else one that is, each kind
 *  in its order; so it overflows or vanishes only where the whole product does. */

import type { Special } from '../../kernel/kernel.js'
import type { Rendered, Site } from '../rendered.js'
import { eachAlone } from '../special/parts.js'

export const renderProduct = (kernel: Special, site: Site): Rendered => {
  const n = kernel.inputs[0]!.shape.at(-1)!
  return {
    dispatches: [
      eachAlone(kernel, site, { label: kernel.name, items: kernel.outputs[0]!.size }, (memory) => ({
        declarations: `fn isSmall(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) < 0x3f800000u; }
// the first of the kind from i on
fn next(small: bool, first: i32, begin: i32) -> i32 {
  for (var i = begin; i < ${n}; i++) {
    if (isSmall(${n === 0 ? '0f' : memory.load(0, 'first + i')}) == small) { return i; }
  }
  return ${n};
}`,
        body: `let first = thread * ${n};
var small = next(true, first, 0);
var large = next(false, first, 0);
var product = 1f;
for (var i = 0; i < ${n}; i++) {
  if (large < ${n} && (isSmall(product) || small == ${n})) {
    product *= ${n === 0 ? '0f' : memory.load(0, 'first + large')};
    large = next(false, first, large + 1);
  } else {
    product *= ${n === 0 ? '0f' : memory.load(0, 'first + small')};
    small = next(true, first, small + 1);
  }
}
${memory.store(1, 'thread', 'product')}`,
      })),
    ],
    scratch: [],
  }
}
