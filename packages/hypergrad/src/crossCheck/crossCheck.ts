/** Estimators against each other, on one point: which of them disagrees, and by how much.
 *
 *  A wrong solver is often a plausible one: the loss falls all the same. Estimators of different families make their mistakes at different places, so that at a
 *  point where all of them should give one gradient (an inner optimum, enough steps, enough terms) the odd one out is wrong.
 *  Of two that disagree, or where no more than half agree, nobody can say which: there is no consensus, and every one is named.
 *  Needs    one estimator at least. A point that lacks a field which one of them needs does not compile.
 *  Cost     each estimator once, from its first memory; the gradients are read into plain numbers */

import { data, dispose, scope, type Tensor } from '@neumann/linalg-gpu'
import { fail, tensorsOf } from '@neumann/linalg-gpu/program'
import type { Certificate } from '../certificate/certificate.js'
import { type Decoded, decode } from '../certificate/decode.js'
import type { Estimate, Estimator, PointField, PointWith } from '../estimators/estimator.js'
import type { Problem } from '../problem/problem.js'
import { consensus } from './consensus.js'

/** Estimators by name, each before it has its problem. */
export type Estimators = Readonly<Record<string, Unapplied>>

/** An estimator of some problem. */
export type Unapplied = (problem: never) => {
  (memory: never, point: never): Estimate<unknown, unknown>
  readonly init: (point: never) => unknown
  readonly needs: readonly PointField[]
}

/** The fields that a point must have for an estimator. */
export type FieldsOf<E> = E extends (problem: never) => { readonly init: (point: infer P) => unknown }
  ? keyof P & PointField
  : never

export interface CrossCheckOptions {
  /** Of relative differences; by default 1e-6 in f64 and 1e-3 in f32: what solvers leave by default times a condition number of 10⁴ and 10². */
  readonly tolerance?: number
}

/** What one estimator gave. */
export interface Checked<H> {
  readonly gradient: H
  readonly certificate: Decoded
  /** From the consensus, relative to the larger of the two; where there is none, from the one that is farthest. */
  readonly difference: number
  readonly agrees: boolean
}

export interface CrossCheck<H, N extends string = string> {
  /** Whether all gave one gradient. */
  readonly agreed: boolean
  /** The estimator that the others are compared with: the middle of those that agree. Null where no more than half of all do. */
  readonly consensus: N | null
  readonly disagreeing: readonly N[]
  readonly estimates: { readonly [K in N]: Checked<H> }
  /** In words, a line for each estimator. */
  readonly lines: readonly string[]
}

/** @example const check = crossCheck({ direct: implicit(exact()), cg: implicit(cg()), early: implicit(neumann({ terms: 3, step: 0.1 })) })
 *  const { disagreeing, lines } = await check(R1().problem)(R1().optimum)
 *  disagreeing // => [ 'early' ]
 *  lines[2] // => early disagrees by 0.133 (truncated: the adjoint was cut off with a residual of 0.117: allow more terms or iterations, or accept it) */
export const crossCheck =
  <E extends Estimators>(estimators: E, { tolerance }: CrossCheckOptions = {}) =>
  <S, W, H, T, V>(problem: Problem<S, W, H, T, V>) => {
    type Name = keyof E & string
    const named = Object.entries(estimators) as unknown as readonly (readonly [
      Name,
      (problem: Problem<S, W, H, T, V>) => Estimator<object, H, unknown>,
    ])[]
    if (named.length === 0) fail('crossCheck', 'there are no estimators to compare: name two or more.')
    if (tolerance !== undefined && !(tolerance >= 0)) fail('crossCheck', `tolerance is a number ≥ 0, got ${tolerance}.`)
    const applied = named.map(([name, estimator]) => [name, estimator(problem)] as const)
    return async (point: PointWith<FieldsOf<E[keyof E]>, S, H, T, V>): Promise<CrossCheck<H, Name>> => {
      const found = applied.map(([name, estimate]) => {
        const lacking = estimate.needs.filter((field) => !(field in point))
        if (lacking.length > 0)
          fail(
            'crossCheck',
            `${name} needs ${lacking.join(', ')}, which the point does not have: add it, or leave ${name} out.`,
          )
        return { name, ...evaluated(estimate, point) }
      })
      const gradients = await Promise.all(found.map(({ gradient }) => numbersOf(gradient)))
      const certificates = await Promise.all(found.map(({ certificate }) => decode(certificate)))
      for (const { certificate } of found) dispose(certificate)
      const allowed = tolerance ?? (tensorsOf('crossCheck', found[0]!.gradient).leaves.some(isSingle) ? 1e-3 : 1e-6)
      const { at, differences } = consensus(gradients, allowed)
      const estimates = found.map(
        ({ gradient }, i): Checked<H> => ({
          gradient,
          certificate: certificates[i]!,
          difference: differences[i]!,
          agrees: at !== null && differences[i]! <= allowed,
        }),
      )
      const names = found.map(({ name }) => name)
      const disagreeing = names.filter((_, i) => !estimates[i]!.agrees)
      return {
        agreed: disagreeing.length === 0,
        consensus: at === null ? null : names[at]!,
        disagreeing,
        estimates: Object.fromEntries(names.map((name, i) => [name, estimates[i]!])) as CrossCheck<
          H,
          Name
        >['estimates'],
        lines: names.map((name, i) => line(name, estimates[i]!, at)),
      }
    }
  }

/** The gradient and the certificate: what else an estimate made is freed. */
const evaluated = <H>(
  estimate: Estimator<object, H, unknown>,
  point: object,
): { readonly gradient: H; readonly certificate: Certificate<H> } =>
  scope(() => {
    const { gradient, certificate } = estimate(estimate.init(point), point)
    return { gradient, certificate }
  })

const numbersOf = async (tree: unknown): Promise<readonly number[]> =>
  (await Promise.all(tensorsOf('crossCheck', tree).leaves.map(async (leaf) => Array.from(await data(leaf))))).flat()

const isSingle = ({ dtype }: Tensor): boolean => dtype !== 'f64'

const line = <H>(name: string, { agrees, difference, certificate }: Checked<H>, at: number | null): string => {
  const by = Number(difference.toPrecision(3))
  const verdict = agrees
    ? `agrees within ${by}`
    : at === null
      ? `has no majority, and is up to ${by} away`
      : `disagrees by ${by}`
  return `${name} ${verdict} (${certificate.status}: ${certificate.advice})`
}
