// special cumsum: cumsum[axis=0 reverse=false] f32[20000] -> f32[20000]

// workgroups 6 × 1 × 1
// cumsum, sums of blocks
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
var<workgroup> tile: array<f32, 3840>;
var<workgroup> sums: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let row = group / 6;
  let begin = group % 6 * 3840;
  let first = row * 20000;
  for (var i = lane; i < 3840; i += 256) {
    var x = f32();
    if (begin + i < 20000) { x = A[first + (begin + i)]; }
    tile[i] = x;
  }
  workgroupBarrier();
  var sum = f32();
  for (var i = lane * 15; i < lane * 15 + 15; i++) {
    sum += tile[i];
    tile[i] = sum;
  }
  sums[lane] = sum;
  workgroupBarrier();
  for (var far = 1; far < 256; far *= 2) {
    var other = f32();
    if (lane >= far) { other = sums[lane - far]; }
    workgroupBarrier();
    sums[lane] += other;
    workgroupBarrier();
  }
  if (lane == 0) { C[group] = sums[255]; }
}

// workgroups 1 × 1 × 1
// cumsum, before blocks
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
@group(0) @binding(3) var<storage, read_write> D: array<f32>;
var<workgroup> sums: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let start = group * 6 + min(lane, 6);
  let stop = group * 6 + min(lane + 1, 6);
  var sum = f32();
  for (var i = start; i < stop; i++) { sum += C[i]; }
  sums[lane] = sum;
  workgroupBarrier();
  for (var far = 1; far < 256; far *= 2) {
    var other = f32();
    if (lane >= far) { other = sums[lane - far]; }
    workgroupBarrier();
    sums[lane] += other;
    workgroupBarrier();
  }
  var before = f32();
  if (lane > 0) { before = sums[lane - 1]; }
  for (var i = start; i < stop; i++) {
    D[i] = before;
    before += C[i];
  }
}

// workgroups 6 × 1 × 1
// cumsum
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
@group(0) @binding(3) var<storage, read_write> D: array<f32>;
var<workgroup> tile: array<f32, 3840>;
var<workgroup> sums: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let row = group / 6;
  let begin = group % 6 * 3840;
  let first = row * 20000;
  for (var i = lane; i < 3840; i += 256) {
    var x = f32();
    if (begin + i < 20000) { x = A[first + (begin + i)]; }
    tile[i] = x;
  }
  workgroupBarrier();
  var sum = f32();
  for (var i = lane * 15; i < lane * 15 + 15; i++) {
    sum += tile[i];
    tile[i] = sum;
  }
  sums[lane] = sum;
  workgroupBarrier();
  for (var far = 1; far < 256; far *= 2) {
    var other = f32();
    if (lane >= far) { other = sums[lane - far]; }
    workgroupBarrier();
    sums[lane] += other;
    workgroupBarrier();
  }
  var before = D[group];
  if (lane > 0) { before += sums[lane - 1]; }
  for (var i = lane * 15; i < lane * 15 + 15; i++) { tile[i] += before; }
  workgroupBarrier();
  for (var i = lane; i < 3840; i += 256) {
    if (begin + i < 20000) { B[first + (begin + i)] = tile[i]; }
  }
}
