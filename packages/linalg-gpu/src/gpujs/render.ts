/** Kernels as cells: one gpu.js kernel for each store of a loop kernel, as its model has no writes but one value a cell.
 *
 *  A reduction that several cells would repeat, or every cell along the dimensions that it reduces, has cells of its own, a temporary.
 *  A product of matrices is a loop kernel with one sum. */

import type { Access, Contract, Kernel, Loop, Node, Special } from '../kernel/kernel.js'
import { normalise } from '../kernel/normalise.js'
import { needed } from '../kernel/point.js'
import type { OpOf } from '../program/op.js'
import { sizeOf, stridesOf } from '../shape.js'
import { type Cell, cellOf, type Kept } from './cell.js'
import { literal } from './scalar.js'

export interface Rendered {
  readonly cells: readonly Cell[]
  /** Cells of each temporary; they are numbered after the kernel's operands. */
  readonly temporaries: readonly number[]
}

/** The cells of a kernel to which `whyNot` has no objection. */
export const render = (kernel: Kernel): Rendered =>
  kernel.kind === 'loop'
    ? renderLoop(kernel)
    : kernel.kind === 'contract'
      ? renderLoop(asLoop(kernel))
      : renderGather(kernel)

const renderLoop = (kernel: Loop): Rendered => {
  const form = normalise(kernel)
  const { grid, inner, stages, operands } = form
  if (sizeOf(grid) === 0) return { cells: [], temporaries: [] }
  const reductions = stages.flatMap((stage) => stage.reductions)
  const kept = new Map<number, number>()
  const wanted = keptReductions(form)
  wanted.forEach((r, i) => kept.set(r, operands.length + i))
  const points = sizeOf(grid)
  const access: Access = { offset: 0, strides: [...stridesOf(grid), ...inner.map(() => 0)], bounds: [] }
  const made = wanted.map((r) => {
    const earlier: Kept = new Map([...kept].filter(([other]) => other < r))
    // a node that is the reduction, which is all that this cell returns
    const node: Node = { kind: 'reduced', reduction: r, dtype: reductions[r]!.dtype }
    const own = { ...form, nodes: [...form.nodes, node] }
    const target = { node: form.nodes.length, over: 'grid', access, size: points, writes: kept.get(r)! } as const
    return cellOf(own, target, earlier)
  })
  const stored = stages.flatMap(({ over, stores }) =>
    stores
      .filter(({ operand }) => operands[operand]!.size > 0 && (over === 'grid' || sizeOf(inner) > 0))
      .map(({ operand, access, node }) =>
        cellOf(form, { node, over, access, size: operands[operand]!.size, writes: operand }, kept),
      ),
  )
  return { cells: [...made, ...stored], temporaries: wanted.map(() => points) }
}

/** Reductions that others reduce again, that are wanted at inner points, or in several stores. */
const keptReductions = ({ nodes, stages }: Loop): readonly number[] => {
  const uses = new Map<number, number>()
  const use = (node: number, times: number): void => {
    for (const i of needed(nodes, [{ node }])) {
      const it = nodes[i]!
      if (it.kind === 'reduced') uses.set(it.reduction, (uses.get(it.reduction) ?? 0) + times)
    }
  }
  for (const { over, reductions, stores } of stages) {
    for (const { node } of reductions) use(node, 2)
    for (const { node } of stores) use(node, over === 'inner' ? 2 : 1)
  }
  return [...uses].flatMap(([r, times]) => (times > 1 ? [r] : [])).sort((a, b) => a - b)
}

/** out[b, m, n] = Σ_k a[b, m, k] · b[b, k, n] with [...b, ...m, ...n] as the grid. */
const asLoop = ({ name, dtype, batch, m, n, k, operands, a, b, out }: Contract): Loop => {
  const shapes = { batch, m, n, k }
  type Part = keyof typeof shapes
  /** A list over the dimensions of `parts`, as one over those of the loop, with zeros for what it has not. */
  const spread = (parts: readonly Part[], list: readonly number[]): number[] => {
    let at = 0
    const own = new Map(parts.map((part) => [part, list.slice(at, (at += shapes[part].length))]))
    return (['batch', 'm', 'n', 'k'] as const).flatMap((part) => own.get(part) ?? shapes[part].map(() => 0))
  }
  const moved = (access: Access, ...parts: readonly Part[]): Access => ({
    ...access,
    strides: spread(parts, access.strides),
    bounds: access.bounds.map((bound) => ({ ...bound, coefficients: spread(parts, bound.coefficients) })),
  })
  return {
    kind: 'loop',
    name,
    grid: [...batch, ...m, ...n],
    inner: k,
    operands,
    nodes: [
      { kind: 'load', operand: 0, access: moved(a, 'batch', 'm', 'k'), fill: 0, dtype },
      { kind: 'load', operand: 1, access: moved(b, 'batch', 'k', 'n'), fill: 0, dtype },
      { kind: 'apply', scalar: { kind: 'binary', fn: 'mul' }, inputs: [0, 1], dtype },
      { kind: 'reduced', reduction: 0, dtype },
    ],
    stages: [
      { over: 'inner', reductions: [{ fn: 'sum', node: 2, dtype }], stores: [] },
      {
        over: 'grid',
        reductions: [],
        stores: [{ operand: 2, access: moved(out, 'batch', 'm', 'n'), node: 3 }],
      },
    ],
  }
}

/** Rows at indices: x […b, n, …r], i […b, …i] → […b, …i, …r], and `fill` where an index is out of range. */
const renderGather = ({ op, inputs, outputs }: Special): Rendered => {
  const { batch, fill } = op as OpOf<'gather'>
  const [x, indices] = inputs as readonly [(typeof inputs)[0], (typeof inputs)[0]]
  const size = outputs[0]!.size
  if (size === 0) return { cells: [], temporaries: [] }
  const n = x!.shape[batch]!
  const rest = sizeOf(x!.shape.slice(batch + 1))
  const each = sizeOf(indices!.shape.slice(batch))
  const body =
    x!.size === 0
      ? [`return k_same(${literal(fill)});`]
      : [
          `const row = k_quotient(this.thread.x, ${rest});`,
          'const at = x0[row];',
          `const within = k_inside(at, ${n});`,
          `const from = (k_quotient(row, ${each}) * ${n} + at) * ${rest} + this.thread.x - row * ${rest};`,
          `return k_select(within, x1[k_guarded(within, from)], ${literal(fill)});`,
        ]
  const text = body.map((line) => `  ${line}`).join('\n')
  const reads = x!.size === 0 ? [] : [1, 0]
  const source = `function (${reads.map((_, i) => `x${i}`).join(', ')}) {\n${text}\n}`
  return { cells: [{ source, size, reads, writes: 2 }], temporaries: [] }
}
