// loop relu select grid[18,23] inner[] (a:f32[620], out b:f32[414])
//   n0:f32 = load a[2·g0 − 31·g1 + 681] where 0 ≤ g0 − 1 < 15, 0 ≤ g1 − 3 < 20 else 0
//   n1:f32 = relu n0
//   n2:bool = inside 0 ≤ g0 − 1 < 15, 0 ≤ g1 − 3 < 20
//   n3:f32 = constant 0
//   n4:f32 = select n2 n1 n3
//   stage grid:
//     store b[23·g0 + g1] = n4

// workgroups 7 × 1 × 1
// relu select
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
// or_bits, relu_f32: see wgsl/
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  if (thread >= 414) { return; }
  let i0 = thread / 23;
  let i1 = thread % 23;
  let within0 = u32(i0 - 1) < 15u && i1 >= 3;
  var n0 = 0.0f;
  if (within0) {
    n0 = A[i0 * 2 - i1 * 31 + 681];
  }
  let n1 = relu_f32(n0);
  let n4 = select(0.0f, n1, within0);
  B[thread] = n4;
}
