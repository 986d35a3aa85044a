/** A small strict parser of literals, for the text headers of files: JSON (safetensors) and Python (npy).
 *
 *  Stricter than `JSON.parse`: a key given twice is an error, not the last one's victory; nesting is bounded; what
 *  follows the value is an error. Records become maps, so no key is magic. Lists and tuples are both arrays; as in
 *  Python, `(3)` is 3 and `(3,)` is a tuple.
 *  Cost       linear in the text; the stack is bounded by `maximumDepth`. */

import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { isWellFormed, quote } from './text.js'

export type Literal = null | boolean | number | string | readonly Literal[] | ReadonlyMap<string, Literal>

interface LiteralError {
  readonly code: 'badHeader' | 'duplicateName'
  readonly message: string
  /** Where in the text, in UTF-16 units. */
  readonly index: number
}

export type Dialect = 'json' | 'python'

export const maximumDepth = 200

export const parseLiteral = (text: string, dialect: Dialect): Either<LiteralError, Literal> => {
  const { words, quotes, tuples, lastComma, space } = dialects[dialect]
  let at = 0

  const stop = (message: string, index = at): Either<LiteralError, never> => left({ code: 'badHeader', message, index })
  const seen = (): string => (at < text.length ? JSON.stringify(text.slice(at, at + 12)) : 'the end')
  const skip = (): void => {
    while (at < text.length && space.includes(text[at]!)) at++
  }
  const take = (symbol: string): boolean => {
    skip()
    if (text[at] !== symbol) return false
    at++
    return true
  }

  const value = (depth: number): Either<LiteralError, Literal> => {
    if (depth > maximumDepth) return stop(`nested deeper than ${maximumDepth}`)
    if (take('{')) return record(depth)
    if (take('[')) return list(depth, ']')
    if (tuples && take('(')) return list(depth, ')')
    if (quotes.includes(text[at] ?? ' ')) return quoted()
    for (const [word, meaning] of words)
      if (text.startsWith(word, at)) {
        at += word.length
        return right(meaning)
      }
    return number()
  }

  // `closed` after each element: a comma or the end must follow. The caller has taken the opening bracket.
  const list = (depth: number, end: ']' | ')'): Either<LiteralError, Literal> => {
    const items: Literal[] = []
    while (!take(end)) {
      if (items.length > 0 && !take(',')) return stop(`expected ',' or '${end}', saw ${seen()}`)
      if (items.length > 0 && lastComma && take(end)) return right(items)
      const item = value(depth + 1)
      if (isLeft(item)) return item
      items.push(item.right)
      if (end === ')' && items.length === 1 && take(end)) return item
    }
    return right(items)
  }

  const record = (depth: number): Either<LiteralError, Literal> => {
    const fields = new Map<string, Literal>()
    while (!take('}')) {
      if (fields.size > 0 && !take(',')) return stop(`expected ',' or '}', saw ${seen()}`)
      if (fields.size > 0 && lastComma && take('}')) break
      skip()
      const start = at
      if (!quotes.includes(text[at] ?? ' ')) return stop(`expected a key in quotes, saw ${seen()}`)
      const key = quoted()
      if (isLeft(key)) return key
      if (fields.has(key.right))
        return left({ code: 'duplicateName', message: `key ${quote(key.right)} is given twice`, index: start })
      if (!take(':')) return stop(`expected ':', saw ${seen()}`)
      const field = value(depth + 1)
      if (isLeft(field)) return field
      fields.set(key.right, field.right)
    }
    return right(fields)
  }

  // Found by a loop, not by a regular expression: those may run out of stack on a long string.
  const quoted = (): Either<LiteralError, string> => {
    const start = at
    const quote = text[at]
    for (at++; at < text.length && text[at] !== quote; at++) if (text[at] === '\\') at++
    if (at >= text.length) return stop('a string without its end', start)
    at++
    const content = unescaped(text.slice(start, at), dialect)
    if (content === undefined || !isWellFormed(content)) return stop('a string that is not well formed', start)
    return right(content)
  }

  const number = (): Either<LiteralError, number> => {
    const digits = /^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?(?:[eE][+-]?\d{1,4})?/.exec(text.slice(at, at + 80))?.[0]
    if (digits === undefined) return stop(`expected a value, saw ${seen()}`)
    at += digits.length
    if (dialect === 'python' && text[at] === 'L') at++ // Python 2 wrote its long integers so
    return right(Number(digits) + 0) // −0 becomes 0
  }

  const result = value(0)
  if (isLeft(result)) return result
  skip()
  return at < text.length ? stop(`expected nothing more, saw ${seen()}`) : result
}

const unescaped = (source: string, dialect: Dialect): string | undefined => {
  // Escapes in Python occur in names of fields alone, which are refused later.
  if (dialect === 'python') return /[\n\r\0]/.test(source) ? undefined : source.slice(1, -1)
  try {
    return JSON.parse(source) as string
  } catch {
    return undefined
  }
}

interface Grammar {
  readonly words: readonly (readonly [string, null | boolean])[]
  readonly quotes: string
  readonly tuples: boolean
  readonly lastComma: boolean
  readonly space: string
}

const dialects: { readonly [D in Dialect]: Grammar } = {
  json: {
    words: [
      ['null', null],
      ['true', true],
      ['false', false],
    ],
    quotes: '"',
    tuples: false,
    lastComma: false,
    space: ' \t\n\r',
  },
  python: {
    words: [
      ['None', null],
      ['True', true],
      ['False', false],
    ],
    quotes: '\'"',
    tuples: true,
    lastComma: true,
    space: ' \t\n\r\f',
  },
}
