/** The loops over the inner dimensions, and how sums are made in them.
 *
 *  A sum of n terms in one f32 is off by as much as n ulp. So no accumulator takes more than `most` terms: partial sums are made in
 *  inner loops, and a dimension longer than that is cut in pieces: n terms are off by most · log n / log most ulp at the worst.
 *
 *  Law      the order of terms depends on sizes alone. */

export interface LoopLevel {
  readonly head: string
  /** Whether it gives a dimension its value: the innermost of a dimension's pieces does. */
  readonly opens: boolean
  /** Whether sums in it have accumulators of their own, to be added to those around it after it. */
  readonly partial: boolean
}

/** The values first, first + step, … below size. */
export interface Count {
  readonly variable: string
  readonly size: number
  /** An expression. */
  readonly first: string
  readonly step: number
}

/** Terms of an accumulator. */
const most = 128

/** From the outermost to the innermost; `sums` says whether there are any. */
export const levelsOf = (counts: readonly Count[], sums: boolean): readonly LoopLevel[] => {
  const levels = counts.flatMap(({ variable, size, first, step }) => {
    const pieces: { head: string; count: number; opens: boolean }[] = []
    const turns = Math.ceil(size / step)
    let [from, to] = [first, `${size}`]
    let cut = 1
    while (sums && cut * most < turns) cut *= most
    for (; cut > 1; cut /= most) {
      const name = `block_${variable}${pieces.length === 0 ? '' : `_${pieces.length}`}`
      pieces.push({
        head: `for (var ${name} = ${from}; ${name} < ${to}; ${name} += ${cut * step})`,
        count: Math.min(most, Math.ceil(turns / cut)),
        opens: false,
      })
      from = name
      to = size % (cut * step) === 0 ? `${name} + ${cut * step}` : `min(${name} + ${cut * step}, ${size})`
    }
    const increment = step === 1 ? `${variable}++` : `${variable} += ${step}`
    pieces.push({
      head: `for (var ${variable} = ${from}; ${variable} < ${to}; ${increment})`,
      count: Math.min(turns, sums ? most : turns),
      opens: true,
    })
    return pieces
  })
  // from the inside: whoever would take more than `most` leaves it to partial sums
  let terms = 1
  const partial = levels.map(() => false)
  for (let i = levels.length - 1; i > 0; i--) {
    terms *= levels[i]!.count
    if (terms * levels[i - 1]!.count > most) {
      partial[i] = sums
      terms = 1
    }
  }
  return levels.map(({ head, opens }, i) => ({ head, opens, partial: partial[i]! }))
}
