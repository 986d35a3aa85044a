import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, dispose, eye, plainDevice, zeros } from '../index.js'
import { throws } from '../ops/arrays.testing.js'
import { defaultDevice } from '../run/onDevice.js'
import * as linalg from './index.js'

// What each function says to a wrong call: function, operand, value, remedy. Change a text here when you change it there, and read it once more.

const wide = array([[1, 2, 3], [4, 5, 6]]) // biome-ignore format: a matrix
const square = array([[2, 1, 0], [1, 3, 1], [0, 1, 4]]) // biome-ignore format: a matrix
const vector = array([1, 2, 3])
const short = array([1, 2])
const double = eye(3, undefined, { dtype: 'f64' })
const stack = zeros([2, 3, 3])
const gone = array([[1]])
dispose(gone)
const elsewhere = array([1, 2, 3], { device: plainDevice({ name: 'other' }) })
const factors = { lu: square, permutation: array([0, 1, 2], { dtype: 'i32' }) }

type Of = (...x: never[]) => unknown
/** Functions of a matrix alone: whether it is square, and what takes others. */
const ofMatrices: Readonly<Record<string, readonly ['any' | 'square', string?]>> = {
  cholesky: ['square'],
  cond: ['any'],
  det: ['square'],
  eigh: ['square'],
  eigvalsh: ['square'],
  expm: ['square'],
  inv: ['square', ' Use pinv for others.'],
  lstsq: ['any'],
  lu: ['any'],
  luSolve: ['square'],
  matrixNorm: ['any'],
  matrixPower: ['square'],
  matrixRank: ['any'],
  pinv: ['any'],
  qr: ['any'],
  slogdet: ['square'],
  solve: ['square', ' Use lstsq for others.'],
  solveTriangular: ['square'],
  svd: ['any'],
  svdvals: ['any'],
}
/** Each function with a matrix, and what else it takes. */
const of = (name: string, a: unknown): unknown => {
  const f = (linalg as unknown as Record<string, Of>)[name] as (...x: unknown[]) => unknown
  if (name === 'luSolve') return f({ lu: a, permutation: array([0, 1], { dtype: 'i32' }) }, short)
  return f(a, ...(name === 'matrixPower' ? [2] : name === 'lstsq' || name.startsWith('solve') ? [short] : []))
}

test('the table names every function of the entry', () => {
  assert.equal(Object.keys(ofMatrices), Object.keys(linalg).sort())
})

test('what is no matrix, not square, no tensor or disposed is refused in the words of each function', () => {
  for (const [name, [shape, instead = '']] of Object.entries(ofMatrices)) {
    const rank = `${name}: needs a matrix, or a stack of them [...batch, m, n], got f32`
    throws(() => of(name, vector), `${rank}[3]. Add axes by expandDims or reshape.`)
    throws(() => of(name, 3), `${rank}[]. Add axes by expandDims or reshape.`)
    throws(() => of(name, undefined), `${name}: expected a tensor, got undefined.`)
    throws(() => of(name, 'a'), `${name}: expected a tensor, got string.`)
    throws(() => of(name, [[1]]), `${name}: expected a tensor, got object: an array; use array([…]) to make a tensor.`)
    throws(() => of(name, gone), `${name}: got f32[1,1], which was disposed: return it from its scope, or dispose it later.`)
    if (shape === 'square')
      throws(() => of(name, wide), `${name}: needs square matrices, got f32[2,3]: 2 rows, 3 columns.${instead}`)
  }
}) // biome-ignore format: a table

const systems: Readonly<Record<string, (a: never, b: never) => unknown>> = {
  lstsq: linalg.lstsq,
  luSolve: (_, b) => linalg.luSolve(factors, b),
  solve: linalg.solve,
  solveTriangular: linalg.solveTriangular,
}

test('right sides that do not fit are refused in the words of each function', () => {
  for (const [name, f] of Object.entries(systems)) {
    const with_ =
      (b: unknown, a: unknown = square) =>
      (): unknown =>
        f(a as never, b as never)
    throws(with_(3), `${name}: needs a right side of one axis or more, got a scalar: broadcastTo makes it a vector.`)
    throws(with_(undefined), `${name}: expected a tensor, got undefined.`)
    throws(with_(short), `${name}: the matrix has 3 rows, the right side 2: f32[3,3] with f32[2].`)
    throws(
      with_(wide),
      `${name}: the matrix has 3 rows, the right side 2: f32[3,3] with f32[2,3]. A right side with more than one axis is a stack of matrices.`,
    )
    throws(
      with_(elsewhere),
      `${name}: operands live on two devices, ${defaultDevice().name} and other: move one with transfer(x, device).`,
    )
    throws(
      with_(double),
      `${name}: f32[3,3] with f64[3,3]: there is no dtype that holds both without loss. Cast one, as cast(x, 'f64').`,
    )
    if (name !== 'luSolve')
      throws(
        with_(zeros([4, 3, 1]), stack),
        `${name}: batch axes [2] and [4] do not broadcast: sizes agree from the right or are 1.`,
      )
  }
})

const wrong = (f: Of, ...x: readonly unknown[]) => (): unknown => (f as (...x: unknown[]) => unknown)(...x) // biome-ignore format: one line

const calls: readonly (readonly [() => unknown, string])[] = [
  [wrong(linalg.cholesky, square, { uper: true }), 'cholesky: there is no option uper, but upper.'],
  [wrong(linalg.cholesky, square, { upper: 'yes' }), 'cholesky: the option upper is a boolean, got "yes".'],
  [wrong(linalg.cholesky, square, null), 'cholesky: options are an object of upper, got null.'],
  [wrong(linalg.cholesky, square, true), 'cholesky: options are an object of upper, got true.'],
  [
    wrong(linalg.solveTriangular, square, vector, { transpose: true }),
    'solveTriangular: there is no option transpose, but lower, transposed, unitDiagonal.',
  ],
  [
    wrong(linalg.solveTriangular, square, vector, { lower: 'no' }),
    'solveTriangular: the option lower is a boolean, got "no".',
  ],
  [
    wrong(linalg.luSolve, factors, vector, { transpose: true }),
    'luSolve: there is no option transpose, but transposed.',
  ],
  [
    wrong(linalg.luSolve, undefined, vector),
    'luSolve: needs the factors { lu, permutation }, got undefined: pass what lu returned.',
  ],
  [wrong(linalg.luSolve, square, vector), 'luSolve: expected a tensor, got undefined.'],
  [
    wrong(linalg.luSolve, { lu: square, permutation: vector }, vector),
    'luSolve: the permutation of factors f32[3,3] is i32[3], got f32[3]: pass what lu returned.',
  ],
  [wrong(linalg.qr, square, { mode: 'full' }), 'qr: mode is one of reduced, complete, r, got "full".'],
  [wrong(linalg.qr, square, 'complete'), 'qr: options are an object of mode, got "complete".'],
  [wrong(linalg.lstsq, square, vector, { rcond: -1 }), 'lstsq: rcond is a number from 0, got -1.'],
  [wrong(linalg.lstsq, square, vector, { rcond: '1' }), 'lstsq: the option rcond is a number, got "1".'],
  [wrong(linalg.lstsq, square, vector, 1e-3), 'lstsq: options are an object of rcond, got 0.001.'],
  [wrong(linalg.pinv, square, { rcond: NaN }), 'pinv: rcond is a number from 0, got NaN.'],
  [wrong(linalg.pinv, square, { tol: 1 }), 'pinv: there is no option tol, but rcond.'],
  [wrong(linalg.matrixRank, square, { rcond: vector }), 'matrixRank: the option rcond is a number, got f32[3].'],
  [
    wrong(linalg.matrixPower, square, 0.5),
    'matrixPower: the exponent is an integer, got 0.5: there is expm for exponentials.',
  ],
  [
    wrong(linalg.matrixPower, square, vector),
    'matrixPower: the exponent is an integer, got f32[3]: there is expm for exponentials.',
  ],
  [
    wrong(linalg.matrixNorm, square, 'frob'),
    `matrixNorm: ord is 'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity, got "frob".`,
  ],
  [wrong(linalg.matrixNorm, zeros([0, 3]), -1), 'matrixNorm: ord -1 is the smallest of none, of f32[0,3].'],
  [wrong(linalg.cond, square, 3), `cond: ord is 'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity, got 3.`],
  [wrong(linalg.cond, wide, 1), 'cond: needs square matrices, got f32[2,3]: 2 rows, 3 columns.'],
  [wrong(linalg.cond, zeros([0, 0])), 'cond: f32[0,0] has no elements, so no condition number.'],
]

test('options and other arguments are refused by what they are', () => {
  for (const [call, message] of calls) throws(call, message)
})

test.run()
