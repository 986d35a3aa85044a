/** Tests of all devices that state what WebGPU does not promise, with the reason: run there, each of them fails. */
import { repository, shown } from '../files.mjs'

const list = {
  'packages/linalg-gpu/src/ops/contraction.test.ts': {
    'accumulated in f64 and rounded once; NaN and infinities pass': 'sums are of f32, in blocks',
  },
  'packages/linalg-gpu/src/ops/reductions.test.ts': {
    'sums accumulate in f64: what f32 alone would lose stays': 'sums are of f32, in blocks',
  },
  'packages/linalg-gpu/src/ops/operands.test.ts': {
    'weak scalars alone are f64 inside and leave as f32': 'a number argument is f32 from the start, as there is no f64',
  },
  'packages/linalg-gpu/src/solvers/lsmr.test.ts': {
    'where not even a first step can be taken nothing is said to be solved':
      'its matrix is of subnormal numbers, which may be 0',
  },
}

/** By title, why a file's test is not for WebGPU. */
export const unlike = (file) => list[shown(repository, file)] ?? {}
