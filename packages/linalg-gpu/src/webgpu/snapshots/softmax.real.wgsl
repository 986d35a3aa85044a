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

// workgroups 16 × 1 × 1
// maximum finite select sub exp +2
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
// float_of, magnitude, or_bits, is_nan, is_finite, ordered, rank, max_f32, scaled, power_of_e, exp_f32: see wgsl/
var<workgroup> f32s0: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let point = group * 4 + lane / 64;
  let part = lane % 64;
  let at0 = point * 300;
  var r0: f32 = float_of(0xff800000u);
  for (var j = part; j < 300; j += 64) {
    let n0 = A[at0 + j];
    r0 = max_f32(r0, n0);
  }
  f32s0[lane] = r0;
  for (var half = 32; half > 0; half /= 2) {
    workgroupBarrier();
    if (part < half) {
      r0 = max_f32(r0, f32s0[lane + half]);
      f32s0[lane] = r0;
    }
  }
  workgroupBarrier();
  r0 = f32s0[lane - part];
  let n2 = is_finite(r0);
  let n4 = select(0.0f, r0, n2);
  var r1: f32 = 0.0f;
  for (var j = part; j < 300; j += 64) {
    let n0 = A[at0 + j];
    let n5 = n0 - n4;
    let n6 = exp_f32(n5);
    r1 = r1 + n6;
  }
  workgroupBarrier();
  f32s0[lane] = r1;
  for (var half = 32; half > 0; half /= 2) {
    workgroupBarrier();
    if (part < half) {
      r1 = r1 + f32s0[lane + half];
      f32s0[lane] = r1;
    }
  }
  workgroupBarrier();
  r1 = f32s0[lane - part];
  for (var j = part; j < 300; j += 64) {
    let n0 = A[at0 + j];
    let n5 = n0 - n4;
    let n6 = exp_f32(n5);
    let n8 = n6 / r1;
    B[at0 + j] = n8;
  }
}
