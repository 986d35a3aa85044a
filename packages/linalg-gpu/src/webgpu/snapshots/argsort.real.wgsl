// special argsort: argsort[axis=0 descending=true] f32[3000] -> i32[3000]

// workgroups 2 × 1 × 1
// argsort, runs of 2048
@group(0) @binding(0) var<storage, read> A: array<u32>;
@group(0) @binding(2) var<storage, read_write> C: array<vec2<u32>>;
fn key(bits: u32) -> u32 {
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return 0xffffffffu; }
  if (magnitude == 0u) { return ~0x80000000u; }
  return ~select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}
var<workgroup> keys: array<u32, 2048>;
var<workgroup> places: array<u32, 2048>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let row = group / 2;
  let begin = group % 2 * 2048;
  let first = row * 3000;
  for (var i = lane; i < 2048; i += 256) {
    let place = begin + i;
    // what is beyond the row goes last
    keys[i] = 0xffffffffu;
    places[i] = u32(place);
    if (place < 3000) { keys[i] = key(A[first + place]); }
  }
  for (var width = 2; width <= 2048; width *= 2) {
    for (var far = width / 2; far > 0; far /= 2) {
      workgroupBarrier();
      for (var i = lane; i < 1024; i += 256) {
        let low = i / far * far * 2 + i % far;
        let high = low + far;
        let upward = (low & width) == 0;
        let after = keys[low] > keys[high] || (keys[low] == keys[high] && places[low] > places[high]);
        if (after == upward) {
          let was = vec2<u32>(keys[low], places[low]);
          keys[low] = keys[high];
          places[low] = places[high];
          keys[high] = was.x;
          places[high] = was.y;
        }
      }
    }
  }
  workgroupBarrier();
  for (var i = lane; i < 2048; i += 256) {
    let to = begin + i;
    if (to < 3000) {
      let pair = vec2<u32>(keys[i], places[i]);
      C[row * 3000 + to] = pair;
    }
  }
}

// workgroups 47 × 1 × 1
// argsort, runs of 4096
@group(0) @binding(1) var<storage, read_write> B: array<i32>;
@group(0) @binding(2) var<storage, read_write> C: array<vec2<u32>>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = i32(workgroup.x);
  let lane = i32(local);
  let thread = group * 64 + lane;
  if (thread >= 3000) { return; }
  let row = thread / 3000;
  let place = thread % 3000;
  let both = place / 4096 * 4096;
  let later = place - both >= 2048;
  let own = C[thread];
  // how many of the other run go before it
  let base = row * 3000 + both + select(2048, 0, later);
  var least = 0;
  var most = select(clamp(3000 - both - 2048, 0, 2048), 2048, later);
  while (least < most) {
    let middle = (least + most) / 2;
    let other = C[base + middle].x;
    if (other < own.x || (later && other == own.x)) { least = middle + 1; } else { most = middle; }
  }
  let to = place - select(0, 2048, later) + least;
  let pair = own;
  B[row * 3000 + to] = i32(pair.y);
}
