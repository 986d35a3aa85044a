import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { flatten, leafCount, paths, sameStructure, showStructure, treeLeaves, treeMap, unflatten } from './tree.js'

const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.integer(), fc.constant(null), fc.string({ maxLength: 3 }), fc.constant(new Date(0))),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie('tree'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))

test('unflatten ∘ flatten is the identity', () => {
  fc.assert(
    fc.property(tree, (x) => {
      const { leaves, structure } = flatten(x)
      assert.equal(unflatten(structure, leaves), x)
      assert.is(leafCount(structure), leaves.length)
      assert.is(paths(structure).length, leaves.length)
    }),
  )
})

test('the order in which keys are written does not matter', () => {
  const a = flatten({ x: 1, y: [2, { p: 3, q: 4 }] })
  const b = flatten({ y: [2, { q: 4, p: 3 }], x: 1 })
  assert.equal(a.leaves, b.leaves)
  assert.ok(sameStructure(a.structure, b.structure))
  assert.is(showStructure(a.structure), showStructure(b.structure))
})

test('two trees have the same structure exactly if their text is the same', () => {
  fc.assert(
    fc.property(tree, tree, (x, y) => {
      const [a, b] = [flatten(x).structure, flatten(y).structure]
      assert.is(sameStructure(a, b), showStructure(a) === showStructure(b))
    }),
  )
})

test('a key that looks like text of a structure is quoted', () => {
  const [a, b] = [flatten({ 'a: *, b': 1, c: 2 }), flatten({ a: 1, 'b: *, c': 2 })]
  assert.not(sameStructure(a.structure, b.structure))
  assert.is(showStructure(a.structure), '{"a: *, b": *, c: *}')
  assert.is(showStructure(b.structure), '{a: *, "b: *, c": *}')
})

test('what is neither array nor plain record is a leaf: class instances, typed arrays, dates, functions, undefined', () => {
  class Point {
    x = 1
  }
  const leaves = [new Point(), new Float32Array(2), new Date(0), Math.sin, undefined, new Map()]
  assert.equal(treeLeaves(leaves), leaves)
  assert.equal(treeLeaves(Object.assign(Object.create(null), { a: 1 })), [1])
})

test('empty branches hold no leaf, and stay', () => {
  const { leaves, structure } = flatten({ a: [], b: {} })
  assert.equal(leaves, [])
  assert.equal(unflatten(structure, []), { a: [], b: {} })
})

test('null is a branch without leaves: it stays where it is, and f does not see it', () => {
  const { leaves, structure } = flatten({ w: 1, bias: null })
  assert.equal(leaves, [1])
  assert.is(showStructure(structure), '{bias: null, w: *}')
  assert.equal(
    treeMap((x: number) => x + 1, { w: 1, bias: null }),
    { w: 2, bias: null },
  )
  assert.equal(unflatten(flatten(null).structure, []), null)
  assert.throws(() => treeMap((a: unknown, b: unknown) => [a, b], [1] as unknown, [null]), 'the form [null]')
})

test('paths name each leaf', () => {
  assert.equal(paths(flatten({ layers: [{ w: 1 }, { w: 2 }], 'a b': 3 }).structure), [
    '["a b"]',
    '.layers[0].w',
    '.layers[1].w',
  ])
  assert.equal(paths(flatten(5).structure), [''])
})

test('treeMap: identity and composition', () => {
  const f = (x: unknown): string => `f${String(x)}`
  const g = (x: unknown): string => `g${String(x)}`
  fc.assert(
    fc.property(tree, (x) => {
      assert.equal(treeMap((leaf: unknown) => leaf, x), x)
      assert.equal(treeMap(g, treeMap(f, x)), treeMap((leaf: unknown) => g(f(leaf)), x))
    }),
  )
}) // biome-ignore format: two laws

test('treeMap of several trees takes the leaves at one place together', () => {
  const sum = (a: number, b: number, c: number): number => a + b + c
  assert.equal(treeMap(sum, { x: 1, y: [2] }, { y: [20], x: 10 }, { x: 100, y: [200] }), { x: 111, y: [222] })
})

test('treeMap names the tree whose form differs', () => {
  assert.throws(
    () => treeMap((a: unknown, b: unknown) => [a, b], { x: 1, y: [2] } as unknown, { x: 1, y: 2 }),
    'treeMap: tree 1 has the form {x: *, y: *}, the first has {x: *, y: [*]}.',
  )
  assert.throws(
    () => treeMap((a: number, b: number) => a + b, [1, 2], [1, 2], [1]),
    'treeMap: tree 2 has the form [*], the first has [*, *].',
  )
})

test('a key named __proto__ is a key like others', () => {
  const x = JSON.parse('{"__proto__": 1, "a": 2}') as unknown
  const { leaves, structure } = flatten(x)
  assert.equal(leaves, [1, 2])
  assert.equal(Object.keys(unflatten(structure, leaves) as object).sort(), ['__proto__', 'a'])
})

test.run()
