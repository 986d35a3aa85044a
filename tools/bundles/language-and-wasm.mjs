// What `.size-limit.mjs` measures together: given a list of paths, size-limit measures the last one alone.
export * from '../../packages/linalg-gpu/dist/index.js'
export * from '../../packages/linalg-gpu/dist/wasm/index.js'
