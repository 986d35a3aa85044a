/** A contestant in a Node process: JSON lines in, JSON lines out. What libraries print goes to stderr, so that stdout is the protocol's. */

import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { Contestant, Library } from './contestant.js'
import { type Message, responder } from './respond.js'

/** `loader` is the path of `bench/rivals/load.mjs`. */
export const host = async (contestant: Contestant, loader: string): Promise<void> => {
  console.log = console.info = console.debug = console.error
  const { load } = (await import(pathToFileURL(loader).href)) as { readonly load: (module: string) => Promise<Library> }
  const respond = responder(contestant, load)
  for await (const line of createInterface({ input: process.stdin }))
    process.stdout.write(`${JSON.stringify(await respond(JSON.parse(line) as Message))}\n`)
  process.exit(0)
}
