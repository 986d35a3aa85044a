/** The values of nodes in a scope. */

import type { Scalar } from '../../kernel/kernel.js'
import type { UnaryFn } from '../../program/op.js'
import { type Code, get, i32x4, type Local, set, v128 } from '../assembler.js'
import { expandedUnaryF32, inlineUnaryF32 } from '../math/f32.js'
import { setThreefry } from '../math/threefry.js'
import { applied } from './apply.js'
import { castLanes } from './cast.js'
import type { NodeForm } from './form.js'
import { constantOf, loadSplat } from './lanes.js'
import { load } from './memory.js'
import { laneStride, type Scope, type Writer, wordOf } from './scope.js'

/** Computes those of the nodes that depend on nothing further in than this scope and are not yet known. */
export const evaluate = (w: Writer, scope: Scope, needs: readonly number[]): Code =>
  needs.map((i) =>
    scope.values.has(i) || w.form.nodes[i]!.depth > scope.depth ? [] : compute(w, scope, i, w.form.nodes[i]!, needs),
  )

const compute = (w: Writer, scope: Scope, i: number, node: NodeForm, needs: readonly number[]): Code => {
  const done = (x: readonly Local[], code: Code): Code => {
    scope.values.set(i, x)
    return code
  }
  if (node.kind === 'reduced') return done(w.reduced.get(node.reduction)!, [])
  if (node.kind === 'load') {
    const [code, x] = load(w, scope, node)
    return done(x, code)
  }
  const x = Array.from({ length: node.laneful ? scope.copies : 1 }, () => w.take())
  const each = (write: (c: number) => Code): Code =>
    done(
      x,
      x.map((copy, c) => set(copy, write(c))),
    )
  switch (node.kind) {
    case 'constant':
      return each(() => constantOf(node.words))
    case 'number':
      return each(() => loadSplat(node.dtype === 'f64' ? 'f64' : 'f32', w.words, 4 * node.at))
    case 'index': {
      if (node.dtype === 'i32' || node.dtype === 'u32') return each((c) => positions(w, scope, node.affine, c))
      const plain = w.take()
      return done(
        x,
        x.map((copy, c) => [
          set(plain, positions(w, scope, node.affine, c)),
          set(copy, castLanes('i32', node.dtype, get(plain))),
        ]),
      )
    }
    case 'inside':
      return each((c) =>
        node.bounds
          .map(({ affine, size }) => i32x4.ltU(positions(w, scope, affine, c), i32x4.splat(wordOf(w, size))))
          .reduce<Code>((all, one) => v128.and(all, one), i32x4.const(-1)),
      )
    case 'apply': {
      const inputs = (c: number): Code[] =>
        node.inputs.map((input) => {
          const of = scope.values.get(input)!
          return get(of[Math.min(c, of.length - 1)]!)
        })
      const { scalar } = node
      if (scalar.kind !== 'threefry') {
        const from = w.form.nodes[node.inputs[0]!]!.dtype
        return each((c) => {
          const [first, ...rest] = inputs(c)
          return scalar.kind === 'unary' && node.dtype === 'f32' && expands(w)
            ? expandedUnaryF32(scalar.fn, first!, w.take)
            : applied(scalar, from, node.dtype, [first!, ...rest])
        })
      }
      // both words of a pair at once, where both are needed
      const y = x.map(() => w.take())
      const other = needs.find((j) => isOtherWord(w.form.nodes[j]!, node, scalar))
      if (other !== undefined) scope.values.set(other, y)
      return done(
        x,
        x.map((copy, c) => {
          const [k0, k1, c0, c1] = inputs(c) as [Code, Code, Code, Code]
          return scalar.word === 0 ? setThreefry(copy, y[c]!, k0, k1, c0, c1) : setThreefry(y[c]!, copy, k0, k1, c0, c1)
        }),
      )
    }
  }
}

/** The most functions of a kernel whose code is put in place of calls. */
const mostExpanded = 4

/** Code in place spares a call and lets the engine keep its constants across turns: a third of the time. Many of them would be much code. */
const expands = ({ form }: Writer): boolean =>
  form.nodes.filter((node) => node.kind === 'apply' && node.scalar.kind === 'unary' && isDear(node.scalar.fn)).length <=
  mostExpanded

const isDear = (fn: UnaryFn): boolean => inlineUnaryF32(fn, []) === undefined

const isOtherWord = (
  node: NodeForm,
  one: Extract<NodeForm, { kind: 'apply' }>,
  scalar: Extract<Scalar, { kind: 'threefry' }>,
): boolean =>
  node.kind === 'apply' &&
  node.scalar.kind === 'threefry' &&
  node.scalar.word !== scalar.word &&
  node.inputs.every((input, k) => input === one.inputs[k])

/** An affine function in each lane of copy c. */
const positions = (w: Writer, scope: Scope, i: number, c: number): Code => {
  const affine = w.form.affines[i]!
  const here = i32x4.splat(get(scope.at[i]!))
  if (affine.lane === 'zero') return here
  const first = c * w.form.lanes
  const ramp = i32x4.const(first, first + 1, first + 2, first + 3)
  return i32x4.add(here, affine.lane === 'unit' ? ramp : i32x4.mul(ramp, i32x4.splat(laneStride(w, affine))))
}
