// contract dot f32 batch[] m[300] n[500] k[400] (a:f32[120000], b:f32[200000], out c:f32[150000])
//   c[500·m0 + n0] = Σ a[400·m0 + k0] · b[k0 + 400·n0]

// workgroups 160 × 1 × 1
// dot
@group(0) @binding(0) var<storage, read> A: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> B: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4<f32>>;
var<workgroup> lefts: array<vec4<f32>, 144>;
var<workgroup> rights: array<vec4<f32>, 144>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let column = 32 * (group % 16);
  let row = 32 * (group / 16);
  let first = 0;
  let last = 400;
  let across = lane % 8;
  let down = lane / 8;
  let leftFast = lane % 4;
  let leftSlow = lane / 4;
  let left0xAt = min(row + 4 * leftSlow, 299);
  let left0x = 100 * left0xAt;
  let left0yAt = min(row + 4 * leftSlow + 1, 299);
  let left0y = 100 * left0yAt;
  let left0zAt = min(row + 4 * leftSlow + 2, 299);
  let left0z = 100 * left0zAt;
  let left0wAt = min(row + 4 * leftSlow + 3, 299);
  let left0w = 100 * left0wAt;
  var leftHeld0x = vec4<f32>();
  var leftHeld0y = vec4<f32>();
  var leftHeld0z = vec4<f32>();
  var leftHeld0w = vec4<f32>();
  let rightFast = lane % 4;
  let rightSlow = lane / 4;
  let right0xAt = min(column + 4 * rightSlow, 499);
  let right0x = 100 * right0xAt;
  let right0yAt = min(column + 4 * rightSlow + 1, 499);
  let right0y = 100 * right0yAt;
  let right0zAt = min(column + 4 * rightSlow + 2, 499);
  let right0z = 100 * right0zAt;
  let right0wAt = min(column + 4 * rightSlow + 3, 499);
  let right0w = 100 * right0wAt;
  var rightHeld0x = vec4<f32>();
  var rightHeld0y = vec4<f32>();
  var rightHeld0z = vec4<f32>();
  var rightHeld0w = vec4<f32>();
  var total0 = vec4<f32>();
  var total1 = vec4<f32>();
  var total2 = vec4<f32>();
  var total3 = vec4<f32>();
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  for (var k = first - 16; k < last; k += 16) {
    let next = k + 16;
    if (next < last) {
      if (lane < 32) {
        let leftK0 = next + 4 * leftFast;
        let leftK0Place = leftK0 / 4;
        leftHeld0x = A[left0x + leftK0Place];
        leftHeld0y = A[left0y + leftK0Place];
        leftHeld0z = A[left0z + leftK0Place];
        leftHeld0w = A[left0w + leftK0Place];
      }
      if (lane < 32) {
        let rightK0 = next + 4 * rightFast;
        let rightK0Place = rightK0 / 4;
        rightHeld0x = B[right0x + rightK0Place];
        rightHeld0y = B[right0y + rightK0Place];
        rightHeld0z = B[right0z + rightK0Place];
        rightHeld0w = B[right0w + rightK0Place];
      }
    }
    if (k >= first) {
      for (var kk = 0; kk < 16; kk++) {
        let a0 = lefts[9 * kk + down];
        let b0 = rights[9 * kk + across];
        sum0 += a0.x * b0;
        sum1 += a0.y * b0;
        sum2 += a0.z * b0;
        sum3 += a0.w * b0;
      }
    }
    if ((next - first) % 64 == 0) {
      total0 += sum0;
      sum0 = vec4<f32>();
      total1 += sum1;
      sum1 = vec4<f32>();
      total2 += sum2;
      sum2 = vec4<f32>();
      total3 += sum3;
      sum3 = vec4<f32>();
    }
    workgroupBarrier();
    if (next < last) {
      if (lane < 32) {
        lefts[36 * leftFast + leftSlow] = vec4<f32>(leftHeld0x.x, leftHeld0y.x, leftHeld0z.x, leftHeld0w.x);
        lefts[36 * leftFast + leftSlow + 9] = vec4<f32>(leftHeld0x.y, leftHeld0y.y, leftHeld0z.y, leftHeld0w.y);
        lefts[36 * leftFast + leftSlow + 18] = vec4<f32>(leftHeld0x.z, leftHeld0y.z, leftHeld0z.z, leftHeld0w.z);
        lefts[36 * leftFast + leftSlow + 27] = vec4<f32>(leftHeld0x.w, leftHeld0y.w, leftHeld0z.w, leftHeld0w.w);
      }
      if (lane < 32) {
        rights[36 * rightFast + rightSlow] = vec4<f32>(rightHeld0x.x, rightHeld0y.x, rightHeld0z.x, rightHeld0w.x);
        rights[36 * rightFast + rightSlow + 9] = vec4<f32>(rightHeld0x.y, rightHeld0y.y, rightHeld0z.y, rightHeld0w.y);
        rights[36 * rightFast + rightSlow + 18] = vec4<f32>(rightHeld0x.z, rightHeld0y.z, rightHeld0z.z, rightHeld0w.z);
        rights[36 * rightFast + rightSlow + 27] = vec4<f32>(rightHeld0x.w, rightHeld0y.w, rightHeld0z.w, rightHeld0w.w);
      }
    }
    workgroupBarrier();
  }
  total0 += sum0;
  total1 += sum1;
  total2 += sum2;
  total3 += sum3;
  let row0 = row + 4 * down;
  let row1 = row + 4 * down + 1;
  let row2 = row + 4 * down + 2;
  let row3 = row + 4 * down + 3;
  let column0 = column + 4 * across;
  let column1 = column + 4 * across + 1;
  let column2 = column + 4 * across + 2;
  let column3 = column + 4 * across + 3;
  let column0Place = column0 / 4;
  if (row0 < 300) {
    let row0Place = 125 * row0;
    if (column0 < 500) {
      C[row0Place + column0Place] = total0;
    }
  }
  if (row1 < 300) {
    let row1Place = 125 * row1;
    if (column0 < 500) {
      C[row1Place + column0Place] = total1;
    }
  }
  if (row2 < 300) {
    let row2Place = 125 * row2;
    if (column0 < 500) {
      C[row2Place + column0Place] = total2;
    }
  }
  if (row3 < 300) {
    let row3Place = 125 * row3;
    if (column0 < 500) {
      C[row3Place + column0Place] = total3;
    }
  }
}
