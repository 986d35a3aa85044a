/** Who takes part where, and with how many threads. */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundled } from './bundle.js'
import { chromium, pythonWithTorch, rivals } from './install.js'
import { openPage } from './page.js'
import { type Contact, launch, reply } from './process.js'
import type { Where } from './rows.js'

export interface Entry {
  readonly name: string
  readonly threads: Readonly<Record<Where, readonly number[]>>
}

/** Threads that each can use. @jax-js/jax has one in Node, where there is no `Worker`, and in a page as many as there are cores. */
export const rivalEntries: readonly Entry[] = [
  { name: 'jax', threads: { node: [1], chromium: [2] } },
  { name: 'tfjs', threads: { node: [1], chromium: [] } },
  { name: 'onnx', threads: { node: [1, 2], chromium: [] } },
  { name: 'gpujs', threads: { node: [1], chromium: [1] } },
  { name: 'loops', threads: { node: [1], chromium: [1] } },
  { name: 'torch', threads: { node: [1, 2], chromium: [] } },
]

export interface Player extends Contact {
  readonly id: string
  readonly name: string
  readonly threads: number
  readonly version: string
}

export interface Setting {
  readonly where: Where
  readonly device: string
  readonly relaxed: (threads: number) => boolean
  readonly patience: number
  /** Why rivals from npm are not there, or null. */
  readonly broken: string | null
}

const host = fileURLToPath(new URL('../contestants/run.ts', import.meta.url))
const python = fileURLToPath(new URL('../contestants/pytorch.py', import.meta.url))
const loader = join(rivals, 'load.mjs')

/** Node 20 has relaxed SIMD behind a flag, later ones as it is. */
const engineFlags = (relaxed: boolean): readonly string[] =>
  relaxed && Number(process.versions.node.split('.')[0]) < 22 ? ['--experimental-wasm-relaxed-simd'] : []

const contact = async (
  name: string,
  threads: number,
  { where, relaxed, patience, broken }: Setting,
): Promise<Contact> => {
  if (where === 'chromium') {
    const path = chromium()
    if (path === null) throw new Error('no Chromium: install one, or name it in $NEUMANN_CHROMIUM')
    return openPage(name, path, patience)
  }
  if (name === 'torch') {
    const found = await pythonWithTorch()
    if (found === null) throw new Error('no Python with PyTorch: apt install python3-torch libopenblas0-pthread, or name one in $NEUMANN_PYTHON') // biome-ignore format: one line
    const count = String(threads)
    return launch(
      found,
      [python],
      { OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count },
      patience,
    )
  }
  const flags = engineFlags(name === 'ours' && relaxed(threads))
  const program =
    broken === null
      ? [await bundled(name)]
      : ['--conditions=@neumann/source', '--import', import.meta.resolve('tsx'), host, name, loader]
  return launch(process.execPath, [...flags, ...program], {}, patience)
}

/** Throws with the reason where it cannot take part. */
export const enter = async (name: string, threads: number, setting: Setting): Promise<Player> => {
  if (setting.broken !== null && !['ours', 'loops', 'torch'].includes(name)) throw new Error(setting.broken)
  const made = await contact(name, threads, setting)
  try {
    const options = { threads, device: setting.device, relaxed: name === 'ours' && setting.relaxed(threads) }
    const { version } = await reply(made.ask({ kind: 'start', options }), 'version')
    return { ...made, id: `${name}@${threads}`, name, threads, version }
  } catch (error) {
    await made.end()
    throw error
  }
}
