import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const here = dirname(fileURLToPath(import.meta.url))

const run = (files: Record<string, string>, ...words: string[]) => {
  mkdirSync(join(here, '.doc-tests'), { recursive: true })
  const root = mkdtempSync(join(here, '.doc-tests', 'uvu-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(here, 'test.mjs'), '--root', root, ...words], {
      encoding: 'utf8',
    })
    return { status, text: stdout + stderr, last: stdout.trim().split('\n').at(-1) }
  } finally {
    rmSync(root, { recursive: true })
  }
}

const head = "import { test } from 'uvu'\nimport * as assert from 'uvu/assert'\n"
const good = `${head}test('a', () => assert.is(1, 1))\ntest('b', () => {})\ntest.run()\n`
const a = { 'packages/a/package.json': '{ "type": "module" }' }

const test = suite('test runner')

test('adds up the files of all packages, and --quick leaves the slow ones out', () => {
  const files = {
    ...a,
    'packages/a/src/x.test.ts': good,
    'packages/a/src/deep/y.slow.test.ts': good,
    'packages/b/package.json': '{}',
    'packages/b/src/x.test.ts': `${head}test.skip('c', () => {})\n${good.replace(head, '')}`,
    'bench/src/x.test.ts': good,
    'packages/a/node_modules/z/z.test.ts': 'throw 1',
  }
  const all = run(files)
  assert.is(all.last, '8 passed, 0 failed', all.text)
  assert.match(all.text, /4 files, 1 tests skipped/)
  assert.is(all.status, 0)
  assert.is(run(files, '--quick', 'packages/a', 'bench').last, '4 passed, 0 failed')
  assert.is(run(files, 'y.slow').last, '2 passed, 0 failed')
  assert.is(run(files, 'nowhere').status, 1)
})

test('what plain uvu lets pass fails', () => {
  const cases: Record<string, [string, RegExp]> = {
    assertion: [good.replace('is(1, 1)', 'is(1, 2)'), /Expected values to be strictly equal/],
    'no run': [good.replace('test.run()', ''), /no test was registered/],
    'run too early': [`${good}test('c', () => {})\n`, /1 tests were registered and not run/],
    'no tests': [`${head}test.run()\n`, /without a single test/],
    'a hook': [good.replace('test.run', "test.before(() => { throw new Error('hook') })\ntest.run"), /a hook threw/],
    import: [`import './none.js'\n${good}`, /none/],
    rejection: [`Promise.reject(new Error('stray'))\n${good}`, /outside any test: Error: stray/],
    exit: [good.replace('() => {}', '() => process.exit(0)'), /ended early \(exit code 0\)/],
    never: [good.replace('() => {}', '() => new Promise(() => {})'), /ended early \(exit code 13\)/],
    loop: [good.replace('() => {}', '() => { for (;;) {} }'), /did not end within 2 s/],
  }
  const files = Object.fromEntries(
    Object.entries(cases).map(([name, [text]]) => [`packages/a/src/${name}.test.ts`, text]),
  )
  const { status, text } = run({ ...a, ...files, 'packages/a/src/zz.test.ts': good }, '--timeout=2')
  assert.is(status, 1)
  for (const [name, [, message]] of Object.entries(cases)) {
    assert.match(text, new RegExp(`✘ packages/a/src/${name}.test.ts`), text)
    assert.match(text, message)
  }
  assert.match(text, /• packages\/a\/src\/zz.test.ts {2}2 tests/)
})

test.run()
