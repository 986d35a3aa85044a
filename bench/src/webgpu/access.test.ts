import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type StorageUse, storageUses } from './access.js'

const uses = (body: string): string => {
  const [{ reads, writes }] = storageUses(
    `@group(0) @binding(3) var<storage, read_write> y: array<f32>;\nfn main() { ${body} }`,
  ) as readonly [StorageUse]
  return `${reads ? 'r' : ''}${writes ? 'w' : ''}`
}

test('what is assigned is written, also by an index with brackets of its own', () => {
  assert.is(uses('y[i] = 1;'), 'w')
  assert.is(uses('y[a[b[0]] + 1] = x[2];'), 'w')
  assert.is(uses('y [i] .x = 1;'), 'w')
})

test('what is compared, or stands on the right, is read', () => {
  assert.is(uses('let z = y[i];'), 'r')
  assert.is(uses('if (y[i] == 1) { }'), 'r')
  assert.is(uses('y[i] = y[i] + 1;'), 'rw')
  assert.is(uses('let z = a && y[i] > 0;'), 'r')
})

test('what is added to, counted up or handed on by a pointer is both', () => {
  for (const body of ['y[i] += 1;', 'y[i] <<= 1;', 'y[i]++;', 'atomicAdd(&y[i], 1);', 'f(&y);'])
    assert.is(uses(body), 'rw')
})

test('its length, a phony assignment, a comment and a longer name are nothing', () => {
  assert.is(uses('let n = arrayLength(&y); _ = &y; /* y[0] */ let yy = 1; // y[1] = 2'), '')
})

test('bindings keep their numbers, whatever the order of their attributes; uniforms are not storage', () => {
  assert.equal(
    storageUses(`@binding(2) @group(1) var<storage> x : array<vec4f>;
      @group(0) @binding(0) var<uniform> u : U;
      @group( 0 ) @binding( 1u ) var<storage, read> z : array<f32>;`),
    [
      { group: 1, binding: 2, reads: true, writes: false },
      { group: 0, binding: 1, reads: true, writes: false },
    ],
  )
})

test.run()
