/** What reverse mode keeps, and what it does not see. */

import {
  eager,
  emit,
  emit1,
  fail,
  inline,
  inputTypes,
  nameOf,
  type Op,
  type OpOf,
  type Program,
  record,
  recordTree,
  type Structure,
  staged,
  type Tensor,
  tensorsOf,
  typeOfTensor,
  unflatten,
  withShape,
} from '../language.js'
import { reshape } from '../rules/raw.js'
import type { CallTag } from '../transforms/tags.js'

/** The same values, constant to every derivative. @example grad((x: Tensor) => mul(x, stopGradient(x)))(array(3)) // => f32[] 3 */
export const stopGradient = <T>(tree: T): T => {
  const { leaves, structure } = tensorsOf('stopGradient', tree)
  return unflatten(
    structure,
    leaves.map((x) => emit1({ kind: 'mark', role: 'constant', name: '' }, x)),
  ) as T
}

/** Names values, so that the policy of a `checkpoint` around can keep them. @example checkpointName(array(1), 'hidden') // => f32[] 1 */
export const checkpointName = <T>(tree: T, name: string): T => {
  const { leaves, structure } = tensorsOf('checkpointName', tree)
  return unflatten(
    structure,
    leaves.map((x) => emit1({ kind: 'mark', role: 'name', name }, x)),
  ) as T
}

/** What a checkpointed function keeps for its derivatives, besides its inputs:
 *  'nothing' (all is computed again), 'everything' (as without a checkpoint), names given by `checkpointName`,
 *  or 'sqrt': every scan in it keeps its carry at √n places and computes the steps between again. */
export type CheckpointPolicy = 'nothing' | 'everything' | 'sqrt' | { readonly names: readonly string[] }

/** f, whose derivatives compute its values again instead of keeping them.
 *  Shapes   as f
 *  Cost     one more f for each derivative; keeps what the policy names: for a scan of n steps with 'sqrt' about 2√n carries instead of n sets of residuals.
 *  Laws     values and derivatives equal those of f
 *  Source   Griewank and Walther 2000; Chen et al. 2016 (√n)
 *  @example grad(checkpoint((x: Tensor) => sin(sin(x))))(array(0)) // => f32[] 1 */
export const checkpoint = <A extends readonly unknown[], R>(
  f: (...args: A) => R,
  { policy = 'nothing' }: { readonly policy?: CheckpointPolicy } = {},
): ((...args: A) => R) => {
  const known =
    policy === 'nothing' ||
    policy === 'everything' ||
    policy === 'sqrt' ||
    (typeof policy === 'object' && Array.isArray(policy.names))
  if (!known)
    fail('checkpoint', `policy is 'nothing', 'everything', 'sqrt' or { names }, got ${JSON.stringify(policy)}.`)
  if (policy === 'everything') return f
  return eager((...args: A): R => {
    const name = `checkpoint ${nameOf(f)}`
    const { leaves, structure } = tensorsOf(name, args)
    let out: Structure | undefined
    const outs = staged(name, leaves, (inputs) => {
      const t = recordTree(nameOf(f), leaves.map(typeOfTensor), (xs) =>
        f(...(unflatten(structure, xs) as unknown as A)),
      )
      out = t.out
      const operands = [...inputs, ...t.captured]
      if (policy === 'sqrt') return inline(segmented(t.program), operands)
      return fenced(t.program, typeof policy === 'object' ? policy.names : [], operands)
    })
    return unflatten(out!, outs) as R
  })
}

const fenced = (body: Program, saved: readonly string[], operands: readonly Tensor[]): readonly Tensor[] =>
  emit(
    { kind: 'call', name: body.name, body, fence: true, tag: { rule: 'checkpoint', saved } satisfies CallTag },
    operands,
  )

/** The program with every scan in it cut into about √n segments of about √n steps, each of them a checkpoint. */
const segmented = (program: Program): Program =>
  record(program.name, inputTypes(program), (inputs) => {
    const value = new Map<number, Tensor>()
    program.inputs.forEach((id, i) => {
      value.set(id, inputs[i]!)
    })
    for (const eqn of program.eqns) {
      const x = eqn.inputs.map((id) => value.get(id)!)
      const outs = eqn.op.kind === 'scan' && eqn.op.length > 3 ? segments(eqn.op, x) : emit(within(eqn.op), x)
      eqn.outputs.forEach((id, i) => {
        value.set(id, outs[i]!)
      })
    }
    return program.outputs.map((id) => value.get(id)!)
  }).program

/** Short loops, branches and checkpoints with the scans in them cut. */
const within = (op: Op): Op => {
  switch (op.kind) {
    case 'scan':
      return { ...op, body: segmented(op.body) }
    case 'cond':
      return { ...op, branches: op.branches.map(segmented) }
    case 'call':
      return op.tag === null || (op.tag as CallTag).rule === 'checkpoint' ? { ...op, body: segmented(op.body) } : op
    default:
      return op
  }
}

const segments = (op: OpOf<'scan'>, x: readonly Tensor[]): readonly Tensor[] => {
  const { carry, xs, length, reverse } = op
  const body = segmented(op.body)
  const steps = Math.ceil(Math.sqrt(length))
  const count = Math.floor(length / steps)
  const rest = length - count * steps
  const constants = x.slice(carry + xs)
  const rows = x.slice(carry, carry + xs)
  // a reversed scan begins at its end, so the odd segment stands at the front of xs
  const [mainFrom, restFrom] = reverse ? [rest, 0] : [0, count * steps]
  const cut = (v: Tensor, from: number, n: number): Tensor =>
    emit1(
      {
        kind: 'slice',
        start: v.shape.map((_, i) => (i === 0 ? from : 0)),
        stop: v.shape.map((m, i) => (i === 0 ? from + n : m)),
        step: v.shape.map(() => 1),
      },
      v,
    )
  const run = (n: number): Program => {
    const types = inputTypes(body).map((t, i) => (i >= carry && i < carry + xs ? withShape(t, [n, ...t.shape]) : t))
    return record(`segment of ${op.body.name}`, types, (inputs) => emit({ ...op, length: n, body }, inputs)).program
  }
  const outer = record(`segments of ${op.body.name}`, inputTypes(run(steps)), (inputs) =>
    fenced(run(steps), [], inputs),
  ).program
  const main = emit({ ...op, length: count, body: outer }, [
    ...x.slice(0, carry),
    ...rows.map((v) => reshape(cut(v, mainFrom, count * steps), [count, steps, ...v.shape.slice(1)])),
    ...constants,
  ])
  const ys = main.slice(carry).map((y) => reshape(y, [count * steps, ...y.shape.slice(2)]))
  if (rest === 0) return [...main.slice(0, carry), ...ys]
  const last = fenced(
    run(rest),
    [],
    [...main.slice(0, carry), ...rows.map((v) => cut(v, restFrom, rest)), ...constants],
  )
  return [
    ...last.slice(0, carry),
    ...ys.map((y, i) =>
      emit1({ kind: 'concatenate', axis: 0 }, ...(reverse ? [last[carry + i]!, y] : [y, last[carry + i]!])),
    ),
  ]
}
