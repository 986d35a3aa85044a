// loop mul sum grid[64] inner[65536] (a:f32[4194304], out b:f32[64])
//   n0:f32 = load a[g0 + 64·i0]
//   n1:f32 = mul n0 n0
//   n2:f32 = r0
//   stage inner:
//     r0:f32 = sum n1
//   stage grid:
//     store b[g0] = n2

// workgroups 256 × 1 × 1
// mul sum, pieces
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
var<workgroup> f32s0: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let point = group * 8 + lane % 8;
  let part = lane / 8;
  let i0 = point / 64;
  let i1 = point % 64;
  let at0 = i0 * 131072 + i1;
  var r0: f32 = 0.0f;
  for (var j = part; j < 2048; j += 32) {
    let n0 = A[at0 + j * 64];
    let n1 = n0 * n0;
    r0 = r0 + n1;
  }
  f32s0[lane] = r0;
  for (var half = 16; half > 0; half /= 2) {
    workgroupBarrier();
    if (part < half) {
      r0 = r0 + f32s0[lane + half * 8];
      f32s0[lane] = r0;
    }
  }
  workgroupBarrier();
  r0 = f32s0[lane % 8];
  if (part == 0) { C[point] = r0; }
}

// workgroups 2 × 1 × 1
// mul sum
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
var<workgroup> f32s0: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let point = group * 32 + lane % 32;
  let part = lane / 32;
  var r0: f32 = 0.0f;
  for (var j = part; j < 32; j += 8) {
    let n3 = C[point + j * 64];
    r0 = r0 + n3;
  }
  f32s0[lane] = r0;
  for (var half = 4; half > 0; half /= 2) {
    workgroupBarrier();
    if (part < half) {
      r0 = r0 + f32s0[lane + half * 32];
      f32s0[lane] = r0;
    }
  }
  workgroupBarrier();
  r0 = f32s0[lane % 32];
  if (part == 0) { B[point] = r0; }
}
