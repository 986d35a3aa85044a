import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { add, cumsum, type Tensor, zeros } from '../../index.js'
import { schedule, simplify } from '../../program.js'
import { trace } from '../../run/jit.js'
import { softwareTraits } from '../harness.testing.js'
import { executableOf } from './executable.js'
import { piecesOf } from './pieces.js'

test('an arena that a buffer can hold is one piece, with everything where it was', () => {
  assert.equal(piecesOf({ offsets: [0, -1, 512], bytes: 768 }, [300, 9, 256], 768), {
    homes: [{ piece: 0, offset: 0 }, undefined, { piece: 0, offset: 512 }],
    bytes: [768],
  })
  assert.equal(piecesOf({ offsets: [-1], bytes: 0 }, [4], 100), { homes: [undefined], bytes: [] })
})

test('a longer one is cut: nothing is longer than a piece, and what did not overlap does not', () => {
  const storages = fc.array(fc.record({ at: fc.nat(20), size: fc.integer({ min: 1, max: 8 }) }), { maxLength: 20 })
  fc.assert(
    fc.property(storages, fc.integer({ min: 8, max: 16 }), (all, most) => {
      const [offsets, sizes] = [all.map(({ at }) => at), all.map(({ size }) => size)]
      const bytes = Math.max(0, ...all.map(({ at, size }) => at + size))
      const pieces = piecesOf({ offsets, bytes }, sizes, most)
      assert.ok(pieces.bytes.every((one) => one <= most))
      const overlap = (i: number, j: number, at: (k: number) => number): boolean =>
        at(i) < at(j) + sizes[j]! && at(j) < at(i) + sizes[i]!
      for (let i = 0; i < all.length; i++) {
        const home = pieces.homes[i]!
        assert.ok(home.offset + sizes[i]! <= pieces.bytes[home.piece]!)
        for (let j = 0; j < i; j++) {
          const other = pieces.homes[j]!
          if (home.piece === other.piece && overlap(i, j, (k) => pieces.homes[k]!.offset))
            assert.ok(overlap(i, j, (k) => offsets[k]!))
        }
      }
    }),
  )
})

test('pieces of an odd length hold what begins where bindings may begin', () => {
  const rows = (x: Tensor): Tensor =>
    Array.from({ length: 8 }, (_, k) => cumsum(add(x, k))).reduce((sum, row) => add(sum, row))
  const program = simplify(trace(rows)(zeros([40])))
  const { arena, arenaBytes } = executableOf(schedule(program), { ...softwareTraits, bindingBytes: 1100 })
  assert.ok(arenaBytes > 1100)
  assert.equal(
    arena.homes.filter((home) => home !== undefined && home.offset % 256 !== 0),
    [],
  )
})

test.run()
