/** The shader that sets gates: words that say which of the recorded kernels run.
 *
 *    choose   opens one of `count` branches, that of the index (clamped), if the gate around them is open
 *    open     begins a loop: its gate is open, it has made no turn
 *    test     closes the loop's gate where its flag is false, and counts the turn where it is not
 *
 *  Told: which of them, its slot, the slot of the gate around it (0: none), how many branches, and the element at which the index or flag stands. */

import type { Dispatch } from '../rendered.js'

export const controlShader: Dispatch = {
  label: 'gates',
  workgroups: [1, 1, 1],
  bindings: [
    { binding: 0, writable: true },
    { binding: 1, writable: false },
  ],
  code: `// gates
@group(0) @binding(0) var<storage, read_write> gates: array<u32>;
@group(0) @binding(1) var<storage, read> value: array<u32>;
@group(1) @binding(0) var<uniform> told: array<vec4<u32>, 2>;
@compute @workgroup_size(1)
fn main() {
  let slot = told[0].y;
  let parent = told[0].z;
  let element = told[1].x;
  if (told[0].x == 0u) {
    let count = told[0].w;
    let chosen = u32(clamp(bitcast<i32>(value[element]), 0, i32(count) - 1));
    let around = parent == 0u || gates[parent] != 0u;
    for (var i = 0u; i < count; i++) {
      gates[slot + i] = select(0u, 1u, around && i == chosen);
    }
  } else if (told[0].x == 1u) {
    gates[slot] = 1u;
    gates[slot + 1u] = 0u;
  } else {
    let holds = ((value[element / 4u] >> (8u * (element % 4u))) & 0xffu) != 0u && gates[slot] != 0u;
    gates[slot] = select(0u, 1u, holds);
    gates[slot + 1u] += gates[slot];
  }
}`,
}
