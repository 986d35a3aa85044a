// Measured together by `.size-limit.mjs`.
export * from '../../packages/linalg-gpu/dist/index.js'
export * from '../../packages/linalg-gpu/dist/linalg/index.js'
