/** From a simplified Program to a Schedule.
 *
 *  Values are classified (`values.ts`), computed ones are grouped (`groups.ts`), and from the last group to the first it is decided
 *  which of them must be written to memory: those that a later group or step needs and that are not cheaper to compute again.
 *  Then every group becomes a loop kernel and every other operation its own steps, over storages. Bodies of loops are scheduled
 *  the same way, with storages that are handed in. */

import type { CustomKernel } from '../program/custom.js'
import type { OpOf } from '../program/op.js'
import type { Eqn, Program } from '../program/program.js'
import { type Type, typeOf, withShape } from '../program/type.js'
import { stridesOf } from '../shape.js'
import { simplify } from '../simplify/simplify.js'
import { context } from '../trace/context.js'
import { record } from '../trace/trace.js'
import { type Index, identity, linear, through } from './affine.js'
import { buildLoop, type Root } from './build.js'
import { convolution, partsOfFilter, type Sizes } from './contractions.js'
import { type Group, groupsOf } from './groups.js'
import type { Access, Bound, Contract, Kernel, Loop, Operand, Special } from './kernel.js'
import { depthOf, legalise } from './legalise.js'
import type { Carry, Row, Schedule, Step, Storage } from './schedule.js'
import { cheapness, type Values, valuesOf } from './values.js'

/** The storages of a schedule in the making. */
interface Memory {
  readonly storages: Storage[]
  readonly make: (role: Storage['role'], type: Type) => number
}

/** The kernels and memory of a simplified program.
 *  @example
 *  const { steps } = schedule(simplify(trace((x: Tensor) => exp(add(mul(x, 2), 1)))(array([1, 2]))))
 *  steps.length // => 1 */
export const schedule = (program: Program): Schedule => {
  const storages: Storage[] = []
  const memory: Memory = { storages, make: (role, type) => storages.push({ role, type }) - 1 }
  const inputs = program.inputs.map((id) => memory.make('input', program.types[id]!))
  const outputs = program.outputs.map((id) => memory.make('output', program.types[id]!))
  const steps = lower(program, inputs, outputs, memory)
  return { name: program.name, storages, inputs, outputs, steps }
}

/** The steps that compute a program's outputs from its inputs, each in a storage of the caller's. */
const lower = (
  source: Program,
  inputs: readonly number[],
  outputs: readonly number[],
  memory: Memory,
): readonly Step[] => {
  const program = legalise(source)
  const values = valuesOf(program)
  const { groups, position, canonical } = groupsOf(values)
  const stored = storedValues(values, position)
  const place = new Map<number, number>()
  program.inputs.forEach((id, i) => place.set(id, inputs[i]!))

  // an output is written where it belongs at once, if it is the first that this value becomes
  const copies: Step[] = []
  program.outputs.forEach((id, i) => {
    const base = values.root(id)
    const from = place.get(base)
    if (from === undefined) place.set(base, outputs[i]!)
    else copies.push({ kind: 'copy', from, to: outputs[i]! })
  })

  const storageOf = (id: number): number => {
    const base = values.root(id)
    let storage = place.get(base)
    if (storage === undefined) place.set(base, (storage = memory.make('temporary', program.types[base]!)))
    return storage
  }
  const storageType = (storage: number): Type => memory.storages[storage]!.type
  /** The storage of a value that stands in memory before a group. */
  const before =
    (at: number) =>
    (id: number): number | undefined =>
      (values.roles[id] === 'stored' || stored[id] === 1) && position[id]! < at ? storageOf(id) : undefined

  const loop = (group: Group, at: number, roots: readonly Root[], region: string | undefined): Step[] => {
    if (roots.length === 0) return []
    const { kernel, operands } = buildLoop(
      { values, group, canonical: (id) => canonical(id, at), stored: before(at) },
      roots,
      storageType,
    )
    return [kernelStep(kernel, operands, region)]
  }

  /** Writes all elements of a value, whatever it is, through an access over its shape. */
  const put = (id: number, at: number, storage: number, access: Access): Step[] => {
    const { shape, dtype } = program.types[id]!
    const group: Group = { step: undefined, space: shape, axes: undefined, wide: dtype === 'f64', members: [] }
    return loop(group, at, [{ value: id, storage, access }], program.eqns[values.maker[id]!]?.at)
  }

  const special = (eqn: Eqn): Step[] => {
    const [reads, writes] = [eqn.inputs, eqn.outputs]
    const kernel: Special = {
      kind: 'special',
      name: eqn.op.kind === 'custom' ? eqn.op.kernel.name : eqn.op.kind,
      op: eqn.op as Special['op'],
      inputs: reads.map((id) => program.types[id]!),
      outputs: writes.map((id) => program.types[id]!),
    }
    return [kernelStep(kernel, [...reads, ...writes].map(storageOf), eqn.at)]
  }

  /** Where an operand of a contraction is found, over dimensions of which some are its axes. */
  const reach = (id: number, index: Index, dims: number): { storage: number; access: Access } => {
    let [value, seen] = [id, index]
    const bounds: Bound[] = []
    while (values.roles[value] === 'view') {
      const eqn = program.eqns[values.maker[value]!]!
      const from = eqn.inputs[0]!
      const next = through(eqn.op, program.types[from]!, program.types[value]!, seen, dims)
      if (next === undefined) break
      bounds.push(...next.bounds)
      ;[value, seen] = [from, next.index]
    }
    const { offset, coefficients } = linear(seen, stridesOf(program.types[value]!.shape), dims)
    return { storage: storageOf(value), access: { offset, strides: coefficients, bounds } }
  }

  const dot = (eqn: Eqn, op: OpOf<'dot'>): Step[] => {
    const out = program.types[eqn.outputs[0]!]!
    const batch = out.shape.slice(0, op.batch)
    const [m, n] = out.shape.slice(op.batch) as [number, number]
    const [x, y] = eqn.inputs as [number, number]
    const k = depthOf(op, program.types[x]!)
    const dims = op.batch + 2
    const plain = identity(dims)
    const turned = [...plain.slice(0, op.batch), plain[op.batch + 1]!, plain[op.batch]!]
    // a is over batch m k, b over batch k n
    const a = reach(x, op.left === 'plain' ? plain : turned, dims)
    const b = reach(y, op.right === 'plain' ? plain : turned, dims)
    const to = storageOf(eqn.outputs[0]!)
    return contract(eqn, [a.storage, b.storage, to], {
      batch,
      m: [m],
      n: [n],
      k: [k],
      a: a.access,
      b: b.access,
      out: { offset: 0, strides: stridesOf(out.shape), bounds: [] },
    })
  }

  const contract = (eqn: Eqn, operands: readonly [number, number, number], sizes: Sizes): Step[] => {
    const own = operands.map((storage): Operand => {
      const { dtype, size } = storageType(storage)
      return { dtype, size }
    })
    const kernel: Contract = {
      kind: 'contract',
      name: eqn.op.kind,
      dtype: own[2]!.dtype as Contract['dtype'],
      operands: own as [Operand, Operand, Operand],
      ...sizes,
    }
    return [kernelStep(kernel, operands, eqn.at)]
  }

  const conv = (eqn: Eqn, op: OpOf<'conv'>): Step[] => {
    const [first, second] = eqn.inputs.map((id) => program.types[id]!) as [Type, Type]
    const result = program.types[eqn.outputs[0]!]!
    const [p, q] = eqn.inputs.map(storageOf) as [number, number]
    const to = storageOf(eqn.outputs[0]!)
    if (op.direction === 'forward')
      return convolution(op, first, second, result, 1).flatMap((sizes) => contract(eqn, [q, p, to], sizes))
    if (op.direction === 'input')
      return convolution(op, result, first, second, 1).flatMap((sizes) => contract(eqn, [p, q, to], sizes))
    const parts = partsOfFilter(first, second)
    const all = parts === 1 ? to : memory.make('temporary', withShape(result, [parts, ...result.shape]))
    const steps = convolution(op, first, result, second, parts).flatMap((sizes) => contract(eqn, [q, p, all], sizes))
    return parts === 1 ? steps : [...steps, sumOfParts(eqn, all, to, parts, result)]
  }

  const sumOfParts = (eqn: Eqn, from: number, to: number, parts: number, { dtype, size }: Type): Step => {
    const kernel: Loop = {
      kind: 'loop',
      name: 'sum of parts',
      grid: [size],
      inner: [parts],
      operands: [
        { dtype, size: parts * size },
        { dtype, size },
      ],
      nodes: [
        { kind: 'load', operand: 0, access: { offset: 0, strides: [1, size], bounds: [] }, fill: 0, dtype },
        { kind: 'reduced', reduction: 0, dtype },
      ],
      stages: [
        { over: 'inner', reductions: [{ fn: 'sum', node: 0, dtype }], stores: [] },
        {
          over: 'grid',
          reductions: [],
          stores: [{ operand: 1, access: { offset: 0, strides: [1, 0], bounds: [] }, node: 1 }],
        },
      ],
    }
    return kernelStep(kernel, [from, to], eqn.at)
  }

  const scan = (eqn: Eqn, op: OpOf<'scan'>): Step[] => {
    const { carry: carries, xs, length, reverse, body } = op
    const reads = eqn.inputs.map(storageOf)
    const writes = eqn.outputs.map(storageOf)
    if (length === 0) return reads.slice(0, carries).map((from, i): Step => ({ kind: 'copy', from, to: writes[i]! }))
    const carry = reads.slice(0, carries).map((start, i) => newCarry(start, writes[i]!))
    // a storage may have been made in another shape: its rows are those of the value
    const row = (whole: number, id: number): Row => {
      const type = program.types[id]!
      return { whole, row: memory.make('pointer', withShape(type, type.shape.slice(1))) }
    }
    const rows = [
      ...reads.slice(carries, carries + xs).map((whole, i) => row(whole, eqn.inputs[carries + i]!)),
      ...writes.slice(carries).map((whole, i) => row(whole, eqn.outputs[carries + i]!)),
    ]
    const steps = lower(
      body,
      [...carry.map((one) => one.before), ...rows.slice(0, xs).map((one) => one.row), ...reads.slice(carries + xs)],
      [...carry.map((one) => one.after), ...rows.slice(xs).map((one) => one.row)],
      memory,
    )
    return [{ kind: 'scan', length, reverse, carry, rows, body: steps, region: eqn.at }]
  }

  const newCarry = (start: number, result: number): Carry => {
    const type = storageType(result)
    const pointer = (): number => memory.make('pointer', type)
    return { start, before: pointer(), after: pointer(), result, spare: memory.make('temporary', type) }
  }

  const whileLoop = (eqn: Eqn, op: OpOf<'while'>): Step[] => {
    const reads = eqn.inputs.map(storageOf)
    const carry = reads.slice(0, op.carry).map((start, i) => newCarry(start, storageOf(eqn.outputs[i]!)))
    const now = carry.map((one) => one.before)
    const flag = memory.make('temporary', typeOf('bool', []))
    const test = lower(op.cond, [...now, ...reads.slice(op.carry, op.carry + op.condConsts)], [flag], memory)
    const next = carry.map((one) => one.after)
    const body = lower(op.body, [...now, ...reads.slice(op.carry + op.condConsts)], next, memory)
    return [{ kind: 'while', carry, test, flag, body, region: eqn.at }]
  }

  const stepsOf = (eqn: Eqn, at: number): readonly Step[] => {
    const { op, inputs: reads, outputs: writes } = eqn
    switch (op.kind) {
      case 'dot':
        return dot(eqn, op)
      case 'conv':
        return conv(eqn, op)
      case 'scan':
        return scan(eqn, op)
      case 'while':
        return whileLoop(eqn, op)
      case 'cond': {
        const operands = reads.slice(1).map(storageOf)
        const results = writes.map(storageOf)
        const branches = op.branches.map((branch) => lower(branch, operands, results, memory))
        return [{ kind: 'switch', index: storageOf(reads[0]!), branches, region: eqn.at }]
      }
      case 'call':
        return lower(op.body, reads.map(storageOf), writes.map(storageOf), memory)
      case 'custom': {
        const blocked = blockedForm(
          op.kernel,
          reads.map((id) => program.types[id]!),
        )
        return blocked === undefined
          ? special(eqn)
          : lower(blocked, reads.map(storageOf), writes.map(storageOf), memory)
      }
      case 'opaque':
        throw new Error(`${op.name}: ${op.why}`)
      case 'print':
        return [
          {
            kind: 'print',
            label: op.label,
            sink: op.sink,
            from: storageOf(reads[0]!),
            type: program.types[reads[0]!]!,
          },
        ]
      case 'concatenate': {
        const to = storageOf(writes[0]!)
        const strides = stridesOf(program.types[writes[0]!]!.shape)
        let offset = 0
        return reads.flatMap((id) => {
          const steps = put(id, at, to, { offset, strides, bounds: [] })
          offset += program.types[id]!.shape[op.axis]! * strides[op.axis]!
          return steps
        })
      }
      case 'pad': {
        const to = storageOf(writes[0]!)
        const type = program.types[writes[0]!]!
        const strides = stridesOf(type.shape)
        const offset = op.low.reduce((sum, low, axis) => sum + low * strides[axis]!, 0)
        const spread = strides.map((stride, axis) => stride * (op.interior[axis]! + 1))
        return [fillOf(to, type, op.value, eqn), ...put(reads[0]!, at, to, { offset, strides: spread, bounds: [] })]
      }
      case 'dynamicUpdateSlice': {
        const to = storageOf(writes[0]!)
        const type = program.types[writes[0]!]!
        const strides = stridesOf(type.shape)
        const limits = type.shape.map((size, axis) => size - program.types[reads[1]!]!.shape[axis]!)
        return [
          ...put(reads[0]!, at, to, { offset: 0, strides, bounds: [] }),
          ...put(reads[1]!, at, to, {
            offset: 0,
            strides,
            bounds: [],
            dynamic: { starts: storageOf(reads[2]!), limits, strides },
          }),
        ]
      }
      default:
        return special(eqn)
    }
  }

  const steps = groups.flatMap((group, at): readonly Step[] => {
    if (group.step !== undefined) return stepsOf(group.step, at)
    const roots = group.members
      .filter((id) => stored[id] === 1)
      .map((value): Root => ({ value, storage: storageOf(value) }))
    const places = group.members.map((id) => program.eqns[values.maker[id]!]!.at)
    return loop(
      group,
      at,
      roots,
      places.find((one) => one !== undefined),
    )
  })
  return [...steps, ...copies]
}

/** Every kernel passes here. */
const kernelStep = (kernel: Kernel, operands: readonly number[], region: string | undefined): Step => {
  context.checks?.kernel(kernel)
  return { kind: 'kernel', kernel, operands, region }
}

/** A kernel's operations instead of the kernel, where it has any at these sizes. */
const blockedForm = (kernel: CustomKernel, types: readonly Type[]): Program | undefined => {
  let found = true
  const { program } = record(kernel.name, types, (inputs) => {
    const outs = kernel.blocked?.(inputs)
    found = outs !== undefined
    return outs ?? []
  })
  return found ? simplify(program) : undefined
}

const fillOf = (to: number, { dtype, size }: Type, value: number, eqn: Eqn): Step => {
  const stores = [{ operand: 0, access: { offset: 0, strides: [1], bounds: [] }, node: 0 }]
  const kernel: Loop = {
    kind: 'loop',
    name: 'fill',
    grid: [size],
    inner: [],
    operands: [{ dtype, size }],
    nodes: [{ kind: 'constant', value, dtype }],
    stages: [{ over: 'grid', reductions: [], stores }],
  }
  return kernelStep(kernel, [to], eqn.at)
}

/** Which computed values are written to memory. From the last equation to the first: by the time a value is looked at, all who read it are decided. */
const storedValues = (values: Values, position: Int32Array): Uint8Array => {
  const { program, roles, forced, maker } = values
  const isCheap = cheapness(values)
  const stored = new Uint8Array(program.types.length)
  const outside = new Map<number, Set<number>>()
  const inside = new Uint8Array(program.types.length)
  /** A kernel of group `at` looks at a value. */
  const look = (id: number, at: number): void => {
    let value = id
    while (roles[value] === 'view') {
      const { op, inputs } = program.eqns[maker[value]!]!
      if (op.kind === 'dynamicSlice') look(inputs[1]!, at)
      value = inputs[0]!
    }
    if (roles[value] !== 'computed') return
    if (position[value] === at) inside[value] = 1
    else {
      const readers = outside.get(value)
      if (readers === undefined) outside.set(value, new Set([at]))
      else readers.add(at)
    }
  }
  for (let i = program.eqns.length - 1; i >= 0; i--) {
    const { op, inputs, outputs } = program.eqns[i]!
    const at = outputs.length === 0 ? -1 : position[outputs[0]!]!
    if (outputs.length === 0 || roles[outputs[0]!] === 'stored') {
      // a step of its own looks at forced values, and through kernels of its own at anything
      if (op.kind === 'concatenate' || op.kind === 'pad' || op.kind === 'dynamicUpdateSlice')
        for (const id of inputs) look(id, at)
      continue
    }
    if (roles[outputs[0]!] !== 'computed') continue
    for (const id of outputs) {
      const readers = outside.get(id)
      stored[id] = forced[id] === 1 || (readers !== undefined && !isCheap(id)) ? 1 : 0
      if (stored[id] === 0) for (const reader of readers ?? []) for (const x of inputs) look(x, reader)
      if (stored[id] === 1 || inside[id] === 1) for (const x of inputs) look(x, at)
    }
  }
  return stored
}
