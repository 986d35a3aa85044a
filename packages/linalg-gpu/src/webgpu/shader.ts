/** A whole compute shader from the parts that a renderer writes. */

import type { Memory } from './memory.js'
import { toldWord } from './memory.js'
import type { Dispatch, Site } from './rendered.js'
import { functionsOf, type Uses } from './wgsl/library.js'

export interface ShaderParts {
  readonly label: string
  readonly site: Site
  readonly memory: Memory
  readonly uses: Uses
  /** Threads of a workgroup. */
  readonly threads: number
  /** How many workgroups there are. */
  readonly workgroups: number
  /** Functions, constants and shared memory beside the entry point. */
  readonly declarations?: string
  /** The body of the entry point. It may speak of `group`, the number of its workgroup (i32), of `lane`, its number in it (i32), and of
   *  `thread`, its number in all (i32). `group` is uniform. */
  readonly body: string
}

/** Workgroups along x and y: one dimension holds 65,535. A shader is told to leave where there are more than are needed. */
export const gridOf = (workgroups: number, most: number): readonly [number, number, number] => {
  if (workgroups <= most) return [workgroups, 1, 1]
  const rows = Math.ceil(workgroups / most)
  return [Math.ceil(workgroups / rows), rows, 1]
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? line : `  ${line}`))
    .join('\n')

export const shader = ({
  label,
  site,
  memory,
  uses,
  threads,
  workgroups,
  declarations = '',
  body,
}: ShaderParts): Dispatch => {
  const grid = gridOf(workgroups, site.traits.workgroups)
  const words = 1 + memory.told.length
  const own = memory.declarations()
  const functions = functionsOf(uses)
  const needsTold = site.gated || memory.told.length > 0
  const over = grid[0] * grid[1] > workgroups
  const code = [
    `// ${label}`,
    own,
    ...(needsTold ? [`@group(1) @binding(0) var<uniform> told: array<vec4<u32>, ${Math.ceil(words / 4)}>;`] : []),
    ...(site.gated ? ['@group(1) @binding(1) var<storage, read> gates: array<u32>;'] : []),
    functions,
    declarations,
    `@compute @workgroup_size(${threads})`,
    `fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {`,
    ...(site.gated ? [`  if (gates[${toldWord(0)}] == 0u) { return; }`] : []),
    `  let group = i32(workgroup.x${grid[1] > 1 ? ` + workgroup.y * ${grid[0]}u` : ''});`,
    ...(over ? [`  if (group >= ${workgroups}) { return; }`] : []),
    ...(/\b(lane|thread)\b/.test(body) ? ['  let lane = i32(local);'] : []),
    ...(/\bthread\b/.test(body) ? [`  let thread = group * ${threads} + lane;`] : []),
    indented(body),
    '}',
  ]
    .filter((part) => part !== '')
    .join('\n')
  return { label, code, bindings: memory.bindings(), workgroups: grid }
}
