/** The rivals, installed on first use: npm packages from `bench/rivals/package-lock.json`, beside them what the machine has. */

import { execFile, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const rivals = fileURLToPath(new URL('../../rivals', import.meta.url))

const changed = (name: string): number => statSync(join(rivals, name), { throwIfNoEntry: false })?.mtimeMs ?? -1

/** Why they are not there, or null: they are. */
export const installRivals = (): string | null => {
  // npm writes the inner lockfile last
  if (changed('node_modules/.package-lock.json') >= changed('package-lock.json')) return null
  console.error('installing the rivals into bench/rivals (about 700 MB, once)')
  const { status, stderr, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: rivals,
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (status === 0) return null
  const line = stderr?.split('\n').find((text) => text.startsWith('npm error'))
  return `could not be installed: ${error?.message ?? line ?? `npm ended with ${status}`}`
}

/** A Python that has PyTorch: $NEUMANN_PYTHON, the first on the path, the system's. */
export const pythonWithTorch = async (): Promise<string | null> => {
  for (const python of [process.env.NEUMANN_PYTHON, 'python3', '/usr/bin/python3'])
    if (python !== undefined)
      try {
        await promisify(execFile)(python, ['-c', 'import torch'])
        return python
      } catch {
        // the next one
      }
  return null
}

export const chromium = (): string | null =>
  [
    process.env.NEUMANN_CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ].find((path) => path !== undefined && existsSync(path)) ?? null
