/** While loops under each transform: forward mode and batches; the transpose is refused with its remedies. */

import { emit, fail, inline, inParent, inputTypes, type OpOf, range, record, type Tensor, typeOf } from '../language.js'
import { both, instantiate, reshape, select, spread, type Tangent } from '../rules/raw.js'
import { batchProgram } from './batch.js'
import { type DualProgram, jvpProgram } from './jvp.js'
import { behind, carryForced, grown, type Pair, reordered } from './loops.js'
import { placed, present } from './masks.js'

/** [carry…, tangents of the carry…, constants…] of a while loop's body, and the same for its condition. */
export const whileJvp = (op: OpOf<'while'>, x: readonly Tensor[], dx: readonly Tangent[]): Pair => {
  const { carry, condConsts, cond, body } = op
  const bodyX = [...x.slice(0, carry), ...x.slice(carry + condConsts)]
  const bodyDx = [...dx.slice(0, carry), ...dx.slice(carry + condConsts)]
  const n = bodyX.length
  const { result, mask } = grown<DualProgram>(present(bodyDx), carry, (now) => {
    const dual = jvpProgram(body, now, carryForced(now, carry, carry))
    return { result: dual, marked: dual.nonzero }
  })
  const tangentIn = behind(mask, n)
  const C = range(carry)
  const K = range(n).slice(carry)
  const moving = C.filter((i) => mask[i])
  const inputs = [
    ...C,
    ...moving.map((i) => tangentIn[i]!),
    ...K,
    ...K.filter((i) => mask[i]).map((i) => tangentIn[i]!),
  ]
  const tangentTypes = moving.map((i) => inputTypes(body)[i]!)
  const { program: test } = record(
    cond.name,
    [...inputTypes(cond).slice(0, carry), ...tangentTypes, ...inputTypes(cond).slice(carry)],
    (v) => inline(cond, [...v.slice(0, carry), ...v.slice(carry + moving.length)]),
  )
  const outs = emit(
    {
      kind: 'while',
      carry: carry + moving.length,
      condConsts,
      cond: test,
      body: reordered(result.program, inputs, range(result.program.outputs.length)),
    },
    [
      ...x.slice(0, carry),
      ...moving.map((i) => instantiate(bodyDx[i]!, inputTypes(body)[i]!)),
      ...x.slice(carry, carry + condConsts),
      ...K.map((i) => bodyX[i]!),
      ...K.filter((i) => mask[i]).map((i) => bodyDx[i]!),
      ...result.captured,
    ],
  )
  return [outs.slice(0, carry), placed(result.nonzero, outs.slice(carry))]
}

/** The tangents of a while loop need its values at every step, so the linear half runs the loop again: it can be pushed forward, not transposed. */
export const whileLinearize = (op: OpOf<'while'>, x: readonly Tensor[], dx: readonly Tangent[]): Pair => [
  inParent(() => emit(op, x)),
  whileJvp(op, x, dx)[1],
]

export const whileTranspose = (op: OpOf<'while'>): never =>
  fail(
    'whileLoop',
    `reverse mode through ${op.body.name.replace(/^(jvp )+/, '')}: a while loop does not know how many steps to keep. Use scan or foriLoop with a fixed number of steps, customRoot for what the loop converges to, or forward mode (jvp, jacfwd).`,
  )

/** Lanes that have finished are frozen: their carry is selected, not computed on. */
export const whileBatch = (
  op: OpOf<'while'>,
  x: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): readonly [readonly Tensor[], readonly boolean[]] => {
  const { carry, condConsts, cond, body } = op
  const forCond = range(condConsts).map((i) => carry + i)
  const forBody = range(x.length - carry - condConsts).map((i) => carry + condConsts + i)
  const flags = (places: readonly number[]): boolean[] => places.map((i) => batched[i]!)
  const { result, mask } = grown([...flags(range(carry)), ...flags(forBody)], carry, (now) => {
    const b = batchProgram(body, now, size, carryForced(now, carry, carry))
    return { result: b, marked: b.batched }
  })
  const test = batchProgram(cond, [...mask.slice(0, carry), ...flags(forCond)], size)
  const start = (i: number, wanted: boolean): Tensor => (wanted && !batched[i] ? spread(x[i]!, size) : x[i]!)
  if (!test.batched[0]) {
    const outs = emit({ ...op, cond: test.program, body: result.program }, [
      ...range(carry).map((i) => start(i, mask[i]!)),
      ...x.slice(carry),
    ])
    return [outs, mask.slice(0, carry)]
  }
  // lanes differ: every carry has the batch, and a flag for each lane says whether it still runs
  const all = range(carry).map(() => true)
  const whole = batchProgram(body, [...all, ...flags(forBody)], size, all)
  const lanes = batchProgram(cond, [...all, ...flags(forCond)], size, [true])
  const active = typeOf('bool', [size])
  const carryTypes = inputTypes(whole.program).slice(0, carry)
  const condTypes = inputTypes(lanes.program).slice(carry)
  const bodyTypes = inputTypes(whole.program).slice(carry)
  const { program: someRuns } = record(cond.name, [active, ...carryTypes], ([flag]) =>
    emit({ kind: 'reduce', fn: 'or', axes: [0] }, [flag!]),
  )
  const { program: step } = record(body.name, [active, ...carryTypes, ...condTypes, ...bodyTypes], (inputs) => {
    const [flag, ...rest] = inputs as readonly [Tensor, ...Tensor[]]
    const now = rest.slice(0, carry)
    const [c, b] = [rest.slice(carry, carry + condTypes.length), rest.slice(carry + condTypes.length)]
    const next = inline(whole.program, [...now, ...b]).map((v, i) =>
      select(reshape(flag, [size, ...v.shape.slice(1).map(() => 1)]), v, now[i]!),
    )
    return [both(flag, inline(lanes.program, [...next, ...c])[0]!), ...next]
  })
  const first = range(carry).map((i) => start(i, true))
  const consts = [...forCond, ...forBody].map((i) => x[i]!)
  const running = inline(lanes.program, [...first, ...forCond.map((i) => x[i]!)])[0]!
  const outs = emit({ kind: 'while', carry: carry + 1, condConsts: 0, cond: someRuns, body: step }, [
    running,
    ...first,
    ...consts,
  ])
  return [outs.slice(1), all]
}
