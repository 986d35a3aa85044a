/** The main job as a function: trains with fixed hyperparameters and with tuned ones, side by side, and says what came of it. */

import { stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { loadMoment, saveMoment } from '@neumann/hypergrad'
import { type Device, dispose, plain } from '@neumann/linalg-gpu'
import { wasmDevice } from '@neumann/linalg-gpu/wasm'
import { type Options, resumed } from './options.js'
import { progress } from './progress.js'
import { pageOf } from './report/page.js'
import { type Results, resultsOf } from './report/results.js'
import { certificateLine, counted, lines, tableOf, timeLine, tunedLine } from './report/table.js'
import { experiment, type Place, stepsOf } from './run/experiment.js'
import { taskOf } from './tasks/index.js'
import type { Batch, Job } from './tasks/task.js'

interface Opened {
  readonly device: Device
  readonly name: string
  readonly close: () => void
}

const opened = async ({ choice, threads }: Options): Promise<Opened> => {
  if (choice.device === 'plain') return { device: plain, name: 'plain', close: () => {} }
  const device = await wasmDevice(threads === undefined ? {} : { threads })
  const name = `wasm, ${device.threads()} ${device.threads() === 1 ? 'thread' : 'threads'}`
  return { device, name, close: device.dispose }
}

/** The options of a run that goes on: those that were kept, with what is given anew. */
const optionsOf = async (asked: Options): Promise<Options> => {
  if (!asked.resume) return asked
  // the device is among what was kept, so that this is read before there is one
  const { state, position } = await loadMoment<unknown, Place>(asked.checkpoint!)
  dispose(state)
  if (position?.choice === undefined) throw new Error(`--checkpoint ${asked.checkpoint} is of no run of this command.`)
  return resumed(asked, position.choice)
}

/** Options that a checkpoint does not hold. */
const again = (options: Options): string =>
  (['data', 'threads', 'json', 'report'] as const)
    .map((name) => (options[name] === undefined ? '' : ` --${name} ${word(options[name])}`))
    .join('')

/** As one word of a command line. */
const word = (value: string | number): string =>
  /^[\w./:@%+=,-]+$/.test(String(value)) ? String(value) : `'${String(value).replaceAll("'", "'\\''")}'`

const inTemporaryFolder = (extension: string): string => join(tmpdir(), `neumann-${Date.now()}${extension}`)

/** Whoever waits for a result should not learn at the end that it cannot be written. */
const checkWritable = async (options: Options): Promise<void> => {
  for (const name of ['checkpoint', 'json', 'report'] as const) {
    const path = options[name]
    if (path === undefined) continue
    const folder = await stat(dirname(path)).catch(() => undefined)
    if (!folder?.isDirectory())
      throw new Error(`--${name} ${path} cannot be written: there is no folder ${dirname(path)}.`)
    const there = await stat(path).catch(() => undefined)
    if (there?.isDirectory()) throw new Error(`--${name} ${path} cannot be written: it is a folder.`)
    if (there && name === 'checkpoint' && !options.resume)
      throw new Error(`--checkpoint ${path} is there already: --resume goes on from it, or name another file.`)
  }
}

export interface Surroundings {
  /** A line for whoever asked. */
  readonly print: (line: string) => void
  /** Stops the run, which is kept. */
  readonly signal: AbortSignal
}

/** What the options ask for.
 *  Fails    rejects with one clear line where files are missing or wrong, or options do not fit them */
export const perform = async (asked: Options, { print, signal }: Surroundings): Promise<void> => {
  await checkWritable(asked)
  const options = await optionsOf(asked)
  const { choice, data, usualData } = options
  const { task, variant } = taskOf(choice.task)
  const folder = data ?? (task.defaults.packaged ? undefined : usualData)
  const { batch, hidden, samples } = choice
  const { device, name, close } = await opened(options)

  const trained = async <S, W, B extends Batch>(job: Job<S, W, B>): Promise<void> => {
    const { data, model, parts, show } = job
    const of = stepsOf(parts, choice)
    print(data)
    print(
      `${model}, ${counted(choice.settings, 'random setting')}, ${counted(choice.epochs, 'epoch')} in batches of ${parts.train.size}, ${choice.optimiser}, seed ${choice.seed}, on device ${name}`,
    )
    print(tunedLine(choice))
    const from = asked.resume ? await loadMoment<unknown, Place>(options.checkpoint!, { device }) : undefined
    const checkpoint = options.checkpoint ?? inTemporaryFolder('.safetensors')
    const bar = progress(of, from?.steps ?? 0)
    const ended = await experiment(job, {
      choice,
      defaults: task.defaults,
      device,
      signal,
      told: bar.told,
      keep: async (saved, why) => {
        if (why === 'stopped' || options.checkpoint !== undefined) await saveMoment(checkpoint, saved)
      },
      ...(from !== undefined && { from }),
      ...(options.stopAfter !== undefined && { stopAfter: options.stopAfter }),
    }).finally(bar.stop)

    const { steps, test } = ended
    if (test !== undefined) return finish(resultsOf(job, choice, { ...ended, test }), show, options, print)
    if (steps === (from?.steps ?? 0)) return print('Stopped before a step was taken.')
    print(`Stopped after ${steps} of ${of} steps, which are kept. To go on:`)
    print(`npm start -- --checkpoint ${word(checkpoint)} --resume${again(options)}`)
  }

  try {
    await task.run({ folder, variant, batch, hidden, samples }, trained)
  } finally {
    close()
  }
}

const finish = async (
  results: Results,
  show: Job<never, never, never>['show'],
  options: Options,
  print: Surroundings['print'],
): Promise<void> => {
  print(`\n${lines(tableOf(results, show))}\n`)
  print(certificateLine(results))
  print(timeLine(results))
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results)}\n`)
  const report = options.report ?? inTemporaryFolder('.html')
  await writeFile(report, await pageOf(results, show))
  print(`Report: ${report}`)
}
