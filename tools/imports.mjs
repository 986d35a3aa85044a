/** Refuses imports against the arrow of the packages: `node tools/imports.mjs [--root DIR]`.
 *
 *    linalg-gpu ← autodiff ← precond ← hypergrad ← meta ← attacks;  nn stands on autodiff;  data stands alone
 *
 *  A package may import what stands before it, and only through its `exports`; never a file of another package, never
 *  examples, bench or docs; a test may import a file of tools, and so may what is private, and a test the test material (`*.testing.ts`)
 *  of a package that its own stands on. The sources of linalg-gpu do not so much as mention autodiff. */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseSync, Visitor } from 'oxc-parser'
import { options, packages, repository, shown, walk } from './files.mjs'

const chain = ['linalg-gpu', 'autodiff', 'precond', 'hypergrad', 'meta', 'attacks']

/** What each package may import. */
export const mayImport = new Map([
  ...chain.map((name, at) => [name, new Set(chain.slice(0, at))]),
  ['nn', new Set(['linalg-gpu', 'autodiff'])],
  ['data', new Set()],
])

const isTest = (path) => /\.(test|testing)\.ts$/.test(path)
const isSource = (path) => /\.[cm]?[jt]sx?$/.test(path)

/** Every module specifier of a file, types' and dynamic ones too, with its line. */
export const specifiers = (path, text) => {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
  const found = []
  const note = (source) => {
    if (source?.type === 'Literal' && typeof source.value === 'string')
      found.push({ specifier: source.value, line: text.slice(0, source.start).split('\n').length })
  }
  new Visitor({
    ImportDeclaration: (node) => note(node.source),
    ExportNamedDeclaration: (node) => note(node.source),
    ExportAllDeclaration: (node) => note(node.source),
    ImportExpression: (node) => note(node.source),
    TSImportType: (node) => note(node.source ?? node.argument),
    CallExpression: (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'require') note(node.arguments[0])
      if (node.callee.type === 'MemberExpression' && node.callee.object.type === 'MetaProperty') note(node.arguments[0])
    },
  }).visit(program)
  return found
}

/** Is `./sub` one of the package's `exports`? */
const isExported = (manifest, subpath) =>
  Object.keys(manifest.exports ?? { '.': '' }).some((key) => {
    const [before, after] = key.split('*')
    return after === undefined ? key === subpath : subpath.startsWith(before) && subpath.endsWith(after)
  })

/** All that is wrong in a repository, as lines `file:line: what`. */
export const checkImports = (root) => {
  const all = packages(root)
  const byName = new Map(all.map((one) => [one.manifest.name, one]))
  const problems = []
  let files = 0

  const privates = ['examples', 'bench', 'docs'].map((name) => ({ name, folder: join(root, name) }))

  const judge = (home, path, { specifier, line }) => {
    const say = (what) => problems.push(`${shown(root, path)}:${line}: ${what}`)
    const isPackage = mayImport.has(home.name)
    if (specifier.startsWith('.') || specifier.startsWith('/') || specifier.startsWith('file:')) {
      const target = specifier.startsWith('file:') ? specifier : resolve(dirname(path), specifier)
      if ((isTest(path) || !isPackage) && target.startsWith(join(root, 'tools') + sep)) return
      // test material of a package that this one stands on: what is never published is no part of it
      const lent = all.find(
        ({ name, folder }) => mayImport.get(home.name)?.has(name) && target.startsWith(join(folder, 'src') + sep),
      )
      if (lent && isTest(path) && /\.testing\.js$/.test(specifier)) return
      if (!target.startsWith(home.folder + sep)) say(`'${specifier}' leaves ${home.name}: import a package by its name`)
      return
    }
    if (!specifier.startsWith('@neumann/')) return
    const [scope, name, ...rest] = specifier.split('/')
    const target = byName.get(`${scope}/${name}`)
    if (!target) return say(`'${specifier}' is no package of packages/`)
    if (isPackage && target.name !== home.name && !mayImport.get(home.name).has(target.name)) {
      const allowed = [...mayImport.get(home.name)].join(', ') || 'no other package'
      return say(`${home.name} may not import ${target.name}: it stands on ${allowed}`)
    }
    const subpath = ['.', ...rest].join('/')
    if (!isExported(target.manifest, subpath)) {
      const offered = Object.keys(target.manifest.exports ?? {}).join(', ')
      say(`'${specifier}' is not among the exports of ${target.name} (${offered})`)
    }
  }

  for (const home of [...all, ...privates]) {
    const isPrivate = privates.includes(home)
    if (!isPrivate && !mayImport.has(home.name)) {
      problems.push(
        `packages/${home.name}/package.json:1: ${home.name} has no place in the arrow: give it one in tools/imports.mjs`,
      )
      continue
    }
    for (const path of walk(isPrivate ? home.folder : join(home.folder, 'src'), isSource)) {
      files += 1
      const text = readFileSync(path, 'utf8')
      for (const found of specifiers(path, text)) judge(home, path, found)
      if (home.name === 'linalg-gpu')
        text.split('\n').forEach((words, at) => {
          if (/autodiff/i.test(words))
            problems.push(`${shown(root, path)}:${at + 1}: linalg-gpu does not know of autodiff`)
        })
    }
  }
  return { files, problems }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { flags } = options(process.argv.slice(2))
  const { files, problems } = checkImports(resolve(flags.root ?? repository))
  for (const problem of problems) console.log(problem)
  console.log(`${files} files, ${problems.length} imports refused`)
  process.exitCode = problems.length > 0 ? 1 : 0
}
