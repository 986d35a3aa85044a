import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { array } from '../ops/creation.js'
import { readSync } from '../run/read.js'
import { dispose } from '../run/scope.js'
import type { Tensor } from '../trace/tensor.js'
import { load, save } from './files.js'

const test = suite<{ folder: string }>('files')
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'neumann-'))
})
test.after.each(({ folder }) => rm(folder, { recursive: true }))

const fails = (outcome: E.Either<{ code: string; message: string }, unknown>, code: string, text: RegExp): void => {
  if (E.isRight(outcome)) throw new Error('a Left is expected')
  assert.is(outcome.left.code, code)
  assert.match(outcome.left.message, text)
}

for (const extension of ['safetensors', 'npz', 'NPZ']) {
  test(`.${extension}: what was saved is loaded, and replaces what was there`, async ({ folder }) => {
    const path = join(folder, `weights.${extension}`)
    await writeFile(path, 'old')
    assert.equal(await save(path, { w: array([[1, 2]]), layers: [3, [4]] })(), E.right(undefined))
    const loaded = await load(path)()
    if (E.isLeft(loaded)) throw new Error(loaded.left.message)
    const { w, layers } = loaded.right as { readonly w: Tensor; readonly layers: readonly [Tensor, readonly [Tensor]] }
    assert.equal([w.shape, [...readSync(w)]], [[1, 2], [1, 2]]) // biome-ignore format: pairs
    assert.equal([...readSync(layers[1][0])], [4])
    assert.equal(await readdir(folder), [`weights.${extension}`])
  })

  test(`.${extension}: what is not there is notFound, what cannot be read is io`, async ({ folder }) => {
    const path = join(folder, `x.${extension}`)
    fails(await load(path)(), 'notFound', /^load: ENOENT/)
    fails(await save(join(folder, 'none', `x.${extension}`), 1)(), 'notFound', /^save: ENOENT/)
    await mkdir(path)
    fails(await load(path)(), 'io', /^load: EISDIR/)
    fails(await save(path, 1)(), 'io', /^save: (EISDIR|EPERM|EEXIST|ENOTEMPTY)/)
    assert.equal(await readdir(folder), [`x.${extension}`])
  })

  test(`.${extension}: a file that is refused, and a name that is not in it`, async ({ folder }) => {
    const path = join(folder, `x.${extension}`)
    await writeFile(path, 'no')
    fails(await load(path)(), 'truncated', /^decode/)
    await save(path, { w: 1 })()
    fails(await load(path, { only: ['v'] })(), 'notFound', /no array "v"/)
  })

  test(`.${extension}: when the tree cannot be read back, the old file stays`, async ({ folder }) => {
    const path = join(folder, `x.${extension}`)
    await writeFile(path, 'old')
    const w = array([1])
    dispose(w)
    fails(await save(path, { w })(), 'disposed', /was disposed/)
    assert.is(await readFile(path, 'utf8'), 'old')
    assert.equal(await readdir(folder), [`x.${extension}`])
  })
}

test('the name must tell the format', async ({ folder }) => {
  for (const name of ['weights', 'weights.bin', 'npz', 'weights.npz.gz']) {
    const path = join(folder, name)
    fails(await save(path, 1)(), 'unsupportedFormat', /^save: ".*" names no format/)
    fails(await load(path)(), 'unsupportedFormat', /^load: ".*" names no format/)
  }
})

test('two saves to one name at a time leave one whole file', async ({ folder }) => {
  const path = join(folder, 'x.npz')
  const outcomes = await Promise.all([1, 2, 3].map((i) => save(path, array(new Float32Array(1e5).fill(i)))()))
  assert.ok(outcomes.every(E.isRight))
  const loaded = await load(path)()
  if (E.isLeft(loaded)) throw new Error(loaded.left.message)
  assert.is(new Set(readSync(loaded.right as Tensor)).size, 1)
  assert.equal(await readdir(folder), ['x.npz'])
})

test.run()
