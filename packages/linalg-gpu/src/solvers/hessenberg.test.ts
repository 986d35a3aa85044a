import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, readSync, type Tensor } from '../index.js'
import { type Hessenberg, leastOf, withColumn, withoutColumns } from './hessenberg.js'
import { apply, draws, eliminated, minus, normals, size, times, transposed } from './systems.testing.js'

const numbers = (x: Tensor): number[] => Array.from(readSync(x) as Float64Array)

test('column by column: y solves the normal equations, what is left is the residual', () => {
  const random = draws(1)
  const m = 5
  const beta = 3
  let grown: Hessenberg = withoutColumns(m, array(beta, { dtype: 'f64' }))
  assert.equal(numbers(leastOf(grown)), [0, 0, 0, 0, 0])
  const columns: number[][] = []
  for (let j = 0; j < m; j++) {
    const column = normals(m + 1, random).map((value, i) => (i <= j ? value : 0))
    const below = random() + 0.5
    columns.push(column.map((value, i) => (i === j + 1 ? below : value)))
    const { next, left } = withColumn(grown, array(column, { dtype: 'f64' }), array(below, { dtype: 'f64' }))
    grown = next
    const right = [beta, 0, 0, 0, 0, 0]
    const y = eliminated(times(columns, transposed(columns)), apply(columns, right))
    const got = numbers(leastOf(grown))
    // the normal equations square a condition number of some tens
    assert.ok(size(minus(got.slice(0, j + 1), y)) < 1e-12 * size(y), `${got} is not ${y}`)
    assert.equal(got.slice(j + 1), new Array(m - j - 1).fill(0))
    const rest = size(minus(right, apply(transposed(columns), y)))
    assert.ok(Math.abs(item(left) - rest) < 1e-12, `${item(left)} is not ${rest}`)
  }
})

test('a column that depends on those before it leaves 0 in its corner', () => {
  const start = withoutColumns(2, array(1, { dtype: 'f64' }))
  const zero = array(0, { dtype: 'f64' })
  assert.is(item(withColumn(start, array([0, 0, 0], { dtype: 'f64' }), zero).corner), 0)
  const { next } = withColumn(start, array([3, 0, 0], { dtype: 'f64' }), array(4, { dtype: 'f64' }))
  // (6, 8) is twice (3, 4)
  assert.ok(item(withColumn(next, array([6, 8, 0], { dtype: 'f64' }), zero).corner) < 1e-15)
  assert.is(item(withColumn(next, array([8, -6, 0], { dtype: 'f64' }), zero).corner), 10)
})

test.run()
