/** Phantom against exact gradients on a small equilibrium model of MNIST.
 *
 *  exact      the adjoint equation of the equilibrium by GMRES, or by Anderson's iteration, to a residual of 10⁻³
 *  phantom    5 terms damped by 0.5: unrolled from the equilibrium, or as a Neumann series there
 *  one term   p = ∂f/∂z
 *  Each way begins with the same weights and sees the same batches. Then, at the weights that training with GMRES ended with, gradients are compared by
 *  their cosine, and all are timed on one thread: forward is the loss, backward the loss and its gradient less that.
 *  Differs  from the paper, whose models are MDEQ on CIFAR-10 and ImageNet. Here a product with the Jacobian is cheap beside x U and its derivative, which
 *           every way has to do: `of the layer alone` leaves them out. The equilibrium is an easy one, some 5 iterations away. */

import { asLinear, type Backward, exactAdjoint, neumannPhantom, oneStep, unrolledPhantom } from '@neumann/hypergrad'
import { dispose, onDevice, slice } from '@neumann/linalg-gpu'
import { gmres } from '@neumann/linalg-gpu/solvers'
import { onWasm } from '../onWasm.js'
import { averaged } from './averaged.js'
import { forward, type Weights } from './equilibriumModel.js'
import { batch, type Clocked, clocked, cosine, fitted, number, prepared } from './equilibriumRuns.js'
import { type Labelled, mnistParts } from './mnistParts.js'
import type { Reproduction, Row } from './reproduction.js'

const accept = ['converged', 'maxIterations'] as const

/** The ways back. */
const ways: readonly { readonly name: string; readonly backward: Backward }[] = [
  { name: 'exact, GMRES', backward: exactAdjoint(gmres({ tolerance: 1e-3, maxIterations: 40 }), { accept }) },
  { name: 'exact, Anderson', backward: exactAdjoint(asLinear(forward), { accept }) },
  { name: 'phantom, unrolled', backward: unrolledPhantom({ terms: 5, damping: 0.5 }) },
  { name: 'phantom, Neumann', backward: neumannPhantom({ terms: 5, damping: 0.5 }) },
  { name: 'one term', backward: oneStep() },
]

/** One after the other. */
const each = async <T>(values: readonly T[], f: (value: T, i: number) => Promise<number>): Promise<number[]> => {
  const found: number[] = []
  for (const [i, value] of values.entries()) found.push(await f(value, i))
  return found
}

interface Run {
  readonly accuracies: readonly number[]
  readonly cosines: readonly number[]
  readonly times: Clocked
  readonly iterations: number
}

export const phantom: Reproduction = {
  name: 'phantom',
  title: 'Phantom gradients against exact ones on an equilibrium model of MNIST, trained by Adam for the same steps',
  source:
    'Geng et al. 2021: the abstract has a backward pass about 1.7 × faster than exact, at equal accuracy or better; CIFAR-10, MDEQ: 93.8 ± .17 exact, 95.0 ± .16 phantom (from memory)',
  run: ({ quick, data: folder, seeds = quick ? 1 : 3, progress }) =>
    onWasm(async (device) => {
      const [states, steps, turns] = quick ? [40, 60, 3] : [150, 400, 25]
      const { parts, test } = await mnistParts(folder, {
        sizes: [quick ? 3000 : 20_000],
        test: quick ? 1000 : 10_000,
        device,
      })
      const all = ways.map(({ backward }) => prepared(states, backward))
      const runs: Run[] = []
      for (let seed = 1; seed <= seeds; seed++) {
        const [digits] = parts(seed) as [Labelled]
        const trained: Weights[] = []
        for (const [i, { name }] of ways.entries())
          trained.push(
            await fitted(all[i]!, digits, { device, steps }, seed, (share) =>
              progress((seed - 1 + (0.9 * (i + share)) / ways.length) / seeds, `seed ${seed}: ${name}`),
            ),
          )
        progress((seed - 0.1) / seeds, `seed ${seed}: timing`)
        const few = onDevice(device, () => ({
          images: slice(digits.images, [0, batch]),
          labels: slice(digits.labels, [0, batch]),
        }))
        const at = trained[0]!
        const gradients = all.map(({ gradient }) => gradient(at, few))
        runs.push({
          accuracies: await each(all, (own, i) => number(own.score(trained[i]!, test))),
          cosines: await each(gradients, (own) => number(cosine(own, gradients[0]!))),
          times: await clocked(all, at, few, turns),
          iterations: await number(all[0]!.iterations(at, few)),
        })
        dispose([digits, trained, few, gradients])
      }
      dispose(test)
      const rowsOf = (what: string, of: (run: Run, i: number) => number, unit?: string): Row[] =>
        ways.map(({ name }, i) =>
          averaged({
            what: `${what}, ${name}`,
            values: runs.map((run) => of(run, i)),
            ...(unit !== undefined && { unit }),
          }),
        )
      const faster = (what: string, of: (times: Clocked[number]) => number): Row[] =>
        ways.slice(2).map(({ name }, i) =>
          averaged({
            what: `${what}, ${name}: times faster than the faster exact one`,
            paper: 'about 1.7',
            unit: '×',
            values: runs.map(({ times }) => Math.min(of(times[0]!), of(times[1]!)) / of(times[i + 2]!)),
          }),
        )
      return [
        ...rowsOf('test accuracy', ({ accuracies }, i) => 100 * accuracies[i]!, '%'),
        ...rowsOf('forward', ({ times }, i) => times[i]!.forward, 'ms'),
        ...rowsOf('backward', ({ times }, i) => times[i]!.backward, 'ms'),
        ...rowsOf('backward of the layer alone', ({ times }, i) => times[i]!.layer, 'ms'),
        ...faster('backward', ({ backward }) => backward),
        ...faster('backward of the layer alone', ({ layer }) => layer),
        ...rowsOf('cosine with the exact gradient', ({ cosines }, i) => cosines[i]!),
        averaged({ what: 'iterations of the forward search', values: runs.map(({ iterations }) => iterations) }),
      ]
    }),
}
