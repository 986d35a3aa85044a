import fc from 'fast-check'
import { isRight, right } from 'fp-ts/lib/Either.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Dialect, type Literal, maximumDepth, parseLiteral } from './literal.js'

const plain = (value: Literal): unknown =>
  value instanceof Map
    ? Object.fromEntries([...value].map(([key, field]) => [key, plain(field as Literal)]))
    : Array.isArray(value)
      ? value.map(plain)
      : value

const fails = (text: string, dialect: Dialect, index: number, message: string): void => {
  const outcome = parseLiteral(text, dialect)
  if (isRight(outcome)) throw new Error(`a Left is expected for ${text.slice(0, 40)}`)
  assert.is(outcome.left.index, index)
  assert.match(outcome.left.message, message)
}

test('reads what JSON.stringify writes, as JSON.parse does', () => {
  const json = fc.jsonValue({ stringUnit: 'grapheme' }).filter((value) => !JSON.stringify(value).includes('\\ud'))
  fc.assert(
    fc.property(json, fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      const outcome = parseLiteral(text, 'json')
      if (isRight(outcome)) assert.equal(plain(outcome.right), JSON.parse(text))
      else throw new Error(`${outcome.left.message} in ${text}`)
    }),
  )
})

test('what JSON.parse refuses is refused', () => {
  const pieces = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', 'null', ' ', '01', "'", '"', '(', ')', '-')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = parts.join('')
      const accepted = (() => {
        try {
          JSON.parse(text)
          return true
        } catch {
          return false
        }
      })()
      const outcome = parseLiteral(text, 'json')
      const twice = !isRight(outcome) && outcome.left.code === 'duplicateName'
      if (!twice) assert.is(isRight(outcome), accepted, text)
    }),
    { numRuns: 2000 },
  )
})

test('Python: tuples, last commas, both quotes; (3) is a number', () => {
  const value = (text: string) => parseLiteral(text, 'python')
  assert.equal(value('()'), right([]))
  assert.equal(value('(3)'), right(3))
  assert.equal(value('(3,)'), right([3]))
  assert.equal(value('(3, 4L)'), right([3, 4]))
  assert.equal(value('[1, 2,]'), right([1, 2]))
  assert.equal(
    value(`{'a': True, "b": None,}\n`),
    right(
      new Map<string, Literal>([
        ['a', true],
        ['b', null],
      ]),
    ),
  )
  assert.equal(value('-0'), right(0))
})

test('a key given twice is an error: which one counts is nobody’s guess', () => {
  fails('{"a":1,"b":2,"a":3}', 'json', 13, 'key "a" is given twice')
  const outcome = parseLiteral('{"a":1,"\\u0061":2}', 'json')
  assert.is(isRight(outcome) ? '' : outcome.left.code, 'duplicateName')
})

test('no key is magic', () => {
  assert.equal(parseLiteral('{"__proto__":1}', 'json'), right(new Map([['__proto__', 1]])))
})

test('errors tell the place and what is expected', () => {
  fails('', 'json', 0, 'expected a value, saw the end')
  fails('{"a" 1}', 'json', 5, 'expected \':\', saw "1}"')
  fails('[1 2]', 'json', 3, "expected ',' or ']'")
  fails('[1,]', 'json', 3, 'expected a value')
  fails('(,)', 'python', 1, 'expected a value')
  fails('{1: 2}', 'python', 1, 'expected a key in quotes')
  fails('{"a": "b', 'json', 6, 'a string without its end')
  fails('"\\x"', 'json', 0, 'not well formed')
  fails('"\\ud800"', 'json', 0, 'not well formed')
  fails('1 1', 'json', 2, 'expected nothing more')
  fails("'a\nb'", 'python', 0, 'not well formed')
})

test('deep nesting and long strings cost neither stack nor time', () => {
  fails('['.repeat(1e6), 'json', maximumDepth + 1, 'nested deeper than 200')
  fails(`"${'\\'.repeat(1e6 + 1)}`, 'json', 0, 'without its end')
  const long = `"${'a\\n'.repeat(1e6)}"`
  assert.ok(isRight(parseLiteral(long, 'json')))
})

test.run()
