/** Runs the uvu tests: `node tools/test.mjs [--quick] [--verbose] [--timeout=SECONDS] [--jobs=N] [FOLDER|FILE|PART-OF-A-NAME …]`.
 *  Each package has a process of its own, and two run at a time. What plain uvu lets pass is a failure here: a file that
 *  registers no test, a hook that throws, a file that never ends or ends the process, a rejection nobody handled, a process
 *  that something keeps alive. `--quick` leaves out `*.slow.test.ts` and folders
 *  that need a GPU or a browser. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { options, packages, repository, seconds, shown, walk } from './files.mjs'

const { flags, rest } = options(process.argv.slice(2), ['root', 'timeout', 'jobs'])
const root = resolve(flags.root ?? repository)
const timeout = 1000 * Number(flags.timeout ?? 300)
const jobs = Number(flags.jobs ?? Math.min(2, availableParallelism()))
const patience = 10_000 // how long a process may live on after its last test

const isSlow = (path) => /\.slow\.test\.ts$/.test(path) || /[/\\](webgpu|gpujs|browser)[/\\]/.test(path)
const isTest = (path) => /\.test\.ts$/.test(path) && !(flags.quick && isSlow(path))
const chosen = (path) =>
  rest.length === 0 ||
  rest.some((word) => {
    const place = resolve(root, word)
    return existsSync(place) ? path === place || path.startsWith(place + sep) : shown(root, path).includes(word)
  })

const groups = [
  ...packages(root).map(({ name, folder }) => ({ name: `packages/${name}`, folder: join(folder, 'src') })),
  ...['tools', 'examples', 'bench'].map((name) => ({ name, folder: join(root, name) })),
]
  .map(({ name, folder }) => ({ name, files: walk(folder, (path) => isTest(path) && chosen(path)) }))
  .filter(({ files }) => files.length > 0)

const reports = []
const report = (one) => {
  reports.push(one)
  const failed = one.failed > 0
  const tail = failed ? `  ${one.failed} FAILED` : ''
  console.log(`${failed ? '✘' : '•'} ${shown(root, one.file)}  ${one.passed} tests  ${seconds(one.ms)}${tail}`)
  if (failed || flags.verbose) console.log(one.output.trimEnd() + '\n')
}

const worker = fileURLToPath(new URL('test-worker.mjs', import.meta.url))

/** One process over a list of files; resolves to the files that it did not come to. */
const session = (files) =>
  new Promise((done) => {
    const begun = Date.now()
    const open = new Set(files)
    let current, since, clock
    let printed = ''
    let why = ''
    const child = spawn(
      process.execPath,
      ['--conditions=@neumann/source', '--import', import.meta.resolve('tsx'), worker, ...files],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { FORCE_COLOR: '0', ...process.env } },
    )
    const stop = (reason, ms) => {
      clearTimeout(clock)
      clock = setTimeout(() => {
        why = reason
        child.kill('SIGKILL')
      }, ms)
    }
    child.stdout.on('data', (data) => (printed += data))
    child.stderr.on('data', (data) => (printed += data))
    child.on('message', (message) => {
      if (message.begins) {
        current = message.begins
        since = Date.now()
        stop(`did not end within ${timeout / 1000} s`, timeout)
      } else {
        open.delete(message.file)
        report({ ...message, output: printed + message.output })
        current = undefined
        printed = ''
        if (open.size === 0)
          stop(
            `its process was still alive ${patience / 1000} s after the last test: close or unref what it waits for`,
            patience,
          )
      }
    })
    child.on('close', (code, signal) => {
      clearTimeout(clock)
      const bad = why || code !== 0
      // Without a file to blame, the last one that ran is blamed, or the first when none began.
      const file = current ?? (bad ? (files.findLast((name) => !open.has(name)) ?? files[0]) : undefined)
      if (file !== undefined) {
        open.delete(file)
        const output = `${printed}\n  ${why || `the process ended early (${signal ?? `exit code ${code}`})`}`
        report({ file, passed: 0, failed: 1, skipped: 0, ms: Date.now() - (since ?? begun), output })
      }
      done(files.filter((name) => open.has(name)))
    })
  })

const runGroup = async ({ files }) => {
  let left = files
  while (left.length > 0) left = await session(left)
}

const queue = [...groups]
const lane = async () => {
  for (let group = queue.shift(); group; group = queue.shift()) await runGroup(group)
}

if (groups.length === 0) {
  console.error(`no test file found${rest.length > 0 ? ` for ${rest.join(' ')}` : ''}`)
  console.log('0 passed, 1 failed')
  process.exitCode = 1
} else {
  await Promise.all(Array.from({ length: jobs }, lane))
  const sum = (key) => reports.reduce((total, one) => total + one[key], 0)
  const slowest = reports.toSorted((a, b) => b.ms - a.ms).slice(0, 5)
  console.log(`\nslowest: ${slowest.map(({ file, ms }) => `${shown(root, file)} ${seconds(ms)}`).join(', ')}`)
  console.log(`${reports.length} files${sum('skipped') > 0 ? `, ${sum('skipped')} tests skipped` : ''}`)
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
  process.exitCode = sum('failed') > 0 ? 1 : 0
}
