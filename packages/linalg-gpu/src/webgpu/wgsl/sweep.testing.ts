/** How near a function of WGSL is to the plain device's in f64, over many arguments. */

import { everyExponent, ulpsF32 } from '../../wasm/math/math.testing.js'
import { applied } from './apply.js'
import { evaluate } from './evaluate.testing.js'

type Applied = Parameters<typeof applied>[0]
type Oracle = (x: number, y: number) => number
type Measure = (found: number, wanted: number, x: number) => number

const least = 2 ** -126
const isSubnormal = (x: number): boolean => x !== 0 && Math.abs(x) < least
const flushed = (x: number): number => (isSubnormal(x) ? x * 0 : x)

const ulps: Measure = (found, wanted) =>
  Math.abs(wanted) <= least && Math.abs(found) <= least ? 0 : ulpsF32(found, wanted)

export interface Worst {
  readonly error: number
  /** The arguments, the result and the true value, in words. */
  readonly where: string
}

/** The largest error over arrays of arguments, in ulp or as `measure` says. A device may take a subnormal argument or result for 0: either
 *  answer is right. */
export const worstOf = async (
  scalar: Applied,
  [xs, ys]: readonly [Float32Array, Float32Array?],
  oracle: Oracle,
  measure: Measure = ulps,
): Promise<Worst> => {
  const inputs = (ys === undefined ? [xs] : [xs, ys]).map((x) => ['f32', x] as const)
  const found = await evaluate((names, uses) => applied(scalar, 'f32', 'f32', names, uses), inputs, 'f32')
  let [error, place] = [0, 0]
  for (let i = 0; i < found.length; i++) {
    const [x, y] = [xs[i]!, ys === undefined ? 0 : ys[i]!]
    const wanted = oracle(x, y)
    if (Object.is(found[i], Math.fround(wanted))) continue
    let own = measure(found[i]!, wanted, x)
    if (own > error && (isSubnormal(x) || isSubnormal(y)))
      own = Math.min(own, measure(found[i]!, oracle(flushed(x), flushed(y)), x))
    if (!(own <= error)) [error, place] = [own, i]
  }
  const args = ys === undefined ? xs[place] : `${xs[place]}, ${ys[place]}`
  const wanted = Math.fround(oracle(xs[place]!, ys === undefined ? 0 : ys[place]!))
  return { error, where: `(${args}) gives ${found[place]}, not ${wanted}: off by ${error}` }
}

// where something happens, with both neighbours
const corners: readonly number[] = [
  least, 2 ** -125, 1e-20, 3e-8, 6e-8, 1e-4, 0.25, 0.35, Math.SQRT1_2, 0.5, 0.625, 0.7853982, 0.9, 1, 1.5, Math.SQRT2, 2, Math.E, 3, 4, 5,
  7.5, 8, 9.02, 10, 10.1, 15, 17, 22, 24, 25, 30, 32, 64, 87, 87.3, 88, 88.72283, 89.4, 90, 91, 100, 103.9, 104, 105, 110, 127, 128, 1000, 4096,
  8388607.5, 8388608, 2 ** 24, 2 ** 31, 1e10, 1e20, 1e30, 3.4028235e38,
  ...[1, 2, 3, 4, 5, 6, 7, 8, 100, 101, 1e4, 1e5].map((n) => (n * Math.PI) / 4), ...[1, 2, 3, 50, 126, 127].map((n) => n * Math.LN2),
].flatMap((x) => {
  const bits = new Int32Array(Float32Array.of(x).buffer)[0]!
  return [...new Float32Array(Int32Array.of(bits - 1, bits, bits + 1).buffer)]
}) // biome-ignore format: a list

const special: readonly number[] = [...corners, ...corners.map((x) => -x), 0, -0, NaN, Infinity, -Infinity]

const between = ([from, to]: readonly [number, number]): number[] =>
  Array.from({ length: 50_000 }, (_, i) => from + ((to - from) * (i + 0.5)) / 50_000)

/** Some 200 numbers of each exponent and sign, what is special, and the given ranges densely. */
export const sweep = (...ranges: readonly (readonly [number, number])[]): Float32Array =>
  Float32Array.from([...special, ...everyExponent(200), ...ranges.flatMap(between)])
