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
    path: 'tools/bundles/language-and-wasm.mjs',
    limit: '85 kB',
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/linalg-gpu with the WebGPU device, with fp-ts',
    path: 'tools/bundles/language-and-webgpu.mjs',
    limit: '105 kB',
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/linalg-gpu with the gpu.js device and its wasm device, with fp-ts, without gpu.js',
    path: 'tools/bundles/language-and-gpujs.mjs',
    limit: '95 kB',
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/linalg-gpu with linear algebra, with fp-ts',
    path: 'tools/bundles/language-and-linalg.mjs',
    limit: '62 kB',
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/linalg-gpu with linear algebra and solvers, with fp-ts',
    path: 'tools/bundles/language-and-solvers.mjs',
    limit: '77 kB',
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/autodiff, with fp-ts, without @neumann/linalg-gpu',
    path: 'packages/autodiff/dist/index.js',
    limit: '20 kB',
    ignore: ['@neumann/linalg-gpu'],
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/autodiff with solvers, with fp-ts, without @neumann/linalg-gpu',
    path: 'tools/bundles/autodiff-and-solvers.mjs',
    limit: '27 kB',
    ignore: ['@neumann/linalg-gpu'],
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/precond, without @neumann/linalg-gpu',
    path: 'packages/precond/dist/index.js',
    limit: '5 kB',
    ignore: ['@neumann/linalg-gpu'],
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/hypergrad, with fp-ts, without @neumann/linalg-gpu, autodiff and precond',
    path: 'packages/hypergrad/dist/index.js',
    limit: '25 kB',
    ignore: ['@neumann/linalg-gpu', '@neumann/autodiff', '@neumann/precond'],
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/nn, without @neumann/linalg-gpu',
    path: 'packages/nn/dist/index.js',
    limit: '7 kB',
    ignore: ['@neumann/linalg-gpu'],
    modifyEsbuildConfig: bundle,
  },
  {
    name: '@neumann/data, with fast-png, fflate, fp-ts and Papa Parse',
    path: 'packages/data/dist/index.js',
    limit: '32 kB',
    modifyEsbuildConfig: bundle,
  },
]
