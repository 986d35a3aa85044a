// loop mul add relu gt grid[200,100] inner[] (a:f32[20000], b:f32[20000], c:f32[100], out d:f32[20000], out e:bool[20000])
//   n0:f32 = load a[100·g0 + g1]
//   n1:f32 = load b[100·g0 + g1]
//   n2:f32 = mul n0 n1
//   n3:f32 = load c[g1]
//   n4:f32 = add n2 n3
//   n5:f32 = relu n4
//   n6:bool = gt n0 n1
//   stage grid:
//     store d[100·g0 + g1] = n5
//     store e[100·g0 + g1] = n6

// workgroups 79 × 1 × 1
// mul add relu gt
@group(0) @binding(0) var<storage, read> A: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> B: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> C: array<f32>;
@group(0) @binding(3) var<storage, read_write> D: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> E: array<u32>;
// magnitude, or_bits, ordered, less, relu_f32: see wgsl/
struct Point { x0: f32, x1: u32 }
fn compute(point: i32, n0: f32, n1: f32) -> Point {
  let n2 = n0 * n1;
  let i1 = point % 100;
  let n3 = C[i1];
  let n4 = n2 + n3;
  let n5 = relu_f32(n4);
  let n6 = less(n1, n0);
  return Point(n5, select(0u, 1u, n6));
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  if (thread >= 5000) { return; }
  let v0 = A[thread];
  let v1 = B[thread];
  let p0 = compute(thread * 4, v0.x, v1.x);
  let p1 = compute(thread * 4 + 1, v0.y, v1.y);
  let p2 = compute(thread * 4 + 2, v0.z, v1.z);
  let p3 = compute(thread * 4 + 3, v0.w, v1.w);
  D[thread] = vec4<f32>(p0.x0, p1.x0, p2.x0, p3.x0);
  E[thread] = p0.x1 | (p1.x1 << 8u) | (p2.x1 << 16u) | (p3.x1 << 24u);
}
