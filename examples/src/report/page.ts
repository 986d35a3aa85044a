/** The report: one file of HTML that needs no network. Scripts, styles and numbers are in it. */

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type CertificateStatus, certificateStatuses } from '@neumann/hypergrad'
import type { Job } from '../tasks/task.js'
import { plotsOf } from './plots.js'
import type { Results } from './results.js'
import { certificateLine, counted, type Table, tableOf, timeLine, tunedLine } from './table.js'

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!)

/** JSON that ends no script. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c')

const tableHtml = ({ head, rows }: Table): string => {
  const cells = (of: readonly string[], tag: string): string =>
    `<tr>${of.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`
  return `<table><thead>${cells(head, 'th')}</thead><tbody>${rows.map((row) => cells(row, 'td')).join('')}</tbody></table>`
}

const statusTable = ({ settings }: Results): Table => {
  const seen = certificateStatuses.filter((status) =>
    settings.some(({ certificates }) => status in certificates.status),
  )
  return {
    head: ['setting', ...seen, 'not followed'],
    rows: settings.map(({ certificates: { status, refused } }, k) => [
      String(k + 1),
      ...seen.map((name: CertificateStatus) => String(status[name] ?? 0)),
      String(refused),
    ]),
  }
}

export const pageOf = async (results: Results, show: Job<never, never, never>['show']): Promise<string> => {
  const uplot = join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist')
  const beside = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8')
  const { choice, data, model } = results
  const title = escaped(`${choice.task}, tuned while training`)
  const about = `${data}. ${model}, ${counted(choice.settings, 'random setting')}, ${counted(choice.epochs, 'epoch')}, ${choice.optimiser}, seed ${choice.seed}.`
  const plots = { settings: choice.settings, plots: plotsOf(results) }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Neumann: ${title}</title>
<style>${await readFile(join(uplot, 'uPlot.min.css'), 'utf8')}</style>
<style>${await beside('page.css')}</style>
</head>
<body>
<h1>${title}</h1>
<p>${escaped(about)}</p>
<p>${escaped(tunedLine(choice))}.</p>
<div class="scroll">${tableHtml(tableOf(results, show))}</div>
<p>${escaped(timeLine(results))}</p>
<h2>Certificates: how often each status, by setting</h2>
<div class="scroll">${tableHtml(statusTable(results))}</div>
<p class="note">${escaped(certificateLine(results))}</p>
<div id="charts"></div>
<script type="application/json" id="results">${inScript(results)}</script>
<script type="application/json" id="plots">${inScript(plots)}</script>
<script>${await readFile(join(uplot, 'uPlot.iife.min.js'), 'utf8')}</script>
<script>${await beside('draw.js')}</script>
</body>
</html>
`
}
