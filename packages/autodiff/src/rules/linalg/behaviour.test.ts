/** The table of stated behaviour in docs/guide/linear-algebra.md, computed: value, first and second derivative of each function on the kinds
 *  of input that are not plain. A cell of the page that is not what the code does is a failure, and so is a column or row too few. */
import { readFileSync } from 'node:fs'
import { array, key, mul, ones, readSync, slice, sum, type Tensor, uniform, zeros } from '@neumann/linalg-gpu' // biome-ignore format: a list
import * as linalg from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jvp, vjp } from '../../api/derivatives.js'
import { hvp } from '../../api/products.js'

const f64 = { dtype: 'f64' } as const
const of = (rows: readonly (readonly number[])[]): Tensor => array(rows as number[][], f64)
const right = (a: Tensor): Tensor => ones([a.shape.at(-2)!], f64)

/** Rows of the page: several functions that behave alike are one row, each of them is tried. */
const rows: Readonly<Record<string, readonly ((a: Tensor) => Tensor)[]>> = {
  '`cholesky`': [linalg.cholesky],
  '`solveTriangular`': [(a) => linalg.solveTriangular(a, right(a))],
  '`lu`': [(a) => linalg.lu(a).lu],
  '`solve`, `luSolve`, `inv`, `matrixPower` with n < 0': [
    (a) => linalg.solve(a, right(a)),
    (a) => linalg.luSolve(linalg.lu(a), right(a)),
    linalg.inv,
    (a) => linalg.matrixPower(a, -1),
  ],
  '`det`': [linalg.det],
  '`slogdet`: `logdet`': [(a) => linalg.slogdet(a).logdet],
  '`expm`, `matrixPower` with n ≥ 0': [linalg.expm, (a) => linalg.matrixPower(a, 3)],
  '`qr`': [(a) => linalg.qr(a).q, (a) => linalg.qr(a).r],
  '`qr`, complete': [(a) => linalg.qr(a, { mode: 'complete' }).q],
  '`lstsq`: `x`; `pinv`': [(a) => linalg.lstsq(a, right(a)).x, linalg.pinv],
  '`matrixRank`': [linalg.matrixRank],
  '`eigh`: `values`; `eigvalsh`': [(a) => linalg.eigh(a).values, linalg.eigvalsh],
  '`eigh`: `vectors`': [(a) => linalg.eigh(a).vectors],
  '`svd`: `s`; `svdvals`': [(a) => linalg.svd(a).s, linalg.svdvals],
  '`svd`: `u`, `vh`': [(a) => linalg.svd(a).u, (a) => linalg.svd(a).vh],
  "`matrixNorm` 'fro', 1, ∞": [
    linalg.matrixNorm,
    (a) => linalg.matrixNorm(a, 1),
    (a) => linalg.matrixNorm(a, Infinity),
  ],
  "`matrixNorm` 2, 'nuc'": [(a) => linalg.matrixNorm(a, 2), (a) => linalg.matrixNorm(a, 'nuc')],
  '`cond`': [linalg.cond],
}

/** Columns of the page: where there are several inputs, they behave alike. Factorisations of these are exact, so a zero is one.
 *  Undefined for matrices in a stack with others. */
const columns: Readonly<Record<string, readonly Tensor[] | undefined>> = {
  'singular': [of([[3, 0, 0], [0, 1, 0], [0, 0, 0]])],
  'rank n − 2': [of([[3, 0, 0], [0, 0, 0], [0, 0, 0]])],
  'not square': [of([[1, 2], [3, 4], [5, 7]]), of([[1, 3, 5], [2, 4, 7]])],
  'dependent columns, not square': [of([[3, 0], [0, 0], [0, 0]]), of([[3, 0, 0], [0, 0, 0]])],
  'equal values': [of([[2, 0, 0], [0, 2, 0], [0, 0, 2]])],
  'with NaN or ∞': undefined,
  'empty': [zeros([0, 0], f64)],
} // biome-ignore format: matrices

const draw = (seed: number, shape: readonly number[]): Tensor =>
  uniform(key(seed), shape, { low: 0.5, high: 1, ...f64 })
const isNumber = (x: Tensor): boolean => readSync(x).every(Number.isFinite)
const inner = (x: Tensor, y: Tensor): number => readSync(sum(mul(x, y)))[0]!

/** ✓ for numbers, NaN, ∞ or 0 where all elements are that, ✗ where some are no numbers, — where there are none. */
const valueOf = (x: Tensor): string => {
  const [first, ...rest] = readSync(x)
  if (first === undefined) return '—'
  if (rest.every((v) => Object.is(v, first)) && (first === 0 || !Number.isFinite(first)))
    return String(first).replace('Infinity', '∞').replace('-', '−')
  return isNumber(x) ? '✓' : '✗'
}

/** ✓ for numbers in both modes, which agree; ✗ where one mode has NaN or infinity. */
const derivativeOf = (f: (a: Tensor) => Tensor, a: Tensor): string => {
  const direction = draw(3, a.shape)
  const { tangent } = jvp(f, [a], [direction])
  const { out, pull } = vjp(f, [a])
  const weights = draw(4, out.shape)
  const [cotangent] = pull(weights) as unknown as [Tensor]
  if (!isNumber(tangent) || !isNumber(cotangent)) return '✗'
  // some hundred operations on numbers of size 10
  const [forward, reverse] = [inner(weights, tangent), inner(cotangent, direction)]
  assert.ok(Math.abs(forward - reverse) <= 1000 * 2 ** -53, `forward ${forward}, reverse ${reverse}`)
  return a.shape.includes(0) ? '—' : '✓'
}

const secondOf = (f: (a: Tensor) => Tensor, a: Tensor): string => {
  const weighted = (x: Tensor): Tensor => {
    const y = f(x)
    return sum(mul(draw(4, y.shape), y))
  }
  const along = hvp(weighted)(a)(draw(3, a.shape)) as Tensor
  if (!isNumber(along)) return '✗'
  return a.shape.includes(0) ? '—' : '✓'
}

const orError = (f: () => string): string => {
  try {
    return f()
  } catch (error) {
    // in words of the function that was called, not of one within
    assert.match(
      (error as Error).message,
      /^(cholesky|solveTriangular|lu|solve|luSolve|inv|matrixPower|det|slogdet|expm|qr|eigh|eigvalsh|cond): /,
    )
    return 'error'
  }
}

/** What becomes of a matrix with one element that is not finite, in a stack with a sound one, which is not touched. */
const besideSound = (f: (a: Tensor) => Tensor, bad: number): string => {
  const sound = [[4, 1, 0], [1, 3, 1], [0, 1, 2]]
  const spoiled = [[4, 1, 0], [1, bad, 1], [0, 1, 2]]
  const [both, alone] = [[sound, spoiled], [sound, sound]].map((rows) => array(rows, f64)) as [Tensor, Tensor]
  const pulled = (a: Tensor): Tensor => {
    const { out, pull } = vjp(f, [a])
    return (pull(draw(4, out.shape)) as unknown as [Tensor])[0]
  }
  for (const g of [f, pulled]) assert.equal(readSync(slice(g(both), 0)), readSync(slice(g(alone), 0)), 'the sound one')
  return `${valueOf(slice(f(both), 1))} ${isNumber(slice(pulled(both), 1)) ? '✓' : '✗'}`
} // biome-ignore format: matrices

/** All that is seen in a place of the table; words that are the same are said once. */
const cell = (fs: readonly ((a: Tensor) => Tensor)[], inputs: readonly Tensor[] | undefined): string => {
  const seen = fs.flatMap((f) =>
    inputs === undefined
      ? [NaN, Infinity].map((bad) => besideSound(f, bad))
      : inputs.map((a) => [() => valueOf(f(a)), () => derivativeOf(f, a), () => secondOf(f, a)].map(orError).join(' ')),
  )
  return [...new Set(seen)].map((words) => words.replace(/^(error|—) \1 \1$/, '$1')).join(' or ')
}

/** The table of the page whose first column has this header, by row and column. */
const tableOf = (text: string, header: string): Record<string, Record<string, string>> => {
  const lines = text.split('\n')
  const at = lines.findIndex((line) => line.startsWith(`| ${header} |`))
  assert.ok(at >= 0, 'the page has the table')
  const cells = (line: string): string[] =>
    line
      .slice(1, -1)
      .split('|')
      .map((part) => part.trim())
  const [, ...names] = cells(lines[at]!)
  const end = lines.findIndex((line, i) => i > at && !line.startsWith('|'))
  return Object.fromEntries(
    lines.slice(at + 2, end).map((line) => {
      const [name, ...parts] = cells(line)
      return [name!, Object.fromEntries(parts.map((part, i) => [names[i]!, part]))]
    }),
  )
}

const page = tableOf(
  readFileSync(new URL('../../../../../docs/guide/linear-algebra.md', import.meta.url), 'utf8'),
  'of a matrix that is',
)

test('the table has these rows and columns', () => {
  assert.equal(Object.keys(page), Object.keys(rows))
  for (const row of Object.values(page)) assert.equal(Object.keys(row), Object.keys(columns))
})

for (const [name, fs] of Object.entries(rows))
  test(`${name.replaceAll('`', '')}: the page says what is so`, () => {
    const found = Object.fromEntries(Object.entries(columns).map(([column, inputs]) => [column, cell(fs, inputs)]))
    if (process.env.SHOW) console.log(`| ${name} | ${Object.values(found).join(' | ')} |`)
    assert.equal(page[name], found)
  })

test('matrices with rows and no columns, or columns and no rows, are no special case of what takes any shape', () => {
  for (const name of ['`lu`', '`qr`', '`lstsq`: `x`; `pinv`', '`svd`: `s`; `svdvals`', '`svd`: `u`, `vh`'])
    for (const f of rows[name]!)
      for (const shape of [[0, 2], [2, 0], [3, 0, 2]]) {
        const a = zeros(shape, f64)
        assert.ok(isNumber(f(a)), name)
        assert.equal([derivativeOf(f, a), secondOf(f, a)], ['—', '—'], name)
      }
}) // biome-ignore format: shapes

test.run()
