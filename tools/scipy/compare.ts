/** Our linear algebra on the wasm device beside SciPy's, each against a truth of more digits: `pnpm compare:scipy [--seed N] [--dtype f32|f64] [--kinds]`.
 *
 *  Python draws matrices (`matrices.py`) and saves them as .npz; ours reads that, and saves what it finds (`ours.ts`); Python runs SciPy and judges both
 *  (`judge.py`). So a layout or a dtype that is misread in between shows as well. Takes a few minutes.
 *  Ends with 1 where ours is worse than SciPy's by 20 times, and 2 where there is no Python with SciPy. `PYTHON` names another one. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { dispose } from '../../packages/linalg-gpu/src/index.js'
import { decodeNpz, encodeNpz } from '../../packages/linalg-gpu/src/io/index.js'
import { wasmDevice } from '../../packages/linalg-gpu/src/wasm/index.js'
import { type Families, ours } from './ours.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    dtype: { type: 'string', multiple: true, default: ['f32', 'f64'] },
    kinds: { type: 'boolean', default: false },
  },
})

const command = process.env['PYTHON'] ?? 'python3'
const here = fileURLToPath(new URL('.', import.meta.url))
const python = (...words: readonly string[]): number | null =>
  spawnSync(command, words, { cwd: here, stdio: 'inherit', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } })
    .status

const compare = async (folder: string): Promise<number> => {
  if (python('judge.py', 'inputs', folder, values.seed, ...values.dtype) !== 0) return 1
  const device = await wasmDevice({ threads: 1 })
  for (const dtype of values.dtype) {
    const found = decodeNpz(readFileSync(join(folder, `${dtype}.npz`)), { device })
    if (found._tag === 'Left') throw new Error(found.left.message)
    const matrices = Object.entries(found.right as Readonly<Record<string, Families>>)
    const results = Object.fromEntries(matrices.map(([key, families]) => [key, ours(families)]))
    const file = await encodeNpz(results)()
    if (file._tag === 'Left') throw new Error(file.left.message)
    writeFileSync(join(folder, `${dtype}.ours.npz`), file.right)
    dispose([results, found.right])
  }
  device.dispose()
  return python('judge.py', 'judge', folder, ...values.dtype, ...(values.kinds ? ['--kinds'] : [])) ?? 1
}

if (spawnSync(command, ['-c', 'import numpy, scipy']).status !== 0) {
  console.error(
    `compare:scipy needs Python with NumPy and SciPy, and ${command} is none: apt install python3-scipy, or pip install scipy and PYTHON=… to name it.`,
  )
  process.exitCode = 2
} else {
  const folder = mkdtempSync(join(tmpdir(), 'compare-scipy-'))
  try {
    process.exitCode = await compare(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
