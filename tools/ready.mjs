/** Installs the workspace when its packages are missing or belong to another lockfile.
 *  Needs nothing but node and npx, so that `npm start` and `npm test` work in a fresh clone. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

const stamp = 'node_modules/.ready'
const wanted = createHash('sha256').update(readFileSync('pnpm-lock.yaml')).digest('hex')
const installed =
  existsSync('node_modules/.modules.yaml') && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted

if (!installed) {
  const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'))
  const { status, error } = spawnSync('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'], {
    // CI=true: never ask, for instance before node_modules is made anew.
    env: { ...process.env, CI: 'true' },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (error) console.error(`ready: npx did not start: ${error.message}`)
  if (status === 0) writeFileSync(stamp, wanted)
  process.exitCode = status ?? 1
}
