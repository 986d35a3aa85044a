/** Runs the code of the documentation: `node tools/doc-tests.mjs [--root DIR] [--verbose] [PART-OF-A-PATH …]`.
 *
 *  Sources    every ```ts block of README.md, packages/x/README.md and docs/, and every `@example` in packages/x/src.
 *             An example's code is the text up to the next `@tag`, or the ```ts blocks in it when it has any.
 *  Modules    each block is an ES module of its own in `.doc-tests/`, where `@neumann/*` and what the packages depend on
 *             resolve, from sources. In an `@example` relative imports are meant from the file that holds it, and
 *             names of that file, of its package and of the packages below, their other entries too, need no import.
 *  Marks      ```ts continue   is appended to the module of the block before it on the page.
 *             ```ts no-run     is type-checked and not run.
 *  Assertions expression // => expected       the awaited value, printed (see doc-worker.mjs), white space collapsed
 *             const x = expression // => …    checks x
 *             // => expected                  on a line of its own: the value of the line before
 *             //    more                      (three spaces or more) on the next lines continues what is expected
 *             console.log(x) // => expected   checks x
 *             expression // throws part       it throws, and the message holds this part
 *
 *  All modules are type-checked in one go. A block passes when its types are right, it runs and every assertion holds. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseSync, Visitor } from 'oxc-parser'
import { options, packages, repository, shown, walk } from './files.mjs'

// ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The fenced blocks of a text: `{ info, line, code: string[] }`, line being that of the first line of code (from 1). */
export const fences = (text) => {
  const blocks = []
  let open
  for (const [at, line] of text.split('\n').entries()) {
    const [, indent = '', fence, info = ''] = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(line) ?? []
    if (open) {
      if (fence?.startsWith(open.fence) && info.trim() === '') {
        blocks.push(open)
        open = undefined
      } else open.code.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart())
    } else if (fence) open = { fence, indent, info: info.trim(), line: at + 2, code: [] }
  }
  return open ? [...blocks, open] : blocks
}

const isTypeScript = ({ info }) => /^(ts|typescript)(?![\w-])/.test(info)
const marked = ({ info }, word) => info.split(/\s+/).includes(word)

/** The `@example`s of a source file as blocks. */
export const examples = (path, text) => {
  const { comments, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
  return comments
    .filter(({ type, value }) => type === 'Block' && value.startsWith('*'))
    .flatMap(({ value, start }) => {
      const first = text.slice(0, start).split('\n').length
      const lines = value.split('\n').map((line, at) => (at === 0 ? line.slice(1) : line.replace(/^\s*\* ?/, '')))
      const isTag = (line) => /^\s*@\w/.test(line)
      return lines.flatMap((line, at) => {
        const [, title] = /^\s*@example\b ?(.*)$/.exec(line) ?? []
        if (title === undefined) return []
        const end = lines.findIndex((other, index) => index > at && isTag(other))
        const code = [title, ...lines.slice(at + 1, end < 0 ? undefined : end)].map((one) => one.trimEnd())
        const fenced = fences(code.join('\n'))
        if (fenced.length === 0) return [{ info: 'ts', line: first + at, code }]
        return fenced
          .filter((block) => isTypeScript(block) || block.info === '')
          .map((block) => ({ ...block, line: first + at + block.line - 1 }))
      })
    })
}

// ── making modules ──────────────────────────────────────────────────────────────────────────────────────────────────

const collapse = (text) => text.replace(/\s+/g, ' ').trim()

/** The statements that can carry an assertion, innermost ones of blocks and loops too, and the ranges of functions. */
const statementsOf = (program) => {
  const statements = []
  const functions = []
  // The end of what is written, not of the statement: its semicolon may open the next line, as in `;[1, 2]`.
  const ended = (node, { end }) => statements.push({ ...node, start: node.start, end })
  const inside = (node) => functions.push(node)
  new Visitor({
    ExpressionStatement: (node) => ended(node, node.expression),
    VariableDeclaration: (node) => ended(node, node.declarations.at(-1)),
    FunctionDeclaration: inside,
    FunctionExpression: inside,
    ArrowFunctionExpression: inside,
  }).visit(program)
  return { statements, isInFunction: (node) => functions.some((f) => f.start <= node.start && node.end <= f.end) }
}

/** `console.log(x)` stands for x. */
const logged = ({ type, callee, arguments: given }) =>
  type === 'CallExpression' &&
  callee.type === 'MemberExpression' &&
  callee.object.name === 'console' &&
  callee.property.name === 'log' &&
  given.length === 1
    ? given[0]
    : undefined

/** What stands in the run module for a statement that carries an assertion. `index` is its line in the module, from 0. */
const asserting = (text, node, index, { kind, expected }) => {
  const slice = ({ start, end }) => text.slice(start, end)
  const whole = slice(node)
  if (kind === 'throws') {
    const body = node.type === 'ExpressionStatement' ? `return (${whole})` : whole
    return `await __doc.throws(${index}, ${JSON.stringify(expected)}, async () => { ${body} });`
  }
  const check = (value) => `__doc.equal(${index}, ${JSON.stringify(expected)}, await (${value}));`
  if (node.type === 'ExpressionStatement') {
    const value = logged(node.expression)
    return check(value ? slice(value) : whole)
  }
  const { id } = node.declarations.at(-1)
  return id.type === 'Identifier' ? `${whole}; ${check(id.name)}` : undefined
}

/** The module's text with its assertions made to run, on the same lines; and what is wrong with it, as `{ index, message }`. */
export const instrument = (text) => {
  const { program, comments, errors } = parseSync('block.ts', text, { sourceType: 'module' })
  const indexOf = (offset) => text.slice(0, offset).split('\n').length - 1
  if (errors.length > 0)
    return {
      text,
      problems: errors.map((error) => ({ index: indexOf(error.labels[0]?.start ?? 0), message: error.message })),
    }

  const lines = text.split('\n')
  const { statements, isInFunction } = statementsOf(program)
  const problems = []
  const edits = []
  for (const comment of comments) {
    const [, mark, first] = /^\s*(=>|throws )(.*)$/s.exec(comment.value) ?? []
    if (comment.type !== 'Line' || mark === undefined) continue
    const index = indexOf(comment.start)
    const alone = lines[index].trim().startsWith('//')
    if (alone && mark !== '=>') continue
    const more = lines.slice(index + 1)
    const stop = more.findIndex((line) => !/^\s*\/\/ {3,}\S/.test(line))
    const rest = (stop < 0 ? more : more.slice(0, stop)).map((line) => line.replace(/^\s*\/\//, ''))
    const assertion = { kind: mark === '=>' ? 'equal' : 'throws', expected: collapse([first, ...rest].join(' ')) }
    const line = alone ? index - 1 : index
    const node = statements
      .filter(({ end }) => end <= comment.start && indexOf(end - 1) === line)
      .reduce((last, one) => (last && last.end >= one.end ? last : one), undefined)
    const replacement = node && !isInFunction(node) ? asserting(text, node, index, assertion) : undefined
    if (assertion.expected === '') problems.push({ index, message: `nothing is expected after '${mark.trim()}'` })
    else if (replacement === undefined)
      problems.push({
        index,
        message: `'// ${mark.trim()}' checks nothing: ${
          !node
            ? 'no expression and no const ends on its line (does the next line begin with ( or [ ?)'
            : isInFunction(node)
              ? 'it stands in a function'
              : 'a pattern has no value, name one const'
        }`,
      })
    else edits.push({ start: node.start, end: node.end, replacement })
  }
  edits.sort((a, b) => b.start - a.start)
  const made = edits.reduce(
    (all, { start, end, replacement }) => all.slice(0, start) + replacement + all.slice(end),
    text,
  )
  return { text: made, problems }
}

/** Relative imports, made to mean the same from another folder. */
const rebase = (text, from, to) => {
  const { module: record } = parseSync('block.ts', text, { sourceType: 'module' })
  return [...(record?.staticImports ?? [])]
    .map(({ moduleRequest }) => moduleRequest)
    .filter(({ value }) => value.startsWith('.'))
    .reverse()
    .reduce((all, { value, start, end }) => {
      const path = relative(to, join(from, value)).split(sep).join('/')
      return `${all.slice(0, start)}'${path}'${all.slice(end)}`
    }, text)
}

// ── what an `@example` need not import ──────────────────────────────────────────────────────────────────────────────

/** The names that a source file exports, with what stands behind `export * from './x.js'`: name → is it a type? */
export const exportsOf = (path, seen = new Map()) => {
  if (seen.has(path)) return seen.get(path)
  const names = new Map()
  seen.set(path, names)
  if (!existsSync(path)) return names
  const { program } = parseSync(path, readFileSync(path, 'utf8'))
  const note = (name, isType) => names.set(name, isType && names.get(name) !== false)
  for (const node of program.body) {
    if (node.type === 'ExportAllDeclaration') {
      if (node.exported) note(node.exported.name, node.exportKind === 'type')
      else if (node.source.value.startsWith('.')) {
        const target = resolve(dirname(path), node.source.value.replace(/\.js$/, '.ts'))
        for (const [name, isType] of exportsOf(target, seen)) note(name, isType || node.exportKind === 'type')
      }
    }
    if (node.type !== 'ExportNamedDeclaration') continue
    for (const one of node.specifiers) note(one.exported.name, node.exportKind === 'type' || one.exportKind === 'type')
    const { declaration } = node
    if (declaration?.id) note(declaration.id.name, /^TS(?!Enum)/.test(declaration.type))
    for (const { id } of declaration?.declarations ?? []) if (id.type === 'Identifier') note(id.name, false)
  }
  return names
}

/** The names that a text uses as values or types, less those that it declares or imports anywhere. */
const freeNames = (text) => {
  const { program } = parseSync('block.ts', text, { sourceType: 'module' })
  const used = new Set()
  const bound = new Set()
  const bind = (node) => {
    if (!node) return
    if (node.type === 'Identifier') bound.add(node.name)
    else if (node.type === 'AssignmentPattern') bind(node.left)
    else if (node.type === 'RestElement') bind(node.argument)
    else if (node.type === 'ArrayPattern') node.elements.forEach(bind)
    else if (node.type === 'ObjectPattern') node.properties.forEach((one) => bind(one.value ?? one))
  }
  const callable = ({ id, params }) => {
    bind(id)
    params.forEach(bind)
  }
  const named = ({ id }) => bind(id)
  new Visitor({
    Identifier: ({ name }) => used.add(name),
    VariableDeclarator: named,
    ClassDeclaration: named,
    TSTypeAliasDeclaration: named,
    TSInterfaceDeclaration: named,
    FunctionDeclaration: callable,
    FunctionExpression: callable,
    ArrowFunctionExpression: callable,
    CatchClause: ({ param }) => bind(param),
    ImportSpecifier: ({ local }) => bind(local),
    ImportDefaultSpecifier: ({ local }) => bind(local),
    ImportNamespaceSpecifier: ({ local }) => bind(local),
  }).visit(program)
  return [...used].filter((name) => !bound.has(name))
}

/** The entries of a package: source file, and the name to import. A package without sources in its manifest has one. */
const entriesOf = ({ folder, manifest }) => {
  const named = Object.entries(manifest.exports ?? {}).flatMap(([key, target]) =>
    target['@neumann/source'] ? [[join(folder, target['@neumann/source']), manifest.name + key.slice(1)]] : [],
  )
  return named.length > 0 ? named : [[join(folder, 'src', 'index.ts'), manifest.name]]
}

/** Puts before an example the imports that it leaves out, on its first line: names of its own file, of its package, and of
 *  the packages on which that one stands. */
const importing = (homes, home, path) => {
  const below = Object.keys(home.manifest.dependencies ?? {})
  const entries = [home, ...homes.filter(({ manifest }) => below.includes(manifest.name))].flatMap(entriesOf)
  const isMain = ([, from]) => homes.some(({ manifest }) => manifest.name === from)
  // a name of a main entry is meant before the same of another
  const places = [
    [path, `./${basename(path, '.ts')}.js`],
    ...entries.filter(isMain),
    ...entries.filter((one) => !isMain(one)),
  ].map(([file, from]) => [exportsOf(file), from])
  return (text) => {
    const imports = freeNames(text).flatMap((name) => {
      const [names, from] = places.find(([exported]) => exported.has(name)) ?? []
      return names ? [`import { ${names.get(name) ? 'type ' : ''}${name} } from '${from}';`] : []
    })
    return [...imports, text].join(' ')
  }
}

/** Blocks of one file joined to modules: `{ file, line, places: number[], check, run, problems }`. */
const modulesOf = (file, blocks, rebased = (text) => text) => {
  const chains = []
  for (const block of blocks) {
    const goesOn = marked(block, 'continue')
    if (goesOn && chains.length > 0) chains.at(-1).push(block)
    else chains.push(goesOn ? [{ ...block, orphan: true }] : [block])
  }
  return chains.map((chain) => {
    const places = chain.flatMap(({ line, code }) => code.map((_, at) => line + at))
    const text = (keep) =>
      rebased(chain.flatMap((block) => block.code.map((one) => (keep(block) ? one : ''))).join('\n'))
    const { text: run, problems } = instrument(text((block) => !marked(block, 'no-run')))
    const orphans = chain
      .filter(({ orphan }) => orphan)
      .map(() => ({ index: 0, message: "'continue' without a block before it" }))
    return {
      file,
      line: chain[0].line,
      places,
      check: text(() => true),
      run,
      problems: [...orphans, ...problems],
      runs: chain.some((block) => !marked(block, 'no-run')),
      blocks: chain.length,
    }
  })
}

// ── checking and running ────────────────────────────────────────────────────────────────────────────────────────────

/** Where modules of the documentation find packages: links to ours, and to what they depend on. */
const linkPackages = (root, folder) => {
  const link = (name, target) => {
    const place = join(folder, 'node_modules', name)
    if (existsSync(place) || !existsSync(target)) return
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(target, place, 'junction')
  }
  for (const { folder: home, manifest } of packages(root)) {
    link(manifest.name, home)
    for (const name of Object.keys(manifest.dependencies ?? {}))
      if (!name.startsWith('@neumann/')) link(name, join(home, 'node_modules', name))
  }
}

const spawned = (command, words, more, onMessage) =>
  new Promise((done) => {
    const child = spawn(command, words, more)
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (output += data))
    onMessage?.(child)
    child.on('error', (error) => done({ code: 1, output: String(error) }))
    child.on('close', (code, signal) => done({ code, signal, output }))
  })

/** Types of all modules at once; calls `fail(name, index, message)`, with no name for what is not in a module. */
const typeCheck = async (folder, names, fail) => {
  const config = {
    extends: relative(folder, join(repository, 'tsconfig.base.json')).split(sep).join('/'),
    compilerOptions: {
      composite: false,
      declaration: false,
      declarationMap: false,
      sourceMap: false,
      noEmit: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    files: names.map((name) => `check/${name}.ts`),
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(repository, 'node_modules', '.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc')
  const { code, output } = await spawned(tsc, ['-p', 'tsconfig.json', '--pretty', 'false'], {
    cwd: folder,
    shell: process.platform === 'win32',
  })
  if (code === 0) return
  let known = false
  for (const part of output.split(/\r?\n(?=\S)/)) {
    const [, name, line, message] = /^check[\\/](.+)\.ts\((\d+),\d+\): error (.*)$/s.exec(part) ?? []
    if (part.trim() === '') continue
    known = true
    if (name) fail(name, Number(line) - 1, message.trim())
    else fail(undefined, 0, part.trim().replace(/^\.\.[\\/]/, ''))
  }
  if (!known) fail(undefined, 0, `tsc ended with ${code} and no word`)
}

const patience = 60_000

/** Runs the modules in one process, a new one after a crash. Calls `fail` as above. */
const runAll = async (root, folder, names, fail) => {
  const worker = fileURLToPath(new URL('doc-worker.mjs', import.meta.url))
  let left = names
  while (left.length > 0) {
    const open = new Set(left)
    let current
    let clock
    let late = false
    const files = left.map((name) => join(folder, 'run', `${name}.ts`))
    const { code, signal, output } = await spawned(
      process.execPath,
      ['--conditions=@neumann/source', '--import', import.meta.resolve('tsx'), worker, ...files],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { FORCE_COLOR: '0', ...process.env } },
      (child) =>
        child.on('message', ({ begins, ends, failures }) => {
          clearTimeout(clock)
          if (begins !== undefined) current = left[begins]
          else {
            open.delete(left[ends])
            for (const { index, message } of failures) fail(left[ends], index, message)
            current = undefined
          }
          clock = setTimeout(() => {
            late = true
            child.kill('SIGKILL')
          }, patience)
        }),
    )
    clearTimeout(clock)
    if (current === undefined && open.size > 0) current = [...open][0]
    if (current !== undefined) {
      open.delete(current)
      const how = late
        ? `did not end within ${patience / 1000} s`
        : code === 13
          ? 'waits for a promise that nothing settles'
          : `ended the process (${signal ?? `exit code ${code}`})`
      fail(current, undefined, `${how}\n${output}`.trim())
    }
    left = left.filter((name) => open.has(name))
  }
}

// ── the command ─────────────────────────────────────────────────────────────────────────────────────────────────────

const collect = (root, folder) => {
  const read = (path) => readFileSync(path, 'utf8').replace(/\r\n/g, '\n')
  const isPage = (path) => path.endsWith('.md') && !/^docs\/(api|\.vitepress)\//.test(shown(root, path))
  const homes = packages(root)
  const pages = [join(root, 'README.md'), ...homes.map((one) => join(one.folder, 'README.md'))].filter((path) =>
    existsSync(path),
  )
  const isSource = (path) => path.endsWith('.ts') && !/\.(test|test-d|d)\.ts$/.test(path)
  return [
    ...[...pages, ...walk(join(root, 'docs'), isPage)].flatMap((path) =>
      modulesOf(shown(root, path), fences(read(path)).filter(isTypeScript)),
    ),
    ...homes
      .flatMap((home) => walk(join(home.folder, 'src'), isSource).map((path) => ({ home, path })))
      .flatMap(({ home, path }) => {
        const complete = importing(homes, home, path)
        const found = examples(path, read(path))
        return modulesOf(shown(root, path), found, (text) => rebase(complete(text), dirname(path), join(folder, 'run')))
      }),
  ]
}

const main = async () => {
  const { flags, rest } = options(process.argv.slice(2))
  const root = resolve(flags.root ?? repository)
  // of its own, so that two may run at once; kept where something failed, to be looked at
  const folder = join(root, '.doc-tests', String(process.pid))
  for (const part of ['check', 'run']) mkdirSync(join(folder, part), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  linkPackages(root, folder)

  const modules = new Map()
  for (const module of collect(root, folder)) {
    if (rest.length > 0 && !rest.some((word) => module.file.includes(word))) continue
    const name = `${module.file.replace(/[^\w-]/g, '_')}_${module.line}`
    modules.set(name, module)
    writeFileSync(join(folder, 'check', `${name}.ts`), `${module.check}\nexport {}\n`)
    writeFileSync(join(folder, 'run', `${name}.ts`), `${module.run}\n`)
  }
  if (modules.size === 0) {
    console.log('no code in the documentation')
    console.log('0 passed, 0 failed')
    return
  }

  const failures = new Map()
  const fail = (name, index, message) => {
    const module = modules.get(name)
    const place = module ? `${module.file}:${module.places[index] ?? module.line}: ` : ''
    const said = failures.get(name) ?? []
    failures.set(name, [...said, `${place}${message}`])
  }
  for (const [name, { problems }] of modules) for (const { index, message } of problems) fail(name, index, message)

  const names = [...modules.keys()]
  // A block that does not parse is told of once, by us.
  const sound = names.filter((name) => !failures.has(name))
  await Promise.all([
    sound.length > 0 ? typeCheck(folder, sound, fail) : undefined,
    runAll(
      root,
      folder,
      sound.filter((name) => modules.get(name).runs),
      fail,
    ),
  ])

  for (const name of names) {
    if (flags.verbose && !failures.has(name)) console.log(`• ${modules.get(name).file}:${modules.get(name).line}`)
  }
  for (const said of failures.values())
    for (const message of new Set(said)) console.log(`✘ ${message.replaceAll('\n', '\n    ')}`)
  const blocks = names.reduce((sum, name) => sum + modules.get(name).blocks, 0)
  console.log(`${blocks} blocks in ${modules.size} modules`)
  console.log(`${names.filter((name) => !failures.has(name)).length} passed, ${failures.size} failed`)
  process.exitCode = failures.size > 0 ? 1 : 0
  if (failures.size === 0) rmSync(folder, { recursive: true, force: true })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
