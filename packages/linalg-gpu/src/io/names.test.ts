import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { type Either, isLeft, isRight, right } from 'fp-ts/lib/Either.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FileError } from './entry.js'
import {
  describeTree,
  entryOfTree,
  flattenNames,
  type NameTree,
  restoreTree,
  treeOfEntry,
  unflattenNames,
} from './names.js'

// Any value can be a leaf; here numbers are.
const isLeaf = (value: unknown): value is number => typeof value === 'number'

const value = <T>(outcome: Either<FileError, T>): T => {
  if (isLeft(outcome)) throw new Error(`${outcome.left.code}: ${outcome.left.message}`)
  return outcome.right
}

const fails = (outcome: Either<FileError, unknown>, code: string, text: string): void => {
  if (isRight(outcome)) throw new Error('a Left is expected')
  assert.is(outcome.left.code, code)
  assert.match(outcome.left.message, text)
}

const awkward = fc.constantFrom(
  '',
  '.',
  '..',
  '\\',
  '\\.',
  '0',
  '00',
  '12',
  '1.5',
  '-1',
  'a.b',
  '__proto__',
  'constructor',
  '__metadata__',
  '__tree__',
  '\\0',
  'é',
)
const key = fc.oneof(awkward, fc.string({ maxLength: 4 }))

// fast-check's own dictionaries leave `__proto__` out, and uvu's `equal` believes in `constructor`:
// hence `deepStrictEqual` below.
const record = <T>(child: fc.Arbitrary<T>) =>
  fc.uniqueArray(fc.tuple(key, child), { maxLength: 4, selector: ([name]) => name }).map(Object.fromEntries)

const { tree } = fc.letrec<{ tree: NameTree<number> }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.array(tie('tree'), { maxLength: 3 }), record(tie('tree'))),
}))

const { records } = fc.letrec<{ records: NameTree<number> }>((tie) => ({
  records: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    record(tie('records')).filter((made) => Object.keys(made as object).length > 0),
  ),
}))

test('names are the path, joined by dots', () => {
  const names = flattenNames({ layers: [{ w: 1, b: 2 }, { w: 3 }], scale: 4 }, isLeaf)
  assert.equal(
    [...names],
    [
      ['layers.0.w', 1],
      ['layers.0.b', 2],
      ['layers.1.w', 3],
      ['scale', 4],
    ],
  )
})

test('a leaf alone has the empty name', () => {
  assert.equal([...flattenNames(7, isLeaf)], [['', 7]])
  assert.equal(describeTree(7, isLeaf), 'null')
  assert.equal(restoreTree(new Map([['', 7]]), 'null'), right(7))
})

test('dots, backslashes, number-like and reserved keys are escaped', () => {
  const names = flattenNames({ 'a.b': 1, '0': 2, 'c\\': 3, __metadata__: 4, __tree__: 5, '0a': 6 }, isLeaf)
  assert.equal([...names.keys()].sort(), ['0a', '\\0', '\\__metadata__', '\\__tree__', 'a\\.b', 'c\\\\'])
})

test('law: restore(flatten(t), describe(t)) = t', () => {
  fc.assert(
    fc.property(tree, (t) => {
      deepStrictEqual(value(restoreTree(flattenNames(t, isLeaf), describeTree(t, isLeaf))), t)
    }),
    { numRuns: 1000 },
  )
})

test('law: two leaves never share a name', () => {
  const leaves = (t: NameTree<number>): number =>
    typeof t === 'number' ? 1 : Object.values(t ?? {}).reduce((sum: number, child) => sum + leaves(child), 0)
  fc.assert(
    fc.property(tree, (t) => assert.is(flattenNames(t, isLeaf).size, leaves(t))),
    { numRuns: 1000 },
  )
})

test('law: unflatten(flatten(t)) = t for records without empty ones', () => {
  fc.assert(
    fc.property(
      records.filter((t) => typeof t !== 'number'),
      (t) => {
        deepStrictEqual(value(unflattenNames(flattenNames(t, isLeaf))), t)
      },
    ),
    { numRuns: 1000 },
  )
})

test('empty arrays and records come back', () => {
  const t = { a: [], b: {}, c: [[], { d: [1] }] }
  assert.is(describeTree(t, isLeaf), '{"a":[],"b":{},"c":[[],{"d":[null]}]}')
  assert.equal(value(restoreTree(flattenNames(t, isLeaf), describeTree(t, isLeaf))), t)
})

test('nothing comes back as nothing, and is no leaf', () => {
  const t = { a: null, b: [null, 1], c: { d: null } }
  assert.is(describeTree(t, isLeaf), '{"a":false,"b":[false,null],"c":{"d":false}}')
  assert.equal([...flattenNames(t, isLeaf).keys()], ['b.1'])
  assert.equal(value(restoreTree(flattenNames(t, isLeaf), describeTree(t, isLeaf))), t)
})

test('names by others become records at every dot; positions stay keys', () => {
  const theirs = new Map([
    ['layers.0.weight', 1],
    ['layers.0.bias', 2],
    ['a..b', 3],
    ['tail\\', 4],
  ])
  assert.equal(value(unflattenNames(theirs)), {
    layers: { '0': { weight: 1, bias: 2 } },
    a: { '': { b: 3 } },
    'tail\\': 4,
  })
})

test('names that make no tree are refused', () => {
  fails(
    unflattenNames(
      new Map([
        ['a', 1],
        ['a.b', 2],
      ]),
    ),
    'badTree',
    'name "a.b" goes through another array',
  )
  fails(
    unflattenNames(
      new Map([
        ['a.b', 1],
        ['a', 2],
      ]),
    ),
    'badTree',
    'name "a" is also the beginning of',
  )
  fails(
    unflattenNames(
      new Map([
        ['a\\b', 1],
        ['ab', 2],
      ]),
    ),
    'badTree',
    'name "ab"',
  )
  fails(unflattenNames(new Map([['.'.repeat(1e6), 1]])), 'badTree', '1000001 levels')
})

test('a description that does not fit its leaves is refused', () => {
  const leaves = new Map([['a', 1]])
  fails(restoreTree(leaves, '{"a":null,"b":[null]}'), 'notFound', 'a leaf "b.0"')
  fails(restoreTree(leaves, '{}'), 'badTree', '1 arrays are no part of the tree, "a" the first')
  fails(restoreTree(leaves, '{"a":1}'), 'badTree', '1 stands where null')
  fails(restoreTree(leaves, '{"a":null'), 'badTree', "expected ',' or '}'")
  fails(restoreTree(leaves, '['.repeat(1e5)), 'badTree', 'nested deeper')
})

test('a description travels as an entry of bytes', () => {
  const text = describeTree({ é: [1] }, isLeaf)
  assert.is(value(treeOfEntry(entryOfTree(text))), text)
  fails(treeOfEntry({ dtype: 'u8', shape: [1], data: Uint8Array.of(0xff) }), 'badTree', 'UTF-8')
  fails(treeOfEntry({ dtype: 'i8', shape: [1], data: Int8Array.of(65) }), 'badTree', 'u8 vector')
})

test('what is no tree is a bug, and throws with its path', () => {
  assert.throws(
    () => flattenNames({ a: [1, 'x'] }, isLeaf),
    /flattenNames: "a\.1" is "x"; a leaf, an array or a plain record is expected/,
  )
  assert.throws(() => flattenNames({ a: undefined }, isLeaf), /"a" is undefined/)
  assert.throws(() => describeTree({ a: new Map() }, isLeaf), /describeTree: "a"/)
  const loop: unknown[] = []
  loop.push(loop)
  assert.throws(() => flattenNames(loop, isLeaf), /deeper than 200 levels: does it contain itself/)
})

test('a tree of the greatest depth that is written can be read', () => {
  let deep: NameTree<number> = 1
  for (let i = 0; i < 200; i++) deep = [deep]
  assert.equal(value(restoreTree(flattenNames(deep, isLeaf), describeTree(deep, isLeaf))), deep)
})

test.run()
