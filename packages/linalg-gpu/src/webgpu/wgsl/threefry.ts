/** Threefry-2x32 with 20 rounds: plain/threefry.ts, bit for bit. */

const rotations: readonly number[] = [13, 15, 26, 6, 17, 29, 16, 24]

const block = (n: number): string => {
  const first = n % 2 === 1 ? 0 : 4
  const rounds = rotations.slice(first, first + 4).map(
    (r) => `
  x.x += x.y;
  x.y = ((x.y << ${r}u) | (x.y >> ${32 - r}u)) ^ x.x;`,
  )
  const key = (i: number): string => `k.${'xyz'[i % 3]}`
  return `${rounds.join('')}
  x += vec2<u32>(${key(n)}, ${key(n + 1)} + ${n}u);`
}

export const threefryText = {
  threefry_2x32: `
fn threefry_2x32(k0: u32, k1: u32, c0: u32, c1: u32) -> vec2<u32> {
  let k = vec3<u32>(k0, k1, k0 ^ k1 ^ 0x1bd11bdau);
  var x = vec2<u32>(c0 + k0, c1 + k1);${[1, 2, 3, 4, 5].map(block).join('')}
  return x;
}`,
} as const
