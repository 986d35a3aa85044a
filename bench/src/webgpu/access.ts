/** What a WGSL module does to its storage bindings, read from its text: which bytes a dispatch reads, and which it writes.
 *
 *  A binding that is declared `read` is read. One that is declared `read_write` is written where it stands left of `=`, both where the
 *  assignment adds to it, where a pointer to it is handed on (atomics are so), and read where it stands anywhere else. Asking for its
 *  length, or a phony assignment of its pointer, is nothing. */

export interface StorageUse {
  readonly group: number
  readonly binding: number
  readonly reads: boolean
  readonly writes: boolean
}

const declaration = /((?:@(?:group|binding)\s*\([^)]*\)\s*){2})var\s*<\s*storage\s*(?:,\s*(\w+)\s*)?>\s*(\w+)/g

const attribute = (text: string, name: string): number => Number(new RegExp(`@${name}\\s*\\(\\s*(\\d+)`).exec(text)![1])

/** Past what a name is indexed by, `[…]` and `.member`. */
const pastPath = (code: string, start: number): number => {
  let at = start
  for (;;) {
    while (/\s/.test(code[at] ?? '')) at++
    if (code[at] === '.') at += /^\.\s*\w+/.exec(code.slice(at))![0].length
    else if (code[at] === '[') {
      let depth = 0
      do {
        if (code[at] === '[') depth++
        else if (code[at] === ']') depth--
        at++
      } while (depth > 0 && at < code.length)
    } else return at
  }
}

const usesOf = (code: string, name: string): { readonly reads: boolean; readonly writes: boolean } => {
  let [reads, writes] = [false, false]
  for (const { index } of code.matchAll(new RegExp(`\\b${name}\\b`, 'g'))) {
    const before = code.slice(0, index).trimEnd()
    if (/(_\s*=|arrayLength\s*\()\s*&$/.test(before)) continue
    const after = code.slice(pastPath(code, index + name.length))
    const pointed = before.endsWith('&') && !before.endsWith('&&')
    const changed = pointed || /^([-+*/%&|^]|<<|>>)=|^(\+\+|--)/.test(after)
    const assigned = !pointed && /^=[^=]/.test(after)
    if (changed || assigned) writes = true
    if (changed || !assigned) reads = true
  }
  return { reads, writes }
}

/** The storage bindings of a module, in the order of their declarations.
 *  @example
 *  storageUses('@group(0) @binding(0) var<storage, read_write> y: array<f32>; @compute @workgroup_size(1) fn main() { y[0] = 1; }')
 *  // => [{ group: 0, binding: 0, reads: false, writes: true }] */
export const storageUses = (wgsl: string): readonly StorageUse[] => {
  const code = wgsl.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
  const body = code.replace(declaration, '')
  return [...code.matchAll(declaration)].map(([, where, mode = 'read', name]) => ({
    group: attribute(where!, 'group'),
    binding: attribute(where!, 'binding'),
    ...(mode === 'read' ? { reads: true, writes: false } : usesOf(body, name!)),
  }))
}
