/** Relaxed SIMD: a · b + c in one instruction where the processor has it. */

import { assemble, f32x4, func, get } from '../assembler.js'

const module = (): Uint8Array<ArrayBuffer> =>
  assemble({
    functions: [
      func('madd', ['v128'], ['v128'], ([x]) => f32x4.relaxedMadd(get(x!), get(x!), get(x!))), //
    ],
    shared: false,
    pages: { initial: 0, maximum: 1 },
  })

/** Whether the engine takes relaxed SIMD. Node 20 has it behind a flag, which is set for the process when it is asked for here. */
export const relaxedSimd = (): boolean => {
  const bytes = module()
  if (WebAssembly.validate(bytes)) return true
  globalThis.process?.getBuiltinModule?.('node:v8')?.setFlagsFromString('--experimental-wasm-relaxed-simd')
  return WebAssembly.validate(bytes)
}
