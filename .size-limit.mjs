// Everything a package exports, minified and compressed with brotli; 1 kB is 1,000 bytes.
const bundle = (config) => ({ ...config, external: [...(config.external ?? []), 'node:*'], format: 'esm' })

export default [
  {
    name: '@neumann/linalg-gpu, with fp-ts',
    path: 'packages/linalg-gpu/dist/index.js',
    limit: '40 kB',
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/linalg-gpu with the wasm device, with fp-ts',
    path: ['packages/linalg-gpu/dist/index.js', 'packages/linalg-gpu/dist/wasm/index.js'],
    limit: '80 kB',
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/autodiff, with fp-ts, without @neumann/linalg-gpu',
    path: 'packages/autodiff/dist/index.js',
    limit: '20 kB',
    ignore: ['@neumann/linalg-gpu'],
    modifyEsbuildConfig: bundle,
  },
]
