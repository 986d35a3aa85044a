/** Scans under each transform: their bodies are transformed as closed programs, and stay scans. */

import {
  alive,
  emit,
  hasEffect,
  inline,
  inParent,
  inputTypes,
  type OpOf,
  outputTypes,
  type Program,
  range,
  record,
  type Tensor,
  type Type,
  withShape,
} from '../language.js'
import { instantiate, moveAxis, spread, sumTangents, type Tangent, zeros } from '../rules/raw.js'
import { batchProgram } from './batch.js'
import { jvpProgram } from './jvp.js'
import { type LinearizedProgram, linearizeProgram } from './linearize.js'
import { behind, carryForced, grown, type Pair, reordered } from './loops.js'
import { placed, present } from './masks.js'
import { type TransposedProgram, transposeProgram } from './transpose.js'

export const scanJvp = (op: OpOf<'scan'>, x: readonly Tensor[], dx: readonly Tangent[]): Pair => {
  const { carry, xs, body } = op
  const [n, m] = [x.length, body.outputs.length]
  const { result, mask } = grown(present(dx), carry, (now) => {
    const dual = jvpProgram(body, now, carryForced(now, carry, m))
    return { result: dual, marked: dual.nonzero }
  })
  const tangentIn = behind(mask, n)
  const tangentOut = behind(result.nonzero, m)
  const group = (from: number, to: number): number[] => range(to - from).map((i) => from + i)
  const [C, X, K] = [group(0, carry), group(carry, carry + xs), group(carry + xs, n)]
  const withTangents = (places: readonly number[]): number[] => [
    ...places,
    ...places.filter((i) => mask[i]).map((i) => tangentIn[i]!),
  ]
  const operands = (places: readonly number[]): Tensor[] => [
    ...places.map((i) => x[i]!),
    ...places.filter((i) => mask[i]).map((i) => instantiate(dx[i]!, inputTypeOf(op, i))),
  ]
  const outs = [
    ...C,
    ...C.filter((i) => result.nonzero[i]).map((i) => tangentOut[i]!),
    ...group(carry, m),
    ...group(carry, m)
      .filter((i) => result.nonzero[i])
      .map((i) => tangentOut[i]!),
  ]
  const k = carry + C.filter((i) => mask[i]).length
  const dual = emit(
    {
      ...op,
      carry: k,
      xs: X.length + X.filter((i) => mask[i]).length,
      body: reordered(result.program, [...withTangents(C), ...withTangents(X), ...withTangents(K)], outs),
    },
    [...operands(C), ...operands(X), ...operands(K), ...result.captured],
  )
  const at = (i: number): number => outs.indexOf(i)
  return [
    range(m).map((i) => dual[at(i)]!),
    range(m).map((i) => (result.nonzero[i] ? dual[at(tangentOut[i]!)]! : null)),
  ]
}

/** The type of a scan's operand. */
const inputTypeOf = (op: OpOf<'scan'>, i: number): Type => {
  const type = inputTypes(op.body)[i]!
  return i >= op.carry && i < op.carry + op.xs ? withShape(type, [op.length, ...type.shape]) : type
}

export const scanLinearize = (op: OpOf<'scan'>, x: readonly Tensor[], dx: readonly Tangent[]): Pair => {
  const { carry, xs, body } = op
  const [n, m] = [x.length, body.outputs.length]
  const types = outputTypes(body)
  const { result, mask } = grown<LinearizedProgram>(present(dx), carry, (now) => {
    const lin = linearizeProgram(
      body,
      now,
      (i) => i >= carry,
      (tangents) => tangents.map((t, i) => (t === null && i < carry && now[i] ? zeros(types[i]!) : t)),
    )
    return { result: lin, marked: lin.nonzero }
  })
  const { stepping, fixed, once } = withoutFixed(result.program, carry + xs, m)
  const operands = [...x, ...result.captured]
  const outs = inParent(() => emit({ ...op, body: stepping }, operands))
  const shared = inParent(() => inline(once, operands.slice(carry + xs)))
  let [each, all] = [m, 0]
  const kept = fixed.map((f) => (f ? shared[all++]! : outs[each++]!))
  const isX = (i: number): boolean => i >= carry && i < carry + xs
  const tangents = range(n).filter((i) => mask[i])
  // residuals that are one for each step stand among xs, those of the loop's constants among its constants
  const residuals = result.residuals.map((place, j) => ({
    at: tangents.length + j,
    each: place < 0 ? !fixed[-1 - place]! : isX(place),
    value: place < 0 ? kept[-1 - place]! : x[place]!,
  }))
  const order = [
    ...tangents.flatMap((i, j) => (i < carry ? [j] : [])),
    ...tangents.flatMap((i, j) => (isX(i) ? [j] : [])),
    ...residuals.filter((r) => r.each).map((r) => r.at),
    ...tangents.flatMap((i, j) => (i >= carry + xs ? [j] : [])),
    ...residuals.filter((r) => !r.each).map((r) => r.at),
  ]
  const value = (j: number): Tensor =>
    j < tangents.length
      ? instantiate(dx[tangents[j]!]!, inputTypeOf(op, tangents[j]!))
      : residuals[j - tangents.length]!.value
  const k = tangents.filter((i) => i < carry).length
  const linear = emit(
    {
      ...op,
      carry: k,
      xs: tangents.filter(isX).length + residuals.filter((r) => r.each).length,
      body: reordered(result.linear, order, range(result.linear.outputs.length)),
    },
    order.map(value),
  )
  return [outs.slice(0, m), placed(result.nonzero, linear)]
}

/** Splits off the outputs behind the first `m` that are the same at every step, as they depend on the inputs behind the first `moving` alone:
 *  kept once instead of once a step. */
const withoutFixed = (
  body: Program,
  moving: number,
  m: number,
): { readonly stepping: Program; readonly fixed: readonly boolean[]; readonly once: Program } => {
  const varies = new Uint8Array(body.types.length)
  for (const id of body.inputs.slice(0, moving)) varies[id] = 1
  const still = body.eqns.filter((eqn) => {
    const moves = eqn.inputs.some((id) => varies[id] === 1) || hasEffect(eqn.op)
    if (moves) for (const id of eqn.outputs) varies[id] = 1
    return !moves
  })
  const fixed = body.outputs.slice(m).map((id) => varies[id] === 0)
  return {
    stepping: { ...body, outputs: body.outputs.filter((_, i) => i < m || !fixed[i - m]) },
    fixed,
    once: alive({
      ...body,
      inputs: body.inputs.slice(moving),
      eqns: still,
      outputs: body.outputs.filter((_, i) => i >= m && fixed[i - m]),
    }),
  }
}

/** Backwards through a linear scan: cotangents of the carry run against its direction, those of constants are summed on the way. */
export const scanTranspose = (
  op: OpOf<'scan'>,
  cts: readonly Tangent[],
  x: readonly (Tensor | null)[],
  outs: readonly Type[],
  types: readonly Type[],
): readonly Tangent[] => {
  const { carry, xs, body } = op
  // a carry that starts from a constant zero is linear all the same
  const linear = x.map((v, i) => i < carry || v === null)
  const linearPlaces = range(x.length).filter((i) => linear[i])
  const given = present(cts)
  const { result: t, mask } = grown<TransposedProgram>(given, carry, (now) => {
    const program = transposeProgram(
      body,
      linear,
      now,
      linearPlaces.map((i) => i < carry && now[i]!),
    )
    return { result: program, marked: program.nonzero }
  })
  const bodyTypes = inputTypes(body)
  const back = linearPlaces.filter((_, j) => t.nonzero[j])
  const constants = back.filter((i) => i >= carry + xs)
  const carries = range(carry).filter((i) => mask[i])
  const ys = range(cts.length).filter((i) => i >= carry && given[i])
  const fixed = range(x.length).filter((i) => !linear[i])
  const fixedXs = fixed.filter((i) => i < carry + xs)
  const fixedKs = fixed.filter((i) => i >= carry + xs)
  const outTypes = outputTypes(body)
  const inner = [
    ...carries.map((i) => outTypes[i]!),
    ...constants.map((i) => bodyTypes[i]!),
    ...ys.map((i) => outTypes[i]!),
    ...fixed.map((i) => bodyTypes[i]!),
  ]
  const { program, captured } = record(`transposed ${body.name}`, inner, (inputs) => {
    const [a, b] = [carries.length, carries.length + constants.length]
    const results = inline(t.program, [...inputs.slice(0, a), ...inputs.slice(b), ...t.captured])
    const of = (i: number): Tensor => results[back.indexOf(i)]!
    const sums = constants.map((i, j) => sumTangents(inputs[a + j]!, of(i))!)
    return [...carries.map(of), ...sums, ...back.filter((i) => i >= carry && i < carry + xs).map(of)]
  })
  const results = emit(
    {
      kind: 'scan',
      carry: carries.length + constants.length,
      xs: ys.length + fixedXs.length,
      length: op.length,
      reverse: !op.reverse,
      body: program,
    },
    [
      ...carries.map((i) => instantiate(cts[i]!, outs[i]!)),
      ...constants.map((i) => zeros(types[i]!)),
      ...ys.map((i) => cts[i]!),
      ...fixedXs.map((i) => x[i]!),
      ...fixedKs.map((i) => x[i]!),
      ...captured,
    ],
  )
  const order = [...carries, ...constants, ...back.filter((i) => i >= carry && i < carry + xs)]
  return x.map((_, i) => (order.includes(i) ? results[order.indexOf(i)]! : null))
}

export const scanBatch = (
  op: OpOf<'scan'>,
  x: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): readonly [readonly Tensor[], readonly boolean[]] => {
  const { carry, xs, body } = op
  const m = body.outputs.length
  const { result, mask } = grown(batched, carry, (now) => {
    const b = batchProgram(body, now, size, carryForced(now, carry, m))
    return { result: b, marked: b.batched }
  })
  const operands = x.map((v, i) =>
    i < carry ? (mask[i] && !batched[i] ? spread(v, size) : v) : i < carry + xs && batched[i] ? moveAxis(v, 0, 1) : v,
  )
  const outs = emit({ ...op, body: result.program }, operands)
  return [outs.map((y, i) => (i >= carry && result.batched[i] ? moveAxis(y, 1, 0) : y)), result.batched]
}
