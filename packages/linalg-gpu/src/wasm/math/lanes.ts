/** What the functions of this folder are written with: values that are kept, polynomials, halves, and calls lane by lane. */

import {
  type Code,
  type Func,
  f32,
  f32x4,
  f64,
  f64x2,
  func,
  get,
  imported,
  type Local,
  set,
  type ValType,
  v128,
} from '../assembler.js'

/** Computes a value here and gives code that reads it, as often as one likes. */
export type Keep = (value: Code, type?: ValType) => Code

/** Straight lines: what is kept is computed in order, then the result. */
export const straight = (local: (type: ValType) => Local, write: (keep: Keep) => Code): Code => {
  const steps: Code[] = []
  const result = write((value, type = 'v128') => {
    const kept = local(type)
    steps.push(set(kept, value))
    return get(kept)
  })
  return [steps, result]
}

type Write = (keep: Keep, x: Code, y: Code, local: (type: ValType) => Local) => Code

/** A function of one or two vectors to one. */
export const vector = (name: string, arity: 1 | 2, write: Write): Func =>
  func(name, arity === 1 ? ['v128'] : ['v128', 'v128'], ['v128'], ([x, y], local) =>
    straight(local, (keep) => write(keep, get(x!), y === undefined ? [] : get(y), local)),
  )

/** The function of a name, made once: a module that calls it twice holds it once. */
export const memoised = <K extends string>(make: (name: K) => Func): ((name: K) => Func) => {
  const made = new Map<K, Func>()
  return (name) => {
    const known = made.get(name) ?? make(name)
    made.set(name, known)
    return known
  }
}

/** A function of the host on f64. */
export const hosted = memoised((key: `${1 | 2}${string}`) =>
  imported('math', key.slice(1), key[0] === '1' ? ['f64'] : ['f64', 'f64'], ['f64']),
)

type Scalars = (lane: (v: Code) => Code) => Code

/** Lane by lane: `write` is handed what reads the lane of a vector as f64, and its f64 is rounded once. `x` is any vector. */
export const perLaneF32 = (x: Code, write: Scalars): Code =>
  [0, 1, 2, 3].reduce<Code>(
    (result, lane) => f32x4.replace(lane, result, f32.fromF64(write((v) => f64.fromF32(f32x4.extract(lane, v))))),
    x,
  )

export const perLaneF64 = (x: Code, write: Scalars): Code =>
  [0, 1].reduce<Code>(
    (result, lane) =>
      f64x2.replace(
        lane,
        result,
        write((v) => f64x2.extract(lane, v)),
      ),
    x,
  )

type Arithmetic = typeof f32x4 | typeof f64x2

/** x to a power of two; the engine computes what is written twice once. */
const power = (in_: Arithmetic, x: Code, n: number): Code => {
  if (n === 1) return x
  const root = power(in_, x, n / 2)
  return in_.mul(root, root)
}

/** Σ cₖ xᵏ by Estrin's scheme, halves of the sum side by side: a few more products than Horner's rule, in a chain of ⌈log₂ n⌉ instead of n.
 *  A processor holds some hundred instructions in flight, so the longest chain of a vector says how many vectors those are.
 *  x is read many times. */
export const poly = (in_: Arithmetic, x: Code, c: readonly number[]): Code => {
  if (c.length === 1) return in_.const(c[0]!)
  const half = 2 ** Math.ceil(Math.log2(c.length) - 1)
  return in_.add(poly(in_, x, c.slice(0, half)), in_.mul(power(in_, x, half), poly(in_, x, c.slice(half))))
}

const bytes = (...groups: readonly (readonly [from: number, count: number])[]): number[] =>
  groups.flatMap(([from, count]) => Array.from({ length: count }, (_, i) => from + i))

/** f(lanes) in f64, rounded once: the two low lanes and the two high lanes each make an f64x2. */
export const inHalves = (keep: Keep, x: Code, f: (x: Code, y: Code) => Code, y?: Code): Code => {
  const high = (v: Code): Code => f64x2.fromF32Low(v128.shuffle(bytes([8, 8], [8, 8]), v, v))
  const low = (v: Code): Code => f64x2.fromF32Low(v)
  const part = (half: (v: Code) => Code): Code =>
    keep(f32x4.fromF64Zero(f(keep(half(x)), y === undefined ? [] : keep(half(y)))))
  return v128.shuffle(bytes([0, 8], [16, 8]), part(low), part(high))
}
