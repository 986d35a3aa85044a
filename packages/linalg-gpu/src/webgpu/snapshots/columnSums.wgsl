// loop mul sum grid[64] inner[3000] (a:f32[192000], out b:f32[64])
//   n0:f32 = load a[g0 + 64·i0]
//   n1:f32 = mul n0 n0
//   n2:f32 = r0
//   stage inner:
//     r0:f32 = sum n1
//   stage grid:
//     store b[g0] = n2

// workgroups 1 × 1 × 1
// mul sum
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  var r0: f32 = 0.0f;
  for (var block_k = 0; block_k < 3000; block_k += 512) {
    var lanes0 = vec4<f32>(0.0f);
    for (var k = block_k; k < min(block_k + 512, 3000); k += 4) {
      {
        let j = k;
        let n0 = A[thread + j * 64];
        let n1 = n0 * n0;
        lanes0.x = lanes0.x + n1;
      }
      {
        let j = k + 1;
        let n0 = A[thread + j * 64];
        let n1 = n0 * n0;
        lanes0.y = lanes0.y + n1;
      }
      {
        let j = k + 2;
        let n0 = A[thread + j * 64];
        let n1 = n0 * n0;
        lanes0.z = lanes0.z + n1;
      }
      {
        let j = k + 3;
        let n0 = A[thread + j * 64];
        let n1 = n0 * n0;
        lanes0.w = lanes0.w + n1;
      }
    }
    r0 = r0 + ((lanes0.x + lanes0.y) + (lanes0.z + lanes0.w));
  }
  B[thread] = r0;
}
