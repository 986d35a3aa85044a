/** What a reproduction found, as text for a terminal and as a page of the docs. */

import type { Reproduction, Row } from './reproduction.js'

/** A run: when, of what, and where. */
export interface Run {
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly seconds: number
  /** The command that repeats it. */
  readonly command: string
}

/** So many digits, or more before the point; ∞ and NaN as they are. @example short(0.123456) // => '0.123' */
export const short = (x: number, digits = 3): string => {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? '∞' : '−∞'
  const size = Math.abs(x)
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e6)
      ? x.toExponential(2)
      : size >= 10 ** (digits - 1)
        ? x.toFixed(0)
        : String(Number(x.toPrecision(digits)))
  return text.replaceAll('-', '−')
}

const heads = ['what', 'paper', 'ours', '95 % interval', 'runs', 'NaN'] as const

const cells = ({ what, paper = '', ours, digits, interval, unit, runs, lost, note }: Row): readonly string[] => [
  note === undefined ? what : `${what} (${note})`,
  paper,
  unit === undefined ? short(ours, digits) : `${short(ours, digits)} ${unit}`,
  interval === undefined ? '' : `${short(interval[0], digits)} – ${short(interval[1], digits)}`,
  runs === undefined ? '' : String(runs),
  lost === undefined ? '' : String(lost),
]

/** The rows in columns. */
export const table = (rows: readonly Row[]): string => {
  const lines = [heads, ...rows.map(cells)]
  const widths = heads.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The page. What stands in its region may be included by another: `<!--@include: ../reproductions/name.md#table-->`. */
export const page = (
  { title, source }: Reproduction,
  rows: readonly Row[],
  { date, commit, machine, seconds, command }: Run,
): string => {
  const line = (row: readonly string[]): string => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return `# ${title}

<!-- #region table -->

${[line(heads), line(heads.map(() => '---')), ...rows.map((row) => line(cells(row)))].join('\n')}

Paper: ${source}. Ours: ${date}, commit ${commit}, ${machine}, ${short(seconds / 60)} minutes, by \`${command}\`. Intervals are of 1000 bootstrap resamples. NaN counts
the runs that ended so; means and medians are without them unless a row says otherwise.

<!-- #endregion table -->
`
}
