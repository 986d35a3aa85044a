// loop cast cast maximum finite select +5 grid[10] inner[64] (a:f32[640], out b:f16[640])
//   n0:f32 = load a[64·g0 + i0]
//   n1:f16 = cast n0
//   n2:f32 = cast n1
//   n3:f32 = r0
//   n4:bool = finite n3
//   n5:f32 = constant 0
//   n6:f32 = select n4 n3 n5
//   n7:f32 = sub n2 n6
//   n8:f32 = exp n7
//   n9:f32 = r1
//   n10:f32 = div n8 n9
//   n11:f16 = cast n10
//   stage inner:
//     r0:f32 = max n2
//   stage inner:
//     r1:f32 = sum n8
//   stage inner:
//     store b[64·g0 + i0] = n11

// workgroups 1 × 1 × 1
// cast cast maximum finite select +5
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<u32>;
// float_of, kept, magnitude, or_bits, is_nan, is_finite, ordered, rank, max_f32, from_half, to_half, round_to_half, scaled, power_of_e, exp_f32: see wgsl/
var<workgroup> f32s0: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let row = group * 16 + lane / 16;
  let point = min(row, 9);
  let part = lane % 16;
  let at0 = point * 64;
  var r0: f32 = float_of(0xff800000u);
  for (var j = part; j < 64; j += 16) {
    let n0 = A[at0 + j];
    let n1 = round_to_half(n0);
    let n2 = n1;
    r0 = max_f32(r0, n2);
  }
  f32s0[lane] = r0;
  for (var half = 8; half > 0; half /= 2) {
    workgroupBarrier();
    if (part < half) {
      r0 = max_f32(r0, f32s0[lane + half]);
      f32s0[lane] = r0;
    }
  }
  workgroupBarrier();
  r0 = f32s0[lane - part];
  let n4 = is_finite(r0);
  let n6 = select(0.0f, r0, n4);
  var r1: f32 = 0.0f;
  for (var j = part; j < 64; j += 16) {
    let n0 = A[at0 + j];
    let n1 = round_to_half(n0);
    let n2 = n1;
    let n7 = n2 - n6;
    let n8 = exp_f32(n7);
    r1 = r1 + n8;
  }
  workgroupBarrier();
  f32s0[lane] = r1;
  for (var half = 8; half > 0; half /= 2) {
    workgroupBarrier();
    if (part < half) {
      r1 = r1 + f32s0[lane + half];
      f32s0[lane] = r1;
    }
  }
  workgroupBarrier();
  r1 = f32s0[lane - part];
  for (var k = part * 2; k < 64; k += 32) {
    var word0: u32;
    {
      let j = k;
      let n0 = A[at0 + j];
      let n1 = round_to_half(n0);
      let n2 = n1;
      let n7 = n2 - n6;
      let n8 = exp_f32(n7);
      let n10 = n8 / r1;
      let n11 = round_to_half(n10);
      word0 = to_half(n11);
    }
    {
      let j = k + 1;
      let n0 = A[at0 + j];
      let n1 = round_to_half(n0);
      let n2 = n1;
      let n7 = n2 - n6;
      let n8 = exp_f32(n7);
      let n10 = n8 / r1;
      let n11 = round_to_half(n10);
      word0 |= (to_half(n11)) << 16u;
      if (row < 10) { B[(at0 + j) / 2] = word0; }
    }
  }
}
