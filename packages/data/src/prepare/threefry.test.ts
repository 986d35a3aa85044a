import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { threefry } from './threefry.js'

// the known answers of Random123, the authors' library (kat_vectors, threefry2x32 of 20 rounds)
for (const [counter, key, answer] of [
  [[0, 0], [0, 0], [0x6b200159, 0x99ba4efe]],
  [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], [0x1cb996fc, 0xbb002be7]],
  [[0x243f6a88, 0x85a308d3], [0x13198a2e, 0x03707344], [0xc4923a9c, 0x483df7a0]],
] as const) // biome-ignore format: a table
  test(`the known answer for the key ${key.map((word) => word.toString(16)).join(' ')}`, () => {
    assert.equal(threefry(key, counter), answer)
  })

test.run()
