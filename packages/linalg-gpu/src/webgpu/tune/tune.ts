/** Finds the quickest tile for a contraction by measuring, once for each class of shapes and each adapter.
 *
 *  Needs    a device that has nothing else to do meanwhile, or times mean little.
 *  Cost     some six pipelines and a few hundredths of a second for each class; nothing where the store knows it.
 *  Laws     a tile changes the order of sums and so their last bits: those of a run repeat as long as the store keeps its tiles. */

import type { Contract } from '../../kernel/kernel.js'
import { candidates, shapeClass } from '../contract/choose.js'
import { formOf, sizeOfRuns } from '../contract/form.js'
import { renderContract } from '../contract/render.js'
import { fits, type Tile } from '../contract/tile.js'
import type { Place, Site } from '../rendered.js'
import type { Traits } from '../traits.js'
import { contest } from './contest.js'
import { fileStore, hasFiles, usualFile } from './fileStore.js'
import { hasDatabase, pageStore } from './pageStore.js'
import { memoryStore, type Store } from './store.js'

/** Of an adapter, what `GPUAdapterInfo` says of it. */
export interface AdapterName {
  readonly vendor: string
  readonly architecture: string
  readonly description: string
}

export interface Tuner {
  /** The tile that was quickest for contractions like this one, at places like these; undefined where there is nothing to do. */
  readonly tune: (kernel: Contract, site: Site) => Promise<Tile | undefined>
  /** The same, if it is known by now. */
  readonly known: (kernel: Contract, site: Site) => Tile | undefined
}

/** The user's cache folder in Node, the page's database in browsers, this process alone elsewhere. */
export const usualStore = (): Store =>
  hasFiles() ? fileStore(usualFile()) : hasDatabase() ? pageStore() : memoryStore()

/** Goes up when tiles mean something else. */
const version = 1

const keyOf = ({ vendor, architecture, description }: AdapterName, kernel: Contract, site: Site): string => {
  const among = site.places.map(
    ({ binding, shifted, offset }) => `${binding}${shifted ? 's' : offset % 4 === 0 ? 'e' : 'o'}`,
  )
  return [version, vendor, architecture, description, shapeClass(formOf(kernel), kernel.dtype), among.join(' ')].join(
    '; ',
  )
}

const parsed = (text: string | undefined, traits: Traits): Tile | undefined => {
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text)
    return fits(value, traits) ? value : undefined
  } catch {
    return undefined
  }
}

/** Operands one after another, as near to the start of their bindings as vectors allow: an arena need not be had twice. */
const gathered = (kernel: Contract, places: readonly Place[]): Place[] => {
  const ends = new Map<number, number>()
  return places.map((place, i) => {
    const start = Math.ceil((ends.get(place.binding) ?? 0) / 64) * 64 + (place.offset % 4)
    ends.set(place.binding, start + kernel.operands[i]!.size)
    return { ...place, offset: start }
  })
}

/** A tuner for a device. Each class of shapes is measured once, also when several ask for it at the same time.
 *  @example
 *  import type { Contract } from '../../kernel/kernel.js'
 *  import { memoryStore } from './store.js'
 *  const adapter = (await navigator.gpu.requestAdapter())! // as webgpu has it
 *  const tuner = tunerOf(await adapter.requestDevice(), adapter.info, memoryStore())
 *  const program = simplify(trace((x: Tensor, y: Tensor) => matmul(x, y))(zeros([8, 8]), zeros([8, 8])))
 *  const [kernel] = kernelsOf(schedule(program).steps) as [Contract]
 *  const places = [0, 1, 2].map((binding) => ({ binding, offset: 0, writable: binding === 2, shifted: false }))
 *  const site = { traits: { ...usualTraits, software: true }, places, gated: false }
 *  tuner.known(kernel, site) // => undefined
 *  const tile = await tuner.tune(kernel, site)
 *  tuner.known(kernel, site) === tile // => true */
export const tunerOf = (device: GPUDevice, adapter: AdapterName, store: Store = usualStore()): Tuner => {
  const found = new Map<string, Tile>()
  const asked = new Map<string, Promise<Tile>>()
  const measure = async (kernel: Contract, site: Site): Promise<Tile> => {
    const tiles = candidates(formOf(kernel), site.traits)
    const own: Site = { ...site, gated: false, places: gathered(kernel, site.places) }
    const ways = tiles.map((tile) => renderContract(kernel, own, tile))
    const times = await contest(device, kernel, own, ways, { rounds: 4, least: 2 })
    return tiles[times.indexOf(Math.min(...times))] ?? tiles[0]
  }
  const look = async (key: string, kernel: Contract, site: Site): Promise<Tile> => {
    const kept = parsed(await store.get(key).catch(() => undefined), site.traits)
    if (kept !== undefined) return kept
    const tile = await measure(kernel, site)
    await store.set(key, JSON.stringify(tile)).catch(() => {})
    return tile
  }
  /** Where nothing could be measured, as without room or when the device is lost meanwhile, the tile that nobody measured: it is not kept. */
  const ask = async (key: string, kernel: Contract, site: Site): Promise<Tile> => {
    const tile = await look(key, kernel, site).catch(() => candidates(formOf(kernel), site.traits)[0])
    found.set(key, tile)
    return tile
  }
  return {
    tune: async (kernel, site) => {
      const { rows, columns, batch } = formOf(kernel)
      if (sizeOfRuns([...rows, ...columns, ...batch]) === 0) return undefined
      const key = keyOf(adapter, kernel, site)
      let asking = asked.get(key)
      if (asking === undefined) asked.set(key, (asking = ask(key, kernel, site)))
      return asking
    },
    known: (kernel, site) => found.get(keyOf(adapter, kernel, site)),
  }
}
