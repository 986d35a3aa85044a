// contract dot f32 batch[] m[30] n[50] k[40] (a:f32[1200], b:f32[2000], out c:f32[1500])
//   c[50·m0 + n0] = Σ a[40·m0 + k0] · b[k0 + 40·n0]

// workgroups 26 × 1 × 1
// dot
@group(0) @binding(0) var<storage, read> A: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> B: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
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
  let column0Read = min(column0, 49);
  let right0 = 10 * column0Read;
  let column1Read = min(column1, 49);
  let right1 = 10 * column1Read;
  let column2Read = min(column2, 49);
  let right2 = 10 * column2Read;
  let column3Read = min(column3, 49);
  let right3 = 10 * column3Read;
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  for (var k0 = 0; k0 < 10; k0++) {
    let a0 = A[left0 + k0];
    let a1 = A[left1 + k0];
    let a2 = A[left2 + k0];
    let a3 = A[left3 + k0];
    let b0 = B[right0 + k0];
    let b1 = B[right1 + k0];
    let b2 = B[right2 + k0];
    let b3 = B[right3 + k0];
    let b_0 = vec4<f32>(b0.x, b1.x, b2.x, b3.x);
    sum0 += a0.x * b_0;
    sum1 += a1.x * b_0;
    sum2 += a2.x * b_0;
    sum3 += a3.x * b_0;
    let b_1 = vec4<f32>(b0.y, b1.y, b2.y, b3.y);
    sum0 += a0.y * b_1;
    sum1 += a1.y * b_1;
    sum2 += a2.y * b_1;
    sum3 += a3.y * b_1;
    let b_2 = vec4<f32>(b0.z, b1.z, b2.z, b3.z);
    sum0 += a0.z * b_2;
    sum1 += a1.z * b_2;
    sum2 += a2.z * b_2;
    sum3 += a3.z * b_2;
    let b_3 = vec4<f32>(b0.w, b1.w, b2.w, b3.w);
    sum0 += a0.w * b_3;
    sum1 += a1.w * b_3;
    sum2 += a2.w * b_3;
    sum3 += a3.w * b_3;
  }
  if (row0 < 30) {
    let row0Place = 50 * row0;
    if (column0 < 50) {
      C[row0Place + column0] = sum0.x;
    }
    if (column1 < 50) {
      C[row0Place + column1] = sum0.y;
    }
    if (column2 < 50) {
      C[row0Place + column2] = sum0.z;
    }
    if (column3 < 50) {
      C[row0Place + column3] = sum0.w;
    }
  }
  if (row1 < 30) {
    let row1Place = 50 * row1;
    if (column0 < 50) {
      C[row1Place + column0] = sum1.x;
    }
    if (column1 < 50) {
      C[row1Place + column1] = sum1.y;
    }
    if (column2 < 50) {
      C[row1Place + column2] = sum1.z;
    }
    if (column3 < 50) {
      C[row1Place + column3] = sum1.w;
    }
  }
  if (row2 < 30) {
    let row2Place = 50 * row2;
    if (column0 < 50) {
      C[row2Place + column0] = sum2.x;
    }
    if (column1 < 50) {
      C[row2Place + column1] = sum2.y;
    }
    if (column2 < 50) {
      C[row2Place + column2] = sum2.z;
    }
    if (column3 < 50) {
      C[row2Place + column3] = sum2.w;
    }
  }
  if (row3 < 30) {
    let row3Place = 50 * row3;
    if (column0 < 50) {
      C[row3Place + column0] = sum3.x;
    }
    if (column1 < 50) {
      C[row3Place + column1] = sum3.y;
    }
    if (column2 < 50) {
      C[row3Place + column2] = sum3.z;
    }
    if (column3 < 50) {
      C[row3Place + column3] = sum3.w;
    }
  }
}
