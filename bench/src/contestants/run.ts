/** A contestant without a bundle, where no bundler could be installed: `run.ts NAME LOADER`. */

import type { Contestant } from './contestant.js'
import { host } from './host.js'

const [name, loader] = process.argv.slice(2) as [string, string]
const { contestant } = (await import(`./${name}.js`)) as { readonly contestant: Contestant }
await host(contestant, loader)
