/** The UCI regression sets in the setting of Clarke et al. 2022: one hidden layer, all rows in one batch, the papers' order of rows and parts.
 *
 *  Inputs and targets are standardised by the rows that are not tested; errors are shown in the targets' own unit. */

import { join } from 'node:path'
import { fromArrays, split, standardisation, standardise, takeRows, unwrap } from '@neumann/data'
import { readUci } from '@neumann/data/node'
import type { Tensor } from '@neumann/linalg-gpu'
import { meanSquaredError } from '@neumann/nn'
import { below } from './below.js'
import { learnerOf } from './learnerOf.js'
import { perceptron } from './perceptron.js'
import { batchSize, type Part, task, type Wanted } from './task.js'

type Rows = { readonly inputs: Tensor; readonly targets: Tensor }

/** A tenth of the rows is for testing, and a fifth of the rest for validation, to the nearest row; of Energy a tenth of all is. */
export const sizesOf = (name: string, rows: number): { train: number; validation: number; test: 'rest' } => {
  const known = name === 'energy' ? Math.ceil(0.9 * rows) : Math.round(0.9 * rows)
  const train = name === 'energy' ? Math.floor(0.8 * rows) : Math.round(0.8 * known)
  return { train, validation: known - train, test: 'rest' }
}

const folderOf = async ({ folder, variant }: Wanted): Promise<string> => {
  if (variant === undefined || !/^[\w-]+$/.test(variant))
    throw new Error('--task uci:NAME names a set by its folder, such as uci:energy.')
  if (folder === undefined) throw new Error(`--task uci:${variant} needs --data DIR, a folder with the UCI sets in it.`)
  return join(await below(folder, 'uci'), variant)
}

export const uci = task(
  { epochs: 4000, batch: 'all', hidden: 50, settings: 4, across: 'together', variants: true },
  async (wanted) => {
    const folder = await folderOf(wanted)
    const { inputs, targets, order } = unwrap(await readUci(folder)())
    const rows = split(order ?? inputs.shape[0]!, sizesOf(wanted.variant!, inputs.shape[0]!))
    const known = Int32Array.from([...rows.train, ...rows.validation])
    const ofInputs = standardisation(takeRows(inputs, known))
    const ofTargets = standardisation(takeRows(targets, known))
    const part = (chosen: Int32Array, size: number): Part => {
      const single = (data: Float64Array, shape: readonly number[]) => ({ data: Float32Array.from(data), shape })
      const x = standardise(ofInputs)(takeRows(inputs, chosen))
      const y = standardise(ofTargets)(takeRows(targets, chosen))
      return {
        source: fromArrays({ inputs: single(x.data, x.shape), targets: single(y.data, y.shape) }),
        size: Math.min(size, chosen.length),
        order: 'shuffled',
      }
    }
    const learnt = rows.train.subarray(0, wanted.samples ?? rows.train.length)
    const size = batchSize(wanted, learnt.length)
    const features = inputs.shape[1]!
    const network = perceptron(features, wanted.hidden, 1)
    type Weights = ReturnType<typeof network.init>
    const error = (w: Weights, { inputs, targets }: Rows): Tensor => meanSquaredError(network.apply(w, inputs), targets)
    // an error in standardised targets, in the unit of the targets
    const unit = ofTargets.deviation[0]! ** 2
    return {
      data: `${learnt.length} rows to train on, ${rows.validation.length} to validate, ${rows.test.length} to test, of ${folder}`,
      model: `${features}-${wanted.hidden}-1 relu network`,
      parts: {
        train: part(learnt, size),
        validation: part(rows.validation, rows.validation.length),
        test: part(rows.test, rows.test.length),
      },
      learner: learnerOf<Weights, Rows>({
        init: network.init,
        loss: error,
        score: (w, batch) => ({ loss: error(w, batch) }),
      }),
      show: ({ loss }) => ({ 'squared error': (unit * loss!).toPrecision(4) }),
    }
  },
)
