/** A user's kernel as shaders.
 *
 *  The user's text is bound to its operands where they have a binding to themselves. A row of a loop, a piece of an arena and a second
 *  operand in one buffer have none: those are copied into memory of their own before, or out of it after. Where a gate decides whether
 *  the kernel runs, it is asked at the beginning of `main`. All that is added stands behind the text, whose lines keep their numbers. */

import { fail } from '../errors.js'
import type { Special } from '../kernel/kernel.js'
import type { Type } from '../program/type.js'
import { toldOf } from '../webgpu/memory.js'
import { type Binding, bindingsOf, type Dispatch, type Place, type Rendered, type Site } from '../webgpu/rendered.js'
import { gridOf } from '../webgpu/shader.js'
import { eachAlone } from '../webgpu/special/parts.js'
import { type Entry, entryOf, withoutComments } from './text.js'
import { type Named, type Names, named } from './types.js'

/** What the user wrote. */
export interface Code {
  readonly name: string
  /** Of the inputs, then of the outputs. */
  readonly names: Names
  readonly atomic: Names
  readonly wgsl: string | ((types: Named<Names, Type>) => string)
  readonly workgroups: ((types: Named<Names, Type>) => readonly number[]) | undefined
}

type Grid = readonly [number, number, number]

/** Whether the operand has a binding to itself, from its first element on. Inputs may stand where other operands are; what is written may not. */
const isDirect = (places: readonly Place[], inputs: number, operand: number): boolean => {
  const { binding, offset, shifted } = places[operand]!
  if (offset !== 0 || shifted) return false
  return places.every(
    (other, i) =>
      other.binding !== binding ||
      i === operand ||
      (operand < inputs && (i > operand || other.offset !== 0 || other.shifted)),
  )
}

export const renderKernel = (code: Code, kernel: Special, site: Site): Rendered => {
  const { name, names } = code
  const { places, gated, traits } = site
  const types = [...kernel.inputs, ...kernel.outputs]
  const inputs = kernel.inputs.length
  if (types.length + (gated ? 1 : 0) > traits.bindings)
    fail(
      name,
      `it has ${types.length} operands${gated ? ', and one more where a branch or loop decides whether it runs' : ''}: this GPU gives ${traits.bindings} to a kernel. Join some of them, as by concatenate.`,
    )
  const scratch: number[] = []
  const piece = types.map((type, i) => (isDirect(places, inputs, i) ? -1 : scratch.push(4 * type.size) - 1))
  const bound = piece.map(
    (own, i): Binding =>
      own < 0
        ? { binding: places[i]!.binding, writable: places[i]!.writable }
        : { binding: bindingsOf(places) + own, writable: true },
  )
  const moved = (i: number): boolean => piece[i]! >= 0 && types[i]!.size > 0
  const operands = types.map((_, i) => i)
  const byElement = (i: number, what: string, write: Parameters<typeof eachAlone>[3]): Dispatch =>
    eachAlone(kernel, site, { label: `${name}: ${what} ${names[i]}`, items: types[i]!.size, bits: true }, write)
  const before = operands
    .filter((i) => i < inputs && moved(i))
    .map((i) =>
      byElement(i, 'copy of', (memory) => ({
        body: `${memory.scratch(piece[i]!, 'u32')}[thread] = bitcast<u32>(${memory.load(i, 'thread')});`,
      })),
    )
  const own = operands
    .filter((i) => i >= inputs && types[i]!.size > 0 && code.atomic.includes(names[i]!))
    .map((i) =>
      byElement(i, 'zeros of', (memory) => ({
        body: moved(i)
          ? `${memory.scratch(piece[i]!, 'u32')}[thread] = 0u;`
          : memory.store(i, 'thread', types[i]!.dtype === 'i32' ? '0i' : '0u'),
      })),
    )
  const after = operands
    .filter((i) => i >= inputs && moved(i))
    .map((i) =>
      byElement(i, 'copy to', (memory) => {
        const word = `${memory.scratch(piece[i]!, 'u32')}[thread]`
        return { body: memory.store(i, 'thread', types[i]!.dtype === 'i32' ? `bitcast<i32>(${word})` : word) }
      }),
    )
  return { dispatches: [...before, ...own, whole(code, types, inputs, bound, site), ...after], scratch }
}

/** The user's shader. */
const whole = (code: Code, types: readonly Type[], inputs: number, bound: readonly Binding[], site: Site): Dispatch => {
  const { name, names, atomic } = code
  const byName = named(names, types)
  const text = typeof code.wgsl === 'string' ? code.wgsl : code.wgsl(byName)
  if (typeof text !== 'string') fail(name, `wgsl returns the text of the kernel, got ${typeof text}.`)
  const bare = withoutComments(text)
  if (/@\s*(group|binding)\b/.test(bare))
    fail(
      name,
      `its WGSL declares bindings: leave them out and speak of ${names.join(', ')}, which are declared for you.`,
    )
  const entry = entryOf(name, bare)
  const { grid, constants } = gridFor(code, byName, types.slice(inputs), entry, bare, site)
  const told = 1 + toldOf(site).length
  const gate = site.gated ? ` if (neumann_gates[neumann_told[0].x] == 0u) { return; }` : ''
  const added = [
    ...bound.map(({ binding, writable }, i) => {
      const element = atomic.includes(names[i]!) ? `atomic<${types[i]!.dtype}>` : types[i]!.dtype
      return `@group(0) @binding(${binding}) var<storage, ${writable ? 'read_write' : 'read'}> ${names[i]}: array<${element}>;`
    }),
    ...types.flatMap(({ shape, size }, i) => [
      ...spoken(bare, `${names[i]}_size`, `u32 = ${size}u`),
      ...(shape.length === 0
        ? []
        : spoken(
            bare,
            `${names[i]}_shape`,
            `array<u32, ${shape.length}> = array(${shape.map((n) => `${n}u`).join(', ')})`,
          )),
    ]),
    ...constants,
    ...(site.gated || told > 1
      ? [`@group(1) @binding(0) var<uniform> neumann_told: array<vec4<u32>, ${Math.ceil(told / 4)}>;`]
      : []),
    ...(site.gated ? ['@group(1) @binding(1) var<storage, read> neumann_gates: array<u32>;'] : []),
  ]
  return {
    label: name,
    code: `${text.slice(0, entry.body)}${gate}${text.slice(entry.body)}\n\n// declared by the library\n${added.join('\n')}`,
    bindings: [...bound].sort((a, b) => a.binding - b.binding),
    workgroups: grid,
  }
}

/** A constant, where the text speaks of it. */
const spoken = (bare: string, name: string, rest: string): readonly string[] =>
  new RegExp(`\\b${name}\\b`).test(bare) ? [`const ${name}: ${rest};`] : []

/** How many workgroups there are: as many as the user says, or a thread for each element of the largest output. */
const gridFor = (
  { name, workgroups }: Code,
  types: Named<Names, Type>,
  outputs: readonly Type[],
  { workgroup }: Entry,
  bare: string,
  { traits }: Site,
): { readonly grid: Grid; readonly constants: readonly string[] } => {
  if (workgroups !== undefined) {
    const list = workgroups(types)
    if (!Array.isArray(list) || list.length < 1 || list.length > 3 || !list.every((n) => Number.isInteger(n) && n >= 0))
      fail(name, `workgroups returns one to three whole numbers, got ${JSON.stringify(list)}.`)
    const [x, y = 1, z = 1] = list as [number, number?, number?]
    if (Math.max(x, y, z) > traits.workgroups)
      fail(
        name,
        `workgroups asks for ${list.join(' × ')}: this GPU has ${traits.workgroups} at most along each of x, y, z. Spread them over two of these.`,
      )
    return { grid: [x, y, z], constants: constantOf(bare, x, workgroup) }
  }
  if (workgroup === undefined || workgroup.slice(1).some((size) => size !== 1))
    return fail(
      name,
      'how many workgroups it takes cannot be read off its WGSL, as they are not @workgroup_size(n): give workgroups, (types) => [x, y, z].',
    )
  const size = Math.max(...outputs.map((type) => type.size))
  const count = Math.ceil(size / workgroup[0]!)
  const grid = gridOf(count, traits.workgroups)
  const constants = constantOf(bare, grid[0], workgroup)
  if (grid[1] > 1 && constants.length === 0)
    fail(
      name,
      `${size} elements take ${count} workgroups of ${workgroup[0]} threads, and a GPU has ${traits.workgroups} at most along x: let its WGSL take element id.y * threads_x + id.x, where threads_x is declared for you, or give workgroups.`,
    )
  return { grid, constants }
}

const constantOf = (bare: string, workgroups: number, workgroup: readonly number[] | undefined): readonly string[] =>
  workgroup === undefined ? [] : spoken(bare, 'threads_x', `u32 = ${workgroups * workgroup[0]!}u`)
