/** What the live editor's page and its worker say to each other, and what the page then shows. */

import type { Choice } from './device.js'

/** What the visitor writes, all of it JavaScript in which the names of the array language and of autodiff are known. */
export interface Source {
  /** Statements that give `f`, a function of tensors, its meaning. */
  readonly code: string
  /** An array of f's arguments: numbers, nested arrays of them, tensors, or trees of these. */
  readonly inputs: string
  /** A function made of f. */
  readonly transform: string
}

/** A text of the visitor's, or what the device says. */
export type Place = keyof Source | 'device'
export type Problems = Readonly<Partial<Record<Place, string>>>

export const stages = ['program', 'simplified', 'kernels', 'wgsl'] as const
/** A function on its way to the GPU, each stage as text. */
export type Stages = Readonly<Record<(typeof stages)[number], string>>

export interface Ask extends Source {
  readonly choice: Choice
}

/** What the worker tells for each ask: first what it compiled, then what came out. */
export type Told =
  | { readonly kind: 'compiled'; readonly f?: Stages; readonly g?: Stages; readonly problems: Problems }
  | {
      readonly kind: 'ran'
      readonly f?: string
      readonly g?: string
      readonly where?: string
      readonly problems: Problems
    }

interface Side {
  readonly stages?: Stages
  readonly result?: string
  /** Whether it is from before the last mistake. */
  readonly stale: boolean
}

/** What the page shows. What a mistake leaves without a successor stays as it was. */
export interface View {
  readonly f: Side
  readonly g: Side
  readonly problems: Problems
  /** The device, and why it is that. */
  readonly where: string
  /** How many asks have been answered in full. */
  readonly answered: number
}

export const blank: View = { f: { stale: false }, g: { stale: false }, problems: {}, where: '', answered: 0 }

/** The view after what the worker told. */
export const next = (view: View, told: Told): View => {
  if (told.kind === 'compiled') {
    const side = (before: Side, stages: Stages | undefined): Side =>
      stages === undefined ? { ...before, stale: true } : { ...before, stages, stale: false }
    return { ...view, f: side(view.f, told.f), g: side(view.g, told.g), problems: told.problems }
  }
  const side = (before: Side, result: string | undefined): Side =>
    result === undefined ? { ...before, stale: true } : { ...before, result }
  return {
    f: side(view.f, told.f),
    g: side(view.g, told.g),
    problems: { ...view.problems, ...told.problems },
    where: told.where ?? view.where,
    answered: view.answered + 1,
  }
}
