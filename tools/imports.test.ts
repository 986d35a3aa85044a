import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkImports, mayImport } from './imports.mjs'

const manifest = (name: string, ...subpaths: string[]) =>
  JSON.stringify({
    name: `@neumann/${name}`,
    exports: Object.fromEntries(['.', ...subpaths, './package.json'].map((key) => [key, key])),
  })

const base = {
  'packages/linalg-gpu/package.json': manifest('linalg-gpu', './program', './io/*.js'),
  'packages/autodiff/package.json': manifest('autodiff'),
  'packages/precond/package.json': manifest('precond'),
  'packages/nn/package.json': manifest('nn'),
  'packages/data/package.json': manifest('data'),
}

/** The problems of a repository that holds these files. */
const problemsOf = (files: Record<string, string>): string[] => {
  const root = mkdtempSync(join(tmpdir(), 'imports-'))
  try {
    for (const [path, text] of Object.entries({ ...base, ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return checkImports(root).problems
  } finally {
    rmSync(root, { recursive: true })
  }
}

const refuses = (file: string, source: string, message: RegExp, line = 1) => {
  const problems = problemsOf({ [file]: source })
  assert.is(problems.length, 1, problems.join('\n'))
  assert.match(problems[0] ?? '', message)
  assert.ok(problems[0]?.startsWith(`${file}:${line}: `), problems[0])
}

const test = suite('imports')

test('imports along the arrow, within a package and from the private folders are fine', () => {
  const problems = problemsOf({
    'packages/linalg-gpu/src/a.ts': "import { b } from './deep/b.js'\nimport 'fp-ts/lib/Either.js'\nimport 'node:fs'",
    'packages/linalg-gpu/src/deep/b.ts': "export * from '../a.js'",
    'packages/linalg-gpu/src/a.test.ts': "import '../../../tools/browser/serve.mjs'",
    'packages/autodiff/src/a.test.ts': "import '../../linalg-gpu/src/kernels.testing.js'",
    'packages/autodiff/src/a.ts': "import '@neumann/linalg-gpu'\nimport type { P } from '@neumann/linalg-gpu/program'",
    'packages/precond/src/a.ts':
      "import '@neumann/linalg-gpu/io/npy.js'\nimport '@neumann/autodiff'\nimport '@neumann/precond'",
    'packages/nn/src/a.ts': "import '@neumann/autodiff'",
    'packages/data/src/a.ts': "import 'fflate'",
    'examples/src/main.ts': "import '@neumann/data'\nimport './other.js'",
    'docs/.vitepress/config.ts': "import 'vitepress'",
  })
  assert.equal(problems, [])
})

test('test material is lent along the arrow, to tests alone', () => {
  refuses('packages/autodiff/src/a.ts', "import '../../linalg-gpu/src/kernels.testing.js'", /leaves autodiff/)
  refuses('packages/autodiff/src/a.test.ts', "import '../../linalg-gpu/src/kernels.js'", /leaves autodiff/)
  refuses('packages/linalg-gpu/src/a.test.ts', "import '../../nn/src/kernels.testing.js'", /leaves linalg-gpu/)
})

test('every form of import against the arrow is refused', () => {
  const file = 'packages/autodiff/src/a.ts'
  refuses(file, "import { adam } from '@neumann/precond'", /autodiff may not import precond/)
  refuses(file, "\nexport * from '@neumann/precond'", /may not import precond/, 2)
  refuses(file, "export type { A } from '@neumann/precond'", /may not import precond/)
  refuses(file, "const a = () => import('@neumann/precond')", /may not import precond/)
  refuses(file, "type A = import('@neumann/precond').A", /may not import precond/)
  refuses(file, "const a = require('@neumann/precond')", /may not import precond/)
  refuses(file, "const a = import.meta.resolve('@neumann/precond')", /may not import precond/)
  refuses('packages/autodiff/src/a.test.ts', "import '@neumann/precond'", /may not import precond/)
  refuses('packages/nn/src/a.ts', "import '@neumann/precond'", /nn may not import precond/)
  refuses('packages/data/src/a.ts', "import '@neumann/linalg-gpu'", /data may not import linalg-gpu/)
})

test('deep imports, foreign files and private folders are refused', () => {
  const file = 'packages/autodiff/src/a.ts'
  refuses(
    file,
    "import '@neumann/linalg-gpu/src/plain/special.js'",
    /not among the exports of linalg-gpu \(\., \.\/program/,
  )
  refuses(file, "import '@neumann/linalg-gpu/io'", /not among the exports/)
  refuses(file, "import '../../linalg-gpu/src/a.js'", /leaves autodiff/)
  refuses(file, "import '../../../bench/src/figures.js'", /leaves autodiff/)
  refuses(file, "import '../../../tools/files.mjs'", /leaves autodiff/)
  refuses(file, "import '@neumann/examples'", /no package/)
  refuses('bench/src/figures.ts', "import '@neumann/linalg-gpu/src/a.js'", /not among the exports/)
  refuses('examples/src/main.ts', "import '../../packages/nn/src/index.js'", /leaves examples/)
})

test('linalg-gpu does not mention autodiff, not even in a comment', () => {
  refuses('packages/linalg-gpu/src/a.ts', 'export const a = 1\n// as Autodiff does\n', /does not know of autodiff/, 2)
})

test('a package without a place in the arrow is refused', () => {
  const problems = problemsOf({ 'packages/vision/package.json': manifest('vision') })
  assert.is(problems.length, 1)
  assert.match(problems[0] ?? '', /vision has no place in the arrow/)
})

test('the arrow has no cycle', () => {
  for (const [name, below] of mayImport) for (const other of below) assert.not(mayImport.get(other)?.has(name))
})

test.run()
