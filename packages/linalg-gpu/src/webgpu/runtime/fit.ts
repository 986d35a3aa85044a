/** A schedule whose kernels are given no more storages than a shader may have bindings. Temporaries stand in one buffer, which is one
 *  binding where it must be. Elementwise work with several results is shared out to several kernels; where a single result needs too
 *  many operands, some of them, the shortest, are copied to where the temporaries are.
 *
 *  Laws     means what the schedule means; a schedule that fits is itself. */

import type { Access, Kernel, Loop, Node, Store } from '../../kernel/kernel.js'
import type { Schedule, Step, Storage } from '../../kernel/schedule.js'
import { byteSize } from '../../program/type.js'
import type { Traits } from '../traits.js'
import { apart, writtenBy } from './executable.js'

/** Storages beyond these are too many for a kernel, counted without scratch memory: no renderer takes more pieces of it. */
const mostPieces = 4

type KernelStep = Extract<Step, { kind: 'kernel' }>

export const fitted = (schedule: Schedule, traits: Traits): Schedule => {
  const storages: Storage[] = [...schedule.storages]
  const isTemporary = (id: number): boolean => storages[id]!.role === 'temporary'
  const needed = (operands: Iterable<number>): number => {
    const own = [...new Set(operands)]
    const apart = own.filter((id) => !isTemporary(id)).length
    return apart + (apart < own.length ? 1 : 0)
  }
  const fits = (step: KernelStep, most: number): boolean => {
    const count = needed(step.operands)
    return count + mostPieces <= most || count + piecesOf(step.kernel, traits) <= most
  }
  /** Operands that are copied for a kernel, and its results back. */
  const copied = (step: KernelStep, most: number): readonly Step[] => {
    const { kernel, operands, region } = step
    const written = writtenBy(kernel)
    const apart = [...new Set(operands)].filter((id) => !isTemporary(id))
    const isWritten = (id: number): boolean => operands.some((other, i) => other === id && written[i]!)
    const shortest = (a: number, b: number): number =>
      Number(isWritten(a)) - Number(isWritten(b)) || byteSize(storages[a]!.type) - byteSize(storages[b]!.type)
    const excess = apart.length + 1 + piecesOf(kernel, traits) - most
    const moved = new Map(
      apart
        .sort(shortest)
        .slice(0, excess)
        .map((id) => [id, storages.push({ role: 'temporary', type: storages[id]!.type }) - 1]),
    )
    // also of what is written, as a kernel may write a part
    const into = [...moved].map(([from, to]): Step => ({ kind: 'copy', from, to, region }))
    const back = [...moved].flatMap(([to, from]): Step[] => (isWritten(to) ? [{ kind: 'copy', from, to, region }] : []))
    return [...into, { ...step, operands: operands.map((id) => moved.get(id) ?? id) }, ...back]
  }
  const visit = (steps: readonly Step[], gated: boolean): readonly Step[] => {
    const most = traits.bindings - (gated ? 1 : 0)
    return steps.flatMap((step): readonly Step[] => {
      switch (step.kind) {
        case 'kernel':
          if (fits(step, most)) return [step]
          return shared(step, (operands) => needed(operands) <= most).flatMap((part) =>
            fits(part, most) ? [part] : copied(part, most),
          )
        case 'scan':
          return [{ ...step, body: visit(step.body, gated) }]
        case 'while':
          return [{ ...step, test: visit(step.test, true), body: visit(step.body, true) }]
        case 'switch':
          return [{ ...step, branches: step.branches.map((branch) => visit(branch, true)) }]
        default:
          return [step]
      }
    })
  }
  const steps = visit(schedule.steps, false)
  return storages.length === schedule.storages.length && same(steps, schedule.steps)
    ? schedule
    : { ...schedule, storages, steps }
}

const same = (a: readonly Step[], b: readonly Step[]): boolean =>
  a.length === b.length && a.every((step, i) => step === b[i])

const piecesOf = (kernel: Kernel, traits: Traits): number => apart(kernel, traits)?.scratch.length ?? 0

/** Elementwise work with several results, in parts of which each has few enough storages where that can be. */
const shared = (step: KernelStep, fits: (operands: Iterable<number>) => boolean): readonly KernelStep[] => {
  const { kernel } = step
  if (kernel.kind !== 'loop' || kernel.stages.some(({ over, reductions }) => over !== 'grid' || reductions.length > 0))
    return [step]
  const parts: { readonly stores: Store[]; operands: ReadonlySet<number> }[] = []
  for (const store of kernel.stages.flatMap(({ stores }) => stores)) {
    const own = operandsOfStore(kernel, store)
    const part = parts.find(({ operands }) => fits([...operands, ...own].map((i) => step.operands[i]!)))
    if (part === undefined) parts.push({ stores: [store], operands: own })
    else {
      part.stores.push(store)
      part.operands = new Set([...part.operands, ...own])
    }
  }
  return parts.length === 1 ? [step] : parts.map(({ stores }) => restricted(step, kernel, stores))
}

const accessesOf = (node: Node): readonly number[] =>
  node.kind === 'load' ? [node.operand, ...(node.access.dynamic === undefined ? [] : [node.access.dynamic.starts])] : []

/** The nodes on which some depend, themselves included. */
const reached = ({ nodes }: Loop, roots: readonly number[]): ReadonlySet<number> => {
  const found = new Set(roots)
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!
    if (found.has(i) && node.kind === 'apply') for (const input of node.inputs) found.add(input)
  }
  return found
}

const operandsOfStore = (kernel: Loop, { operand, access, node }: Store): ReadonlySet<number> =>
  new Set([
    operand,
    ...(access.dynamic === undefined ? [] : [access.dynamic.starts]),
    ...[...reached(kernel, [node])].flatMap((i) => accessesOf(kernel.nodes[i]!)),
  ])

/** The kernel with some of its stores, and of all else what they need. */
const restricted = (step: KernelStep, kernel: Loop, stores: readonly Store[]): KernelStep => {
  const kept = reached(
    kernel,
    stores.map(({ node }) => node),
  )
  const nodes = [...kept].sort((a, b) => a - b)
  const operands = [...new Set(stores.flatMap((store) => [...operandsOfStore(kernel, store)]))].sort((a, b) => a - b)
  const nodeAt = (i: number): number => nodes.indexOf(i)
  const operandAt = (i: number): number => operands.indexOf(i)
  const moved = ({ dynamic, ...access }: Access): Access =>
    dynamic === undefined ? access : { ...access, dynamic: { ...dynamic, starts: operandAt(dynamic.starts) } }
  const part: Loop = {
    ...kernel,
    operands: operands.map((i) => kernel.operands[i]!),
    nodes: nodes.map((i): Node => {
      const node = kernel.nodes[i]!
      if (node.kind === 'load') return { ...node, operand: operandAt(node.operand), access: moved(node.access) }
      return node.kind === 'apply' ? { ...node, inputs: node.inputs.map(nodeAt) } : node
    }),
    stages: [
      {
        over: 'grid',
        reductions: [],
        stores: stores.map(({ operand, access, node }) => ({
          operand: operandAt(operand),
          access: moved(access),
          node: nodeAt(node),
        })),
      },
    ],
  }
  return { ...step, kernel: part, operands: operands.map((i) => step.operands[i]!) }
}
