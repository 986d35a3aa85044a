/** A figure that the repository promises: what was measured, what it may be, whether it is. */

export interface Figure {
  readonly name: string
  readonly value: number
  /** `= 11`, `≤ 15`; null for what is only shown, such as absolute times. */
  readonly bound: string | null
  readonly holds: boolean
}

export const exactly = (name: string, value: number, expected: number): Figure => ({
  name,
  value,
  bound: `= ${expected}`,
  holds: value === expected,
})

export const atMost = (name: string, value: number, limit: number): Figure => ({
  name,
  value,
  bound: `≤ ${limit}`,
  holds: value <= limit,
})

export const shown = (name: string, value: number): Figure => ({ name, value, bound: null, holds: true })

const written = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toPrecision(Math.abs(value) < 100 ? 3 : 4)

/** The figures as lines of a table: name, value, bound, and a mark where one does not hold. */
export const table = (figures: readonly Figure[]): string => {
  const rows = figures.map(({ name, value, bound, holds }) => [
    name,
    written(value),
    bound ?? '',
    bound === null ? '' : holds ? 'holds' : 'DOES NOT HOLD',
  ])
  const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i]!.length)))
  return rows
    .map(([name, value, bound, mark]) =>
      `${name!.padEnd(widths[0]!)}  ${value!.padStart(widths[1]!)}  ${bound!.padEnd(widths[2]!)}  ${mark}`.trimEnd(),
    )
    .join('\n')
}
