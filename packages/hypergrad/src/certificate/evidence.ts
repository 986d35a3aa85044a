/** How certificates are put together. */

import { equal, full, isFinite, logicalAnd, logicalNot, type Tensor } from '@neumann/linalg-gpu'
import { type DType, scalarOf, tensorsOf, unflatten } from '@neumann/linalg-gpu/program'
import { frame, type Solution, statuses, vectors } from '@neumann/linalg-gpu/solvers'
import { type Certificate, type CertificateStatus, certificateStatuses } from './certificate.js'

const { firstOf, integer } = frame

/** The number of a status in programs. */
export const certificateCode = Object.fromEntries(certificateStatuses.map((status, i) => [status, i])) as Readonly<
  Record<CertificateStatus, number>
>

/** What an estimator found out about one gradient. What it does not say is NaN. */
export interface Findings<H> {
  readonly gradient: H
  readonly value: Tensor
  readonly products: Tensor | number
  /** For each leaf of λ, by the direct part or by the indirect one. */
  readonly reaches: readonly boolean[]
  /** What it would say if nothing worse were found: conditions in the order in which they count, then what holds otherwise. */
  readonly cases?: readonly (readonly [when: Tensor, status: CertificateStatus | Tensor])[]
  readonly otherwise: CertificateStatus
  readonly stationarity?: Tensor
  readonly gap?: Tensor
  readonly residual?: Tensor
  readonly curvature?: readonly [Tensor, Tensor]
  readonly contraction?: Tensor
  readonly stability?: Tensor
}

const numbered = (status: CertificateStatus | Tensor): number | Tensor =>
  typeof status === 'string' ? certificateCode[status] : status

/** The certificate of these findings. Before every case of their own come NaN and infinity in value or gradient, then a λ that reaches nothing.
 *  @example certified({ gradient: array(1), value: array(2), products: 3, reaches: [false], otherwise: 'converged' }).status // => i32[] 10 */
export const certified = <H>({
  gradient,
  value,
  products,
  reaches,
  cases = [],
  otherwise,
  ...seen
}: Findings<H>): Certificate<H> => {
  const { structure } = tensorsOf('certified', gradient)
  const dtype = value.dtype as DType
  const number = (x: number): Tensor => scalarOf('certified', x, dtype)
  const finite = logicalAnd(isFinite(value), isFinite(vectors.largest(gradient)))
  const lost = reaches.some((reach) => !reach)
  return {
    status: firstOf(
      [
        [logicalNot(finite), certificateCode.nonfinite],
        ...(lost ? ([[full([], true, { dtype: 'bool' }), certificateCode.disconnected]] as const) : []),
        ...cases.map(([when, status]) => [when, numbered(status)] as const),
      ],
      certificateCode[otherwise],
    ),
    stationarity: seen.stationarity ?? number(Number.NaN),
    gap: seen.gap ?? number(Number.NaN),
    residual: seen.residual ?? number(Number.NaN),
    curvature: seen.curvature ?? [number(Infinity), number(-Infinity)],
    contraction: seen.contraction ?? number(Number.NaN),
    stability: seen.stability ?? number(Number.NaN),
    products: typeof products === 'number' ? integer(products) : products,
    reaches: unflatten(
      structure,
      reaches.map((reach) => full([], reach, { dtype: 'bool' })),
    ) as Certificate<H>['reaches'],
  }
}

/** What a certificate says where a solver says this: the two lists agree but for a solve that was cut off. */
const ofSolver: readonly number[] = statuses.map(
  (status) => certificateCode[status === 'maxIterations' ? 'truncated' : status],
)

/** The status of a solve as that of a certificate. */
export const solverStatus = <X>({ status }: Solution<X>): Tensor =>
  firstOf(
    ofSolver.map((code, i) => [equal(status, i), code] as const),
    certificateCode.breakdown,
  )
