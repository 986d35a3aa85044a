/** Calls with a rule of their own, under each transform: checkpoints, custom derivatives, linear solves. A call without a tag is its body. */

import {
  alive,
  bodiesOf,
  emit,
  fail,
  inline,
  inParent,
  inputTypes,
  type OpOf,
  outputTypes,
  type Program,
  prune,
  type Recorded,
  range,
  record,
  type Tensor,
  type Type,
  typeOfTensor,
  withShape,
} from '../language.js'
import { jvpRule } from '../rules/jvp.js'
import { instantiate, neg, spread, sub, sum, type Tangent } from '../rules/raw.js'
import { batchOf, batchProgram } from './batch.js'
import { walk } from './interpret.js'
import { jvpOf, jvpProgram } from './jvp.js'
import { linearizeEqn, linearizeOf, linearizeProgram } from './linearize.js'
import { isFloatType, placed, present, there } from './masks.js'
import { exposed, given } from './names.js'
import { attempt, type CallTag, type OpaqueTag, once } from './tags.js'
import { transposeOf, transposeProgram } from './transpose.js'

type Call = OpOf<'call'> | OpOf<'opaque'>
type Pair = readonly [readonly Tensor[], readonly Tangent[]]

const noForward =
  "forward mode through its customVjp, whose rule is for reverse mode alone. jvp, linearize, jacfwd, hessian and hvp need a customJvp; hvp and crossVjp also take { mode: 'reverse' }."

/** Tangents of the float operands among the first `n`, zeros where there is none. */
const floatTangents = (x: readonly Tensor[], dx: readonly Tangent[], n: number): Tensor[] =>
  range(n).flatMap((i) => (isFloatType(typeOfTensor(x[i]!)) ? [instantiate(dx[i]!, typeOfTensor(x[i]!))] : []))

/** A recorded rule applied in the open trace. */
const apply = (rule: Recorded, inputs: readonly Tensor[]): readonly Tensor[] =>
  inline(rule.program, [...inputs, ...rule.captured])

/* ---------------------------------------------------------------- jvp */

export const callJvp = (op: Call, x: readonly Tensor[], dx: readonly Tangent[]): Pair => {
  if (op.kind === 'opaque') return fail(op.name, op.why)
  const tag = op.tag as CallTag | null
  switch (tag?.rule) {
    case undefined:
    case 'transposed': {
      const dual = jvpOf(op.body, x, dx)
      return [dual.outs, dual.tangents]
    }
    case 'checkpoint': {
      const dual = jvpProgram(op.body, present(dx))
      const outs = emit({ ...op, body: dual.program }, [...x, ...there(dx), ...dual.captured])
      const m = op.body.outputs.length
      return [outs.slice(0, m), placed(dual.nonzero, outs.slice(m))]
    }
    case 'customJvp': {
      const results = apply(tag.jvp(), [...x.slice(0, tag.inputs), ...floatTangents(x, dx, tag.inputs)])
      const m = op.body.outputs.length
      return [results.slice(0, m), placed(outputTypes(op.body).map(isFloatType), results.slice(m))]
    }
    case 'customVjp':
      return fail(op.name, noForward)
    case 'kept':
      return [[x[x.length - 1]!], jvpRule(tag.op, x.slice(0, -1), dx.slice(0, -1), [x[x.length - 1]!])]
    case 'linearSolve': {
      const outs = emit(op, x)
      return [outs, solveTangents(op, tag, x, dx, outs, (...at) => jvpOf(...at).tangents)]
    }
  }
}

type SolveTag = Extract<CallTag, { readonly rule: 'linearSolve' }>

/** A x = b gives A dx = db − dA x; `moved` is the derivative of a program. */
const solveTangents = (
  op: OpOf<'call'>,
  tag: SolveTag,
  x: readonly Tensor[],
  dx: readonly Tangent[],
  solution: readonly Tensor[],
  derivative: (program: Program, x: readonly Tensor[], dx: readonly Tangent[]) => readonly Tangent[],
): readonly Tangent[] => {
  const [k, s, t, n] = tag.counts
  const first = k + s + t
  const moved = dx.slice(0, k).some((d) => d !== null)
    ? derivative(tag.operator(), [...solution, ...x.slice(0, k)], [...solution.map(() => null), ...dx.slice(0, k)])
    : solution.map(() => null)
  const right = dx
    .slice(first, first + n)
    .map((db, i) => (moved[i] === null ? db! : db === null ? neg(moved[i]!) : sub(db!, moved[i]!)))
  if (right.every((r) => r === null)) return right
  const operands = [...x.slice(0, first), ...right.map((r, i) => instantiate(r, typeOfTensor(solution[i]!)))]
  return emit({ ...op, body: solveBody(tag.solve(), n, first, k, operands) }, operands)
}

/* ---------------------------------------------------------- linearize */

export const callLinearize = (op: Call, x: readonly Tensor[], dx: readonly Tangent[]): Pair => {
  if (op.kind === 'opaque') return fail(op.name, op.why)
  const tag = op.tag as CallTag | null
  switch (tag?.rule) {
    case undefined:
    case 'transposed':
      return walk<Tensor>(op.body, x, dx, linearizeEqn)
    case 'checkpoint':
      return checkpointLinearize(op, tag.saved, x, dx)
    case 'customJvp':
      return ruleLinearize(op, tag, x, dx)
    case 'kept':
      return callJvp(op, x, dx)
    case 'customVjp': {
      const results = inParent(() => apply(tag.forward(), x.slice(0, tag.inputs)))
      const m = op.body.outputs.length
      const residuals = results.slice(m)
      const floats = outputTypes(op.body).map(isFloatType)
      const own: OpaqueTag = { rule: 'customVjp', residuals: residuals.length, backward: tag.backward }
      const types = outputTypes(op.body).filter(isFloatType)
      const tangents = emit({ kind: 'opaque', name: op.name, types, tag: own, why: noForward }, [
        ...residuals,
        ...floatTangents(x, dx, tag.inputs),
      ])
      return [results.slice(0, m), placed(floats, tangents)]
    }
    case 'linearSolve': {
      const outs = inParent(() => emit(op, x))
      return [outs, solveTangents(op, tag, x, dx, outs, (...at) => walk<Tensor>(...at, linearizeEqn)[1])]
    }
  }
}

type JvpTag = Extract<CallTag, { readonly rule: 'customJvp' }>

/** A rule is linear in its tangents, so it is split by linearising it there (anywhere: at zero), which takes its loops apart too.
 *  A rule that uses its tangents otherwise can be pushed as it stands, and not transposed. */
const ruleLinearize = (op: OpOf<'call'>, tag: JvpTag, x: readonly Tensor[], dx: readonly Tangent[]): Pair => {
  const rule = tag.jvp()
  const n = tag.inputs
  const floats = range(n).filter((i) => isFloatType(typeOfTensor(x[i]!)))
  const mask = [...range(n).map(() => false), ...floats.map((i) => dx[i] !== null), ...rule.captured.map(() => false)]
  const lin = linearizeProgram(rule.program, mask, () => true)
  if (readsAmong(lin.program, lin.residuals, n, n + floats.length)) {
    const outs = inParent(() => emit(op, x))
    return [outs, callJvp(op, x, dx)[1]]
  }
  const [inputs, outs] = inParent(() => {
    const zeros = floats.map((i) => instantiate(null, typeOfTensor(x[i]!)))
    const all = [...x.slice(0, n), ...zeros, ...rule.captured, ...lin.captured]
    return [all, inline(lin.program, all)]
  })
  const total = rule.program.outputs.length
  const m = op.body.outputs.length
  const results = placed(
    lin.nonzero,
    inline(lin.linear, [
      ...there(floats.map((i) => dx[i]!)),
      ...lin.residuals.map((place) => (place >= 0 ? inputs[place]! : outs[total - 1 - place]!)),
    ]),
  )
  return [outs.slice(0, m), placed(outputTypes(op.body).map(isFloatType), results, m)]
}

/** Whether residuals depend on the inputs from … to − 1 of the program that returns them behind its results. */
const readsAmong = (program: Program, residuals: readonly number[], from: number, to: number): boolean => {
  const fresh = residuals.filter((place) => place < 0).length
  const wanted = alive({ ...program, outputs: program.outputs.slice(program.outputs.length - fresh) })
  const read = new Set([...wanted.outputs, ...wanted.eqns.flatMap((eqn) => eqn.inputs)])
  return (
    residuals.some((place) => place >= from && place < to) || wanted.inputs.slice(from, to).some((id) => read.has(id))
  )
}

const holdsCustomVjp = (program: Program): boolean =>
  program.eqns.some(
    ({ op }) =>
      (op.kind === 'call' && (op.tag as CallTag | null)?.rule === 'customVjp') || bodiesOf(op).some(holdsCustomVjp),
  )

/** The program as its linearisation computes its values: by the forward rule of each customVjp, through which forward mode can go later. */
const valued = (program: Program, nonzero: readonly boolean[]): Recorded => {
  if (!holdsCustomVjp(program)) return { program, captured: [] }
  const lin = linearizeProgram(program, nonzero, () => true)
  const outputs = lin.program.outputs.slice(0, program.outputs.length)
  return { program: prune({ ...lin.program, outputs }), captured: lin.captured }
}

/** Values are computed outside as ever, keeping the saved names; the linear half is a call that computes the rest again. */
const checkpointLinearize = (
  op: OpOf<'call'>,
  saved: readonly string[],
  x: readonly Tensor[],
  dx: readonly Tangent[],
): Pair => {
  const { body } = op
  const m = body.outputs.length
  const whole = valued(exposed(body, saved), present(dx))
  const results = inParent(() => emit({ ...op, body: whole.program }, [...x, ...whole.captured]))
  const again = given(body, saved)
  const types = inputTypes(again)
  const mask = types.map((_, i) => i < dx.length && dx[i] !== null)
  const tangentTypes = types.filter((_, i) => mask[i])
  let nonzero: readonly boolean[] = []
  const { program, captured } = record(`again ${body.name}`, [...tangentTypes, ...types], (inputs) => {
    const t = tangentTypes.length
    // split here, not by jvp: loops inside must have their linear halves apart to be transposable
    const lin = linearizeOf(again, inputs.slice(t), mask)
    nonzero = lin.nonzero
    return inline(lin.linear, [...inputs.slice(0, t), ...lin.residuals])
  })
  const tangents = emit({ ...op, body: prune(program) }, [...there(dx), ...x, ...results.slice(m), ...captured])
  return [results.slice(0, m), placed(nonzero, tangents)]
}

/* ---------------------------------------------------------- transpose */

type ByRule = Pick<OpaqueTag, 'residuals' | 'backward'>

/** The transpose of what has a rule for it. */
const ruleTranspose = (
  name: string,
  { residuals, backward }: ByRule,
  cts: readonly Tangent[],
  x: readonly (Tensor | null)[],
  outs: readonly Type[],
): readonly Tangent[] => {
  const kept = x
    .slice(0, residuals)
    .map((r) => r ?? fail(name, 'a residual of its rule depends on tangents. This is a bug of autodiff.'))
  const given = cts.map((c, i) => instantiate(c, outs[i]!))
  return [...kept.map(() => null), ...apply(backward(), [...kept, ...given])]
}

export const callTranspose = (
  op: Call,
  cts: readonly Tangent[],
  x: readonly (Tensor | null)[],
  outs: readonly Type[],
): readonly Tangent[] => {
  if (op.kind === 'opaque') return ruleTranspose(op.name, op.tag as OpaqueTag, cts, x, outs)
  const linear = x.map((v) => v === null)
  const tag = op.tag as CallTag | null
  if (tag === null) return placed(linear, transposeOf(op.body, x, cts))
  if (tag.rule === 'transposed') return ruleTranspose(op.name, tag, cts, x, outs)
  if (tag.rule === 'linearSolve') return solveTranspose(op, tag, cts, x, outs)
  const t = transposeProgram(op.body, linear, present(cts))
  return placed(
    linear,
    placed(
      t.nonzero,
      emit({ ...op, body: t.program }, [...there(cts), ...x.filter((v): v is Tensor => v !== null), ...t.captured]),
    ),
  )
}

/** Aᵀ c for a program [x…, constants…] → A x that a user wrote. It is linearised first (anywhere: at zero): its loops and branches may compute
 *  what does not depend on x beside what does, and only a linearisation has the two apart. */
export const transposedAt = (
  operator: Program,
  types: readonly Type[],
  constants: readonly Tensor[],
  cts: readonly Tensor[],
): readonly Tensor[] => {
  const lin = linearizeOf(
    operator,
    [...types.map((type) => instantiate(null, type)), ...constants],
    [...types.map(() => true), ...constants.map(() => false)],
  )
  const given = cts.filter((_, i) => lin.nonzero[i])
  const back = transposeOf(lin.linear, [...types.map(() => null), ...lin.residuals], given)
  return back.map((c, i) => instantiate(c, types[i]!))
}

/** x = A⁻¹ b is linear in b: b̄ = A⁻ᵀ x̄. */
const solveTranspose = (
  op: OpOf<'call'>,
  tag: SolveTag,
  cts: readonly Tangent[],
  x: readonly (Tensor | null)[],
  outs: readonly Type[],
): readonly Tangent[] => {
  const [k, s, t, n] = tag.counts
  const constant = (i: number): Tensor =>
    x[i] ?? fail(op.name, 'a constant of the solve depends on tangents. This is a bug of autodiff.')
  const solve = tag.transposeSolve()
  const constants = range(k).map(constant)
  const made: Recorded | { readonly again: () => never } = tag.symmetric
    ? { program: tag.operator(), captured: [] }
    : attempt(() =>
        record(`transposed ${op.name}`, [...outs, ...constants.map(typeOfTensor)], (inputs) =>
          transposedAt(tag.operator(), outs, inputs.slice(n), inputs.slice(0, n)),
        ),
      )
  const [operator, captured] = 'program' in made ? [() => made.program, made.captured] : [made.again, []]
  const own = k + captured.length
  const next: SolveTag = {
    ...tag,
    counts: [own, t, s, n],
    operator,
    solve: () => solve,
    transposeSolve: tag.solve,
  }
  const at = (from: number, count: number): Tensor[] => range(count).map((i) => constant(from + i))
  const right = cts.map((c, i) => instantiate(c, outs[i]!))
  const operands = [...constants, ...captured, ...at(k + s, t), ...at(k, s), ...right]
  const back = emit({ ...op, body: solveBody(solve, n, own + t + s, own, operands), tag: next }, operands)
  return x.map((_, i) => back[i - k - s - t] ?? null)
}

/** The body of a solve call: a program [x…, constants…] on the operands from `x` and from `constants` on. Nothing reads the others. */
export const solveBody = (
  solve: Program,
  n: number,
  x: number,
  constants: number,
  operands: readonly Tensor[],
): Program => {
  const types = [...solve.types]
  const inputs = operands.map((operand, i) => {
    const place = i >= x && i < x + n ? i - x : i >= constants ? n + i - constants : -1
    return solve.inputs[place] ?? types.push(typeOfTensor(operand)) - 1
  })
  return { ...solve, types, inputs }
}

/* -------------------------------------------------------------- batch */

export const callBatch = (
  op: Call,
  x: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): readonly [readonly Tensor[], readonly boolean[]] => {
  if (op.kind === 'opaque') {
    const types = op.types.map((type) => withShape(type, [size, ...type.shape]))
    const tag = ruleBatch(op.tag as OpaqueTag, batched, size)
    return [emit({ ...op, types, tag }, x), types.map(() => true)]
  }
  const tag = op.tag as CallTag | null
  if (tag === null || tag.rule === 'kept') return batchOf(op.body, x, batched, size)
  if (tag.rule === 'checkpoint') {
    const b = batchProgram(op.body, batched, size)
    return [emit({ ...op, body: b.program }, x), b.batched]
  }
  const all = op.body.outputs.map(() => true)
  if (tag.rule === 'linearSolve') return solveBatch(op, tag, x, batched, size)
  const whole = batchProgram(op.body, batched, size, all)
  if (tag.rule === 'transposed')
    return [emit({ ...op, body: whole.program, tag: ruleBatch(tag, batched, size) }, x), all]
  const inputs = batched.slice(0, tag.inputs)
  const floats = inputTypes(op.body).slice(0, tag.inputs).map(isFloatType)
  const tangents = inputs.filter((_, i) => floats[i])
  const next: CallTag =
    tag.rule === 'customJvp'
      ? { ...tag, jvp: once(() => batchedRule(tag.jvp(), [...inputs, ...tangents], size)) }
      : {
          ...tag,
          forward: once(() => batchedRule(tag.forward(), inputs, size)),
          // all outputs and residuals of the batched forward rule carry the batch
          backward: once(() => {
            const rule = tag.backward()
            const floatOuts = outputTypes(op.body).filter(isFloatType).length
            return batchedBackward(
              rule,
              range(rule.program.inputs.length - rule.captured.length - floatOuts).map(() => true),
              tangents,
              size,
            )
          }),
        }
  return [emit({ ...op, body: whole.program, tag: next }, x), all]
}

/** What has a rule for its transpose, batched: so is that rule. */
const ruleBatch = <T extends ByRule>(tag: T, batched: readonly boolean[], size: number): T => {
  const { residuals, backward } = tag
  return {
    ...tag,
    backward: once(() => batchedBackward(backward(), batched.slice(0, residuals), batched.slice(residuals), size)),
  }
}

/** A rule on batched inputs; all its results carry the batch, what it captured does not. */
const batchedRule = (rule: Recorded, inputs: readonly boolean[], size: number): Recorded => ({
  program: batchProgram(
    rule.program,
    [...inputs, ...rule.captured.map(() => false)],
    size,
    rule.program.outputs.map(() => true),
  ).program,
  captured: rule.captured,
})

/** A backward rule on batched cotangents: the cotangent of an input without the batch is the sum over it. */
const batchedBackward = (
  rule: Recorded,
  residuals: readonly boolean[],
  inputs: readonly boolean[],
  size: number,
): Recorded => {
  const cts = rule.program.inputs.length - rule.captured.length - residuals.length
  const b = batchProgram(
    rule.program,
    [...residuals, ...range(cts).map(() => true), ...rule.captured.map(() => false)],
    size,
    rule.program.outputs.map(() => true),
  )
  const { program } = record(rule.program.name, inputTypes(b.program), (values) =>
    inline(b.program, values).map((ct, i) => (inputs[i] ? ct : sum(ct, [0]))),
  )
  return { program, captured: rule.captured }
}

const solveBatch = (
  op: OpOf<'call'>,
  tag: SolveTag,
  x: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): readonly [readonly Tensor[], readonly boolean[]] => {
  const [k, s, t, n] = tag.counts
  const first = k + s + t
  const right = (i: number): boolean => i >= first && i < first + n
  const all = range(n).map(() => true)
  const batch = (program: Program, from: number, count: number): Program =>
    batchProgram(program, [...all, ...batched.slice(from, from + count)], size, all).program
  const next: SolveTag = {
    ...tag,
    operator: once(() => batch(tag.operator(), 0, k)),
    solve: once(() => batch(tag.solve(), k, s)),
    transposeSolve: once(() => batch(tag.transposeSolve(), k + s, t)),
  }
  const operands = x.map((v, i) => (right(i) && !batched[i] ? spread(v, size) : v))
  const body = batchProgram(
    op.body,
    batched.map((flag, i) => flag || right(i)),
    size,
    all,
  ).program
  return [emit({ ...op, body, tag: next }, operands), all]
}
