/** Every figure that the repository promises: `pnpm figures [--json]`.
 *  A table, or with --json `{ date, commit, machine, figures }`, each figure `{ name, value, bound, holds }`. Ends with 1 where one does not hold.
 *  Counts are exact, ratios are measured in this run; absolute times are shown and not bound. */

import { arch, availableParallelism, cpus, platform } from 'node:os'
import { parseArgs } from 'node:util'
import { commit } from '../../tools/commit.mjs'
import { build, sizes, timings } from './built.js'
import { counts } from './counts.js'
import { type Figure, table } from './figure.js'
import { hypergradMemory } from './hypergradMemory.js'
import { kernelFigures } from './kernels.js'
import { silence } from './silence.js'
import { webgpuFigures } from './webgpu/figures.js'

const { json } = parseArgs({ options: { json: { type: 'boolean', default: false } } }).values
await build()
// one after the other: times are measured while nothing else of ours runs
const figures: readonly Figure[] = [
  ...counts(),
  ...(await kernelFigures()),
  ...(await webgpuFigures()),
  ...(await hypergradMemory()),
  ...(await sizes()),
  ...(await timings('timing.ts')),
  ...(await timings('deviceTiming.ts')),
  ...(await timings('solverTiming.ts')),
  ...(await timings('hypergradTiming.ts')),
  ...(await silence()),
]
const broken = figures.filter(({ holds }) => !holds)

if (json)
  console.log(
    JSON.stringify(
      {
        date: new Date().toISOString(),
        commit: commit(),
        machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores, ${platform()} ${arch()}, Node ${process.version}`,
        figures,
      },
      null,
      2,
    ),
  )
else {
  console.log(table(figures))
  console.log(`\n${figures.length} figures, ${broken.length === 0 ? 'all hold' : `${broken.length} DO NOT HOLD`}`)
}
process.exitCode = broken.length > 0 ? 1 : 0
