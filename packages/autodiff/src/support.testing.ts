/** For tests: truncated power series as an oracle of derivatives of any order, a device that counts what it runs, and comparison. */

import { array, type Device, liveBuffers, plainDevice, readSync, type Tensor } from '@neumann/linalg-gpu'
import {
  bodiesOf,
  type Eqn,
  flattenTree,
  isTensor,
  type Op,
  type Program,
  showStructure,
  showType,
  typeOf,
} from '@neumann/linalg-gpu/program'
import * as assert from 'uvu/assert'

export type Nested = number | readonly Nested[]

/** A tensor of f64. */
export const f64 = (data: Nested): Tensor => array(data as never, { dtype: 'f64' })
export const elements = (x: Tensor): number[] => Array.from(readSync(x))
/** All elements of a tree of tensors. */
export const flat = (tree: unknown): number[] =>
  flattenTree(tree).leaves.flatMap((leaf) => (isTensor(leaf) ? elements(leaf) : [Number(leaf)]))
const numbers = (tree: unknown): number[] =>
  flattenTree(tree).leaves.flatMap((x) => (isTensor(x) ? elements(x) : [x as number]))

/** Asserts that two trees hold the same numbers, within `tolerance` of the largest of them (at least 1). */
export const near = (got: unknown, want: unknown, tolerance = 1e-11, note = ''): void => {
  const [a, b] = [numbers(got), numbers(want)]
  if (a.length !== b.length) assert.unreachable(`${note}: ${a.length} numbers, expected ${b.length}`)
  const scale = b.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 1)
  a.forEach((v, i) => {
    if (!(Object.is(v, b[i]) || Math.abs(v - b[i]!) <= tolerance * scale))
      assert.unreachable(`${note}: element ${i} is ${v}, expected ${b[i]} (all: ${a} / ${b})`)
  })
}

/** Bit by bit. */
export const identical = (got: unknown, want: unknown, note = ''): void => {
  const [a, b] = [numbers(got), numbers(want)]
  assert.ok(a.length === b.length && a.every((v, i) => Object.is(v, b[i])), `${note}: ${a} is not ${b}`)
}

/** `{a: f64[2], b: [i32[]]}`: the form and the types of a tree. */
export const formOf = (tree: unknown): string => {
  const { leaves, structure } = flattenTree(tree)
  let at = 0
  return showStructure(structure).replace(/\*/g, () => {
    const leaf = leaves[at++]
    return isTensor(leaf) ? showType(leaf) : typeof leaf
  })
}

/** Asserts that `f` throws exactly this message. */
export const throws = (f: () => unknown, message: string): void => assert.is(messageOf(f), message)
export const messageOf = (f: () => unknown): string => {
  try {
    f()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}

/* ------------------------------------------------------------------------------------------- power series */

/** Σ aₖ tᵏ, truncated: element k of the list is aₖ. Order 0 is a plain number. */
export type Series = readonly number[]

const make = (n: number, f: (k: number) => number): Series => Array.from({ length: n }, (_, k) => f(k))
const convolve = (a: Series, b: Series, k: number, from = 0): number => {
  let sum = 0
  for (let i = from; i <= k; i++) sum += a[i]! * b[k - i]!
  return sum
}

/** Arithmetic of series, by the recurrences of their coefficients. */
export const series = {
  of: (value: number, like: Series): Series => like.map((_, k) => (k === 0 ? value : 0)),
  add: (a: Series, b: Series): Series => a.map((v, k) => v + b[k]!),
  sub: (a: Series, b: Series): Series => a.map((v, k) => v - b[k]!),
  scale: (a: Series, c: number): Series => a.map((v) => c * v),
  shift: (a: Series, c: number): Series => a.map((v, k) => (k === 0 ? v + c : v)),
  mul: (a: Series, b: Series): Series => make(a.length, (k) => convolve(a, b, k)),
  // q b = a
  div: (a: Series, b: Series): Series => {
    const q: number[] = []
    for (let k = 0; k < a.length; k++) {
      let rest = a[k]!
      for (let i = 0; i < k; i++) rest -= q[i]! * b[k - i]!
      q.push(rest / b[0]!)
    }
    return q
  },
  // e′ = a′ e
  exp: (a: Series): Series => {
    const e: number[] = [Math.exp(a[0]!)]
    for (let k = 1; k < a.length; k++) {
      let sum = 0
      for (let i = 1; i <= k; i++) sum += i * a[i]! * e[k - i]!
      e.push(sum / k)
    }
    return e
  },
  // l′ a = a′
  log: (a: Series): Series => {
    const l: number[] = [Math.log(a[0]!)]
    for (let k = 1; k < a.length; k++) {
      let rest = k * a[k]!
      for (let i = 1; i < k; i++) rest -= i * l[i]! * a[k - i]!
      l.push(rest / (k * a[0]!))
    }
    return l
  },
  // s′ = a′ c, c′ = −a′ s
  sin: (a: Series): Series => circular(a)[0],
  cos: (a: Series): Series => circular(a)[1],
  // r r = a
  sqrt: (a: Series): Series => {
    const r: number[] = [Math.sqrt(a[0]!)]
    for (let k = 1; k < a.length; k++) {
      let rest = a[k]!
      for (let i = 1; i < k; i++) rest -= r[i]! * r[k - i]!
      r.push(rest / (2 * r[0]!))
    }
    return r
  },
}

const circular = (a: Series): readonly [Series, Series] => {
  const s: number[] = [Math.sin(a[0]!)]
  const c: number[] = [Math.cos(a[0]!)]
  for (let k = 1; k < a.length; k++) {
    let [up, down] = [0, 0]
    for (let i = 1; i <= k; i++) {
      up += i * a[i]! * c[k - i]!
      down -= i * a[i]! * s[k - i]!
    }
    s.push(up / k)
    c.push(down / k)
  }
  return [s, c]
}

/** A function of a list of numbers, written on series. */
export type OnSeries = (x: readonly Series[]) => readonly Series[]

/** The coefficients of f(x + t v) up to tⁿ. */
const along = (f: OnSeries, x: readonly number[], v: readonly number[], n: number): readonly Series[] =>
  f(x.map((value, i) => make(n + 1, (k) => (k === 0 ? value : k === 1 ? v[i]! : 0))))

export const unit = (n: number, i: number): number[] => Array.from({ length: n }, (_, k) => (k === i ? 1 : 0))
const basis = (n: number): number[][] => Array.from({ length: n }, (_, i) => unit(n, i))
const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1))

export const valueOf = (f: OnSeries, x: readonly number[]): number[] => along(f, x, x, 0).map((s) => s[0]!)
/** dⁿ/dtⁿ f(x + t v) at 0. */
export const directional = (f: OnSeries, x: readonly number[], v: readonly number[], n = 1): number[] =>
  along(f, x, v, n).map((s) => factorial(n) * s[n]!)
/** Rows are outputs. */
export const jacobianOf = (f: OnSeries, x: readonly number[]): number[][] => {
  const columns = basis(x.length).map((e) => directional(f, x, e))
  return columns[0]!.map((_, j) => columns.map((column) => column[j]!))
}
/** ∂²f[u, v], by polarisation. */
export const second = (f: OnSeries, x: readonly number[], u: readonly number[], v: readonly number[]): number[] => {
  const plus = directional(
    f,
    x,
    u.map((a, i) => a + v[i]!),
    2,
  )
  const minus = directional(
    f,
    x,
    u.map((a, i) => a - v[i]!),
    2,
  )
  return plus.map((p, j) => (p - minus[j]!) / 4)
}
/** One Hessian for each output. */
export const hessiansOf = (f: OnSeries, x: readonly number[]): number[][][] => {
  const blocks = basis(x.length).map((u) => basis(x.length).map((v) => second(f, x, u, v)))
  return blocks[0]![0]!.map((_, j) => blocks.map((row) => row.map((cell) => cell[j]!)))
}

/** Central differences with two Richardson steps, for functions that have no series: error about h⁶. */
export const differences = (f: (t: number) => readonly number[], h = 0.05): number[] => {
  const d = (step: number): number[] => {
    const [up, down] = [f(step), f(-step)]
    return up.map((u, i) => (u - down[i]!) / (2 * step))
  }
  const [a, b, c] = [d(h), d(h / 2), d(h / 4)]
  return c.map((fine, i) => {
    const [low, high] = [(4 * b[i]! - a[i]!) / 3, (4 * fine - b[i]!) / 3]
    return (16 * high - low) / 15
  })
}

export const dotOf = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0)

/* ----------------------------------------------------------------------------------------------- counting */

export interface Counting {
  readonly device: Device
  /** How often each operation ran, by its name in print (`sin`, `dot`, `scan` …), bodies included, since the last reset. */
  readonly counts: ReadonlyMap<string, number>
  readonly count: (...names: readonly string[]) => number
  readonly total: () => number
  readonly reset: () => void
}

const nameOf = (op: Op): string => ('fn' in op ? op.fn : op.kind)

/** A plain device that counts the operations it executes: behind each equation, in bodies too, it prints to a sink of its own. */
export const countingDevice = (): Counting => {
  const inner = plainDevice({ name: 'counting' })
  const counts = new Map<string, number>()
  const counted = (program: Program): Program => {
    const types = [...program.types]
    const eqns = program.eqns.flatMap((eqn): Eqn[] => {
      const sink = (): void => {
        const name = nameOf(eqn.op)
        counts.set(name, (counts.get(name) ?? 0) + 1)
      }
      const zero = types.push(typeOf('i32', [])) - 1
      return [
        { ...eqn, op: withBodies(eqn.op) },
        { op: { kind: 'full', value: 0, type: typeOf('i32', []) }, inputs: [], outputs: [zero] },
        { op: { kind: 'print', label: '', sink }, inputs: [zero], outputs: [] },
      ]
    })
    return { ...program, types, eqns }
  }
  const withBodies = (op: Op): Op => {
    if (bodiesOf(op).length === 0) return op
    switch (op.kind) {
      case 'scan':
      case 'call':
        return { ...op, body: counted(op.body) }
      case 'while':
        return { ...op, cond: counted(op.cond), body: counted(op.body) }
      case 'cond':
        return { ...op, branches: op.branches.map(counted) }
      default:
        return op
    }
  }
  const ready = new WeakMap<Program, Program>()
  const own = <B extends object>(buffer: B): B => Object.assign(buffer, { device })
  const device: Device = {
    ...inner,
    upload: (...args) => own(inner.upload(...args)),
    execute: (program, inputs, donated) => {
      let known = ready.get(program)
      if (known === undefined) ready.set(program, (known = counted(program)))
      return inner.execute(known, inputs, donated).map(own)
    },
  }
  return {
    device,
    counts,
    count: (...names) => names.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0),
    total: () => [...counts.values()].reduce((a, b) => a + b, 0),
    reset: () => counts.clear(),
  }
}

/** Buffers and bytes that `f` leaves alive on a device. */
export const left = (f: () => unknown, device?: Device): { readonly count: number; readonly bytes: number } => {
  const before = liveBuffers(device)
  f()
  const after = liveBuffers(device)
  return { count: after.count - before.count, bytes: after.bytes - before.bytes }
}

/** All equations of a program and of the programs in it. */
export const equationsOf = (program: Program): readonly Eqn[] =>
  program.eqns.flatMap((eqn) => [eqn, ...bodiesOf(eqn.op).flatMap(equationsOf)])
