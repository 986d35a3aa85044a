/** All checks of the repository: `node tools/check.mjs [--quick] [STEP …]`.
 *  Two steps run at a time; a failing step shows its whole output and the others go on. The last line adds everything up:
 *  the tests of `tests`, `wasm`, `webgpu` and `docs` one by one, every other step as one. */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { options, packages, repository, seconds } from './files.mjs'

const { flags, rest } = options(process.argv.slice(2))
process.chdir(repository)

const node = `"${process.execPath}"`
const each = (command) =>
  packages(repository)
    .filter(({ manifest }) => !manifest.private)
    .map(({ name }) => command(`packages/${name}`))
    .join(' && ')

const linalgGpu = (parts) => parts.map((part) => `packages/linalg-gpu/src/${part}`)
const language = linalgGpu(['control', 'io', 'linalg', 'ops', 'random', 'run', 'simplify', 'trace'])

/** What has tests that say nothing of a device: `tests` runs it on plain, `wasm` and `webgpu` on theirs. */
const onAnyDevice = [
  ...language,
  ...linalgGpu(['solvers']),
  'packages/autodiff',
  'packages/hypergrad',
  'packages/nn',
  'packages/precond',
]
/** Of that what fits the time on a GPU in software, where every kernel of every size takes some milliseconds to compile: the language,
 *  its derivatives, models, and of the solvers, which are loops of the same kernels and mostly in f64, three. */
const onWebgpu = [
  ...language,
  ...linalgGpu(['solvers/cg.test.ts', 'solvers/gmres.test.ts', 'solvers/neumann.test.ts']),
  ...['api', 'rules', 'transforms'].map((part) => `packages/autodiff/src/${part}`),
  'packages/nn',
]

/** `counts` steps end with `N passed, N failed`; the others pass or fail as one. Steps start in this order, when what they
 *  stand on (`after`) has ended well. */
const steps = [
  { name: 'build', run: 'turbo run build --filter=./packages/* --output-logs=errors-only' },
  { name: 'tests', run: `${node} tools/test.mjs${flags.quick ? ' --quick' : ''}`, counts: true, quick: true },
  {
    name: 'wasm',
    run: `${node} tools/test.mjs ${onAnyDevice.join(' ')}`,
    env: { NEUMANN_DEVICE: 'wasm' },
    counts: true,
  },
  {
    name: 'webgpu',
    run: `${node} tools/test.mjs ${onWebgpu.join(' ')}`,
    env: { NEUMANN_DEVICE: 'webgpu' },
    counts: true,
  },
  { name: 'lint', run: 'biome check --error-on-warnings .', quick: true },
  { name: 'types', run: 'tsc -p tsconfig.test.json --pretty false' },
  { name: 'imports', run: `${node} tools/imports.mjs` },
  { name: 'docs', run: `${node} tools/doc-tests.mjs`, counts: true },
  { name: 'knip', run: 'knip --no-progress --no-config-hints' },
  { name: 'publint', run: each((home) => `publint --strict --pack pnpm ${home}`), after: 'build' },
  { name: 'attw', run: each((home) => `attw --pack ${home} --profile esm-only`), after: 'publint' },
  { name: 'site', run: `pnpm --filter @neumann/docs run build && ${node} tools/live.mjs` },
  { name: 'size', run: 'size-limit', after: 'build' },
]

const unknown = rest.filter((word) => !steps.some(({ name }) => name === word))
if (unknown.length > 0) {
  console.error(`no step ${unknown.join(', ')}: the steps are ${steps.map(({ name }) => name).join(', ')}`)
  process.exit(1)
}

const wanted = (step) => (rest.length > 0 ? rest.includes(step.name) : !flags.quick || step.quick)
const begun = Date.now()

const env = {
  ...process.env,
  PATH: [join(repository, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  FORCE_COLOR: '0',
  NO_COLOR: '1',
}

const shell = (command, more) =>
  new Promise((done) => {
    const child = spawn(command, { shell: true, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (output += data))
    child.on('error', (error) => done({ ok: false, output: String(error) }))
    child.on('close', (code) => done({ ok: code === 0, output }))
  })

const perform = async (step) => {
  const start = Date.now()
  const { ok, output } = await shell(step.run, step.env)
  const [, passed, failed] = (step.counts && /(\d+) passed, (\d+) failed\s*$/.exec(output)) || []
  const result =
    passed === undefined
      ? { passed: ok && !step.counts ? 1 : 0, failed: ok && !step.counts ? 0 : 1 }
      : { passed: Number(passed), failed: Math.max(Number(failed), ok ? 0 : 1) }
  const good = result.failed === 0
  const count = step.counts ? `  ${result.passed} passed, ${result.failed} failed` : ''
  console.log(`${good ? '•' : '✘'} ${step.name}  ${seconds(Date.now() - start)}${count}`)
  if (!good) console.log(`\n${output.trimEnd()}\n`)
  else if (step.name === 'tests') console.log(output.match(/^slowest: .*$/m)?.[0].replace(/^/, '  ') ?? '')
  return { ...step, ...result }
}

const results = new Map()
const waiting = steps.filter(wanted)
const running = new Set()
const ready = ({ after }) =>
  !after || results.has(after) || !waiting.concat([...running]).some(({ name }) => name === after)

const lanes = Math.max(1, Math.min(2, availableParallelism()))
await new Promise((done) => {
  const next = () => {
    if (waiting.length === 0 && running.size === 0) return done()
    for (let at = 0; at < waiting.length && running.size < lanes; ) {
      const step = waiting[at]
      if (!ready(step)) {
        at += 1
        continue
      }
      waiting.splice(at, 1)
      const base = results.get(step.after)
      if (base?.failed > 0) {
        console.log(`✘ ${step.name}  not run: ${step.after} failed`)
        results.set(step.name, { ...step, passed: 0, failed: 1 })
        return next()
      }
      running.add(step)
      perform(step).then((result) => {
        running.delete(step)
        results.set(step.name, result)
        next()
      })
    }
  }
  next()
})

const sum = (key) => [...results.values()].reduce((total, one) => total + one[key], 0)
const bad = [...results.values()].filter(({ failed }) => failed > 0).map(({ name }) => name)
console.log(
  `\n${results.size} steps, ${seconds(Date.now() - begun)}${bad.length > 0 ? `; failed: ${bad.join(', ')}` : ''}`,
)
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exitCode = sum('failed') > 0 ? 1 : 0
