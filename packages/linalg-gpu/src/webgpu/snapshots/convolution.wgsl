// contract conv f32 batch[2] m[4] n[10,10] k[8,3,3] (a:f32[288], b:f32[1600], out c:f32[800])
//   c[400·b0 + 100·m0 + 10·n0 + n1] = Σ a[72·m0 + 9·k0 + 3·k1 + k2] · b[800·b0 + 100·k0 + 10·k1 + k2 + 10·n0 + n1 − 11] where 0 ≤ k1 + n0 − 1 < 10, 0 ≤ k2 + n1 − 1 < 10

// workgroups 13 × 1 × 1
// conv
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read> B: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 4 + lane;
  if (thread >= 50) { return; }
  let across = thread;
  let row0 = 0;
  let row1 = 1;
  let row2 = 2;
  let row3 = 3;
  let left0 = 72 * row0;
  let left1 = 72 * row1;
  let left2 = 72 * row2;
  let left3 = 72 * row3;
  let column0 = 4 * across;
  let column1 = 4 * across + 1;
  let column2 = 4 * across + 2;
  let column3 = 4 * across + 3;
  let column0At0 = column0 % 10;
  let column0At1 = column0 / 10 % 10;
  let column0At2 = column0 / 100;
  let right0 = column0At0 + 10 * column0At1 + 800 * column0At2 - 11;
  let right0Edge0 = column0At1 - 1;
  let right0Edge1 = column0At0 - 1;
  let column1At0 = column1 % 10;
  let column1At1 = column1 / 10 % 10;
  let column1At2 = column1 / 100;
  let right1 = column1At0 + 10 * column1At1 + 800 * column1At2 - 11;
  let right1Edge0 = column1At1 - 1;
  let right1Edge1 = column1At0 - 1;
  let column2At0 = column2 % 10;
  let column2At1 = column2 / 10 % 10;
  let column2At2 = column2 / 100;
  let right2 = column2At0 + 10 * column2At1 + 800 * column2At2 - 11;
  let right2Edge0 = column2At1 - 1;
  let right2Edge1 = column2At0 - 1;
  let column3At0 = column3 % 10;
  let column3At1 = column3 / 10 % 10;
  let column3At2 = column3 / 100;
  let right3 = column3At0 + 10 * column3At1 + 800 * column3At2 - 11;
  let right3Edge0 = column3At1 - 1;
  let right3Edge1 = column3At0 - 1;
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  for (var k2 = 0; k2 < 3; k2++) {
    let leftMoved2 = 3 * k2;
    let rightMoved2 = 10 * k2;
    for (var k1 = 0; k1 < 3; k1++) {
      let leftMoved1 = leftMoved2 + k1;
      let rightMoved1 = rightMoved2 + k1;
      let right0Inside = u32(right0Edge0 + k2) < 10u && u32(right0Edge1 + k1) < 10u;
      let right0From = select(0, right0 + rightMoved1, right0Inside);
      let right1Inside = u32(right1Edge0 + k2) < 10u && u32(right1Edge1 + k1) < 10u;
      let right1From = select(0, right1 + rightMoved1, right1Inside);
      let right2Inside = u32(right2Edge0 + k2) < 10u && u32(right2Edge1 + k1) < 10u;
      let right2From = select(0, right2 + rightMoved1, right2Inside);
      let right3Inside = u32(right3Edge0 + k2) < 10u && u32(right3Edge1 + k1) < 10u;
      let right3From = select(0, right3 + rightMoved1, right3Inside);
      for (var k0 = 0; k0 < 8; k0++) {
        let a0 = A[left0 + leftMoved1 + 9 * k0];
        let a1 = A[left1 + leftMoved1 + 9 * k0];
        let a2 = A[left2 + leftMoved1 + 9 * k0];
        let a3 = A[left3 + leftMoved1 + 9 * k0];
        let b = vec4<f32>(select(f32(0), B[right0From + 100 * k0], right0Inside), select(f32(0), B[right1From + 100 * k0], right1Inside), select(f32(0), B[right2From + 100 * k0], right2Inside), select(f32(0), B[right3From + 100 * k0], right3Inside));
        sum0 += a0 * b;
        sum1 += a1 * b;
        sum2 += a2 * b;
        sum3 += a3 * b;
      }
    }
  }
  let column0Place = column0At0 + 10 * column0At1 + 400 * column0At2;
  let column1Place = column1At0 + 10 * column1At1 + 400 * column1At2;
  let column2Place = column2At0 + 10 * column2At1 + 400 * column2At2;
  let column3Place = column3At0 + 10 * column3At1 + 400 * column3At2;
  let row0Place = 100 * row0;
  C[row0Place + column0Place] = sum0.x;
  C[row0Place + column1Place] = sum0.y;
  C[row0Place + column2Place] = sum0.z;
  C[row0Place + column3Place] = sum0.w;
  let row1Place = 100 * row1;
  C[row1Place + column0Place] = sum1.x;
  C[row1Place + column1Place] = sum1.y;
  C[row1Place + column2Place] = sum1.z;
  C[row1Place + column3Place] = sum1.w;
  let row2Place = 100 * row2;
  C[row2Place + column0Place] = sum2.x;
  C[row2Place + column1Place] = sum2.y;
  C[row2Place + column2Place] = sum2.z;
  C[row2Place + column3Place] = sum2.w;
  let row3Place = 100 * row3;
  C[row3Place + column0Place] = sum3.x;
  C[row3Place + column1Place] = sum3.y;
  C[row3Place + column2Place] = sum3.z;
  C[row3Place + column3Place] = sum3.w;
}
