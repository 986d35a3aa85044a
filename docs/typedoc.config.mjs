// The reference: one page for each entry that a package exports, made from the sources.
import { readdirSync, readFileSync } from 'node:fs'
import { Converter } from 'typedoc'

const home = new URL('../packages/', import.meta.url)

/** Source path → the name to import. */
const entries = new Map(
  readdirSync(home).flatMap((name) => {
    const manifest = JSON.parse(readFileSync(new URL(`${name}/package.json`, home), 'utf8'))
    return Object.entries(manifest.exports)
      .filter(([, target]) => typeof target === 'object')
      .map(([key, target]) => [`${name}/${target['@neumann/source'].slice(2)}`, manifest.name + key.slice(1)])
  }),
)

/** Modules are called what one imports; typedoc calls them `linalg-gpu/src/io`. */
const byImportName = (app) =>
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const [path, name] of entries) {
      const found = project.children?.find((one) => one.name === path.replace(/(\/index)?\.ts$/, ''))
      if (found) found.name = name
    }
  })

export default {
  entryPointStrategy: 'resolve',
  entryPoints: [...entries.keys()].map((path) => `../packages/${path}`),
  plugin: ['typedoc-plugin-markdown', byImportName],
  tsconfig: 'tsconfig.json',
  out: 'api',
  entryFileName: 'index',
  name: 'API',
  readme: 'none',
  router: 'module',
  sort: ['source-order'],
  excludeInternal: true,
  disableSources: true,
  disableGit: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  cleanOutputDir: true,
  skipErrorChecking: true,
  validation: { notExported: false, invalidLink: true, notDocumented: false },
}
