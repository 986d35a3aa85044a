/** What a kernel means, read off its form: the oracle of every device that runs kernels.
 *
 *  Each node is computed in f64 and rounded once to its dtype; sums are of f64 and rounded once at their end, integers wrap
 *  at every step. Memory is seen as the form says: an access that leaves its operand where no bound forbids it is an error. */

import { type DType, isFloat, type TypedArray } from '../dtype.js'
import { fail } from '../errors.js'
import { dense } from '../plain/dense.js'
import { run } from '../plain/executor.js'
import { toHalf } from '../plain/half.js'
import type { ReduceFn } from '../program/op.js'
import { type Contract, type Epilogue, epilogueLoop, type Kernel, type Loop, operandsOf, type Special, type Stage } from './kernel.js' // biome-ignore format: a list
import { neutral } from './neutral.js'
import { needed, place, rounded, valueOf } from './point.js'

/** Runs a kernel: reads and writes the operands, f16 as bits. */
export const interpret = (kernel: Kernel, operands: readonly TypedArray[]): void => {
  operandsOf(kernel).forEach(({ size }, i) => {
    const length = operands[i]?.length
    if (length !== size) fail(kernel.name, `operand ${i} has ${size} elements, got ${length}.`)
  })
  if (kernel.kind === 'loop') loop(kernel, operands)
  else if (kernel.kind === 'contract') contract(kernel, operands)
  else special(kernel, operands)
}

const steps: { readonly [F in ReduceFn]: (a: number, x: number) => number } = {
  sum: (a, x) => a + x, max: Math.max, min: Math.min, and: (a, x) => a & x, or: (a, x) => a | x,
} // biome-ignore format: a table

const step = (fn: ReduceFn, dtype: DType, a: number, x: number): number =>
  isFloat(dtype) ? steps[fn](a, x) : rounded(dtype, steps[fn](a, x))

const put = (to: TypedArray, dtype: DType, i: number, value: number): void => {
  if (i >= 0) to[i] = dtype === 'f16' ? toHalf(value) : value
}

const loop = (kernel: Loop, operands: readonly TypedArray[]): void => {
  const rank = kernel.grid.length
  const at = new Array<number>(rank + kernel.inner.length).fill(0)
  const totals: number[] = []
  const values = new Array<number>(kernel.nodes.length).fill(0)
  const nodes = kernel.nodes.map((_, i) => valueOf(kernel, i, operands, at, values, totals))
  const stages = kernel.stages.map(({ over, reductions, stores }) => {
    const used = needed(kernel.nodes, [...reductions, ...stores])
    const writes = stores.map(({ operand, access, node }) => {
      const where = place(kernel, operands, operand, access)
      return () => put(operands[operand]!, kernel.operands[operand]!.dtype, where(at), values[node]!)
    })
    const point = (first: number): void => {
      for (const i of used) values[i] = nodes[i]!()
      reductions.forEach(({ fn, node, dtype }, r) => {
        totals[first + r] = step(fn, dtype, totals[first + r]!, values[node]!)
      })
      for (const write of writes) write()
    }
    return () => {
      const first = totals.length
      for (const { fn, dtype } of reductions) totals.push(neutral(fn, dtype))
      if (over === 'grid') point(first)
      else points(kernel.inner, at, rank, () => point(first))
      reductions.forEach(({ dtype }, r) => {
        totals[first + r] = rounded(dtype, totals[first + r]!)
      })
    }
  })
  points(kernel.grid, at, 0, () => {
    totals.length = 0
    for (const stage of stages) stage()
  })
}

/** Visits all points of a shape, whose index stands in `at` from `first` on. */
const points = (shape: readonly number[], at: number[], first: number, visit: () => void, d = 0): void => {
  if (d === shape.length) visit()
  else
    for (let i = 0; i < shape[d]!; i++) {
      at[first + d] = i
      points(shape, at, first, visit, d + 1)
    }
}

const contract = (kernel: Contract, operands: readonly TypedArray[]): void => {
  const { batch, m, n, k, dtype } = kernel
  const [a, b, out] = operands as [TypedArray, TypedArray, TypedArray]
  const [aAt, bAt, outAt] = [kernel.a, kernel.b, kernel.out].map((access, i) => place(kernel, operands, i, access))
  const finish = kernel.epilogue && finishOf(kernel, kernel.epilogue, operands)
  const times = isFloat(dtype) ? (x: number, y: number): number => x * y : Math.imul
  const [bs, ms, ns, ks] = [batch, m, n, k].map((shape) => new Array<number>(shape.length).fill(0))
  points(batch, bs!, 0, () =>
    points(m, ms!, 0, () =>
      points(n, ns!, 0, () => {
        let total = 0
        points(k, ks!, 0, () => {
          const [i, j] = [aAt!([...bs!, ...ms!, ...ks!]), bAt!([...bs!, ...ks!, ...ns!])]
          total = step('sum', dtype, total, times(i < 0 ? 0 : a[i]!, j < 0 ? 0 : b[j]!))
        })
        const at = [...bs!, ...ms!, ...ns!]
        if (finish === undefined) put(out, dtype, outAt!(at), rounded(dtype, total))
        else finish(at, rounded(dtype, total))
      }),
    ),
  )
}

/** Stores what an epilogue makes of a sum. */
const finishOf = (
  kernel: Contract,
  epilogue: Epilogue,
  operands: readonly TypedArray[],
): ((point: readonly number[], sum: number) => void) => {
  const own = epilogueLoop(kernel, epilogue)
  const [{ stores }] = own.stages as [Stage]
  const at = new Array<number>(own.grid.length).fill(0)
  const values = new Array<number>(own.nodes.length).fill(0)
  const totals = [0]
  const nodes = own.nodes.map((_, i) => valueOf(own, i, operands, at, values, totals))
  const used = needed(own.nodes, stores)
  const places = stores.map(({ operand, access }) => place(own, operands, operand, access))
  return (point, sum) => {
    point.forEach((i, d) => {
      at[d] = i
    })
    totals[0] = sum
    for (const i of used) values[i] = nodes[i]!()
    stores.forEach(({ operand, node }, s) => {
      put(operands[operand]!, own.operands[operand]!.dtype, places[s]!(at), values[node]!)
    })
  }
}

/** A program of one equation, on the plain device. */
const special = ({ name, op, inputs, outputs }: Special, operands: readonly TypedArray[]): void => {
  const ids = [...inputs, ...outputs].map((_, i) => i)
  const [read, written] = [ids.slice(0, inputs.length), ids.slice(inputs.length)]
  const eqns = [{ op, inputs: read, outputs: written }]
  const program = { name, types: [...inputs, ...outputs], inputs: read, eqns, outputs: written }
  const results = run(
    program,
    inputs.map((type, i) => dense(type, operands[i]!)),
    { bytes: 0, peak: 0 },
  )
  results.forEach((x, i) => operands[inputs.length + i]!.set(x.data))
}
