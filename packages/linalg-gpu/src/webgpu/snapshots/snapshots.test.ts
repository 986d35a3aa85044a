// The WGSL of representative programs, as files that a reviewer reads. NEUMANN_UPDATE=1 writes them anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, all, argsort, cast, conv, cumsum, div, flip, greater, matmul, mean, mul, pad, relu, rsqrt, scatterAdd, slice, softmax, sub, sum, type Tensor, transpose, variance, where, zeros,
} from '../../index.js' // biome-ignore format: a list
import { withEpilogues } from '../../kernel/epilogue.js'
import { printKernel } from '../../kernel/print.js'
import { cholesky } from '../../linalg/cholesky.js'
import { kernelsOf, type Program, schedule, simplify } from '../../program.js'
import { bernoulli } from '../../random/discrete.js'
import { key } from '../../random/key.js'
import { trace } from '../../run/jit.js'
import { placesOf, softwareTraits } from '../harness.testing.js'
import { render } from '../render.js'
import { mostOperands, type Traits } from '../traits.js'
import { functionsOf } from '../wgsl/library.js'

const real: Traits = { ...softwareTraits, software: false }

/** A function of arrays of these shapes. */
const traced = (f: (...args: Tensor[]) => unknown, ...shapes: readonly number[][]): Program =>
  simplify(trace(f)(...shapes.map((shape) => zeros(shape))))

const along = { axis: 1, keepDims: true } as const
const layerNorm = (x: Tensor, scale: Tensor, shift: Tensor): Tensor =>
  add(mul(mul(sub(x, mean(x, along)), rsqrt(add(variance(x, along), 1e-5))), scale), shift)

/** Each file: a program, and for whom. */
const snapshots: Readonly<Record<string, readonly [Program, Traits]>> = {
  elementwise: [traced((x, y, b) => [relu(add(mul(x!, y!), b!)), greater(x!, y!)], [200, 100], [200, 100], [100]), softwareTraits],
  softmax: [traced((x) => softmax(x!), [64, 300]), softwareTraits],
  'softmax.real': [traced((x) => softmax(x!), [64, 300]), real],
  'softmax.f16.real': [traced((x) => cast(softmax(cast(x!, 'f16')), 'f16'), [10, 64]), real],
  columnSums: [traced((x) => sum(mul(x!, x!), { axis: 0 }), [3000, 64]), softwareTraits],
  'columnSums.real': [traced((x) => sum(mul(x!, x!), { axis: 0 }), [3000, 64]), real],
  // in two dispatches
  'longColumns.real': [traced((x) => sum(mul(x!, x!), { axis: 0 }), [65_536, 64]), real],
  layerNorm: [traced((x, scale, shift) => layerNorm(x!, scale!, shift!), [32, 256], [256], [256]), softwareTraits],
  masked: [
    traced((x, y) => [sum(where(greater(x!, y!), mul(x!, y!), 0), { axis: 1 }), all(greater(x!, 0), { axis: 1 })], [30, 50], [30, 50]),
    softwareTraits,
  ],
  dropout: [traced((x) => where(bernoulli(key(7), 0.9, [50, 21]), div(x!, 0.9), 0), [50, 21]), softwareTraits],
  slices: [
    traced((x) => pad(relu(flip(slice(transpose(x!), [1, 30, 2]), 1)), [[1, 2], [3, 0]]), [20, 31]),
    softwareTraits,
  ],
  'cumsum.real': [traced((x) => cumsum(x!), [20_000]), real],
  'argsort.real': [traced((x) => argsort(x!, { descending: true }), [3000]), real],
  scatterAdd: [traced((x, i, u) => scatterAdd(x!, cast(i!, 'i32'), u!), [10, 8], [30, 1], [30, 8]), softwareTraits],
  'cholesky.real': [traced((x) => cholesky(x!), [5, 40, 40]), real],
  // a layer's gradient by its input, of a size that no tile divides
  matmul: [traced((x, w) => matmul(x!, transpose(w!)), [30, 40], [50, 40]), softwareTraits],
  // a layer, whose bias and activation are the product's epilogue
  layer: [traced((x, w, b) => relu(add(matmul(x!, w!), b!)), [30, 40], [40, 52], [52]), softwareTraits],
  'matmul.real': [traced((x, w) => matmul(x!, transpose(w!)), [300, 400], [500, 400]), real],
  convolution: [traced((x, w) => conv(x!, w!, { padding: 1 }), [2, 8, 10, 10], [4, 8, 3, 3]), softwareTraits],
} // biome-ignore format: a table

/** Code with the names of the library's functions instead of their text, which is reviewed where it stands. */
const withoutLibrary = (code: string): string => {
  const names = [...code.matchAll(/^fn (\w+)/gm)].map(([, name]) => name!).filter(inLibrary)
  return names.length === 0 ? code : code.replace(functionsOf(new Set(names)), `// ${names.join(', ')}: see wgsl/`)
}

const inLibrary = (name: string): boolean => {
  try {
    return functionsOf(new Set([name])) !== ''
  } catch {
    return false
  }
}

const textOf = ([program, traits]: readonly [Program, Traits]): string =>
  kernelsOf(withEpilogues(schedule(program), mostOperands(traits)).steps)
    .flatMap((kernel) => {
      const rendered = render(kernel, { traits, places: placesOf(kernel), gated: false })
      const form = printKernel(kernel).replace(/^/gm, '// ')
      return [
        form,
        ...(rendered?.dispatches ?? []).map(
          ({ code, workgroups }) => `// workgroups ${workgroups.join(' × ')}\n${withoutLibrary(code)}`,
        ),
      ]
    })
    .join('\n\n')
    .concat('\n')

const fileOf = (name: string): URL => new URL(`${name}.wgsl`, import.meta.url)

for (const [name, snapshot] of Object.entries(snapshots))
  test(`the code of ${name} is what was reviewed`, async () => {
    const text = textOf(snapshot)
    if (process.env['NEUMANN_UPDATE'] === '1') writeFileSync(fileOf(name), text)
    assert.fixture(text, readFileSync(fileOf(name), 'utf8'))
  })

test.run()
