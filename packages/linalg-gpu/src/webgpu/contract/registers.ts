/** Contractions without barriers: each thread keeps a tile of sums in registers and reads its operands where they are.
 *
 *  Four neighbours are read as one vector where strides allow, along k or across it. Of a convolution the window stands in the outer
 *  loops and what no bound depends on in the inner ones, so that the border is looked at once for each element of the window.
 *  Rows and columns past the end repeat the last ones and are not stored: no bound for them stands in a loop. */

import type { Contract } from '../../kernel/kernel.js'
import type { Run } from '../../kernel/roles.js'
import type { Dispatch, Site } from '../rendered.js'
import { shader } from '../shader.js'
import { type Form, left, right, type Side } from './form.js'
import { findLine, namesOf, type Setting, settingOf } from './setting.js'
import { storeSums } from './store.js'
import { affine, digit, letters, unflatten, upTo } from './text.js'
import type { RegisterTile } from './tile.js'
import { depthOf, walk, walked } from './walk.js'

export const renderRegisters = (kernel: Contract, form: Form, site: Site, tile: RegisterTile): Dispatch => {
  const { height, width, threads, parts } = tile
  const setting = settingOf(kernel, walked(form), site, tile)
  const { M, N, Z, ways, type, memory, uses } = setting
  const [down, over] = [Math.ceil(M / height), Math.ceil(N / width)]
  const total = parts * Z * down * over
  const text: string[] = total % threads === 0 ? [] : [`if (thread >= ${total}) { return; }`]
  /** Names a digit of the thread's number. */
  const named = (name: string, below: number, size: number): string => {
    if (size === 1) return '0'
    text.push(`let ${name} = ${digit('thread', below, size, total)};`)
    return name
  }
  // neighbouring threads read neighbours: along k, where parts of it lie closer to one another than columns do
  const close = (runs: readonly Run[], f: Side): number => Math.abs(runs[0]?.factors[f] ?? 0)
  const deep = ([left, right] as const).some((f) => close(setting.form.k, f) === 1) && close(form.columns, right) !== 1
  const inner = deep ? parts : 1
  const part = deep ? named('part', 1, parts) : '0'
  const across = named('across', inner, over)
  const downwards = named('down', inner * over, down)
  const z = named('z', inner * over * down, Z)
  const cut = deep ? part : named('part', over * down * Z, parts)
  const zAt = unflatten(setting.form.batch, z, 'z')
  text.push(...zAt.lines)

  const tall = [height, width] as const
  const ends = [M, N] as const
  const cells = (['row', 'column'] as const).map((name, side) => upTo(tall[side]!).map((i) => `${name}${i}`))
  const lines = [left, right].map((side) =>
    upTo(tall[side]!).filter((i) => ways[side] !== 'across' || i % 4 === 0),
  ) as [number[], number[]]
  for (const side of [left, right] as const) {
    const first = side === left ? downwards : across
    cells[side]!.forEach((cell, i) => {
      text.push(`let ${cell} = ${affine(i, [[tall[side], first]])};`)
    })
    // past the end the last is read once more, or the last four
    const even = ends[side] % tall[side] === 0
    const last = ends[side] - (ways[side] === 'across' ? 4 : 1)
    for (const i of lines[side]) {
      const name = `${namesOf[side]}${i}`
      const cell = cells[side]![i]!
      if (!even) text.push(`let ${cell}Read = min(${cell}, ${last});`)
      text.push(...findLine(setting, side, even ? cell : `${cell}Read`, name, zAt))
    }
  }

  const lanes = width % 4 === 0 ? 4 : width
  const chunks = upTo(width / lanes)
  const vector = lanes === 1 ? type : `vec${lanes}<${type}>`
  const sum = (i: number, c: number): string => `sum${i}${chunks.length === 1 ? '' : letters[c]}`
  const sums = upTo(height).flatMap((i) => chunks.map((c) => sum(i, c)))
  const { code, total: summed } = walk(setting, { sums, type: vector, part: cut, lines }, (read) =>
    multiply(setting, lines, { height, lanes, chunks, vector, sum }, read),
  )
  text.push(...code)
  text.push(
    ...storeSums(setting, {
      z, zAt, part: cut, lanes,
      rows: cells[0]!,
      columns: cells[1]!,
      tests: [M % height !== 0, N % width !== 0],
      sum: (i, c) => summed(sum(i, c)),
    }), // biome-ignore format: short names in a line
  )
  return shader({
    label: kernel.name,
    site,
    memory,
    uses,
    threads,
    workgroups: Math.ceil(total / threads),
    ...(setting.finish && { declarations: setting.finish.declaration }),
    body: text.join('\n'),
  })
}

interface Sums {
  readonly height: number
  readonly lanes: number
  readonly chunks: readonly number[]
  readonly vector: string
  readonly sum: (i: number, c: number) => string
}

/** One turn of the innermost loop: one term of every sum, or four where vectors lie along k. */
const multiply = (
  setting: Setting,
  lines: readonly [readonly number[], readonly number[]],
  { height, lanes, chunks, vector, sum }: Sums,
  read: (side: Side, line: number, more: number) => string,
): string[] => {
  const { ways } = setting
  const depth = depthOf(setting)
  const columnsOf = (c: number): string => `b${chunks.length === 1 ? '' : letters[c]}`
  const text: string[] = []
  if (ways[left] === 'k') for (const i of lines[left]) text.push(`let a${i} = ${read(left, i, 0)};`)
  if (ways[right] === 'k') for (const j of lines[right]) text.push(`let b${j} = ${read(right, j, 0)};`)
  for (const kk of upTo(depth)) {
    const turn = depth === 1 ? '' : `_${kk}`
    if (ways[left] !== 'k') for (const i of lines[left]) text.push(`let a${i}${turn} = ${read(left, i, kk)};`)
    const element = (j: number): string => (ways[right] === 'k' ? `b${j}.${letters[kk]!}` : read(right, j, kk))
    for (const c of chunks) {
      const value =
        ways[right] === 'across' || lanes === 1
          ? element(lanes * c)
          : `${vector}(${upTo(lanes)
              .map((j) => element(lanes * c + j))
              .join(', ')})`
      text.push(`let ${columnsOf(c)}${turn} = ${value};`)
    }
    for (const i of upTo(height)) {
      const a =
        ways[left] === 'k' ? `a${i}.${letters[kk]!}`
        : ways[left] === 'across' ? `a${i - (i % 4)}${turn}.${letters[i % 4]!}`
        : `a${i}${turn}` // biome-ignore format: a table
      for (const c of chunks) text.push(`${sum(i, c)} += ${a} * ${columnsOf(c)}${turn};`)
    }
  }
  return text
}
