import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, jit, key, map, mul, readSync, splitKey, type Tensor, toNested } from '../../index.js'
import { matrix, operator, vectorSpace, xDiag } from '../index.js'
import { type Dense, diagonalOf, draws, normals, tensorOf, times, ulp, withEigenvalues } from '../systems.testing.js'
import { meanOf, near, unbiased } from './traces.testing.js'

const random = draws(41)
const thin = times(
  Array.from({ length: 10 }, () => normals(3, random)),
  Array.from({ length: 3 }, () => normals(10, random)),
)
const decaying = withEigenvalues(
  Array.from({ length: 10 }, (_, i) => 0.4 ** i),
  draws(42),
)

const diagonal = (a: Dense): number[] => a.map((row, i) => row[i]!)
const found = (a: Dense, probes: number, dtype: 'f32' | 'f64' = 'f64', seed = 0): readonly [number[], number[]] => {
  const run = jit((a: Tensor, own: Tensor) => xDiag({ probes })(matrix(a))(own))
  const { value, error } = run(tensorOf(a, dtype), key(seed))
  return [Array.from(readSync(value)), Array.from(readSync(error))]
}
const many = (a: Dense, probes: number, count: number): number[][] => {
  const run = jit((a: Tensor, own: Tensor) =>
    map((k: Tensor) => xDiag({ probes })(matrix(a))(k).value, splitKey(own, count)),
  )
  return toNested(run(tensorOf(a, 'f64'), key(2))) as number[][]
}
/** Root of the mean of the squares of all distances. */
const distance = (values: readonly (readonly number[])[], truth: readonly number[]): number =>
  Math.sqrt(meanOf(values.flatMap((row) => row.map((x, i) => (x - truth[i]!) ** 2))))

test('exact for a rank below the probes, of a matrix that is not symmetric too', () => {
  for (const dtype of ['f32', 'f64'] as const)
    for (const probes of [4, 6, 10])
      found(thin, probes, dtype)[0].forEach((x, i) => near(x, thin[i]![i]!, 10 * 40 * ulp[dtype], `${probes} probes:`))
  assert.ok(distance([found(thin, 3)[0]], diagonal(thin)) > 1e-3)
})

test('one probe is exact for a diagonal; more are not, since what they project is no diagonal', () => {
  const values = [3, -1, 0, 0.5, 7]
  for (const dtype of ['f32', 'f64'] as const)
    found(diagonalOf(values), 1, dtype)[0].forEach((x, i) => near(x, values[i]!, 7 * 20 * ulp[dtype]))
  assert.equal(found(diagonalOf(values), 1)[1], new Array(5).fill(Infinity))
})

test('each element is unbiased', () => {
  for (const probes of [1, 2, 3]) {
    const rows = many(thin, probes, 300)
    for (let i = 0; i < 10; i++)
      unbiased(
        rows.map((row) => row[i]!),
        thin[i]![i]!,
      )
  }
})

test('of a spectrum that decays more probes help faster than their root', () => {
  const truth = diagonal(decaying)
  const [few, more] = [2, 8].map((probes) => distance(many(decaying, probes, 50), truth)) as [number, number]
  assert.ok(more < 0.05 * few, `${more} and ${few}`)
})

test('at any scale in f32; nothing is nothing; one element', () => {
  const [whole] = found(decaying, 4, 'f32')
  for (const s of [1e-30, 1e30])
    found(
      decaying.map((row) => row.map((x) => s * x)),
      4,
      'f32',
    )[0].forEach((x, i) => near(x / s, whole[i]!, 500 * ulp.f32))
  assert.equal(found(diagonalOf([0, 0, 0]), 2), [
    [0, 0, 0],
    [0, 0, 0],
  ])
  assert.equal(found([[-2]], 3)[0], [-2])
})

test('the diagonal of a tree is a tree; a transpose is asked for where there is no symmetry', () => {
  const space = vectorSpace({ a: array([0]), b: array([[0, 0]]) })
  const parts = {
    domain: space,
    apply: ({ a, b }: { a: Tensor; b: Tensor }) => ({ a: mul(3, a), b: mul(b, array([[4, 5]])) }),
  }
  for (const facts of [{ symmetric: true }, { diagonal: true }]) {
    const { value, error } = xDiag({ probes: 1 })(operator({ ...parts, facts }))(key(9))
    near(readSync(value.a)[0]!, 3, 100 * ulp.f32)
    ;[4, 5].forEach((x, i) => near(readSync(value.b)[i]!, x, 100 * ulp.f32))
    assert.equal(error.b.shape, [1, 2])
  }
  assert.throws(() => xDiag({ probes: 1 })(operator(parts)), 'xDiag: needs products with Aᵀ')
  assert.throws(() => xDiag({ probes: 0 })(operator(parts)), 'xDiag: probes is an integer ≥ 1, got 0')
})

test.run()
