/** Adds up the parts into which the sums of a contraction were cut: part after part, for each element of out, and
 *  ends with the epilogue. */

import type { Contract } from '../../kernel/kernel.js'
import { type Memory, memoryOf } from '../memory.js'
import type { Dispatch, Site } from '../rendered.js'
import { shader } from '../shader.js'
import type { Uses } from '../wgsl/library.js'
import { type Finish, finishOf, parametersOf } from './finish.js'
import { type Form, out, sizeOfRuns } from './form.js'
import { affine, digit, termsOf, unflatten } from './text.js'

export const renderCombine = (kernel: Contract, form: Form, site: Site, parts: number): Dispatch => {
  const [M, N, Z] = [form.rows, form.columns, form.batch].map(sizeOfRuns) as [number, number, number]
  const total = M * N * Z
  const uses: Uses = new Set()
  const memory = memoryOf(kernel.operands, site, uses)
  const threads = 64
  const finish = kernel.epilogue && finishOf(kernel, kernel.epilogue, memory, uses)
  const scratch = memory.scratch(0, kernel.dtype as 'f32' | 'i32' | 'u32')
  const digits = [
    { runs: form.columns, name: 'column', text: digit('thread', 1, N, total) },
    { runs: form.rows, name: 'row', text: digit('thread', N, M, total) },
    { runs: form.batch, name: 'z', text: digit('thread', M * N, Z, total) },
  ].filter(({ runs }) => runs.length > 0)
  const found = digits.map(({ runs, name, text }) => ({ runs, name, text, ...unflatten(runs, name, name) }))
  const placeOf = (f: number): string =>
    affine(
      form.bases[f]!,
      found.flatMap(({ runs, at }) => termsOf(runs, at, f)),
    )
  const body = [
    ...(total % threads === 0 ? [] : [`if (thread >= ${total}) { return; }`]),
    `var sum = ${scratch}[thread];`,
    `for (var part = 1; part < ${parts}; part++) {`,
    `  sum += ${scratch}[${affine(0, [
      [total, 'part'],
      [1, 'thread'],
    ])}];`,
    '}',
    ...found.flatMap(({ name, text, lines }) => [`let ${name} = ${text};`, ...lines]),
    ...storeSum(kernel, form, memory, finish, placeOf),
  ]
  const label = `${kernel.name}, parts added up`
  return shader({
    label,
    site,
    memory,
    uses,
    threads,
    workgroups: Math.ceil(total / threads),
    body: body.join('\n'),
    ...(finish && { declarations: finish.declaration }),
  })
}

/** Stores a sum, or what the epilogue makes of it. */
const storeSum = (
  kernel: Contract,
  form: Form,
  memory: Memory,
  finish: Finish | undefined,
  placeOf: (f: number) => string,
): string[] => {
  if (finish === undefined) return [memory.store(form.operands[out], placeOf(out), 'sum')]
  const parameters = parametersOf(kernel.epilogue!)
  const given = parameters.map(({ operand }, e) => {
    const at = placeOf(form.beyond + e)
    return operand === undefined ? at : memory.load(operand, at)
  })
  return [
    `let result = finish(${['sum', ...given].join(', ')});`,
    ...finish.results.map(({ operand, of }, s) =>
      memory.store(operand, placeOf(s === 0 ? out : form.beyond + parameters.length + s - 1), of('result')),
    ),
  ]
}
