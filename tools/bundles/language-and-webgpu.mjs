// See language-and-wasm.mjs.
export * from '../../packages/linalg-gpu/dist/index.js'
export * from '../../packages/linalg-gpu/dist/webgpu/index.js'
