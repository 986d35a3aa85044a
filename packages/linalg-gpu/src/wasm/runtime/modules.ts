/** Kernels become functions of a table: those that are asked for together and not known are compiled as one module. */

import { assemble, type Code, call, type Func, func, get } from '../assembler.js'
import type { Lowered } from '../lowered.js'
import { hostMath } from '../math/host.js'

/** Set in the number of a kernel that only the caller's thread can run. */
export const callerOnly = 1 << 31

/** Names of host functions that any thread has, each with its name in Math. */
export const mathNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(hostMath).flatMap(([name, f]) => {
    const own = Object.getOwnPropertyNames(Math).find((key) => (Math as unknown as Record<string, unknown>)[key] === f)
    return own === undefined ? [] : [[name, own]]
  }),
)

/** The host functions that code calls. */
const hostFunctions = (f: Func): ReadonlyMap<string, Func> => {
  const into = new Map<string, Func>()
  const seen = new Set<Func>()
  const visit = (code: Code): void => {
    if (typeof code === 'number' || 'typeOf' in code) return
    if ('length' in code) for (const part of code) visit(part)
    else if (code.from?.[0] === 'math') into.set(code.from[1], code)
    else if (!seen.has(code)) {
      seen.add(code)
      visit(code.body)
    }
  }
  visit(f)
  return into
}

/** Bytes of a module at which it is made two: on a page's own thread Chromium compiles no more than 8 MB at once. */
const largest = 4_000_000

export interface Library {
  readonly functionIndex: (kernels: readonly Pick<Lowered, 'key' | 'build'>[]) => readonly number[]
  readonly compilations: () => number
}

/** The functions of kernels, in a table. `publish` hands a module's bytes to the workers; false when it could not. */
export const library = (
  host: { readonly memory: WebAssembly.Memory; readonly table: WebAssembly.Table },
  shared: boolean,
  publish: (bytes: Uint8Array, base: number) => boolean,
): Library => {
  const known = new Map<string, number>()
  let compilations = 0
  // engines compile a way in for every function of the host that a module imports, which costs more than a kernel:
  // each is imported once, by a small module that hands it on
  const lent = new Map<string, WebAssembly.ExportValue>()
  const lend = (name: string, own: Func): WebAssembly.ExportValue => {
    const made = lent.get(name)
    if (made !== undefined) return made
    const pass = func(name, own.params, own.results, (x) => call(own, ...x.map(get)))
    const bytes = assemble({ functions: [pass], shared, pages: { initial: 0, maximum: 65536 } })
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host, math: hostMath })
    lent.set(name, exports[name]!)
    return exports[name]!
  }
  const compile = (kernels: ReadonlyMap<string, () => Func>): void => {
    const base = host.table.length
    // names are made different: two kernels may have one function, and a module no two exports of one name
    const functions = [...kernels.values()].map((build, i) => {
      const f = build()
      return { ...f, name: `${f.name}_${base + i}` }
    })
    const bytes = assemble({ functions, shared, pages: { initial: 0, maximum: 65536 }, table: false })
    if (bytes.length > largest && functions.length > 1) {
      const all = [...kernels]
      compile(new Map(all.slice(0, all.length >> 1)))
      compile(new Map(all.slice(all.length >> 1)))
      return
    }
    const used = functions.map((f) => hostFunctions(f))
    const math = Object.fromEntries(used.flatMap((list) => [...list].map(([name, own]) => [name, lend(name, own)])))
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host, math })
    compilations++
    host.table.grow(functions.length)
    functions.forEach((f, i) => {
      host.table.set(base + i, exports[f.name])
    })
    const published = publish(bytes, base)
    ;[...kernels.keys()].forEach((key, i) => {
      // one that is not Math's own cannot be sent to workers
      const shareable = published && [...used[i]!.keys()].every((name) => mathNames[name] !== undefined)
      known.set(key, (base + i) | (shareable ? 0 : callerOnly))
    })
  }
  return {
    functionIndex: (kernels) => {
      const fresh = new Map<string, () => Func>()
      for (const { key, build } of kernels) if (!known.has(key)) fresh.set(key, build)
      if (fresh.size > 0) compile(fresh)
      return kernels.map(({ key }) => known.get(key)!)
    },
    compilations: () => compilations,
  }
}
