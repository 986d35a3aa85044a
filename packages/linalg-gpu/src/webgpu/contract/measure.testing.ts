/** GFLOP/s of contractions on the software adapter, in interleaved rounds: the tile that is chosen, the best of those that are worth
 *  measuring, and one sum a thread:
 *  `npx tsx --conditions=@neumann/source packages/linalg-gpu/src/webgpu/contract/measure.testing.ts [PART-OF-A-NAME [ROUNDS]]`. */

import type { Contract } from '../../kernel/kernel.js'
import { byFilter, byInput, type Convolution, flopsOf, forward, matmul } from '../../wasm/contract/cases.testing.js'
import { placesOf, softwareTraits, testDevice } from '../harness.testing.js'
import { contest } from '../tune/contest.js'
import { candidates } from './choose.js'
import { formOf } from './form.js'
import { renderContract } from './render.js'
import type { Tile } from './tile.js'

const square = (size: number): [string, Contract][] =>
  (['nn', 'nt', 'tn', 'tt'] as const).map((form) => [
    `square ${size} ${form}`,
    matmul(size, size, size, { a: form[0] as 'n', b: form[1] as 'n' }),
  ])
const image: Convolution = { images: 16, channels: 16, height: 8, width: 8, filters: 16, window: [3, 3], pad: 1 }

const cases: readonly (readonly [string, Contract])[] = [
  ...square(64),
  ...square(128),
  ...square(256),
  ['square 65 nn', matmul(65, 65, 65)],
  ['square 131 tn', matmul(131, 131, 131, { a: 't' })],
  ['batch 8 of 64x64x64', matmul(64, 64, 64, { batch: 8 })],
  ['conv forward', forward(image)],
  ['conv by input', byInput(image)],
  ['conv by filter', byFilter(image)],
  ['thin 128x256·256x10', matmul(128, 10, 256)],
  ['thin XᵀD 256x10 k=128', matmul(256, 10, 128, { a: 't' })],
  ['thin 50x784·784x50', matmul(50, 50, 784)],
  ['thin 614x8·8x50', matmul(614, 50, 8)],
  ['thin matrix·vector 512', matmul(512, 1, 512)],
  ['thin matrixᵀ·vector 512', matmul(512, 1, 512, { a: 't' })],
  ['thin vector·matrix 512', matmul(1, 512, 512)],
  ['thin dot 100000', matmul(1, 1, 100000)],
  ['thin outer 300x300', matmul(300, 300, 1)],
]

const naive: Tile = { kind: 'registers', height: 1, width: 1, threads: 64, parts: 1 }
const shown = (tile: Tile): string =>
  tile.kind === 'registers'
    ? `${tile.height}x${tile.width}, ${tile.threads} threads, ${tile.parts} parts`
    : `${tile.rows}x${tile.columns}x${tile.depth} by ${tile.height}x${tile.width}, ${tile.parts} parts`

const [part = '', rounds = '3'] = process.argv.slice(2)
const gpu = await testDevice()
console.log(`${'GFLOP/s'.padEnd(28)}  chosen    best   naive`)
for (const [name, kernel] of cases.filter(([name]) => name.includes(part))) {
  const site = { traits: softwareTraits, places: placesOf(kernel), gated: false }
  const tiles = [...candidates(formOf(kernel), softwareTraits), naive]
  const ways = tiles.map((tile) => renderContract(kernel, site, tile))
  const times = await contest(gpu, kernel, site, ways, { rounds: Number(rounds), least: 15 })
  const tried = times.slice(0, -1)
  const best = tried.indexOf(Math.min(...tried))
  const speed = (time: number): string => (flopsOf(kernel) / time / 1e6).toFixed(3).padStart(8)
  console.log(
    `${name.padEnd(28)}${speed(times[0]!)}${speed(times[best]!)}${speed(times.at(-1)!)}  ${shown(tiles[0]!)}; best ${shown(tiles[best]!)}`,
  )
}
