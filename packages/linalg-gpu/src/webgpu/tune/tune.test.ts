import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Contract } from '../../kernel/kernel.js'
import { matmul } from '../../wasm/contract/cases.testing.js'
import { candidates } from '../contract/choose.js'
import { formOf } from '../contract/form.js'
import { renderContract } from '../contract/render.js'
import { fits, type Tile } from '../contract/tile.js'
import { placesOf, softwareTraits, testDevice } from '../harness.testing.js'
import type { Site } from '../rendered.js'
import { contest } from './contest.js'
import { cacheFolder, fileStore } from './fileStore.js'
import { memoryStore, type Store } from './store.js'
import { tunerOf } from './tune.js'

const siteOf = (kernel: Contract): Site => ({ traits: softwareTraits, places: placesOf(kernel), gated: false })
const adapter = { vendor: 'google', architecture: 'swiftshader', description: 'for tests' }

/** A store that counts what is asked of it. */
const counted = (): Store & { readonly entries: Map<string, string>; readonly sets: () => number } => {
  const entries = new Map<string, string>()
  let sets = 0
  return {
    entries,
    sets: () => sets,
    get: async (key) => entries.get(key),
    set: async (key, value) => {
      sets++
      entries.set(key, value)
    },
  }
}

test('a contest finds the slower of two ways, and gives Infinity to one that the device refuses', async () => {
  const gpu = await testDevice()
  const kernel = matmul(48, 48, 48, { b: 't' })
  const site = siteOf(kernel)
  const tile = (height: number, width: number): Tile => ({ kind: 'registers', height, width, threads: 16, parts: 1 })
  const good = renderContract(kernel, site, tile(4, 4))
  const slow = renderContract(kernel, site, tile(1, 1))
  const refused = {
    ...good,
    dispatches: good.dispatches.map((dispatch) => ({ ...dispatch, code: dispatch.code.replace('fn main', 'fn mine') })),
  }
  const times = await contest(gpu, kernel, site, [good, slow, refused], { rounds: 12, least: 2 })
  assert.ok(times[0]! > 0 && times[0]! < times[1]!, `${times}`)
  assert.is(times[2], Infinity)
})

test('a class of shapes is measured once, whoever asks, and remembered in the store', async () => {
  const gpu = await testDevice()
  const store = counted()
  const tuner = tunerOf(gpu, adapter, store)
  const kernel = matmul(20, 24, 12)
  const site = siteOf(kernel)
  assert.is(tuner.known(kernel, site), undefined)
  const [first, second] = await Promise.all([tuner.tune(kernel, site), tuner.tune(kernel, site)])
  assert.ok(candidates(formOf(kernel), softwareTraits).some((tile) => JSON.stringify(tile) === JSON.stringify(first)))
  assert.is(first, second)
  assert.is(tuner.known(kernel, site), first)
  assert.is(store.sets(), 1)
  // another program finds what this one left, for shapes of the same class too, and does not measure
  const other = tunerOf(gpu, adapter, store)
  const near = matmul(16, 28, 12)
  assert.equal(await other.tune(near, siteOf(near)), first)
  assert.is(store.sets(), 1)
  // another adapter has tiles of its own
  await tunerOf(gpu, { ...adapter, description: 'another' }, store).tune(kernel, site)
  assert.is(store.sets(), 2)
})

test('what stands in the store counts where it is a tile that fits, and is measured anew where it is not', async () => {
  const gpu = await testDevice()
  const kernel = matmul(4, 8, 4)
  const site = siteOf(kernel)
  const store = counted()
  await tunerOf(gpu, adapter, store).tune(kernel, site)
  const [key] = [...store.entries.keys()]
  const odd: Tile = { kind: 'registers', height: 2, width: 1, threads: 4, parts: 1 }
  store.entries.set(key!, JSON.stringify(odd))
  assert.equal(await tunerOf(gpu, adapter, store).tune(kernel, site), odd)
  for (const broken of ['', '{', 'null', '7', '{"kind":"registers"}', JSON.stringify({ ...odd, threads: 1e6 })]) {
    store.entries.set(key!, broken)
    const tile = await tunerOf(gpu, adapter, store).tune(kernel, site)
    assert.ok(fits(tile, softwareTraits), broken)
    assert.is(store.entries.get(key!), JSON.stringify(tile))
  }
})

test('shifted operands and places in an arena are measured as such; nothing to do has no tile', async () => {
  const gpu = await testDevice()
  const kernel = matmul(8, 8, 8)
  const store = counted()
  const tuner = tunerOf(gpu, adapter, store)
  const places = [2 ** 28, 64, 2 ** 27 + 1].map((offset, i) => ({
    binding: 0,
    offset,
    writable: true,
    shifted: i === 1,
  }))
  assert.ok(fits(await tuner.tune(kernel, { ...siteOf(kernel), places, gated: true }), softwareTraits))
  await tuner.tune(kernel, siteOf(kernel))
  assert.is(store.sets(), 2)
  const none = matmul(0, 8, 8)
  assert.is(await tuner.tune(none, siteOf(none)), undefined)
})

test('tiles that no adapter of this kind can carry do not fit', () => {
  const good: Tile = { kind: 'shared', rows: 64, columns: 64, depth: 16, height: 8, width: 4, parts: 1 }
  assert.ok(fits(good, softwareTraits))
  for (const part of [
    { rows: 65 },
    { rows: 512 },
    { depth: 512 },
    { height: 128 },
    { width: 2 },
    { parts: 0 },
    { kind: 'x' },
  ])
    assert.not(fits({ ...good, ...part }, softwareTraits), JSON.stringify(part))
  // too few threads to bring a piece
  assert.not(fits({ ...good, rows: 64, columns: 4, height: 8, width: 4 }, softwareTraits))
  assert.not(fits(good, { ...softwareTraits, invocations: 64 }))
  assert.not(fits(good, { ...softwareTraits, workgroupBytes: 4096 }))
})

const inFolder = async (visit: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'neumann-tiles-'))
  try {
    await visit(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('a file keeps text, makes its folders, and leaves nothing else behind', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'deep', 'tiles.json')
    const store = fileStore(path)
    assert.is(await store.get('a'), undefined)
    await Promise.all([store.set('a', '1'), store.set('b', '2'), store.set('__proto__', '3')])
    assert.is(await store.get('a'), '1')
    assert.is(await store.get('toString'), undefined)
    // of another process
    const other = fileStore(path)
    assert.is(await other.get('b'), '2')
    await other.set('c', '4')
    assert.is(await store.get('c'), '4')
    assert.is(await store.get('a'), '1')
    assert.equal(await readdir(join(folder, 'deep')), ['tiles.json'])
  }))

test('a broken file is ignored and replaced; a path that cannot be written keeps nothing and breaks nothing', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'tiles.json')
    for (const broken of ['{', '[]', 'null', '{"a": 7}', '\u0000']) {
      await writeFile(path, broken)
      const store = fileStore(path)
      assert.is(await store.get('a'), undefined)
      await store.set('a', 'x')
      assert.equal(JSON.parse(await readFile(path, 'utf8')), { a: 'x' })
    }
    await mkdir(join(folder, 'taken'))
    const store = fileStore(join(folder, 'taken'))
    await store.set('a', 'x')
    assert.is(await store.get('a'), undefined)
    assert.equal((await readdir(folder)).sort(), ['taken', 'tiles.json'])
  }))

test('the folder is the one that the system has for caches', () => {
  assert.is(cacheFolder({ XDG_CACHE_HOME: '/x' }, 'linux', '/home/me'), '/x')
  assert.is(cacheFolder({}, 'linux', '/home/me'), '/home/me/.cache')
  assert.is(cacheFolder({ XDG_CACHE_HOME: '' }, 'darwin', '/Users/me'), '/Users/me/Library/Caches')
  assert.is(cacheFolder({ LOCALAPPDATA: 'C:\\here' }, 'win32', 'C:\\me'), 'C:\\here')
})

test('memory keeps text as long as itself', async () => {
  const store = memoryStore()
  await store.set('a', '1')
  assert.is(await store.get('a'), '1')
  assert.is(await memoryStore().get('a'), undefined)
})

test.run()
