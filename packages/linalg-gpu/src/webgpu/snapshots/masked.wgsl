// loop gt mul select gt sum all grid[30] inner[50] (a:f32[1500], b:f32[1500], out c:f32[30], out d:bool[30])
//   n0:f32 = load a[50·g0 + i0]
//   n1:f32 = load b[50·g0 + i0]
//   n2:bool = gt n0 n1
//   n3:f32 = mul n0 n1
//   n4:f32 = constant 0
//   n5:f32 = select n2 n3 n4
//   n6:bool = gt n0 n4
//   n7:f32 = r0
//   n8:bool = r1
//   stage inner:
//     r0:f32 = sum n5
//     r1:bool = and n6
//   stage grid:
//     store c[g0] = n7
//     store d[g0] = n8

// workgroups 1 × 1 × 1
// gt mul select gt sum all
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read> B: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
@group(0) @binding(3) var<storage, read_write> D: array<u32>;
// magnitude, ordered, less: see wgsl/
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  if (thread >= 8) { return; }
  var word0 = 0u;
  for (var k = 0; k < min(4, 30 - thread * 4); k++) {
    let point = thread * 4 + k;
    let at0 = point * 50;
    var r0: f32 = 0.0f;
    var r1: bool = true;
    for (var j = 0; j < 50; j++) {
      let n0 = A[at0 + j];
      let n1 = B[at0 + j];
      let n2 = less(n1, n0);
      let n3 = n0 * n1;
      let n5 = select(0.0f, n3, n2);
      let n6 = less(0.0f, n0);
      r0 = r0 + n5;
      r1 = r1 && n6;
    }
    C[point] = r0;
    word0 |= (select(0u, 1u, r1)) << (u32(k) * 8u);
  }
  D[thread] = word0;
}
