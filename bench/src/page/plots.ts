/** Plots of a report, as SVG text that may stand in a Markdown page. */

import { join } from 'node:path'
import type { Library } from '../contestants/contestant.js'
import { rivals } from '../harness/install.js'
import type { ResultRow, Where } from '../harness/rows.js'
import type { Point, Sweep } from './sweeps.js'

export interface Plots {
  readonly ratios: (rows: readonly ResultRow[], where: Where, threads: number) => string
  readonly growth: (sweep: Sweep, points: readonly Point[]) => string
}

/** One line, since an empty line would end the HTML block; no style element, which the site's compiler refuses. */
const inline = (svg: { readonly outerHTML: string }): string =>
  svg.outerHTML
    .replace('<svg ', '<svg style="max-width: 100%; height: auto" ')
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/\s*\n\s*/g, ' ')

const figure = (title: string, svg: { readonly outerHTML: string }): string =>
  `<figure v-pre style="margin: 1em 0"><figcaption>${title}</figcaption>${inline(svg)}</figure>`

/** Ours stand out; a rival has one hue for all its numbers of threads. */
const hues: Readonly<Record<string, string>> = {
  ours: '#d6336c',
  jax: '#1c7ed6',
  tfjs: '#f08c00',
  onnx: '#7048e8',
  gpujs: '#868e96',
  loops: '#495057',
  torch: '#2f9e44',
}
const hue = (contestant: string): string => hues[contestant.split('@')[0]!] ?? '#000000'

const keyOf = (names: readonly string[], sign: (name: string) => string): string =>
  names.map((name) => `<span style="color: ${hue(name)}">${sign(name)} ${name}</span>`).join(' ')

export const plots = async (): Promise<Plots> => {
  const { load } = (await import(join(rivals, 'load.mjs'))) as { readonly load: (name: string) => Promise<Library> }
  const [Plot, { parseHTML }] = [await load('@observablehq/plot'), await load('linkedom')]
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const colours = (names: readonly string[]): object => ({ domain: names, range: names.map(hue) })

  return {
    ratios: (rows, where, threads) => {
      const points = rows
        .filter((row) => row.where === where && row.threads === threads && row.rival !== 'ours' && row.agrees)
        .map((row) => ({
          what: `${row.task} ${row.size}`,
          rival: `${row.rival}@${row.rivalThreads}`,
          ratio: row.ratio,
        }))
      if (points.length === 0) return ''
      const names = [...new Set(points.map(({ rival }) => rival))].sort()
      /** Filled: as many threads as ours. */
      const alike = ({ rival }: { readonly rival: string }): boolean => rival.endsWith(`@${threads}`)
      const labels = [...new Set(points.map(({ what }) => what))]
      const svg = Plot.plot({
        document,
        width: 680,
        height: 60 + 16 * labels.length,
        marginLeft: 230,
        marginRight: 20,
        marginBottom: 40,
        x: { type: 'log', grid: true, label: 'their time / ours →' },
        y: { domain: labels, label: null },
        color: colours(names),
        marks: [
          Plot.ruleX([1]),
          Plot.ruleY(points, { y: 'what', strokeOpacity: 0.08 }),
          Plot.dot(points.filter(alike), { x: 'ratio', y: 'what', stroke: 'rival', fill: 'rival', r: 3.5 }),
          Plot.dot(
            points.filter((p) => !alike(p)),
            { x: 'ratio', y: 'what', stroke: 'rival', r: 3.5 },
          ),
        ],
      })
      const key = keyOf(names, (name) => (alike({ rival: name }) ? '●' : '○'))
      return figure(`Their time over ours on ${threads === 1 ? 'one thread' : `${threads} threads`}: ${key}`, svg)
    },
    growth: ({ title, axis }, points) => {
      const names = [...new Set(points.map(({ contestant }) => contestant))].sort()
      const single = ({ contestant }: Point): boolean => contestant.endsWith('@1')
      const line = { x: 'at', y: 'ms', z: 'contestant', stroke: 'contestant' }
      const svg = Plot.plot({
        document,
        width: 640,
        height: 300,
        marginLeft: 60,
        marginRight: 20,
        x: { type: 'log', label: `${axis} →` },
        y: { type: 'log', grid: true, label: '↑ ms' },
        color: colours(names),
        marks: [
          Plot.line(points.filter(single), { ...line, strokeDasharray: '4 3' }),
          Plot.line(
            points.filter((p) => !single(p)),
            line,
          ),
          Plot.dot(points, { x: 'at', y: 'ms', fill: 'contestant', r: 2.5 }),
        ],
      })
      return figure(`${title}: ${keyOf(names, (name) => (name.endsWith('@1') ? '┄' : '—'))}`, svg)
    },
  }
}
