/** X with op(A) X = B of triangular A, of each matrix of a stack: seen from its first pivot to its last, op(A) is lower triangular,
 *
 *    xᵢ = (bᵢ − Σ_{j<i} aᵢⱼ xⱼ) / aᵢᵢ
 *
 *  A thread solves a column of B. Where there are few columns, a workgroup does: once xⱼ is known, its multiples are taken from all
 *  rows that are left, and each thread computes the next xⱼ for itself. */

import type { Special } from '../../kernel/kernel.js'
import { sizeOf } from '../../shape.js'
import type { Triangle } from '../../wasm/dense/triangular.js'
import type { Rendered, Site } from '../rendered.js'
import { dispatch, eachAlone, threadsOf } from '../special/parts.js'

export const renderTriangular = (
  kernel: Special,
  { lower, transposed, unitDiagonal }: Triangle,
  site: Site,
): Rendered => {
  const b = kernel.inputs[1]!
  const [n, k] = b.shape.slice(-2) as unknown as readonly [number, number]
  const columns = sizeOf(b.shape.slice(0, -2)) * k
  const forward = lower !== transposed
  /** The row of the t-th pivot. */
  const row = (t: string): string => (forward ? t : `(${n - 1} - ${t})`)
  const a = (i: string, j: string): string =>
    `matrix + ${transposed ? row(j) : row(i)} * ${n} + ${transposed ? row(i) : row(j)}`
  const x = (i: string): string => (k === 1 ? `first + ${row(i)}` : `first + ${row(i)} * ${k}`)
  const start = (column: string): string =>
    k === 1
      ? `let matrix = ${column} * ${n * n};\nlet first = ${column} * ${n};`
      : `let matrix = ${column} / ${k} * ${n * n};\nlet first = ${column} / ${k} * ${n * k} + ${column} % ${k};`
  const label = kernel.name
  if (site.traits.software || columns >= 1024 || n < 64)
    return {
      dispatches: [
        eachAlone(kernel, site, { label, items: columns }, (memory) => ({
          body: `${start('thread')}
for (var i = 0; i < ${n}; i++) {
  var sum = ${memory.load(1, x('i'))};
  for (var j = 0; j < i; j++) { sum -= ${memory.load(0, a('i', 'j'))} * ${memory.load(2, x('j'))}; }
  ${memory.store(2, x('i'), unitDiagonal ? 'sum' : `sum / ${memory.load(0, a('i', 'i'))}`)}
}`,
        })),
      ],
      scratch: [],
    }
  const threads = threadsOf(site)
  return {
    dispatches: [
      dispatch(kernel, site, { label, threads, workgroups: columns }, (memory) => {
        const rest = memory.load(2, x('j'))
        return {
          body: `${start('group')}
for (var i = lane; i < ${n}; i += ${threads}) { ${memory.store(2, x('i'), memory.load(1, x('i')))} }
var known = 0f;
for (var j = 0; j < ${n}; j++) {
  workgroupBarrier();
  storageBarrier();
  // nobody looks any more at what the element before this was
  if (lane == 0 && j > 0) { ${memory.store(2, x('(j - 1)'), 'known')} }
  known = ${unitDiagonal ? rest : `${rest} / ${memory.load(0, a('j', 'j'))}`};
  for (var i = j + 1 + lane; i < ${n}; i += ${threads}) {
    ${memory.store(2, x('i'), `${memory.load(2, x('i'))} - ${memory.load(0, a('i', 'j'))} * known`)}
  }
}
workgroupBarrier();
storageBarrier();
if (lane == 0) { ${memory.store(2, x(`${n - 1}`), 'known')} }`,
        }
      }),
    ],
    scratch: [],
  }
}
