/** The text of a user's kernel: where its entry point begins, and what its workgroups are. Nothing in front of a line of the user's is
 *  added or taken away, so that what a compiler says of a line is said of the user's own. */

import { fail } from '../errors.js'

export interface Entry {
  /** The place behind the brace that opens the body of `main`. */
  readonly body: number
  /** Threads of a workgroup along x, y, z; undefined where they are not written as numbers or constants of the text. */
  readonly workgroup: readonly number[] | undefined
}

/** The text with blanks for its comments, every other character where it was. Comments of WGSL nest. */
export const withoutComments = (text: string): string => {
  let out = ''
  let depth = 0
  for (let i = 0; i < text.length; ) {
    const pair = text.slice(i, i + 2)
    if (pair === '/*' || (pair === '*/' && depth > 0)) {
      depth += pair === '/*' ? 1 : -1
      out += '  '
      i += 2
    } else if (pair === '//' && depth === 0) {
      const end = text.indexOf('\n', i)
      const next = end < 0 ? text.length : end
      out += ' '.repeat(next - i)
      i = next
    } else {
      out += depth > 0 && text[i] !== '\n' ? ' ' : text[i]
      i++
    }
  }
  return out
}

/** The entry point `main` of a text without comments. */
export const entryOf = (name: string, bare: string): Entry => {
  const found = /\bfn\s+main\s*\(/.exec(bare)
  if (found === null)
    return fail(name, 'its WGSL has no entry point: write @compute @workgroup_size(64) fn main(…) { … }.')
  let at = found.index + found[0].length
  for (let depth = 1; depth > 0 && at < bare.length; at++)
    if (bare[at] === '(') depth++
    else if (bare[at] === ')') depth--
  const body = bare.indexOf('{', at) + 1
  if (body === 0) return fail(name, 'the entry point main of its WGSL has no body.')
  const before = bare.slice(0, found.index)
  const attributes = before.slice(Math.max(before.lastIndexOf(';'), before.lastIndexOf('}')) + 1)
  return { body, workgroup: workgroupOf(bare, attributes) }
}

const workgroupOf = (bare: string, attributes: string): readonly number[] | undefined => {
  const [, list] = /@workgroup_size\s*\(([^)]*)\)/.exec(attributes) ?? []
  const sizes = list
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => wholeNumber(part) ?? constant(bare, part))
  return sizes?.every((size) => size !== undefined) ? (sizes as number[]) : undefined
}

const wholeNumber = (text: string): number | undefined =>
  /^\d+[iu]?$/.test(text) ? Number.parseInt(text, 10) : undefined

/** A constant of the text that is written as a number. */
const constant = (bare: string, name: string): number | undefined => {
  if (!/^\w+$/.test(name)) return undefined
  const [, value] = new RegExp(`\\bconst\\s+${name}\\s*(?::\\s*\\w+\\s*)?=\\s*(\\d+[iu]?)\\s*;`).exec(bare) ?? []
  return value === undefined ? undefined : wholeNumber(value)
}
