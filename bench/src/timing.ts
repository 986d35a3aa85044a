/** How long tracing, transforming and simplifying take: `node --import tsx bench/src/timing.ts` prints figures as JSON.
 *
 *  Without the condition `@neumann/source` the packages are taken as they are built: what their users run, without the wrappers that tsx adds.
 *
 *      per equation   time of trace + transform + simplify / equations that remain
 *      × plain        that, over time of trace / equations recorded, of the loss alone
 *
 *  Every case runs in turn, many rounds; the lower quartile of its rounds counts, as other work on the machine only adds. */

import { trace, zeros } from '@neumann/linalg-gpu'
import type { Program } from '@neumann/linalg-gpu/program'
import { gradProgram, hvpProgram } from './derivatives.js'
import { atMost, type Figure, shown } from './figure.js'
import { type Network, residual } from './networks.js'
import * as resnet18 from './resnet18.js'

const rounds = 24
const warmUp = 8
/** A case is repeated within a round until it has made about so many equations. */
const enough = 12_000

interface Case {
  readonly make: () => Program
  readonly times: number[]
}

const caseOf = (make: () => Program): Case => ({ make, times: [] })
const traced = <P>({ loss, params, input, target }: Network<P>): Case =>
  caseOf(() => trace(loss)(params, input, target))

const measure = (cases: readonly Case[]): void => {
  for (let round = 0; round < rounds; round++)
    for (const { make, times } of cases) {
      const count = make().eqns.length
      const repetitions = Math.ceil(enough / count)
      const begun = performance.now()
      for (let i = 0; i < repetitions; i++) make()
      const microseconds = (1000 * (performance.now() - begun)) / (repetitions * count)
      if (round >= warmUp) times.push(microseconds)
    }
}

const perEquation = ({ times }: Case): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 4)]!

const resnet: Network<resnet18.ResNet> = {
  loss: resnet18.loss,
  params: resnet18.init(),
  input: zeros([8, 3, 32, 32]),
  target: zeros([8, 10]),
}

/** Numbers of layers whose gradient, or Hessian-vector product, has about 10², 10³ and 10⁴ equations. */
const depths = { grad: [10, 110, 1110], hvp: [4, 35, 345] }

const timings = (): readonly Figure[] => {
  const plain = traced(resnet)
  const derivatives = { grad: caseOf(() => gradProgram(resnet)), Hv: caseOf(() => hvpProgram(resnet)) }
  const deep = {
    grad: depths.grad.map((layers) => caseOf(() => gradProgram(residual(layers)))),
    Hv: depths.hvp.map((layers) => caseOf(() => hvpProgram(residual(layers)))),
  }
  measure([plain, ...Object.values(derivatives), ...deep.grad, ...deep.Hv])

  const rows = Object.entries(derivatives).flatMap(([name, own]) => [
    atMost(`time per equation: ${name} of ResNet-18, × plain tracing`, perEquation(own) / perEquation(plain), 15),
    shown(`µs per equation: ${name} of ResNet-18, ${own.make().eqns.length} equations`, perEquation(own)),
    shown(`ms: ${name} of ResNet-18`, (perEquation(own) * own.make().eqns.length) / 1000),
  ])
  const growth = Object.entries(deep).flatMap(([name, cases]) => {
    const each = cases.map(perEquation)
    const mean = each.reduce((a, b) => a + b, 0) / each.length
    const what = `time per equation: ${name} of residual networks, 10² to 10⁴ equations`
    return [
      atMost(`${what}, % off their mean at most`, Math.max(...each.map((t) => 100 * Math.abs(t / mean - 1))), 50),
      shown(`${what}, largest / smallest`, Math.max(...each) / Math.min(...each)),
      ...cases.map((one, i) =>
        shown(`µs per equation: ${name} of a residual network, ${one.make().eqns.length} equations`, each[i]!),
      ),
    ]
  })
  return [
    ...rows,
    shown(`µs per equation: plain tracing of ResNet-18, ${plain.make().eqns.length} equations`, perEquation(plain)),
    ...growth,
  ]
}

console.log(JSON.stringify(timings()))
