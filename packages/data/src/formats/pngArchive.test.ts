import { readFileSync } from 'node:fs'
import { encode } from 'fast-png'
import { zipSync } from 'fflate'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unwrap } from '../outcome.js'
import { fails, refusesEveryCut, withRealFile } from '../support.testing.js'
import { crc32, hex } from './bytes.js'
import { decodePngArchive } from './pngArchive.js'

const grey = (width: number, ...data: readonly number[]): Uint8Array =>
  encode({ width, height: data.length / width, channels: 1, data: Uint8Array.from(data) })
const archive = zipSync({
  'set/b/1.png': grey(2, 1, 2),
  'set/b/2.PNG': grey(2, 3, 4),
  'set/a/1.png': grey(2, 5, 6),
  'set/b/3.png': grey(2, 7, 8),
  'set/notes.txt': new Uint8Array(2),
  '__MACOSX/set/b/1.png': new Uint8Array(2),
})

test('images in the order of the archive; a folder is a class', () => {
  assert.equal(unwrap(decodePngArchive(archive)), {
    images: { data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), shape: [4, 1, 2] },
    labels: { data: Int32Array.of(0, 0, 1, 0), shape: [4] },
    classes: ['set/b', 'set/a'],
    names: ['set/b/1.png', 'set/b/2.PNG', 'set/a/1.png', 'set/b/3.png'],
  })
})

test('without folders there is one class', () => {
  assert.equal(unwrap(decodePngArchive(zipSync({ 'x.png': grey(1, 9) }))).classes, [''])
})

test('images that are not alike, or none, are refused', () => {
  const unlike = zipSync({ 'a.png': grey(2, 1, 2), 'b.png': grey(1, 1, 2) })
  const error = fails(
    decodePngArchive(unlike),
    'badShape',
    /^b.png: decodePngArchive: \[2, 1\], the first image has \[1, 2\]/,
  )
  assert.is(error.file, 'b.png')
  fails(decodePngArchive(zipSync({ 'a.txt': new Uint8Array(1) })), 'notFound', /no .png among 1 files/)
})

test('no more is expanded than is allowed, packed or as pixels', () => {
  fails(decodePngArchive(archive, { maximumBytes: 20 }), 'tooLarge', /bytes when expanded, 20 are allowed/)
  const black = zipSync({ 'a.png': grey(300, ...new Array(90_000).fill(0)) })
  fails(decodePngArchive(black, { maximumBytes: 10_000 }), 'tooLarge', /90000 bytes of pixels, 10000 are allowed/)
})

test('cut off anywhere it is refused, and a broken image is named', () => {
  refusesEveryCut(archive, decodePngArchive)
  fails(decodePngArchive(zipSync({ 'a.png': grey(1, 1).slice(0, 40) })), 'truncated', /^a.png: decodePng: /)
})

withRealFile(test, ['omniglot', 'images_background_small1.zip'], 'Omniglot: 136 characters by 20 drawers', (path) => {
  const { images, classes, names, labels } = unwrap(decodePngArchive(readFileSync(path)))
  assert.equal([images.shape, classes.length], [[2720, 105, 105], 136]) // biome-ignore format: pairs
  assert.is(classes[0], 'images_background_small1/Balinese/character01')
  assert.ok(labels.data.every((label, i) => names[i]!.startsWith(`${classes[label]}/`)))
  // of the same images as NumPy reads them from images_background.npz, 0 and 255, in the order of the archive
  assert.is(hex(crc32(images.data)), '26058dd1')
})

test.run()
