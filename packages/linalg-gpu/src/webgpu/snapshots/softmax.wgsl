// loop maximum finite select sub exp +2 grid[64] inner[300] (a:f32[19200], out b:f32[19200])
//   n0:f32 = load a[300·g0 + i0]
//   n1:f32 = r0
//   n2:bool = finite n1
//   n3:f32 = constant 0
//   n4:f32 = select n2 n1 n3
//   n5:f32 = sub n0 n4
//   n6:f32 = exp n5
//   n7:f32 = r1
//   n8:f32 = div n6 n7
//   stage inner:
//     r0:f32 = max n0
//   stage inner:
//     r1:f32 = sum n6
//   stage inner:
//     store b[300·g0 + i0] = n8

// workgroups 1 × 1 × 1
// maximum finite select sub exp +2
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
// float_of, magnitude, or_bits, is_nan, is_finite, ordered, rank, max_f32, scaled, power_of_e, exp_f32: see wgsl/
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  let at0 = thread * 300;
  var r0: f32 = float_of(0xff800000u);
  for (var j = 0; j < 300; j++) {
    let n0 = A[at0 + j];
    r0 = max_f32(r0, n0);
  }
  let n2 = is_finite(r0);
  let n4 = select(0.0f, r0, n2);
  var r1: f32 = 0.0f;
  for (var block_j = 0; block_j < 300; block_j += 128) {
    var part0: f32 = 0.0f;
    for (var j = block_j; j < min(block_j + 128, 300); j++) {
      let n0 = A[at0 + j];
      let n5 = n0 - n4;
      let n6 = exp_f32(n5);
      part0 = part0 + n6;
    }
    r1 = r1 + part0;
  }
  for (var j = 0; j < 300; j++) {
    let n0 = A[at0 + j];
    let n5 = n0 - n4;
    let n6 = exp_f32(n5);
    let n8 = n6 / r1;
    B[at0 + j] = n8;
  }
}
