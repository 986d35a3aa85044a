/** Text of a shader's body in nested scopes: what has been named in a scope around is not computed again. */

import type { Loop } from '../../kernel/kernel.js'
import type { Memory } from '../memory.js'
import type { Uses } from '../wgsl/library.js'

/** Dimensions from `first` up to `end` that one variable counts, row-major. */
export interface Group {
  readonly first: number
  readonly end: number
  readonly variable: string
}

export interface Writer {
  readonly kernel: Loop
  readonly memory: Memory
  readonly uses: Uses
  /** The dimensions of the grid, and then those of each loop, from the outermost to the innermost. */
  readonly groups: readonly Group[]
  readonly line: (text: string) => void
  /** `head { … }` with a scope of its own; the head may be empty. */
  readonly block: (head: string, body: () => void) => void
  /** What a key stands for in this scope or one around it; where there is nothing yet, `make` writes it and gives its name. */
  readonly once: (key: string, make: () => string) => string
  /** The name of an expression; names and literals are their own. */
  readonly named: (prefix: string, expression: string) => string
  /** A name that no other has. */
  readonly fresh: (prefix: string) => string
  readonly text: () => string
}

const bare = /^-?[\w.]+$/

export const writerOf = (kernel: Loop, memory: Memory, uses: Uses, groups: readonly Group[]): Writer => {
  const lines: string[] = []
  const scopes: Map<string, string>[] = [new Map()]
  const taken = new Map<string, number>()
  const fresh = (prefix: string): string => {
    const count = taken.get(prefix) ?? 0
    taken.set(prefix, count + 1)
    return `${prefix}${count}`
  }
  const once = (key: string, make: () => string): string => {
    const known = scopes.findLast((scope) => scope.has(key))?.get(key)
    if (known !== undefined) return known
    const name = make()
    scopes.at(-1)!.set(key, name)
    return name
  }
  const line = (text: string): void => {
    lines.push(`${'  '.repeat(scopes.length - 1)}${text}`)
  }
  return {
    kernel,
    memory,
    uses,
    groups,
    line,
    block: (head, body) => {
      line(head === '' ? '{' : `${head} {`)
      scopes.push(new Map())
      body()
      scopes.pop()
      line('}')
    },
    once,
    named: (prefix, expression) =>
      bare.test(expression)
        ? expression
        : once(expression, () => {
            const name = fresh(prefix)
            line(`let ${name} = ${expression};`)
            return name
          }),
    fresh,
    text: () => lines.join('\n'),
  }
}
