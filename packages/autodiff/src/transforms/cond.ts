/** Branches under each transform: all agree on which results carry a tangent, a cotangent or a batch. */

import {
  emit,
  inline,
  inParent,
  inputTypes,
  type OpOf,
  outputTypes,
  type Program,
  type Recorded,
  record,
  type Tensor,
  type Type,
  typeOfTensor,
} from '../language.js'
import { equal, literalIndex, reshape, select, type Tangent, zeros } from '../rules/raw.js'
import { batchProgram } from './batch.js'
import { jvpProgram } from './jvp.js'
import { linearizeProgram } from './linearize.js'
import type { Pair } from './loops.js'
import { chosen, placed, present } from './masks.js'
import { transposeProgram } from './transpose.js'

/** Branches agree on which results are marked: the union. One that marks fewer is made again, so that nested branches do not double the work at each level. */
const agreed = <R extends { readonly marks: readonly boolean[] }>(
  branches: readonly Program[],
  make: (branch: Program, forced: readonly boolean[]) => R,
): readonly R[] => {
  const first = branches.map((branch) => make(branch, []))
  const union = first[0]!.marks.map((_, i) => first.some((r) => r.marks[i]))
  return first.map((r, b) => (r.marks.every((mark, i) => mark === union[i]) ? r : make(branches[b]!, union)))
}

/** Branches that each take, behind their inputs, what any of them captured. */
const joined = (
  branches: readonly Recorded[],
): { readonly programs: readonly Program[]; readonly captured: readonly Tensor[] } => {
  const captured = [...new Set(branches.flatMap((branch) => branch.captured))]
  if (captured.length === 0) return { programs: branches.map((branch) => branch.program), captured }
  const programs = branches.map(({ program, captured: own }) => {
    const n = program.inputs.length - own.length
    const types = [...inputTypes(program).slice(0, n), ...captured.map(typeOfTensor)]
    return record(program.name, types, (inputs) =>
      inline(program, [...inputs.slice(0, n), ...own.map((x) => inputs[n + captured.indexOf(x)]!)]),
    ).program
  })
  return { programs, captured }
}

export const condJvp = (op: OpOf<'cond'>, x: readonly Tensor[], dx: readonly Tangent[]): Pair => {
  const mask = present(dx.slice(1))
  const duals = agreed(op.branches, (branch, forced) => {
    const dual = jvpProgram(branch, mask, forced)
    return { ...dual, marks: dual.nonzero }
  })
  const { programs, captured } = joined(duals)
  const outs = emit({ kind: 'cond', branches: programs }, [
    ...x,
    ...chosen(dx.slice(1), mask).map((d) => d!),
    ...captured,
  ])
  const m = op.branches[0]!.outputs.length
  return [outs.slice(0, m), placed(duals[0]!.nonzero, outs.slice(m))]
}

/** Residuals of different branches share slots of equal type; the branch not taken leaves zeros there. */
export const condLinearize = (op: OpOf<'cond'>, x: readonly Tensor[], dx: readonly Tangent[]): Pair => {
  const mask = present(dx.slice(1))
  const operands = x.slice(1)
  const m = op.branches[0]!.outputs.length
  const outs = outputTypes(op.branches[0]!)
  const split = agreed(op.branches, (branch, forced) => {
    const lin = linearizeProgram(
      branch,
      mask,
      () => true,
      (tangents) => tangents.map((t, i) => (t === null && forced[i] ? zeros(outs[i]!) : t)),
    )
    return { ...lin, marks: lin.nonzero }
  })
  const slots: Type[] = []
  const assigned = split.map((branch) => {
    const used = new Set<number>()
    return outputTypes(branch.program)
      .slice(m)
      .map((type) => {
        const free = slots.findIndex((slot, s) => slot === type && !used.has(s))
        const at = free >= 0 ? free : slots.push(type) - 1
        used.add(at)
        return at
      })
  })
  const primals = split.map((branch, b): Recorded => {
    const { program } = record(branch.program.name, inputTypes(branch.program), (inputs) => {
      const results = inline(branch.program, inputs)
      return [
        ...results.slice(0, m),
        ...slots.map((slot, s) => (assigned[b]!.includes(s) ? results[m + assigned[b]!.indexOf(s)]! : zeros(slot))),
      ]
    })
    return { program, captured: branch.captured }
  })
  const { programs, captured } = joined(primals)
  const values = inParent(() => emit({ kind: 'cond', branches: programs }, [...x, ...captured]))
  const tangents = chosen(dx.slice(1), mask).map((d) => d!)
  const tangentTypes = chosen(inputTypes(op.branches[0]!), mask)
  const shared = [...new Set(split.flatMap((branch) => branch.residuals.filter((place) => place >= 0)))]
  const types = [...tangentTypes, ...slots, ...shared.map((i) => inputTypes(op.branches[0]!)[i]!)]
  const linears = split.map(
    (branch, b) =>
      record(branch.linear.name, types, (inputs) => {
        const t = tangents.length
        const residuals = branch.residuals.map((place) =>
          place >= 0 ? inputs[t + slots.length + shared.indexOf(place)]! : inputs[t + assigned[b]![-1 - place]!]!,
        )
        return inline(branch.linear, [...inputs.slice(0, t), ...residuals])
      }).program,
  )
  const linear = emit({ kind: 'cond', branches: linears }, [
    x[0]!,
    ...tangents,
    ...values.slice(m),
    ...shared.map((i) => operands[i]!),
  ])
  return [values.slice(0, m), placed(split[0]!.nonzero, linear)]
}

export const condTranspose = (
  op: OpOf<'cond'>,
  cts: readonly Tangent[],
  x: readonly (Tensor | null)[],
): readonly Tangent[] => {
  const linear = x.slice(1).map((v) => v === null)
  const given = present(cts)
  const backs = agreed(op.branches, (branch, forced) => {
    const t = transposeProgram(branch, linear, given, forced)
    return { ...t, marks: t.nonzero }
  })
  const { programs, captured } = joined(backs)
  const results = emit({ kind: 'cond', branches: programs }, [
    x[0]!,
    ...chosen(cts, given).map((c) => c!),
    ...x.slice(1).filter((v): v is Tensor => v !== null),
    ...captured,
  ])
  const back = placed(backs[0]!.nonzero, results)
  return [null, ...placed(linear, back)]
}

export const condBatch = (
  op: OpOf<'cond'>,
  x: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): readonly [readonly Tensor[], readonly boolean[]] => {
  const flags = batched.slice(1)
  if (!batched[0]) {
    const branches = agreed(op.branches, (branch, forced) => {
      const b = batchProgram(branch, flags, size, forced)
      return { ...b, marks: b.batched }
    })
    return [emit({ kind: 'cond', branches: branches.map((b) => b.program) }, x), branches[0]!.batched]
  }
  // indices differ: all branches run, and each lane selects
  const all = op.branches[0]!.outputs.map(() => true)
  const results = op.branches.map((branch) => inline(batchProgram(branch, flags, size, all).program, x.slice(1)))
  const last = op.branches.length - 1
  const index = emit({ kind: 'binary', fn: 'min' }, [x[0]!, literalIndex(last)])[0]!
  const outs = results[0]!.map((first, j) =>
    results.slice(1).reduce((value, branch, i) => {
      const here = reshape(equal(index, literalIndex(i + 1)), [size, ...first.shape.slice(1).map(() => 1)])
      return select(here, branch[j]!, value)
    }, first),
  )
  return [outs, all]
}
