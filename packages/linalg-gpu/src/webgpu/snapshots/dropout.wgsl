// loop copy grid[1] inner[] (out a:u32[2])
//   n0:u32 = constant 0
//   stage grid:
//     store a[g0] = n0

// workgroups 1 × 1 × 1
// copy
@group(0) @binding(0) var<storage, read_write> A: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  if (thread >= 1) { return; }
  A[0] = 0u;
}

// loop copy grid[1] inner[] (out a:u32[2])
//   n0:u32 = constant 7
//   stage grid:
//     store a[g0 + 1] = n0

// workgroups 1 × 1 × 1
// copy
@group(0) @binding(0) var<storage, read_write> A: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  if (thread >= 1) { return; }
  A[1] = 7u;
}

// loop threefry threefry xor shr or +5 grid[50,21] inner[] (a:u32[2], b:f32[1050], out c:f32[1050])
//   n0:u32 = load a[0]
//   n1:u32 = load a[1]
//   n2:u32 = constant 0
//   n3:u32 = index 21·g0 + g1
//   n4:u32 = threefry[word=0] n0 n1 n2 n3
//   n5:u32 = threefry[word=1] n0 n1 n2 n3
//   n6:u32 = xor n4 n5
//   n7:u32 = constant 9
//   n8:u32 = shr n6 n7
//   n9:u32 = constant 1065353216
//   n10:u32 = or n8 n9
//   n11:f32 = bitcast n10
//   n12:f32 = constant 1
//   n13:f32 = sub n11 n12
//   n14:f32 = constant 0.9
//   n15:bool = lt n13 n14
//   n16:f32 = load b[21·g0 + g1]
//   n17:f32 = div n16 n14
//   n18:f32 = constant 0
//   n19:f32 = select n15 n17 n18
//   stage grid:
//     store c[21·g0 + g1] = n19

// workgroups 17 × 1 × 1
// threefry threefry xor shr or +5
@group(0) @binding(0) var<storage, read> A: array<u32>;
@group(0) @binding(1) var<storage, read> B: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
// magnitude, ordered, less, shr_u32, threefry_2x32: see wgsl/
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  if (thread >= 1050) { return; }
  let n0 = A[0];
  let n1 = A[1];
  let n3 = u32(thread);
  let n2 = 0u;
  let words4 = threefry_2x32(n0, n1, n2, n3);
  let n6 = words4.x ^ words4.y;
  let n7 = 9u;
  let n8 = shr_u32(n6, n7);
  let n10 = n8 | 1065353216u;
  let n11 = bitcast<f32>(n10);
  let n13 = n11 - 1.0f;
  let n15 = less(n13, 0.9f);
  let n16 = B[thread];
  let n17 = n16 / 0.9f;
  let n19 = select(0.0f, n17, n15);
  C[thread] = n19;
}
