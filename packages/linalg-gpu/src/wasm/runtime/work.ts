/** What a worker does, from its start to its end. The text of this function is sent to workers, so it refers to nothing outside of
 *  itself but what every JavaScript has, and uses no syntax that tools translate into calls of helpers. */

export interface Start {
  readonly memory: WebAssembly.Memory
  /** The module of tapes and threads. */
  readonly core: Uint8Array<ArrayBuffer>
  /** The address of the worker's record, and of words in it. */
  readonly record: number
  readonly begun: number
  readonly loaded: number
  /** The address of the address of the first module. */
  readonly firstModule: number
  /** Host functions that are Math's: the name in Math by the name in kernels. */
  readonly math: Readonly<Record<string, string>>
}

export const work = ({ memory, core, record, begun, loaded, firstModule, math }: Start): void => {
  // No function here has a name: tools that keep names would wrap it in the call of a helper, which does not come along.
  // What a worker never calls is Math.abs.
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 0 })
  const host = { memory, table, call: Math.abs, late: Math.abs }
  const lent: Record<string, WebAssembly.ImportValue> = {}
  const instance = new WebAssembly.Instance(new WebAssembly.Module(core), { host })
  const { work: serve, trapped } = instance.exports as Readonly<Record<'work' | 'trapped', (record: number) => number>>
  let link = firstModule
  Atomics.store(new Int32Array(memory.buffer), begun >>> 2, 1)
  for (;;)
    try {
      serve(record)
      // it comes back because modules have come that are not here
      const words = new Int32Array(memory.buffer)
      for (let at = Atomics.load(words, link >>> 2) >>> 0; at !== 0; at = Atomics.load(words, link >>> 2) >>> 0) {
        const length = words[(at >>> 2) + 1]
        const base = words[(at >>> 2) + 2] as number
        // a copy: engines compile no shared bytes
        const module = new WebAssembly.Module(new Uint8Array(memory.buffer, at + 12, length).slice())
        for (const entry of WebAssembly.Module.imports(module))
          if (entry.module === 'math') {
            const own = math[entry.name] as keyof Math | undefined
            // the rest is for kernels that the caller runs alone
            lent[entry.name] = own === undefined ? Math.abs : (Math[own] as () => number)
          }
        const functions = Object.values(new WebAssembly.Instance(module, { host, math: lent }).exports)
        table.grow(base + functions.length - table.length)
        functions.forEach((f, i) => {
          table.set(base + i, f)
        })
        Atomics.add(words, loaded >>> 2, 1)
        link = at
      }
    } catch (error) {
      // outside of a chunk it is the worker that is broken, and leaves
      if (trapped(record) === 0) throw error
    }
}
