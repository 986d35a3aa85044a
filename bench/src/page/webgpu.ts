/** The part of the documentation's page that shows a report of WebGPU: it stands last, and stays where the rest is drawn anew. */

import { written } from '../harness/rows.js'
import { type Measured, movedBytes, objectsOf, type WebgpuReport, type WebgpuRow } from '../webgpu/report.js'
import { markdown } from './table.js'

const heading = '## WebGPU'

/** What stands of WebGPU in a page, or nothing. */
export const webgpuPart = (page: string): string => {
  const at = `\n${page}`.indexOf(`\n${heading}\n`)
  return at < 0 ? '' : page.slice(at)
}

/** The page with this part in the place of the one that it has. */
export const withWebgpuPart = (page: string, part: string): string => {
  const rest = page.slice(0, page.length - webgpuPart(page).length).trimEnd()
  return part === '' ? `${rest}\n` : `${rest}\n\n${part.trimEnd()}\n`
}

const kilobytes = (bytes: number): string => `${written(bytes / 1000)} kB`

const lineOf = ({ task, size, leastBytes }: WebgpuRow, id: string, { times, first, steady, agrees }: Measured) => [
  `${task} ${size}`,
  id,
  `${steady.dispatches}`,
  `${steady.submits}`,
  `${objectsOf(steady)}`,
  kilobytes(movedBytes(steady)),
  written(movedBytes(steady) / leastBytes),
  `${first.pipelines}`,
  `${written(times.ms)} ms${agrees ? '' : ' ✗'}`,
  `± ${(100 * times.spread).toFixed(0)} %`,
]

export const drawWebgpuPart = (report: WebgpuReport): string => {
  const { date, commit, machine, load, adapter, settings, contestants, rows, hostTime, goals } = report
  const busy = `the load was ${written(load)} in the minute before: above the number of cores, times say little`
  const hosts = Object.entries(hostTime).map(([id, { points, line }]) => [
    id,
    `${written(1000 * line.intercept)} µs`,
    `${written(1000 * line.slope)} µs`,
    points.map(([kernels, ms]) => `${kernels}: ${(1000 * ms).toFixed(0)}`).join(', '),
  ])
  return `${[
    heading,
    `Drawn by \`pnpm bench --page\` from a run of \`pnpm bench --webgpu\` of ${date.slice(0, 10)} at commit \`${commit}\` on ${machine}; adapter: ${adapter['description'] || adapter['device']}${adapter['software'] ? ', in software' : ''}; ${busy}.`,
    ...(adapter['software']
      ? [
          'No real GPU was to be had. **Times on a driver in software say how kernels fare on a processor that plays a GPU, and nothing of a GPU**; counts of dispatches, submits, objects and bytes hang on no machine, though on the class of the adapter, as kernels for software have no barriers.',
        ]
      : []),
    `${contestants.map(({ id, version }) => `${id} (${version})`).join(' and ')} run in one process on the same Dawn, each on a device of its own, in turns of ${settings.rounds} rounds of about ${settings.budgetMs} ms. A repetition ends where its results are there to be used. Results are compared with those of our plain device; ✗: they differ, so that the time says nothing. For Hessian-vector products and the Neumann series the quickest way of each is measured.`,
    '### What is counted',
    'All WebGPU calls of a contestant go through a meter that watches the objects of its device. Of one repetition in its steady state, after warming up:',
    [
      '- **dispatches** and **submits**, those that only read back included;',
      '- **made**: bind groups, buffers, pipelines and shader modules that are made anew;',
      '- **moved**: of each dispatch every distinct range of storage that its shader reads and every one that it writes, once each, and bytes copied or cleared. A dispatch may touch less than it is bound to, so this is the most that it moves if nothing is read twice;',
      '- **compiled**: pipelines made in the first repetition.',
    ].join('\n'),
    '**The least bytes** of a task are those of a schedule whose arrays do not fit beside the arithmetic. Its work falls into levels: what needs whole sums of the level before begins a new one. Within a level every array that is used is read once and every one that is made is written once, however many products use it, and elementwise work, sums along rows and column sums happen on the way; between levels nothing stays on the chip. Inputs count once for each level that uses them, outputs once, intermediates once as they are written and once for each level that reads them; 4 bytes an element. `bench/src/webgpu/least.ts` has the levels of each task. A schedule that keeps whole arrays on the chip may move less.',
    '### Counts and times',
    markdown(
      ['', '', 'dispatches', 'submits', 'made', 'moved', 'over the least', 'compiled', 'time', 'spread'],
      rows.flatMap((row) =>
        (['ours', 'jax'] as const).flatMap((id) => (row[id] === undefined ? [] : [lineOf(row, id, row[id])])),
      ),
    ),
    ...(hosts.length > 0
      ? [
          '### From call to submit',
          'What a call costs the host until the last of its work is submitted, over chains of 16 × 16 products that depend on one another: a line through the least of the samples.',
          markdown(['', 'a call', 'each kernel', 'µs by number of kernels'], hosts),
        ]
      : []),
    ...(goals.length > 0
      ? [
          '### Numbers to reach',
          markdown(
            ['', 'value', 'goal', ''],
            goals.map(({ name, value, bound, reached }) => [
              name,
              written(value),
              bound,
              reached ? 'reached' : '**not reached**',
            ]),
          ),
        ]
      : []),
  ].join('\n\n')}\n`
}
