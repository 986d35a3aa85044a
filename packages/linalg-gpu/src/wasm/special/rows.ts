/** Kernels that go along one axis: a unit is a row, the elements that differ in the index of that axis alone. */

import type { Type } from '../../program/type.js'
import { stridesOf } from '../../shape.js'
import {
  type Code, type Func, forLoop, get, i32, increase, type Local, set, type ValType, whileLoop,
} from '../assembler.js' // biome-ignore format: a list
import { type Kernelwise, kernelFunction, type Lowered, pointer, word } from '../lowered.js'

export interface Row {
  readonly local: Kernelwise['local']
  readonly scratch: Code
  /** Addresses of the operands. */
  readonly x: Code
  readonly out: Code
  /** Elements of the row, from one to the next, and the first. */
  readonly n: Code
  readonly step: Code
  readonly first: Code
  readonly row: Code
}

const rowFunction = (name: string, write: (row: Row) => Code): Func =>
  kernelFunction(name, ({ words, lo, hi, scratch, local }) => {
    const w = get(words)
    const own = [pointer(w, 0), pointer(w, 1), word(w, 2), word(w, 3), word(w, 4), word(w, 5)].map((value) => {
      const kept = local('i32')
      return { set: set(kept, value), get: get(kept) }
    })
    const [x, out, n, after, start, step] = own.map((value) => value.get) as [Code, Code, Code, Code, Code, Code]
    const [row, first] = [local('i32'), local('i32')]
    const before = i32.mul(i32.divU(get(row), after), i32.mul(n, after))
    return [
      own.map((value) => value.set),
      forLoop(row, get(lo), get(hi), i32.const(1), [
        set(first, i32.add(i32.add(before, i32.remU(get(row), after)), start)),
        write({ local, scratch: get(scratch), x, out, n, step, first: get(first), row: get(row) }),
      ]),
    ]
  })

/** The rows of an array along an axis, from its end where `reverse` says so; `cost` is that of an element in nanoseconds. */
export const lowerRows = (
  x: Type,
  axis: number,
  cost: number,
  code: { readonly key: string; readonly write: (row: Row) => Code },
  { reverse = false, scratch = 0 }: { readonly reverse?: boolean; readonly scratch?: number } = {},
): Lowered => {
  const n = x.shape[axis]!
  const after = stridesOf(x.shape)[axis]!
  const start = reverse ? (n - 1) * after : 0
  return {
    key: code.key,
    build: () => rowFunction(code.key, code.write),
    words: [{ operand: 0 }, { operand: 1 }, n, after, start, reverse ? -after : after],
    units: x.size === 0 ? 0 : x.size / n,
    grain: grainOf(n * cost),
    scratch,
  }
}

/** Units that take 20 µs, of the nanoseconds that one takes. */
export const grainOf = (nanoseconds: number): number => Math.ceil(20_000 / (nanoseconds + 1))

/** For each address from one to another, unsigned as addresses are: the end is computed each time. */
export const through = (at: Local, from: Code, to: Code, step: number, body: Code): Code => [
  set(at, from),
  whileLoop(i32.ltU(get(at), to), [body, increase(at, i32.const(step))]),
]

/** The address of element `i` of so many bytes. */
export const element = (address: Code, i: Code, bytes: number): Code => i32.add(address, i32.mul(i, i32.const(bytes)))

type Five<T> = readonly [T, T, T, T, T]

/** As many locals as one takes of them, of ten. */
export const locals = (
  local: Kernelwise['local'],
  type: ValType = 'i32',
): readonly [...Five<Local>, ...Five<Local>] => {
  function* endless(): Generator<Local> {
    for (;;) yield local(type)
  }
  return endless() as Iterable<Local> as never
}
