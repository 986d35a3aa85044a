/** Certificates as plain values, once they are computed. */

import { data, type Tensor } from '@neumann/linalg-gpu'
import { fail, flattenTree, paths } from '@neumann/linalg-gpu/program'
import { type Certificate, type CertificateStatus, certificateStatuses } from './certificate.js'

/** A certificate in numbers and words; the fields are those of `Certificate`. */
export interface Decoded {
  readonly status: CertificateStatus
  /** What the status means for this gradient, and what to do. */
  readonly advice: string
  readonly stationarity: number
  readonly gap: number
  readonly residual: number
  readonly curvature: readonly [least: number, greatest: number]
  readonly contraction: number
  readonly stability: number
  readonly products: number
  /** The hyperparameters that do not reach the objective, by their paths. */
  readonly disconnected: readonly string[]
}

/** Waits for a certificate and puts it into words.
 *  @example const { certificate } = unrolled({ steps: 30 })(R1().problem)(null, R1().optimum)
 *  const { status } = await decode(certificate)
 *  status // => converged */
export const decode = async <H>(certificate: Certificate<H>): Promise<Decoded> => {
  if (certificate.status.shape.length !== 0)
    fail(
      'decode',
      `this certificate has a batch of ${certificate.status.shape.join(' × ')} estimates: take one of them, treeMap((x: Tensor) => slice(x, i), certificate), and decode that.`,
    )
  const number = async (x: Tensor): Promise<number> => (await data(x))[0]!
  const { leaves, structure } = flattenTree(certificate.reaches)
  const places = paths(structure)
  const reach = await Promise.all(leaves.map((leaf) => number(leaf as Tensor)))
  const disconnected = places.filter((_, i) => !reach[i]).map((path) => (path === '' ? 'λ' : path))
  const [status, stationarity, gap, residual, least, greatest, contraction, stability, products] = (await Promise.all(
    [
      certificate.status,
      certificate.stationarity,
      certificate.gap,
      certificate.residual,
      ...certificate.curvature,
      certificate.contraction,
      certificate.stability,
      certificate.products,
    ].map(number),
  )) as [number, number, number, number, number, number, number, number, number]
  const seen = { stationarity, gap, residual, contraction, stability, products, disconnected }
  const named =
    certificateStatuses[status] ??
    fail('decode', `${status} is no status of a certificate: codes are 0 to ${certificateStatuses.length - 1}.`)
  return { status: named, advice: advice[named](seen), curvature: [least, greatest], ...seen }
}

type Seen = Omit<Decoded, 'status' | 'advice' | 'curvature'>

const short = (x: number): string => (Number.isFinite(x) ? String(Number(x.toPrecision(3))) : String(x))

const advice: Readonly<Record<CertificateStatus, (seen: Seen) => string>> = {
  converged: ({ residual }) =>
    residual > 0 ? `the adjoint is solved to a residual of ${short(residual)}` : 'the derivative is exact',
  truncated: ({ residual }) =>
    `the adjoint was cut off with a residual of ${short(residual)}: allow more terms or iterations, or accept it`,
  expanding: ({ contraction }) => `terms grow by ${short(contraction)}: take fewer of them, or a smaller inner step`,
  unstationary: ({ gap }) =>
    `solving the inner problem from here would move the objective by about ${short(gap)}: take more inner steps`,
  unstable: ({ stability }) => `α λmax ≈ ${short(stability)} is not safely below 2: take a smaller α`,
  indefinite: () => 'negative curvature was met: damp the operator, use Gauss–Newton products, or minres',
  breakdown: ({ residual }) =>
    `the solver stopped at a residual of ${short(residual)}: use f64, a preconditioner, or ask for less`,
  diverged: ({ contraction, residual }) =>
    `the series grows by ${short(contraction)} a term (residual ${short(residual)}): take a smaller α, or another solver`,
  singular: () => 'some direction is mapped to nothing: damp the operator',
  nonfinite: () =>
    'NaN or infinity in the objective, a product or the gradient: take a smaller inner step, look at the data',
  disconnected: ({ disconnected }) =>
    `${disconnected.join(', ')} does not reach the objective: use it, leave it out, or take an estimator that sees the update (one-pass, unrolled)`,
}
