/** How values are added in WGSL: f32, and vectors of them, in parts, so that rounding errors stay few; integers wrap.
 *
 *  A sum of n terms one after another has n roundings; in parts of parts of about ∛n each it has 3 ∛n of them. A compensated sum would
 *  not do: WGSL lets compilers reassociate. */

/** The terms that one part takes, of n in three levels. */
const partOf = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, n)) / 3)

export interface Sum {
  readonly start: string
  readonly add: (term: string) => string
  /** After a term is added: closes the parts that are full, by the number of terms that were there before it. */
  readonly close: (count: string) => string
  readonly value: string
}

/** A running sum of up to n terms of a type of WGSL: parts that are full go into the next level. */
export const sumOf = (type: string, n: number): Sum => {
  if (!type.includes('f32') || n <= 32)
    return {
      start: `var sum = ${type}();`,
      add: (term) => `sum += ${term};`,
      close: () => '',
      value: 'sum',
    }
  const part = partOf(n)
  return {
    start: `var low = ${type}();\nvar middle = ${type}();\nvar high = ${type}();`,
    add: (term) => `low += ${term};`,
    close: (count) => `if ((${count} & ${part - 1}) == ${part - 1}) {
  middle += low;
  low = ${type}();
  if ((${count} & ${part * part - 1}) == ${part * part - 1}) { high += middle; middle = ${type}(); }
}`,
    value: '(high + (middle + low))',
  }
}
