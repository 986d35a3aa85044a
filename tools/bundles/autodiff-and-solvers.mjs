// Measured together by `.size-limit.mjs`.
export * from '../../packages/autodiff/dist/index.js'
export * from '../../packages/autodiff/dist/solvers/index.js'
