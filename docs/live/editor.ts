/** What the live editor makes of a visitor's texts: programs, kernels, shaders and results, or what is wrong with which text. */

import * as autodiff from '@neumann/autodiff'
import * as language from '@neumann/linalg-gpu'
import { array, dispose, isTensor, jit, onDevice, plain, print, scope, trace, transfer } from '@neumann/linalg-gpu'
import { flattenTree, paths, printSchedule, schedule, simplify } from '@neumann/linalg-gpu/program'
import { kernel, shaders } from '@neumann/linalg-gpu/webgpu'
import type { Choice, Chosen } from './device.js'
import type { Ask, Place, Problems, Source, Stages, Told } from './editor.model.js'

type Run = (...args: readonly unknown[]) => unknown

/** What went wrong, in which text. */
interface Fault {
  readonly place: Place
  readonly message: string
}
const isFault = (value: object): value is Fault => 'place' in value

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const attempt = <T extends object>(place: Place, f: () => T): T | Fault => {
  try {
    return f()
  } catch (error) {
    return { place, message: messageOf(error) }
  }
}

// `var` is a name of the language's for those who import it by another
const known = Object.entries({ ...language, ...autodiff, kernel }).filter(([name]) => name !== 'var')

/** The value of statements that end with a return. In a block of their own they may give known names another meaning. */
const evaluated = (statements: string, more: Readonly<Record<string, unknown>> = {}): unknown => {
  const names = [...known, ...Object.entries(more)]
  return new Function(...names.map(([name]) => name), `'use strict'; {\n${statements}\n}`)(
    ...names.map(([, value]) => value),
  )
}

const functionOf = (value: unknown, otherwise: string): Run => {
  if (typeof value !== 'function') throw new Error(otherwise)
  return value as Run
}

const isNumeric = (value: unknown): value is number | number[] =>
  typeof value === 'number' || (Array.isArray(value) && value.length > 0 && value.every(isNumeric))

/** Numbers and nested arrays of them as tensors, wherever they stand in a tree. */
const tensors = (value: unknown): unknown => {
  if (isNumeric(value) || ArrayBuffer.isView(value)) return array(value as number[])
  if (Array.isArray(value)) return value.map(tensors)
  if (typeof value !== 'object' || value === null || isTensor(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, tensors(one)]))
}

interface Meaning {
  readonly f: Run | Fault
  readonly g: Run | Fault
  readonly args: readonly unknown[] | Fault
}

/** The visitor's texts as values; tensors among them go where they are made. */
const meaning = ({ code, inputs, transform }: Source): Meaning => {
  const f = attempt('code', () =>
    functionOf(
      evaluated(`${code}\nreturn typeof f === 'undefined' ? undefined : f`),
      'there is no function f: begin with const f = (x) => …',
    ),
  )
  const args = attempt('inputs', () => {
    const list = evaluated(`return (${inputs}\n)`)
    if (!Array.isArray(list)) throw new Error('an array of the arguments of f is needed, as [[1, 2], 3] for two.')
    return list.map(tensors)
  })
  const g = isFault(f)
    ? f
    : attempt('transform', () =>
        functionOf(evaluated(`return (${transform}\n)`, { f }), 'a function is needed, made of f, as grad(f).'),
      )
  return { f, g, args }
}

const wgslOf = (program: language.Program, { traits }: Pick<Chosen, 'traits'>): string => {
  const list = shaders(program, traits)
  const title = (at: number): string => {
    const { kernel, workgroups } = list[at]!
    return `// ${at + 1} of ${list.length}: ${kernel}; workgroups ${workgroups.join(' × ')}`
  }
  return list.map(({ code }, at) => `${title(at)}\n${code}`).join('\n\n')
}

const textOf = (f: () => string): string => {
  const text = attempt('device', () => ({ text: f() }))
  return isFault(text) ? text.message : text.text
}

const stagesOf = (f: Run, args: readonly unknown[], chosen: Pick<Chosen, 'traits'>): Stages => {
  const program = trace(f)(...args)
  const simple = simplify(program)
  return {
    program: print(program),
    simplified: print(simple),
    kernels: textOf(() => printSchedule(schedule(simple))),
    // what no GPU has, as f64, says so in its place
    wgsl: textOf(() => wgslOf(program, chosen)),
  }
}

/** Results as text, one line for each tensor of a tree. */
const shown = async (tree: unknown): Promise<string> => {
  const { leaves, structure } = flattenTree(tree)
  const names = paths(structure)
  const lines = leaves.map(async (leaf, i) => {
    const text = String(isTensor(leaf) ? await transfer(leaf, plain) : leaf)
    return names[i] ? `${names[i].replace(/^\./, '')}: ${text}` : text
  })
  return (await Promise.all(lines)).join('\n')
}

const problemsOf = (...found: readonly object[]): Problems => {
  const problems: Partial<Record<Place, string>> = {}
  for (const fault of found) if (isFault(fault)) problems[fault.place] ??= fault.message
  return problems
}

/** What becomes of the texts before anything runs; leaves no tensor. */
const compiled = (source: Source, chosen: Pick<Chosen, 'traits'>) =>
  onDevice(plain, () =>
    scope(() => {
      const { f, g, args } = meaning(source)
      const stages = (place: Place, run: Run | Fault): Stages | Fault =>
        isFault(run) ? run : isFault(args) ? args : attempt(place, () => stagesOf(run, args, chosen))
      return { f: stages('code', f), g: stages('transform', g), args: isFault(args) ? args : {} }
    }),
  )

/** The result of f or g on the device, as text. The texts mean what they say once more: tensors that they make are made there. */
const ran = async (
  source: Source,
  which: 'f' | 'g',
  { device }: Chosen,
): Promise<{ readonly text: string } | Fault> => {
  try {
    const tree = onDevice(device, () =>
      scope(() => {
        const { [which]: run, args } = meaning(source)
        if (isFault(run) || isFault(args)) throw new Error((isFault(run) ? run : (args as Fault)).message)
        return jit(run)(...args)
      }),
    )
    try {
      return { text: await shown(tree) }
    } finally {
      dispose(tree)
    }
  } catch (error) {
    return { place: 'device', message: messageOf(error) }
  }
}

/** Compiles what the visitor wrote, then runs it on the device; tells of both. Never rejects. */
export const answer = async (
  { choice, ...source }: Ask,
  choose: (choice: Choice) => Promise<Chosen>,
  tell: (told: Told) => void,
): Promise<void> => {
  const chosen = await choose(choice).catch((error): Fault => ({ place: 'device', message: messageOf(error) }))
  const { f, g, args } = compiled(source, isFault(chosen) ? {} : chosen)
  const problems = problemsOf(chosen, args, f, g)
  tell({ kind: 'compiled', ...(isFault(f) ? {} : { f }), ...(isFault(g) ? {} : { g }), problems })
  if (isFault(chosen)) return tell({ kind: 'ran', problems: {} })
  const results: { f?: string; g?: string } = {}
  const faults: Fault[] = []
  for (const [which, stages] of [['f', f], ['g', g]] as const) {
    if (isFault(stages)) continue
    const result = await ran(source, which, chosen)
    if (isFault(result)) faults.push(result)
    else results[which] = result.text
  } // biome-ignore format: pairs
  tell({ kind: 'ran', ...results, where: chosen.why, problems: problemsOf(...faults) })
}
