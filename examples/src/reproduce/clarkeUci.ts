/** Clarke et al. 2022, tables of UCI Energy, Kin8nm and Power: a perceptron of 50 relu units, 4000 epochs of full batches, hyperparameters moved every 10. */

import { join } from 'node:path'
import { split, standardisation, standardise, takeRows, type Uci, unwrap } from '@neumann/data'
import { readUci } from '@neumann/data/node'
import { array, type Device, mul, onDevice, type Tensor, zeros } from '@neumann/linalg-gpu'
import { meanSquaredError } from '@neumann/nn'
import { onWasm } from '../onWasm.js'
import { perceptron } from '../tasks/perceptron.js'
import { allNames, type Comparison, compared, type Figures } from './clarke.js'
import type { Part, Task } from './clarkeMethods.js'
import type { Reproduction } from './reproduction.js'

export interface UciSet {
  readonly name: string
  readonly folder: string
  readonly train: number
  readonly validation: number
  readonly test: number
  /** The unit in which the paper prints the loss. */
  readonly unit: number
  readonly members: number
  readonly figures: Figures
}

/** Rows of a part, on the device. */
interface Rows {
  readonly inputs: Tensor
  readonly targets: Tensor
}

/** Parts of a set in the papers' order, standardised by the rows that are not for testing; and the variance of the target there. */
const partsOf = ({ inputs, targets, order }: Uci, { train, validation, test }: UciSet, device: Device) => {
  const rows = split(order ?? inputs.shape[0]!, { train, validation, test })
  const merged = Int32Array.of(...rows.train, ...rows.validation)
  const [x, y] = [inputs, targets].map((all) => standardisation(takeRows(all, merged)))
  const placed = (some: Int32Array): Rows => {
    const part = (all: Uci['inputs'], s: typeof x): Tensor => {
      const { data, shape } = standardise(s!)(takeRows(all, some))
      return array(Float32Array.from(data), { shape, device })
    }
    return { inputs: part(inputs, x), targets: part(targets, y) }
  }
  return {
    train: placed(rows.train),
    validation: placed(rows.validation),
    merged: placed(merged),
    test: placed(rows.test),
    variance: y!.deviation[0]! ** 2,
  }
}

const batches = 10

/** The comparison on a set: full batches, so that the rows of a batch are nothing that a loss would have to know. */
export const uciComparison = async (
  data: string,
  set: UciSet,
  device: Device,
  { members, steps }: { readonly members: number; readonly steps: number },
): Promise<Comparison<ReturnType<ReturnType<typeof perceptron>['init']>>> => {
  const uci = unwrap(await readUci(join(data, 'uci', set.folder))())
  const parts = partsOf(uci, set, device)
  const net = perceptron(uci.inputs.shape[1]!, 50, 1)
  type Weights = ReturnType<typeof net.init>
  const loss =
    ({ inputs, targets }: Rows) =>
    (weights: Weights): Tensor =>
      meanSquaredError(net.apply(weights, inputs), targets)
  const everyStep = onDevice(device, () => ({ train: zeros([batches]), validation: zeros([]) }))
  return {
    device,
    net,
    task: (part: Part): Task<Weights> => ({
      training: loss(part === 'split' ? parts.train : parts.merged),
      validation: loss(parts.validation),
    }),
    test: (weights) => mul(parts.variance / set.unit, loss(parts.test)(weights)),
    validation: loss(parts.validation),
    members,
    // the largest values are those of the hidden layer: 12,000 rows of 50 numbers are 2.4 MB
    chunk: Math.max(1, Math.round(12_000 / set.train)),
    steps,
    samples: () => Array.from({ length: steps }, () => everyStep),
  }
}

/** The paper's sets: sizes of their parts, and its figures. Ours has fewer members where there are more rows. */
export const sets = {
  energy: {
    name: 'Energy',
    folder: 'energy',
    train: 614,
    validation: 78,
    test: 76,
    unit: 1,
    members: 200,
    figures: {
      random: ['21 ± 2', '7.8 ± .4', '.120'],
      scheduled: ['31 ± 2', '13 ± 3', '.133'],
      validated: ['4.5 ± .6', '4 ± 2', '.141'],
      lorraine: ['22 ± 2', '8.2 ± .5', '.161'],
      baydin: ['5.5 ± .2', '6.70 ± .06', '.103'],
      'WD+LR': ['2.5 ± .1', '2.2 ± .2', '.147'],
      'WD+LR+M': ['1.28 ± .08', '0.9 ± .2', '.139'],
      'WD+HDLR+M': ['1.9 ± .2', '1.2 ± .3', '.165'],
      unrolled: ['1.10 ± .09', '.48 ± .09', '.123'],
    },
  },
  kin8nm: {
    name: 'Kin8nm',
    folder: 'kin8nm',
    train: 5898,
    validation: 1475,
    test: 819,
    unit: 1e-3,
    members: 20,
    figures: {
      random: ['38 ± 2', '33 ± 3', '6.44'],
      scheduled: ['47 ± 2', '45 ± 5', '6.43'],
      validated: ['18 ± 2', '13 ± 1', '6.72'],
      lorraine: ['38 ± 2', '34 ± 3', '6.39'],
      baydin: ['24.5 ± .8', '27 ± 1', '6.52'],
      'WD+LR': ['10 ± 1', '7.6 ± .1', '6.44'],
      'WD+LR+M': ['10 ± 1', '6.95 ± .08', '5.92'],
      'WD+HDLR+M': ['16 ± 4', '8.1 ± .1', '6.29'],
      unrolled: ['8.0 ± .2', '7.17 ± .06', '6.09'],
    },
  },
  power: {
    name: 'Power',
    folder: 'power-plant',
    train: 6889,
    validation: 1722,
    test: 957,
    unit: 1,
    members: 20,
    figures: {
      random: ['67 ± 6'],
      scheduled: ['105 ± 8'],
      validated: ['19 ± 2'],
      lorraine: ['67 ± 6'],
      baydin: ['17.82 ± .07'],
      'WD+LR': ['17.33 ± .01'],
      'WD+LR+M': ['17.4 ± .2'],
      'WD+HDLR+M': ['18 ± 1'],
      unrolled: ['17.17 ± .02'],
    },
  },
} as const satisfies { readonly [name: string]: UciSet }

const reproduction = (set: UciSet): Reproduction => ({
  name: `clarke-${set.name.toLowerCase()}`,
  title: `UCI ${set.name}: test mean squared error${set.unit === 1 ? '' : ' × 1000'}, one-pass tuning against its rivals`,
  source: 'Clarke, Oldewage, Hernández-Lobato 2022, arXiv 2110.10461, table of UCI sets (submission)',
  run: async ({ quick, data, seeds = quick ? 6 : set.members, progress }) => {
    if (data === undefined)
      throw new Error(
        `${set.folder} is read from a folder: give --data DIR or NEUMANN_DATA, where uci/${set.folder} is.`,
      )
    return onWasm(async (device) =>
      compared(
        await uciComparison(data, set, device, { members: seeds, steps: quick ? 5 : 400 }),
        allNames,
        set.figures,
        progress,
      ),
    )
  },
})

export const clarkeEnergy = reproduction(sets.energy)
export const clarkeKin8nm = reproduction(sets.kin8nm)
export const clarkePower = reproduction(sets.power)
