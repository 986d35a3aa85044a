// See language-and-wasm.mjs.

export * from '../../packages/linalg-gpu/dist/gpujs/index.js'
export * from '../../packages/linalg-gpu/dist/index.js'
