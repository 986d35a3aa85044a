// loop sum div sub square sum +6 grid[32] inner[256] (a:f32[8192], b:f32[256], c:f32[256], out d:f32[8192])
//   n0:f32 = load a[256·g0 + i0]
//   n1:f32 = r0
//   n2:f32 = constant 256
//   n3:f32 = div n1 n2
//   n4:f32 = sub n0 n3
//   n5:f32 = square n4
//   n6:f32 = r1
//   n7:f32 = div n6 n2
//   n8:f32 = constant 0.00001
//   n9:f32 = add n7 n8
//   n10:f32 = rsqrt n9
//   n11:f32 = mul n4 n10
//   n12:f32 = load b[i0]
//   n13:f32 = mul n11 n12
//   n14:f32 = load c[i0]
//   n15:f32 = add n13 n14
//   stage inner:
//     r0:f32 = sum n0
//   stage inner:
//     r1:f32 = sum n5
//   stage inner:
//     store d[256·g0 + i0] = n15

// workgroups 1 × 1 × 1
// sum div sub square sum +6
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read> B: array<f32>;
@group(0) @binding(2) var<storage, read> C: array<f32>;
@group(0) @binding(3) var<storage, read_write> D: array<f32>;
// kept, or_bits, rsqrt_f32: see wgsl/
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  if (thread >= 32) { return; }
  let at0 = thread * 256;
  var r0: f32 = 0.0f;
  for (var block_j = 0; block_j < 256; block_j += 128) {
    var part0: f32 = 0.0f;
    for (var j = block_j; j < block_j + 128; j++) {
      let n0 = A[at0 + j];
      part0 = part0 + n0;
    }
    r0 = r0 + part0;
  }
  let n3 = r0 / 256.0f;
  var r1: f32 = 0.0f;
  for (var block_j = 0; block_j < 256; block_j += 128) {
    var part1: f32 = 0.0f;
    for (var j = block_j; j < block_j + 128; j++) {
      let n0 = A[at0 + j];
      let n4 = n0 - n3;
      let n5 = n4 * n4;
      part1 = part1 + n5;
    }
    r1 = r1 + part1;
  }
  let n7 = r1 / 256.0f;
  let n9 = n7 + 0.00001f;
  let n10 = rsqrt_f32(n9);
  for (var j = 0; j < 256; j++) {
    let n0 = A[at0 + j];
    let n4 = n0 - n3;
    let n11 = n4 * n10;
    let n12 = B[j];
    let n13 = kept(n11) * n12;
    let n14 = C[j];
    let n15 = n13 + n14;
    D[at0 + j] = n15;
  }
}
