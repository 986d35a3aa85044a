/** Contractions through shared memory, for real GPUs: a workgroup brings a piece of both operands there, each thread sums a tile of
 *  what they give, and the next piece is on its way from memory meanwhile.
 *
 *  Pieces of k past the end are zeros in both operands; rows and columns past the end repeat the last and are not stored. */

import type { Contract } from '../../kernel/kernel.js'
import type { Dispatch, Site } from '../rendered.js'
import { shader } from '../shader.js'
import { type Form, left, right } from './form.js'
import { block, settingOf } from './setting.js'
import { stageOf } from './stage.js'
import { storeSums } from './store.js'
import { affine, digit, indented, letters, unflatten, upTo } from './text.js'
import { type SharedTile, threadsOf } from './tile.js'

export const renderShared = (kernel: Contract, form: Form, site: Site, tile: SharedTile): Dispatch => {
  const { rows, columns, depth, height, width, parts } = tile
  const setting = settingOf(kernel, form, site, tile)
  const { M, N, K, Z, type, memory, uses } = setting
  const threads = threadsOf(tile)
  const [tall, wide] = [rows / height, columns / width]
  const [down, over] = [Math.ceil(M / rows), Math.ceil(N / columns)]
  const workgroups = parts * Z * down * over
  const text: string[] = []
  const named = (name: string, below: number, size: number, factor: number): string => {
    if (size === 1) return '0'
    text.push(`let ${name} = ${affine(0, [[factor, digit('group', below, size, workgroups)]])};`)
    return name
  }
  const column = named('column', 1, over, columns)
  const row = named('row', over, down, rows)
  const z = named('z', over * down, Z, 1)
  const part = named('part', over * down * Z, parts, 1)
  const zAt = unflatten(form.batch, z, 'z')
  text.push(...zAt.lines)
  const share = Math.ceil(K / parts / depth) * depth
  text.push(
    `let first = ${affine(0, [[share, part]])};`,
    parts === 1 ? `let last = ${K};` : `let last = min(first + ${share}, ${K});`,
  )
  const of = { depth, threads, z: zAt, mayEnd: K % depth !== 0 }
  const stages = [
    stageOf(setting, left, { ...of, extent: rows, origin: row }),
    stageOf(setting, right, { ...of, extent: columns, origin: column }),
  ] as const

  const vector = `vec4<${type}>`
  const [highs, chunks] = [upTo(height / 4), upTo(width / 4)]
  const sum = (i: number, c: number): string => `sum${i}${chunks.length === 1 ? '' : letters[c]}`
  const sums = upTo(height).flatMap((i) => chunks.map((c) => sum(i, c)))
  const declared = (names: readonly string[]): string[] => names.map((name) => `var ${name} = ${vector}();`)
  const totalled = share > 2 * block
  const total = (name: string): string => (totalled ? name.replace('sum', 'total') : name)

  text.push(
    `let across = lane % ${wide};`,
    `let down = lane / ${wide};`,
    ...stages.flatMap(({ before }) => before),
    ...declared(totalled ? [...sums.map(total), ...sums] : sums),
  )
  const multiply = [
    `for (var kk = 0; kk < ${depth}; kk++) {`,
    ...indented([
      ...highs.map(
        (q) =>
          `let a${q} = ${stages[0].array}[${affine(q * tall, [
            [stages[0].pitch, 'kk'],
            [1, 'down'],
          ])}];`,
      ),
      ...chunks.map(
        (c) =>
          `let b${c} = ${stages[1].array}[${affine(c * wide, [
            [stages[1].pitch, 'kk'],
            [1, 'across'],
          ])}];`,
      ),
      ...upTo(height).flatMap((i) =>
        chunks.map((c) => `${sum(i, c)} += a${Math.floor(i / 4)}.${letters[i % 4]} * b${c};`),
      ),
    ]),
    '}',
  ]
  if (K > 0) {
    const flush = sums.flatMap((name) => [`${total(name)} += ${name};`, `${name} = ${vector}();`])
    const most = Math.max(1, Math.floor(block / depth)) * depth
    text.push(
      // one turn ahead of the sums, a piece is on its way
      `for (var k = first - ${depth}; k < last; k += ${depth}) {`,
      ...indented([
        `let next = k + ${depth};`,
        'if (next < last) {',
        ...indented(stages.flatMap(({ fetch }) => fetch('next'))),
        '}',
        'if (k >= first) {',
        ...indented(multiply),
        '}',
        ...(totalled ? [`if ((next - first) % ${most} == 0) {`, ...indented(flush), '}'] : []),
        'workgroupBarrier();',
        'if (next < last) {',
        ...indented(stages.flatMap(({ put }) => put)),
        '}',
        'workgroupBarrier();',
      ]),
      '}',
      ...(totalled ? sums.map((name) => `${total(name)} += ${name};`) : []),
    )
  }
  const cells = (name: string, origin: string, at: string, count: number, apart: number): string[] =>
    upTo(count).map((i) => {
      const own = `${name}${i}`
      text.push(
        `let ${own} = ${affine(4 * apart * Math.floor(i / 4) + (i % 4), [
          [1, origin],
          [4, at],
        ])};`,
      )
      return own
    })
  const rowNames = cells('row', row, 'down', height, tall)
  const columnNames = cells('column', column, 'across', width, wide)
  text.push(
    ...storeSums(setting, {
      z, zAt, part,
      lanes: 4,
      rows: rowNames,
      columns: columnNames,
      tests: [M % rows !== 0, N % columns !== 0],
      sum: (i, c) => total(sum(i, c)),
    }), // biome-ignore format: short names in a line
  )
  return shader({
    label: kernel.name,
    site,
    memory,
    uses,
    threads,
    workgroups,
    declarations: [...stages, ...(setting.finish ? [setting.finish] : [])]
      .map(({ declaration }) => declaration)
      .join('\n'),
    body: text.join('\n'),
  })
}
