/** GFLOP/s of contractions, the least time of interleaved rounds:
 *  `npx tsx --conditions=@neumann/source packages/linalg-gpu/src/wasm/contract/measure.testing.ts [PART-OF-A-NAME [ROUNDS]]`. */

import v8 from 'node:v8'
import type { Contract } from '../../kernel/kernel.js'
import { load } from '../harness.testing.js'
import { byFilter, byInput, type Convolution, flopsOf, forward, matmul } from './cases.testing.js'
import { lowerContract } from './lower.js'

v8.setFlagsFromString('--experimental-wasm-relaxed-simd')

const square = (size: number): [string, Contract][] =>
  (['nn', 'nt', 'tn', 'tt', 'nnT'] as const).map((form) => [
    `square ${size} ${form}`,
    matmul(size, size, size, { a: form[0] as 'n', b: form[1] as 'n', out: form[2] === 'T' ? 't' : 'n' }),
  ])
const directions = (name: string, c: Convolution, which = 'fbw'): [string, Contract][] =>
  (
    [
      [`conv ${name} forward`, forward(c)],
      [`conv ${name} by input`, byInput(c)],
      [`conv ${name} by filter`, byFilter(c)],
    ] as [string, Contract][]
  ).filter((_, i) => which.includes('fbw'[i]!))
const image = (channels: number, size: number, filters: number, window: number, images = 8): Convolution => ({
  images,
  channels,
  height: size,
  width: size,
  filters,
  window: [window, window],
  pad: window >> 1,
})

const cases: readonly (readonly [string, Contract])[] = [
  ...square(512),
  ...square(1024),
  ['square 512 f64', matmul(512, 512, 512, { dtype: 'f64' })],
  ['square 512 i32', matmul(512, 512, 512, { dtype: 'i32' })],
  ...square(128),
  ...square(64),
  ['mlp 128x784·784x256', matmul(128, 256, 784)],
  ['mlp XᵀD 784x256 k=128', matmul(784, 256, 128, { a: 't' })],
  ['mlp D·Wᵀ 128x784 k=256', matmul(128, 784, 256, { b: 't' })],
  ['thin 128x256·256x10', matmul(128, 10, 256)],
  ['thin HᵀD 256x10 k=128', matmul(256, 10, 128, { a: 't' })],
  ['thin XᵀD 1024x64 k=1024', matmul(1024, 64, 1024, { a: 't' })],
  ['thin XᵀD 784x32 k=128', matmul(784, 32, 128, { a: 't' })],
  ['thin XᵀD 784x16 k=128', matmul(784, 16, 128, { a: 't' })],
  ['thin XᵀD 1024x8 k=1024', matmul(1024, 8, 1024, { a: 't' })],
  ['thin D·Wᵀ 128x256 k=10', matmul(128, 256, 10, { b: 't' })],
  ['thin 614x8·8x50', matmul(614, 50, 8)],
  ['thin 50x784·784x50', matmul(50, 50, 784)],
  ['thin 8x1024·1024x1024', matmul(8, 1024, 1024)],
  ['thin 8x1024·(1024x1024)ᵀ', matmul(8, 1024, 1024, { b: 't' })],
  ['thin 1024x1024·1024x8', matmul(1024, 8, 1024)],
  ['thin matrix·vector 1024', matmul(1024, 1, 1024)],
  ['thin matrixᵀ·vector 1024', matmul(1024, 1, 1024, { a: 't' })],
  ['thin vector·matrix 1024', matmul(1, 1024, 1024)],
  ['thin matrix·vector 256', matmul(256, 1, 256)],
  ['thin matrixᵀ·vector 256', matmul(256, 1, 256, { a: 't' })],
  ['thin dot 100000', matmul(1, 1, 100000)],
  ['thin outer 1000x1000', matmul(1000, 1000, 1)],
  ['batch 200 of 16x16x16', matmul(16, 16, 16, { batch: 200 })],
  ['batch 200 of 8x8x8', matmul(8, 8, 8, { batch: 200 })],
  ['batch 200 of 10x32x32 nt', matmul(10, 32, 32, { batch: 200, b: 't' })],
  ['batch 64 of 64x64x64 tn', matmul(64, 64, 64, { batch: 64, a: 't' })],
  ...directions('small 3→16 32x32', image(3, 32, 16, 3, 32)),
  ...directions('small 8→16 28x28', image(8, 28, 16, 3, 32), 'fb'),
  ...directions('small 8→16 14x14', image(8, 14, 16, 3, 32), 'fb'),
  ...directions('small 8→16 7x7', image(8, 7, 16, 3, 32), 'fb'),
  ...directions('64→64 28x28', image(64, 28, 64, 3), 'f'),
  ...directions('128→128 14x14', image(128, 14, 128, 3), 'f'),
  ...directions('64→64 32x32', image(64, 32, 64, 3)),
  ...directions('128→128 16x16', image(128, 16, 128, 3)),
  ...directions('64→128 32x32 stride 2', { ...image(64, 32, 128, 3), stride: 2 }, 'fw'),
  ...directions('64→128 1x1 32x32', image(64, 32, 128, 1)),
  ...directions('512→512 4x4', image(512, 4, 512, 3)),
  ...directions('256→256 7x7', image(256, 7, 256, 3)),
]

const [part = '', rounds = '7'] = process.argv.slice(2)
const f32 = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i))
const made = cases
  .filter(([name]) => name.includes(part))
  .map(([name, kernel]) => {
    const operands = kernel.operands.map(({ size, dtype }) =>
      dtype === 'f64' ? Float64Array.from(f32(size)) : dtype === 'i32' ? Int32Array.from(f32(size)) : f32(size),
    )
    const flops = flopsOf(kernel)
    const repeat = Math.max(1, Math.floor(3e7 / flops))
    const runs = [false, true].map((relaxed) => {
      const lowered = lowerContract(kernel, { relaxed })
      const { units } = lowered
      return {
        units,
        scratch: lowered.scratch,
        words: lowered.words.length,
        ...load(lowered, operands),
        best: Infinity,
      }
    })
    return { name, flops, repeat, runs }
  })
for (let round = -2; round < Number(rounds); round++)
  for (const { runs, repeat } of made)
    for (const run of runs) {
      const start = process.hrtime.bigint()
      for (let i = 0; i < repeat; i++) run.run()
      const time = Number(process.hrtime.bigint() - start) / repeat
      if (round >= 0) run.best = Math.min(run.best, time)
    }
for (const { name, flops, runs } of made) {
  const [plain, relaxed] = runs as [(typeof runs)[0], (typeof runs)[0]]
  const speed = ({ best }: typeof plain): string => `${(flops / best).toFixed(1).padStart(6)}`
  console.log(
    `${name.padEnd(32)}${speed(plain)} ${speed(relaxed)} GFLOP/s  ${(plain.best / 1000).toFixed(1).padStart(9)} ${(relaxed.best / 1000).toFixed(1).padStart(9)} µs  ${plain.units} units, ${plain.scratch >> 10} kB, ${plain.words} words`,
  )
}
