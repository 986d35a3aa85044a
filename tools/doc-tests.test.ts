import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { examples, fences, instrument } from './doc-tests.mjs'

const here = dirname(fileURLToPath(import.meta.url))

/** A package and a page, written below tools/ so that types resolve; `fence` keeps back-ticks out of the texts below. */
const fence = (info: string, ...lines: string[]) => ['```' + info, ...lines, '```', ''].join('\n')

const toy = {
  'packages/toy/package.json': JSON.stringify({
    name: '@neumann/toy',
    type: 'module',
    exports: {
      '.': { '@neumann/source': './src/index.ts', default: './dist/index.js' },
      './third': { '@neumann/source': './src/third.ts', default: './dist/third.js' },
      './package.json': './package.json',
    },
  }),
  'packages/toy/src/index.ts': "export { box, twice } from './box.js'\n",
  'packages/toy/src/third.ts': 'export const thrice = (x: number) => 3 * x\n',
  'packages/toy/src/box.ts': [
    "import { inspect } from 'node:util'",
    '',
    '/** Twice a number.',
    ' *  @param x the number',
    " *  @example import { twice } from '@neumann/toy'",
    ' *  twice(4) // => 8',
    ' *  @example twice(thrice(1)) // => 6',
    ' *  @returns two x */',
    'export const twice = (x: number) => {',
    '  if (!Number.isFinite(x)) throw new RangeError(`twice: finite number expected, got ${x}`)',
    '  return 2 * x',
    '}',
    '',
    '/** A value that prints itself, on several lines.',
    ' *',
    ' * @example a title',
    ' * ```ts',
    " * import { box } from './box.js'",
    ' * box(3) // => box( 3 )',
    ' * ```',
    ' * @example const b: Box = box(twice(2)); b // => box( 4 )',
    ' * @example const box = 1; box // => 1',
    ' */',
    'export const box = (x: number) => ({ x, [inspect.custom]: () => `box(\\n  ${x}\\n)` })',
    'export type Box = ReturnType<typeof box>',
    '',
  ].join('\n'),
}

const run = (files: Record<string, string>) => {
  mkdirSync(join(here, '.doc-tests'), { recursive: true })
  const root = mkdtempSync(join(here, '.doc-tests', 'fixture-'))
  try {
    for (const [path, text] of Object.entries({ ...toy, ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(here, 'doc-tests.mjs'), '--root', root], {
      encoding: 'utf8',
    })
    return { status, lines: (stdout + stderr).trim().split('\n') }
  } finally {
    rmSync(root, { recursive: true })
  }
}

const test = suite('doc-tests')

test('good documentation passes', () => {
  const { status, lines } = run({
    'README.md': [
      '# Toy',
      fence(
        'ts',
        "import { box, twice } from '@neumann/toy'",
        'const four = twice(2) // => 4',
        'four + 1 // => 5',
        ';[four, { a: new Float32Array([1]) }]',
        '// => [ 4, { a: Float32Array(1) [ 1 ] } ]',
        "'two  words' // => two words",
        'box(1)',
        '// => box(',
        '//      1 )',
        'Promise.resolve(box(2)) // => box( 2 )',
        'console.log(four) // => 4',
        'for (const k of [1, 2]) {',
        '  const kk = k / k // => 1',
        '}',
        'twice(',
        '  Number.NaN,',
        ') // throws finite number expected, got NaN',
        'const never = twice(1 / 0) // throws got Infinity',
        'const unused = 3 // a word on it',
      ),
      fence('ts continue', 'four // => 4', 'export const six: number = four + 2 // => 6'),
      fence('ts no-run', "throw new Error('not run')"),
      fence('ts continue', '1 // => 2').replace('continue', 'no-run continue'),
      fence('sh', 'npm install') + fence('tsx', 'not ours'),
      '- in a list\n' + fence('ts', 'const a = `1', '  2`', 'a // => 1 2').replace(/^(?=.)/gm, '  '),
    ].join('\n'),
    'docs/guide/page.md': fence('ts', 'const four = 1 // => 1'),
    'docs/api/generated.md': fence('ts', '1 // => 2'),
    'node_modules/x/README.md': fence('ts', '1 // => 2'),
  })
  assert.equal(lines, ['11 blocks in 9 modules', '9 passed, 0 failed'])
  assert.is(status, 0)
})

test('every way to be wrong is told with its file and line', () => {
  const { status, lines } = run({
    'README.md': [
      fence('ts', "import { twice } from '@neumann/toy'", '', 'twice(2) // => 5', "'x' // => y"),
      fence('ts', 'const a: string = 1'),
      fence('ts', '', "throw new RangeError('raised')"),
      fence('ts', '1 // throws anything', ";(() => { throw new Error('other') })() // throws this"),
      fence('ts', 'const = 3'),
      fence('ts', "import { none } from '@neumann/toy'", 'none'),
      fence('ts', 'const f = () => {', '  1 // => 1', '}', 'f()', '', '// => 1'),
      fence('ts', 'await new Promise(() => {})'),
      fence('ts', 'process.exit(0)'),
      fence('ts', "setTimeout(() => { throw new Error('late') })", 'await new Promise((done) => setTimeout(done, 20))'),
      fence('ts no-run', 'const b: string = 1'),
      fence('ts', 'const { length } = [1] // => 1'),
      fence('ts', '1 // => 1'),
    ].join('\n'),
    'docs/page.md': fence('ts continue', '1'),
    'packages/toy/src/more.ts': '/**\n * Text.\n * @example\n * 1 + 1 // => 3\n */\nexport const more = 1\n',
  })
  const has = (start: string, part: RegExp) => {
    const found = lines.filter((line) => line.startsWith(`✘ ${start}: `))
    assert.ok(
      found.some((line) => part.test(line)),
      `${start} ${part}\n${lines.join('\n')}`,
    )
  }
  has('README.md:4', /expected 5/)
  has('README.md:5', /expected y/)
  has('README.md:9', /TS2322/)
  has('README.md:14', /RangeError: raised/)
  has('README.md:18', /expected an error with: anything/)
  has('README.md:19', /expected an error with: this/)
  has('README.md:23', /Expected|Unexpected/)
  has('README.md:27', /TS2305/)
  has('README.md:27', /does not provide an export/)
  has('README.md:33', /stands in a function/)
  has('README.md:37', /checks nothing/)
  has('README.md:41', /nothing settles/)
  has('README.md:45', /ended the process \(exit code 0\)/)
  has('README.md:49', /Error: late/)
  has('README.md:54', /TS2322/)
  has('README.md:58', /a pattern has no value/)
  has('docs/page.md:2', /without a block before it/)
  has('packages/toy/src/more.ts:4', /expected 3/)
  assert.is(lines.at(-1), '6 passed, 14 failed')
  assert.is(status, 1)
})

test('fences: longer ones hold shorter ones, and an open one ends with the text', () => {
  const text = ['````md', '```ts', '````', '~~~ts', 'a', '~~~', '  ```ts x', '    b', '  c'].join('\n')
  assert.equal(
    fences(text).map(({ info, line, code }) => [info, line, code]),
    [
      ['md', 2, ['```ts']],
      ['ts', 5, ['a']],
      ['ts x', 8, ['  b', 'c']],
    ],
  )
})

test('examples: several in one comment, on one line, and none in a plain comment', () => {
  const text = [
    '/** @example a',
    ' *  b',
    ' *  @example',
    ' *  c */',
    'export const x = 1',
    '/* @example no */',
    '// @example no',
  ].join('\n')
  assert.equal(
    examples('x.ts', text).map(({ line, code }) => [line, code.map((one: string) => one.trim())]),
    [
      [1, ['a', 'b']],
      [3, ['', 'c']],
    ],
  )
})

test('instrument keeps the lines', () => {
  const text = 'f(\n  1, // a note\n) // => 2\nconst x = 1'
  const made = instrument(text)
  assert.equal(made.problems, [])
  assert.is(made.text.split('\n').length, text.split('\n').length)
  assert.match(made.text, /^__doc\.equal\(2, "2", await \(f\(/)
})

test.run()
