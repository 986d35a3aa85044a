// loop cast lt add select ge +3 grid[30,1] inner[] (a:f32[30], out b:i32[30])
//   n0:f32 = load a[g0]
//   n1:i32 = cast n0
//   n2:i32 = constant 0
//   n3:bool = lt n1 n2
//   n4:i32 = constant 10
//   n5:i32 = add n1 n4
//   n6:i32 = select n3 n5 n1
//   n7:bool = ge n6 n2
//   n8:bool = lt n6 n4
//   n9:bool = and n7 n8
//   n10:i32 = constant -1
//   n11:i32 = select n9 n6 n10
//   stage grid:
//     store b[g0] = n11

// workgroups 1 × 1 × 1
// cast lt add select ge +3
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<i32>;
// magnitude, is_nan, i32_of: see wgsl/
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  if (thread >= 30) { return; }
  let n0 = A[thread];
  let n1 = i32_of(n0);
  let n3 = n1 < 0i;
  let n5 = n1 + 10i;
  let n6 = select(n1, n5, n3);
  let n7 = n6 >= 0i;
  let n8 = n6 < 10i;
  let n9 = n7 && n8;
  let n11 = select((-1i), n6, n9);
  B[thread] = n11;
}

// special scatterAdd: scatterAdd[batch=0 size=10] f32[30,8] i32[30] -> f32[10,8]

// workgroups 1 × 1 × 1
// scatterAdd
@group(0) @binding(0) var<storage, read> A: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> B: array<i32>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4<f32>>;
fn element(i: i32) -> vec4<f32> {
  let row = i / 2;
  let batch = 0;
  var sum = vec4<f32>();
  for (var j = 0; j < 30; j++) {
    if (B[batch * 30 + j] != row % 10) { continue; }
    sum += A[(batch * 30 + j) * 2 + i % 2];
  }
  return sum;
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  if (thread >= 20) { return; }
  C[thread] = element(thread);
}

// loop add grid[10,8] inner[] (a:f32[80], b:f32[80], out c:f32[80])
//   n0:f32 = load a[8·g0 + g1]
//   n1:f32 = load b[8·g0 + g1]
//   n2:f32 = add n0 n1
//   stage grid:
//     store c[8·g0 + g1] = n2

// workgroups 2 × 1 × 1
// add
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read> B: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  if (thread >= 80) { return; }
  let n0 = A[thread];
  let n1 = B[thread];
  let n2 = n0 + n1;
  C[thread] = n2;
}
