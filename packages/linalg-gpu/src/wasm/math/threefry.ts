/** Threefry-2×32 with 20 rounds on four lanes: plain/threefry.ts, bit for bit. */

import { type Code, call, type Func, func, get, i32, i32x4, type Local, set, v128 } from '../assembler.js'

const rotations: readonly number[] = [13, 15, 26, 6, 17, 29, 16, 24]

let made: Func | undefined

/** (k0, k1, c0, c1: u32x4) → (u32x4, u32x4) */
export const threefry = (): Func => {
  made ??= func('threefry', ['v128', 'v128', 'v128', 'v128'], ['v128', 'v128'], ([k0, k1, x0, x1], local) => {
    const k2 = local('v128')
    const keys = [k0!, k1!, k2] as const
    const add = (to: Local, value: Code): Code => set(to, i32x4.add(get(to), value))
    const rotated = (x: Code, r: number): Code => v128.or(i32x4.shl(x, i32.const(r)), i32x4.shrU(x, i32.const(32 - r)))
    const steps: Code[] = [
      set(k2, v128.xor(v128.xor(get(k0!), get(k1!)), i32x4.const(0x1bd11bda))),
      add(x0!, get(k0!)),
      add(x1!, get(k1!)),
    ]
    for (let block = 1; block <= 5; block++) {
      for (let round = 0; round < 4; round++) {
        const r = rotations[(block % 2 === 1 ? 0 : 4) + round]!
        steps.push(add(x0!, get(x1!)), set(x1!, v128.xor(rotated(get(x1!), r), get(x0!))))
      }
      steps.push(add(x0!, get(keys[block % 3]!)))
      steps.push(add(x1!, i32x4.add(get(keys[(block + 1) % 3]!), i32x4.const(block))))
    }
    return [steps, get(x0!), get(x1!)]
  })
  return made
}

/** (word0, word1) ← threefry(k0, k1, c0, c1) */
export const setThreefry = (word0: Local, word1: Local, k0: Code, k1: Code, c0: Code, c1: Code): Code => [
  call(threefry(), k0, k1, c0, c1),
  set(word1, []),
  set(word0, []),
]
