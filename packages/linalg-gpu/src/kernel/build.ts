/** The loop kernel of a group: its values as nodes, demanded from what it must store. */

import type { DType } from '../dtype.js'
import type { Op, ReduceFn } from '../program/op.js'
import type { Type } from '../program/type.js'
import { stridesOf } from '../shape.js'
import { type Affine, alwaysHolds, broadcastIndex, type Index, linear, through } from './affine.js'
import type { Group } from './groups.js'
import type { Access, Bound, Dynamic, Loop, Node, Operand, Reduction, Scalar, Stage, Store } from './kernel.js'
import type { Values } from './values.js'

/** What a kernel is built from. */
export interface Site {
  readonly values: Values
  readonly group: Group
  /** Where the group makes a value of its own. */
  readonly canonical: (id: number) => Index
  /** The storage of a value that stands in memory when the kernel runs. */
  readonly stored: (id: number) => number | undefined
}

/** What the kernel is to store: a value of the group, or any value at all points of the space, through an access over the space. */
export interface Root {
  readonly value: number
  readonly storage: number
  /** Row-major, where it is not told. */
  readonly access?: Access
}

export interface Built {
  readonly kernel: Loop
  /** The storage of each operand. */
  readonly operands: readonly number[]
}

const scalarOf = (op: Op, output: number): Scalar => {
  switch (op.kind) {
    case 'cast':
    case 'bitcast':
    case 'select':
      return { kind: op.kind }
    case 'unary':
      return { kind: 'unary', fn: op.fn }
    case 'test':
      return { kind: 'test', fn: op.fn }
    case 'polygamma':
      return { kind: 'polygamma', n: op.n }
    case 'binary':
      return { kind: 'binary', fn: op.fn }
    case 'compare':
      return { kind: 'compare', fn: op.fn }
    case 'threefry':
      return { kind: 'threefry', word: output === 0 ? 0 : 1 }
    default:
      throw new Error(`kernel: ${op.kind} is not elementwise.`)
  }
}

export const buildLoop = (site: Site, roots: readonly Root[], storageType: (storage: number) => Type): Built => {
  const { values, group, stored } = site
  const { program, maker, root } = values
  const { space } = group
  const dims = space.length
  const axes = group.axes ?? []
  const inner = axes
  const grid = space.flatMap((_, d) => (axes.includes(d) ? [] : [d]))
  const order = [...grid, ...inner]
  const ordered = <T>(list: readonly T[]): T[] => order.map((d) => list[d]!)

  const nodes: Node[] = []
  const stages: number[] = []
  const operands: Operand[] = []
  const storages: number[] = []
  const reductions: { readonly reduction: Reduction; readonly stage: number; readonly value: number }[] = []
  const known = new Map<string, number>()

  const operand = (storage: number): number => {
    const at = storages.indexOf(storage)
    if (at >= 0) return at
    const { dtype, size } = storageType(storage)
    operands.push({ dtype, size })
    return storages.push(storage) - 1
  }
  const add = (node: Node, stage: number): number => {
    stages.push(stage)
    return nodes.push(node) - 1
  }
  /** The node of a key, made where it is not known. */
  const once = (key: string, make: () => number): number => {
    let id = known.get(key)
    if (id === undefined) known.set(key, (id = make()))
    return id
  }
  const orderedBound = (bound: Bound): Bound => ({ ...bound, coefficients: ordered(bound.coefficients) })
  const access = (at: Affine, bounds: readonly Bound[], dynamic?: Dynamic): Access => {
    const all = bounds.filter((bound) => !alwaysHolds(bound, space)).map(orderedBound)
    const own = { offset: at.offset, strides: ordered(at.coefficients), bounds: all }
    return dynamic === undefined ? own : { ...own, dynamic }
  }
  const keyOf = (at: Affine): string => `${at.offset}:${at.coefficients}`
  const keyOfBounds = (bounds: readonly Bound[]): string =>
    bounds.length === 0 ? '' : bounds.map((b) => `${keyOf(b)}<${b.size}`).join('&')

  const keyOfNumber = (value: number): string => (Object.is(value, -0) ? '-0' : `${value}`)
  const keyOfDynamic = ({ starts, limits, strides }: Dynamic): string => `${starts}:${limits}:${strides}`

  const load = (
    storage: number,
    dtype: DType,
    at: Affine,
    bounds: readonly Bound[],
    fill: number,
    dynamic?: Dynamic,
  ): number => {
    const key = `load ${storage} ${keyOf(at)} ${keyOfBounds(bounds)} ${keyOfNumber(fill)} ${dynamic ? keyOfDynamic(dynamic) : ''}`
    return once(key, () =>
      add({ kind: 'load', operand: operand(storage), access: access(at, bounds, dynamic), fill, dtype }, 0),
    )
  }
  const constant = (value: number, dtype: DType): number =>
    once(`constant ${keyOfNumber(value)} ${dtype}`, () => add({ kind: 'constant', value, dtype }, 0))

  /** The node of a value, looked at through an index; loads respect bounds. */
  const nodeOf = (id: number, index: Index, bounds: readonly Bound[]): number => {
    const type = program.types[id]!
    const storage = stored(id)
    if (storage !== undefined) return load(storage, type.dtype, linear(index, stridesOf(type.shape), dims), bounds, 0)
    return once(`value ${id} ${index.map(keyOf)} ${keyOfBounds(bounds)}`, () => makeNode(id, type, index, bounds))
  }

  const makeNode = (id: number, type: Type, index: Index, bounds: readonly Bound[]): number => {
    const { op, inputs, outputs } = program.eqns[maker[id]!]!
    const source = inputs[0]
    switch (op.kind) {
      case 'full':
        return constant(op.value, type.dtype)
      case 'iota': {
        const { offset, coefficients } = index[op.axis]!
        return once(`index ${offset}:${coefficients} ${type.dtype}`, () =>
          add({ kind: 'index', offset, strides: ordered(coefficients), dtype: type.dtype }, 0),
        )
      }
      case 'reduce': {
        const at = reductions.findIndex((one) => one.value === id)
        if (at < 0) throw new Error(`kernel: a group looks for a reduction that it does not make.`)
        return add({ kind: 'reduced', reduction: at, dtype: type.dtype }, reductions[at]!.stage + 1)
      }
      case 'dynamicSlice': {
        const from = program.types[source!]!
        const strides = stridesOf(from.shape)
        const limits = from.shape.map((size, axis) => size - op.sizes[axis]!)
        const dynamic = { starts: operand(memory(inputs[1]!)), limits, strides }
        return load(memory(source!), type.dtype, linear(index, strides, dims), bounds, 0, dynamic)
      }
    }
    const seen = source === undefined ? undefined : through(op, program.types[source]!, type, index, dims)
    if (seen !== undefined) return nodeOfView(source!, type, seen.index, bounds, seen.bounds, seen.fill)
    // a shape that no index passes: its elements stand in the same order in memory
    if (op.kind === 'reshape')
      return load(memory(id), type.dtype, linear(index, stridesOf(type.shape), dims), bounds, 0)
    const args = inputs.map((x) => nodeOf(x, broadcastIndex(index, program.types[x]!.shape, dims), bounds))
    const scalar = scalarOf(op, outputs.indexOf(id))
    const stage = Math.max(0, ...args.map((x) => stages[x]!))
    return add({ kind: 'apply', scalar, inputs: args, dtype: type.dtype }, stage)
  }

  /** The storage of a value that is known to stand in memory, perhaps in another shape. */
  const memory = (id: number): number => {
    const storage = stored(id) ?? stored(root(id))
    if (storage === undefined) throw new Error(`kernel: a group looks for a value in memory that is not there.`)
    return storage
  }

  const nodeOfView = (
    source: number,
    type: Type,
    index: Index,
    bounds: readonly Bound[],
    own: readonly Bound[],
    fill: number,
  ): number => {
    const real = own.filter((bound) => !alwaysHolds(bound, space))
    if (real.length === 0) return nodeOf(source, index, bounds)
    const storage = stored(source)
    // bounds of an outer view would fill with another value
    if (storage !== undefined && bounds.length === 0)
      return load(storage, type.dtype, linear(index, stridesOf(program.types[source]!.shape), dims), real, fill)
    const value = nodeOf(source, index, [...bounds, ...real])
    const condition = once(`inside ${keyOfBounds(real)}`, () =>
      add({ kind: 'inside', bounds: real.map(orderedBound), dtype: 'bool' }, 0),
    )
    const inputs = [condition, value, constant(fill, type.dtype)]
    return once(`pad ${inputs}`, () =>
      add({ kind: 'apply', scalar: { kind: 'select' }, inputs, dtype: type.dtype }, stages[value]!),
    )
  }

  // reductions in the order of the members, which is that of their stages or can be sorted into it: each needs only earlier ones
  for (const id of group.members) {
    const eqn = program.eqns[maker[id]!]!
    if (eqn.op.kind !== 'reduce') continue
    const node = nodeOf(eqn.inputs[0]!, fullIndex(program.types[eqn.inputs[0]!]!, space), [])
    reductions.push({
      reduction: { fn: eqn.op.fn, node, dtype: program.types[id]!.dtype },
      stage: stages[node]!,
      value: id,
    })
  }

  /** An access over the space, as it was given, in the order of the kernel's dimensions. */
  const placed = ({ offset, strides, dynamic }: Access): Access => ({
    offset,
    strides: ordered(strides),
    bounds: [],
    ...(dynamic && { dynamic: { ...dynamic, starts: operand(dynamic.starts) } }),
  })
  const stores = roots.map(
    ({ value, storage, access: given }): Store & { readonly stage: number; readonly full: boolean } => {
      const type = program.types[value]!
      const index = given === undefined ? site.canonical(value) : fullIndex(type, space)
      const node = nodeOf(value, index, [])
      const full = index.some((x) => x.coefficients.some((c, d) => c !== 0 && axes.includes(d)))
      return {
        operand: operand(storage),
        access: given === undefined ? access(linear(index, stridesOf(type.shape), dims), []) : placed(given),
        node,
        stage: stages[node]!,
        full,
      }
    },
  )
  const plainStore = ({ operand: to, access: at, node }: Store): Store => ({ operand: to, access: at, node })

  // reductions are numbered stage by stage
  const byStage = reductions.map((_, at) => at).sort((a, b) => reductions[a]!.stage - reductions[b]!.stage || a - b)
  const number = new Map(byStage.map((at, i) => [at, i]))
  const renumbered = nodes.map(
    (node): Node => (node.kind === 'reduced' ? { ...node, reduction: number.get(node.reduction)! } : node),
  )
  const last = Math.max(
    -1,
    ...reductions.map(({ stage }) => stage),
    ...stores.filter(({ full }) => full).map(({ stage }) => stage),
  )
  const list: Stage[] = []
  for (let stage = 0; stage <= last; stage++) {
    const own = byStage.filter((at) => reductions[at]!.stage === stage).map((at) => reductions[at]!.reduction)
    const written = stores.filter((one) => one.full && one.stage === stage).map(plainStore)
    if (own.length > 0 || written.length > 0) list.push({ over: 'inner', reductions: own, stores: written })
  }
  const atGrid = stores.filter(({ full }) => !full).map(plainStore)
  if (atGrid.length > 0) list.push({ over: 'grid', reductions: [], stores: atGrid })
  const kernel: Loop = {
    kind: 'loop',
    name: nameOf(
      renumbered,
      byStage.map((at) => reductions[at]!.reduction.fn),
    ),
    grid: grid.map((d) => space[d]!),
    inner: inner.map((d) => space[d]!),
    operands,
    nodes: renumbered,
    stages: list,
  }
  return { kernel, operands: storages }
}

/** All points of a space, for a value of its shape (axes of size 1 apart). */
const fullIndex = (type: Type, space: readonly number[]): Index => {
  let at = 0
  return type.shape.map((size): Affine => {
    const coefficients = new Array<number>(space.length).fill(0)
    if (size !== 1) {
      while (space[at] === 1) at++
      coefficients[at++] = 1
    }
    return { offset: 0, coefficients }
  })
}

const reductionWords = { sum: 'sum', max: 'maximum', min: 'minimum', and: 'all', or: 'any' } as const

/** What a kernel does, in the order in which its values depend on one another. */
const nameOf = (nodes: readonly Node[], reductions: readonly ReduceFn[]): string => {
  const words: string[] = []
  let next = 0
  for (const node of nodes)
    if (node.kind === 'apply') words.push('fn' in node.scalar ? node.scalar.fn : node.scalar.kind)
    else if (node.kind === 'reduced') while (next <= node.reduction) words.push(reductionWords[reductions[next++]!])
  const shown = words.length > 6 ? [...words.slice(0, 5), `+${words.length - 5}`] : words
  return shown.length === 0 ? 'copy' : shown.join(' ')
}
