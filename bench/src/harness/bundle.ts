/** Contestants as bundles, as users' bundlers make them: no loader is at work while they are measured. Rivals stay outside in Node, and are
 *  taken in for a page. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Contestant, Library } from '../contestants/contestant.js'
import { rivals } from './install.js'

const source = fileURLToPath(new URL('../contestants', import.meta.url))

const esbuild = async (): Promise<Library> => {
  const { load } = (await import(join(rivals, 'load.mjs'))) as { readonly load: (name: string) => Promise<Library> }
  return load('esbuild')
}

const settings = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  conditions: ['@neumann/source'],
  logLevel: 'error',
}

/** Bundles live as long as this process. */
const folder = mkdtempSync(join(tmpdir(), 'neumann-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** The path of the contestant's program for Node. */
export const bundled = async (name: string): Promise<string> => {
  const outfile = join(folder, `${name}.mjs`)
  await (await esbuild()).build({
    ...settings,
    stdin: {
      contents: `import { contestant } from './${name}.ts'; import { host } from './host.ts'; await host(contestant, ${JSON.stringify(join(rivals, 'load.mjs'))})`,
      resolveDir: source,
      loader: 'ts',
    },
    platform: 'node',
    outfile,
  })
  return outfile
}

/** The contestant's script for a page: `globalThis.respond(message)` answers. */
export const bundledPage = async (name: string): Promise<string> => {
  const { contestant } = (await import(join(source, `${name}.ts`))) as { readonly contestant: Contestant }
  const names = JSON.stringify(contestant.needs)
  const imports = contestant.needs.map((need, i) => `import * as library${i} from ${JSON.stringify(need)}`).join('\n')
  const { outputFiles } = await (await esbuild()).build({
    ...settings,
    stdin: {
      contents: `${imports}
import { contestant } from ${JSON.stringify(join(source, `${name}.ts`))}
import { responder } from ${JSON.stringify(join(source, 'respond.ts'))}
const libraries = [${contestant.needs.map((_, i) => `library${i}`).join(', ')}]
globalThis.respond = responder(contestant, async (name) => libraries[${names}.indexOf(name)])`,
      resolveDir: rivals,
      loader: 'ts',
    },
    platform: 'browser',
    external: ['node:*', 'worker_threads', 'os', 'v8'],
    write: false,
  })
  return outputFiles[0].text as string
}
