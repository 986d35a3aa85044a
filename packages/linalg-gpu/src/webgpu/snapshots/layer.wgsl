// contract dot add relu f32 batch[] m[30] n[52] k[40] (a:f32[1200], b:f32[2080], out c:f32[1560], d:f32[52])
//   r0:f32 = Σ a[40·m0 + k0] · b[52·k0 + n0]
//   n0:f32 = r0
//   n1:f32 = load d[n0]
//   n2:f32 = add n0 n1
//   n3:f32 = relu n2
//   store c[52·m0 + n0] = n3

// workgroups 26 × 1 × 1
// dot add relu
@group(0) @binding(0) var<storage, read> A: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> B: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> D: array<vec4<f32>>;
// or_bits, relu_f32: see wgsl/
fn finish(r0: f32, x1: f32) -> f32 {
  let n2 = r0 + x1;
  let n3 = relu_f32(n2);
  return n3;
}
@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 4 + lane;
  let across = thread % 13;
  let down = thread / 13;
  let row0 = 4 * down;
  let row1 = 4 * down + 1;
  let row2 = 4 * down + 2;
  let row3 = 4 * down + 3;
  let row0Read = min(row0, 29);
  let left0 = 10 * row0Read;
  let row1Read = min(row1, 29);
  let left1 = 10 * row1Read;
  let row2Read = min(row2, 29);
  let left2 = 10 * row2Read;
  let row3Read = min(row3, 29);
  let left3 = 10 * row3Read;
  let column0 = 4 * across;
  let column1 = 4 * across + 1;
  let column2 = 4 * across + 2;
  let column3 = 4 * across + 3;
  let right0 = column0 / 4;
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  for (var k0 = 0; k0 < 10; k0++) {
    let a0 = A[left0 + k0];
    let a1 = A[left1 + k0];
    let a2 = A[left2 + k0];
    let a3 = A[left3 + k0];
    let b_0 = B[right0 + 52 * k0];
    sum0 += a0.x * b_0;
    sum1 += a1.x * b_0;
    sum2 += a2.x * b_0;
    sum3 += a3.x * b_0;
    let b_1 = B[right0 + 52 * k0 + 13];
    sum0 += a0.y * b_1;
    sum1 += a1.y * b_1;
    sum2 += a2.y * b_1;
    sum3 += a3.y * b_1;
    let b_2 = B[right0 + 52 * k0 + 26];
    sum0 += a0.z * b_2;
    sum1 += a1.z * b_2;
    sum2 += a2.z * b_2;
    sum3 += a3.z * b_2;
    let b_3 = B[right0 + 52 * k0 + 39];
    sum0 += a0.w * b_3;
    sum1 += a1.w * b_3;
    sum2 += a2.w * b_3;
    sum3 += a3.w * b_3;
  }
  let column0Place = column0 / 4;
  let column0Place0 = column0 / 4;
  if (row0 < 30) {
    let row0Place = 13 * row0;
    {
      let row0column0X0 = D[column0Place0];
      C[row0Place + column0Place] = vec4<f32>(finish(sum0.x, row0column0X0.x), finish(sum0.y, row0column0X0.y), finish(sum0.z, row0column0X0.z), finish(sum0.w, row0column0X0.w));
    }
  }
  if (row1 < 30) {
    let row1Place = 13 * row1;
    {
      let row1column0X0 = D[column0Place0];
      C[row1Place + column0Place] = vec4<f32>(finish(sum1.x, row1column0X0.x), finish(sum1.y, row1column0X0.y), finish(sum1.z, row1column0X0.z), finish(sum1.w, row1column0X0.w));
    }
  }
  if (row2 < 30) {
    let row2Place = 13 * row2;
    {
      let row2column0X0 = D[column0Place0];
      C[row2Place + column0Place] = vec4<f32>(finish(sum2.x, row2column0X0.x), finish(sum2.y, row2column0X0.y), finish(sum2.z, row2column0X0.z), finish(sum2.w, row2column0X0.w));
    }
  }
  if (row3 < 30) {
    let row3Place = 13 * row3;
    {
      let row3column0X0 = D[column0Place0];
      C[row3Place + column0Place] = vec4<f32>(finish(sum3.x, row3column0X0.x), finish(sum3.y, row3column0X0.y), finish(sum3.z, row3column0X0.z), finish(sum3.w, row3column0X0.w));
    }
  }
}
