/** `tsx --conditions=@neumann/source bench/src/webgpu/main.ts [TASK …] [options]`: `pnpm bench --webgpu`, by itself. */

import { parseOptions } from '../options.js'
import { benchWebgpu } from './run.js'

try {
  await benchWebgpu(parseOptions(['--webgpu', ...process.argv.slice(2)]))
} catch (error) {
  console.error(`bench on WebGPU: ${(error as Error).message}`)
  process.exitCode = 1
}
