import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { entryOf, withoutComments } from './text.js'

const entry = (text: string): { readonly rest: string; readonly workgroup: readonly number[] | undefined } => {
  const { body, workgroup } = entryOf('k', withoutComments(text))
  return { rest: text.slice(body), workgroup }
}

test('comments become blanks, and every other character stays where it was', () => {
  const text = 'a // b\nc /* d /* e */ f\n g */ h // i /* j\nk'
  const bare = withoutComments(text)
  assert.is(bare.length, text.length)
  assert.is(bare, ['a'.padEnd(6), 'c'.padEnd(16), '      h'.padEnd(17), 'k'].join('\n'))
  assert.is(withoutComments('a // to the end'), 'a              ')
  assert.is(withoutComments(''), '')
  assert.is(withoutComments('x */ y'), 'x */ y')
})

test('the body of main begins behind its brace, whatever its parameters look like', () => {
  assert.is(entry('@compute @workgroup_size(1) fn main() { a; }').rest, ' a; }')
  assert.is(
    entry('@compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3<u32>)\n{\n a; }').rest,
    '\n a; }',
  )
  assert.is(entry('// fn main() { no }\n@compute @workgroup_size(1)\nfn main /* { */ () { yes }').rest, ' yes }')
  assert.is(entry('fn mainly() { no }\n@compute @workgroup_size(1) fn main() { yes }').rest, ' yes }')
})

test('the size of a workgroup is read where it is a number or a constant of the text', () => {
  const sizeOf = (size: string, before = ''): readonly number[] | undefined =>
    entry(`${before}@compute @workgroup_size(${size}) fn main() {}`).workgroup
  assert.equal(sizeOf('64'), [64])
  assert.equal(sizeOf('8u, 4i,'), [8, 4])
  assert.equal(sizeOf('tile, tile, 1', 'const tile: u32 = 8u;\n'), [8, 8, 1])
  assert.equal(sizeOf('tile', '/* const tile = 3; */ const tile=16;'), [16])
  assert.equal(sizeOf('tile * 2', 'const tile = 8;'), undefined)
  assert.equal(sizeOf('tile', 'override tile: u32 = 8;'), undefined)
  // of main, not of another entry point
  assert.equal(sizeOf('32', '@compute @workgroup_size(7) fn other() {}\n'), [32])
  assert.equal(entry('@workgroup_size(64)\n@compute fn main() {}').workgroup, [64])
})

test('a text without an entry point says how one looks', () => {
  assert.throws(
    () => entry('fn mine() {}'),
    /k: its WGSL has no entry point: write @compute @workgroup_size\(64\) fn main/,
  )
  assert.throws(() => entry('fn main('), /k: the entry point main of its WGSL has no body/)
})

test.run()
