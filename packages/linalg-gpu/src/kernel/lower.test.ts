// What is fused and what is not, and that it is right where a wrong choice would show.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, broadcastTo, div, exp, greater, matmul, max, maximum, min, mul, neg, pad, relu, reshape, slice, sub, sum, type Tensor, tanh, transpose,
  where, zeros,
} from '../index.js' // biome-ignore format: a list
import { dense } from '../plain/dense.js'
import { run } from '../plain/executor.js'
import { inputTypes, kernelsOf, type Program, schedule, simplify } from '../program.js'
import { trace } from '../run/jit.js'
import { executeSchedule } from './execute.testing.js'
import { legalise } from './legalise.js'

const programOf = (f: (...args: Tensor[]) => unknown, ...shapes: readonly number[][]): Program =>
  simplify(trace(f)(...shapes.map((shape) => zeros(shape))))
const kernels = (f: (...args: Tensor[]) => unknown, ...shapes: readonly number[][]): string[] =>
  kernelsOf(schedule(programOf(f, ...shapes)).steps).map(({ name }) => name)

/** Small whole numbers: sums are exact. */
const agrees = (f: (...args: Tensor[]) => unknown, ...shapes: readonly number[][]): void => {
  const program = programOf(f, ...shapes)
  const given = inputTypes(program).map((type, i) =>
    Float32Array.from({ length: type.size }, (_, j) => ((j * 7 + i * 5) % 13) - 6),
  )
  const expected = run(
    program,
    given.map((data, i) => dense(inputTypes(program)[i]!, data)),
    { bytes: 0, peak: 0 },
  )
  executeSchedule(schedule(program), given).forEach((data, i) => {
    assert.equal(Array.from(data), Array.from(expected[i]!.data))
  })
}

test('elementwise work of one shape is one kernel, however many operations and results', () => {
  assert.equal(kernels((x) => [neg(x!), add(mul(x!, x!), 1)], [4, 5]).length, 1)
})

test('a reduction takes along what stands before and after it', () => {
  assert.equal(
    kernels((x) => mul(sum(exp(x!), { axis: 1 }), 2), [4, 5]),
    ['exp sum mul'],
  )
})

test('softmax is one kernel: three passes over a row', () => {
  const f = (x: Tensor | undefined): Tensor => {
    const e = exp(sub(x!, max(x!, { axis: 1, keepDims: true })))
    return div(e, sum(e, { axis: 1, keepDims: true }))
  }
  assert.equal(kernels(f, [4, 5]).length, 1)
})

test('a kernel is named by what it does, in the order of its stages', () => {
  const f = (x: Tensor | undefined): Tensor => {
    const shifted = exp(sub(x!, max(x!, { axis: 1, keepDims: true })))
    // the minimum belongs to the first pass over a row, although it is asked for after the sum of the second
    return mul(sum(shifted, { axis: 1 }), min(x!, { axis: 1 }))
  }
  assert.equal(kernels(f, [4, 5]), ['maximum sub exp minimum sum mul'])
})

test('reductions along different axes are kernels of their own', () => {
  assert.equal(kernels((x) => [sum(x!, { axis: 0 }), sum(x!, { axis: 1 })], [4, 5]).length, 2)
})

test('a reduction looked at where it was not made waits for a kernel of its own', () => {
  const shifted = (x: Tensor | undefined): Tensor => {
    const rows = sum(x!, { axis: 1 })
    return sub(rows, slice(pad(rows, [[1, 0]]), [0, 4]))
  }
  agrees(shifted, [4, 3])
  const turned = (x: Tensor | undefined): Tensor => {
    const rows = sum(x!, { axis: 1 })
    return sub(rows, slice(rows, [null, null, -1]))
  }
  agrees(turned, [4, 3])
})

test('a transposed operand of a product is no kernel', () => {
  assert.equal(
    kernels((x, y) => matmul(transpose(x!), y!), [6, 4], [6, 5]),
    ['dot'],
  )
  agrees((x, y) => matmul(transpose(x!), transpose(y!)), [6, 4], [5, 6])
})

test('what is cheap is computed again rather than kept: the mask of a relu', () => {
  const f = (x: Tensor | undefined, w: Tensor | undefined): Tensor[] => {
    const z = matmul(x!, w!)
    const h = relu(z)
    return [h, where(greater(z, 0), matmul(h, transpose(w!)), 0)]
  }
  const { storages } = schedule(programOf(f, [4, 4], [4, 4]))
  assert.not(storages.some(({ type }) => type.dtype === 'bool'))
  agrees(f, [4, 4], [4, 4])
})

test('what is dear is kept: a tanh that two kernels read', () => {
  const names = kernels((x) => [sum(tanh(x!), { axis: 0 }), sum(tanh(x!), { axis: 1 })], [4, 5])
  assert.is(names.filter((name) => name.includes('tanh')).length, 1, names.join('; '))
})

test('a column times a row is elementwise, and fuses', () => {
  assert.equal(kernels((x, y) => sum(add(matmul(x!, y!), 1), { axis: 0 }), [6, 1], [1, 4]).length, 1)
  agrees((x, y) => add(matmul(x!, y!), 1), [6, 1], [1, 4])
})

test('a product of two vectors is a sum that fuses', () => {
  assert.equal(kernels((x, y) => matmul(neg(x!), y!), [6], [6]).length, 1)
  agrees((x, y) => matmul(neg(x!), y!), [6], [6])
})

test('large sums to few results are split by sizes alone, whichever axes are summed', () => {
  const counts = (f: (...args: Tensor[]) => unknown, ...shapes: number[][]): number =>
    legalise(programOf(f, ...shapes)).eqns.filter(({ op }) => op.kind === 'reduce').length
  assert.is(
    counts((x) => sum(x!), [70000]),
    2,
  )
  assert.is(
    counts((x) => sum(x!), [60000]),
    1,
  )
  agrees((x) => sum(x!), [70000])
  agrees((x) => sum(x!, { axis: [0, 1] }), [3, 40, 700])
  agrees((x) => sum(x!, { axis: [0, 2] }), [300, 2, 130])
  agrees((x) => max(mul(x!, x!), { axis: [1, 2] }), [2, 311, 128])
  agrees((x, y) => matmul(x!, y!), [70000], [70000])
})

test('a shape that no index passes stands in memory', () => {
  agrees((x) => add(reshape(transpose(x!), [12]), reshape(x!, [12])), [3, 4])
  agrees((x) => maximum(reshape(mul(x!, 2), [3, 4]), broadcastTo(array([1, 2, 3, 4]), [3, 4])), [12])
})

test.run()
