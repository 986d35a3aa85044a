// special cholesky: cholesky f32[5,40,40] -> f32[5,40,40]

// workgroups 5 × 1 × 1
// cholesky
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
// float_of: see wgsl/
var<workgroup> pivot: f32;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let unit = group;
  let base = unit * 1600;
  var failed = false;
  for (var i = 0; i < 40; i++) {
    for (var j = i + lane; j < 40; j += 64) {
      var sum = 0.5f * A[base + i * 40 + j] + 0.5f * A[base + j * 40 + i];
      for (var p = 0; p < i; p++) { sum -= B[base + i * 40 + p] * B[base + j * 40 + p]; }
      if (j == i) { pivot = sum; } else { B[base + j * 40 + i] = sum; }
    }
    workgroupBarrier(); storageBarrier();
    // a positive number, and a finite one
    let bits = bitcast<u32>(pivot);
    if (bits == 0u || bits >= 0x7f800000u) { failed = true; }
    let root = sqrt(pivot);
    for (var j = i + lane; j < 40; j += 64) {
      if (j == i) { B[base + i * 40 + i] = root; continue; }
      B[base + j * 40 + i] = B[base + j * 40 + i] / root;
      B[base + i * 40 + j] = 0f;
    }
    workgroupBarrier(); storageBarrier();
  }
  if (failed) {
    for (var i = lane; i < 1600; i += 64) { B[base + i] = float_of(0x7fc00000u); }
  }
}
