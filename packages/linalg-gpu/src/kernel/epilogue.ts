/** Elementwise work after a contraction, done where the sums leave it: a bias, an activation or its derivative, a step of an optimiser.
 *
 *    t = Σ a · b, then y = f(t, x, …)     becomes     y = f(Σ a · b, x, …)
 *
 *  where nothing else looks at t, and the loop looks at it at the very element that it then computes.
 *
 *  Cost     t is neither written nor read, and one kernel less is told.
 *  Laws     the values that are stored are those of the schedule before, bit by bit where sums are. */

import type { Access, Contract, Epilogue, Loop, Node, Operand, Store } from './kernel.js'
import { type Schedule, type Step, touchedBy } from './schedule.js'

type KernelStep = Extract<Step, { readonly kind: 'kernel' }>
type ContractStep = KernelStep & { readonly kernel: Contract }
type LoopStep = KernelStep & { readonly kernel: Loop }

/** The schedule with every epilogue that is found, but for those that would give a kernel more operands than `most`.
 *  @example
 *  const program = simplify(trace((w: Tensor, b: Tensor, x: Tensor) => tanh(add(matmul(x, w), b)))(zeros([3, 2]), zeros([2]), zeros([5, 3])))
 *  kernelsOf(withEpilogues(schedule(program)).steps).map(({ name }) => name) // => [ 'dot add tanh' ] */
export const withEpilogues = (schedule: Schedule, most = Number.POSITIVE_INFINITY): Schedule => {
  const touches = new Map<number, number>()
  const count = (steps: readonly Step[]): void => {
    for (const step of steps) {
      for (const id of new Set(touchedBy(emptied(step)))) touches.set(id, (touches.get(id) ?? 0) + 1)
      for (const inner of bodiesOf(step)) count(inner)
    }
  }
  count(schedule.steps)
  const isBetween = (id: number): boolean => schedule.storages[id]!.role === 'temporary' && touches.get(id) === 2
  return { ...schedule, steps: fusedSteps(schedule.steps, isBetween, most) }
}

/** The step without what it holds. */
const emptied = (step: Step): Step => {
  switch (step.kind) {
    case 'scan':
      return { ...step, body: [] }
    case 'while':
      return { ...step, test: [], body: [] }
    case 'switch':
      return { ...step, branches: [] }
    default:
      return step
  }
}

const bodiesOf = (step: Step): readonly (readonly Step[])[] => {
  switch (step.kind) {
    case 'scan':
      return [step.body]
    case 'while':
      return [step.test, step.body]
    case 'switch':
      return step.branches
    default:
      return []
  }
}

const fusedSteps = (steps: readonly Step[], isBetween: (id: number) => boolean, most: number): readonly Step[] => {
  const inside = (list: readonly Step[]): readonly Step[] => fusedSteps(list, isBetween, most)
  const list = steps.map((step): Step => {
    switch (step.kind) {
      case 'scan':
        return { ...step, body: inside(step.body) }
      case 'while':
        return { ...step, test: inside(step.test), body: inside(step.body) }
      case 'switch':
        return { ...step, branches: step.branches.map(inside) }
      default:
        return step
    }
  })
  const gone = new Set<number>()
  list.forEach((step, i) => {
    if (!isContract(step) || step.kernel.epilogue !== undefined) return
    const between = step.operands[2]!
    if (!isBetween(between)) return
    const at = list.findIndex((other, j) => j > i && touchedBy(other).includes(between))
    const reader = list[at]
    const made = reader !== undefined && isLoop(reader) ? fuse(step, reader) : undefined
    if (made === undefined || made.operands.length > most) return
    // operands are written once, before they are read: the sums may as well be made later
    list[at] = made
    gone.add(i)
  })
  return gone.size === 0 ? list : list.filter((_, i) => !gone.has(i))
}

const isContract = (step: Step): step is ContractStep => step.kind === 'kernel' && step.kernel.kind === 'contract'
const isLoop = (step: Step): step is LoopStep => step.kind === 'kernel' && step.kernel.kind === 'loop'

/** One kernel for both, if the loop is work at the points of the contraction. */
const fuse = (first: ContractStep, { kernel: loop, operands, region }: LoopStep): KernelStep | undefined => {
  const { kernel } = first
  const between = operands.indexOf(first.operands[2]!)
  const stores = loop.stages.flatMap((stage) => stage.stores)
  if (operands.lastIndexOf(first.operands[2]!) !== between || !isElementwise(loop, stores)) return undefined
  const loads = loop.nodes.flatMap((node) => (node.kind === 'load' && node.operand === between ? [node.access] : []))
  const dims = loads.length === 0 ? undefined : dimensionsOf(kernel, loop, loads)
  if (dims === undefined || stores.some(({ operand }) => operand === between)) return undefined

  const [out, ...others] = stores as [Store, ...Store[]]
  // a, b and out stand first; what else the loop looks at follows
  const rest = operands.flatMap((_, i) => (i === between || i === out.operand ? [] : [i]))
  const number = (operand: number): number => (operand === out.operand ? 2 : 3 + rest.indexOf(operand))
  const strides = (list: readonly number[]): number[] => dims.map((d) => (d < 0 ? 0 : list[d]!))
  const accessOf = ({ offset, strides: own }: Access): Access => ({ offset, strides: strides(own), bounds: [] })
  const epilogue: Epilogue = {
    nodes: loop.nodes.map((node): Node => {
      if (node.kind === 'index') return { ...node, strides: strides(node.strides) }
      if (node.kind !== 'load') return node
      return node.operand === between
        ? { kind: 'reduced', reduction: 0, dtype: node.dtype }
        : { ...node, operand: number(node.operand), access: accessOf(node.access) }
    }),
    node: out.node,
    stores: others.map(({ operand, access, node }) => ({ operand: number(operand), access: accessOf(access), node })),
  }
  const [a, b] = kernel.operands
  const own = (i: number): Operand => loop.operands[i]!
  return {
    kind: 'kernel',
    kernel: {
      ...kernel,
      name: `${kernel.name} ${loop.name}`,
      operands: [a, b, own(out.operand), ...rest.map(own)],
      out: accessOf(out.access),
      epilogue,
    },
    operands: [first.operands[0]!, first.operands[1]!, operands[out.operand]!, ...rest.map((i) => operands[i]!)],
    region: first.region ?? region,
  }
}

const isPlain = ({ bounds, dynamic }: Access): boolean => bounds.length === 0 && dynamic === undefined

/** Whether a loop is work at its grid points alone, on whole words that are always there. */
const isElementwise = ({ inner, operands, nodes, stages }: Loop, stores: readonly Store[]): boolean =>
  inner.length === 0 &&
  stores.length > 0 &&
  stages.every(({ reductions }) => reductions.length === 0) &&
  new Set(stores.map(({ operand }) => operand)).size === stores.length &&
  stores.every(
    ({ operand, access }) =>
      isPlain(access) &&
      isWord(operands[operand]!) &&
      !nodes.some((node) => node.kind === 'load' && node.operand === operand),
  ) &&
  nodes.every(
    (node) => node.kind !== 'inside' && node.kind !== 'reduced' && (node.kind !== 'load' || isPlain(node.access)),
  )

const isWord = ({ dtype }: Operand): boolean => dtype === 'f32' || dtype === 'i32' || dtype === 'u32'

/** For each dimension of a contraction's results the loop's dimension that is it, −1 for one of size 1; undefined where they differ. */
const dimensionsOf = (
  { batch, m, n, out }: Contract,
  { grid }: Loop,
  loads: readonly Access[],
): readonly number[] | undefined => {
  const [first] = loads
  const { offset, strides } = first!
  const same = loads.every((access) => access.offset === offset && access.strides.every((s, d) => s === strides[d]))
  if (!same || out.offset !== offset) return undefined
  const sizes = [...batch, ...m, ...n]
  const left = new Set(grid.flatMap((size, d) => (size === 1 ? [] : [d])))
  const dims = sizes.map((size, e) => {
    if (size === 1) return -1
    const d = [...left].find((d) => grid[d] === size && strides[d] === out.strides[e])
    if (d === undefined) return Number.NaN
    left.delete(d)
    return d
  })
  return left.size > 0 || dims.some(Number.isNaN) ? undefined : dims
}
