/** The operations of a Program: a closed union of kind and static parameters.
 *
 *  Operands are listed in the comment of each kind; `…b` stands for leading batch axes.
 *  Every table over operations (shapes, lowering, derivatives, batching) is a mapped type over `Op['kind']`,
 *  so that a missing row does not compile. */

import type { DType } from '../dtype.js'
import type { Shape } from '../shape.js'
import type { CustomKernel } from './custom.js'
import type { Program } from './program.js'
import type { Type } from './type.js'

export type UnaryFn =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'trunc'
  | 'not'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'rsqrt'
  | 'cbrt'
  | 'square'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'sigmoid'
  | 'softplus'
  | 'relu'
  | 'erf'
  | 'erfc'
  | 'erfinv'
  | 'lgamma'

export type BinaryFn =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'max'
  | 'min'
  | 'atan2'
  | 'mod'
  | 'rem'
  | 'quot'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'shr'

export type CompareFn = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'
export type TestFn = 'nan' | 'infinite' | 'finite'
export type ReduceFn = 'sum' | 'max' | 'min' | 'and' | 'or'
export type ConvDirection = 'forward' | 'input' | 'filter'

type Pair = readonly [number, number]

export type Op =
  // constants: no operands
  | { readonly kind: 'full'; readonly value: number; readonly type: Type }
  | { readonly kind: 'iota'; readonly axis: number; readonly type: Type }
  // elementwise; operands broadcast as in NumPy
  | { readonly kind: 'cast'; readonly dtype: DType } // x
  | { readonly kind: 'bitcast'; readonly dtype: DType } // x, same width
  | { readonly kind: 'unary'; readonly fn: UnaryFn } // x
  | { readonly kind: 'test'; readonly fn: TestFn } // x → bool
  | { readonly kind: 'polygamma'; readonly n: number } // x: ψ⁽ⁿ⁾(x)
  | { readonly kind: 'binary'; readonly fn: BinaryFn } // x, y of one dtype
  | { readonly kind: 'compare'; readonly fn: CompareFn } // x, y of one dtype → bool
  | { readonly kind: 'select' } // condition: bool, x, y of one dtype
  | { readonly kind: 'threefry' } // k0, k1, c0, c1: u32 → two u32
  // reductions: axes ascending, not kept
  | { readonly kind: 'reduce'; readonly fn: ReduceFn; readonly axes: readonly number[] } // x
  | { readonly kind: 'argReduce'; readonly fn: 'max' | 'min'; readonly axis: number } // x → i32; the first of equals, NaN wins
  | { readonly kind: 'cumsum'; readonly axis: number; readonly reverse: boolean } // x
  // shape
  | { readonly kind: 'reshape'; readonly shape: Shape } // x
  | { readonly kind: 'transpose'; readonly perm: readonly number[] } // x; axis i of the result is axis perm[i] of x
  | { readonly kind: 'broadcast'; readonly shape: Shape; readonly axes: readonly number[] } // x; axes are the new ones: the dual of sum
  | { readonly kind: 'slice'; readonly start: Shape; readonly stop: Shape; readonly step: Shape } // x
  | {
      readonly kind: 'pad'
      readonly low: Shape
      readonly high: Shape
      readonly interior: Shape
      readonly value: number
    } // x
  | { readonly kind: 'concatenate'; readonly axis: number } // x, …
  | { readonly kind: 'flip'; readonly axes: readonly number[] } // x
  // contraction
  | {
      readonly kind: 'dot'
      readonly batch: number
      readonly left: 'plain' | 'transposed'
      readonly right: 'plain' | 'transposed'
    } // […b, M, K], […b, K, N]
  | {
      // one trilinear form Σ x[n, i, stride·o + dilation·k − low] · w[f, i, k] · y[n, f, o], with one of the three left out:
      // forward (x, w) → y; input (w, y) → x; filter (x, y) → w. `size` is the spatial size of the result.
      readonly kind: 'conv'
      readonly direction: ConvDirection
      readonly strides: Shape
      readonly padding: readonly Pair[]
      readonly dilation: Shape
      readonly groups: number
      readonly size: Shape
    }
  | { readonly kind: 'unfold'; readonly window: Shape; readonly strides: Shape; readonly dilation: Shape } // x […, s…] → […, o…, window…]
  | {
      readonly kind: 'fold'
      readonly size: Shape
      readonly window: Shape
      readonly strides: Shape
      readonly dilation: Shape
    } // the dual of unfold
  // indexing
  | { readonly kind: 'gather'; readonly batch: number; readonly fill: number } // x […b, n, …r], i […b, …i] → […b, …i, …r]; out of range reads fill
  | { readonly kind: 'scatterAdd'; readonly batch: number; readonly size: number } // u […b, …i, …r], i […b, …i] → […b, size, …r]; out of range is dropped
  | { readonly kind: 'dynamicSlice'; readonly sizes: Shape } // x, starts: i32[rank], clamped
  | { readonly kind: 'dynamicUpdateSlice' } // x, update, starts: i32[rank], clamped
  | { readonly kind: 'argsort'; readonly axis: number; readonly descending: boolean } // x → i32; stable, NaN last
  // brought by its user: operands and results as the kernel says
  | { readonly kind: 'custom'; readonly kernel: CustomKernel }
  // control: bodies are programs; operands in the order of the body's inputs
  | {
      readonly kind: 'scan'
      readonly carry: number
      readonly xs: number
      readonly length: number
      readonly reverse: boolean
      readonly body: Program
    } // carry…, xs…, constants… → carry…, ys…
  | {
      readonly kind: 'while'
      readonly carry: number
      readonly condConsts: number
      readonly cond: Program
      readonly body: Program
    } // carry…, constants of cond…, of body… → carry…
  | { readonly kind: 'cond'; readonly branches: readonly Program[] } // index: i32 (clamped), operands… → outputs…
  // carried for others: the tag means nothing here
  | {
      readonly kind: 'call'
      readonly name: string
      readonly body: Program
      readonly fence: boolean
      readonly tag: unknown
    } // operands…; a fence is never inlined, so its work stays its own
  | {
      readonly kind: 'opaque'
      readonly name: string
      readonly types: readonly Type[]
      readonly tag: unknown
      readonly why: string
    } // cannot be run: says why
  | { readonly kind: 'mark'; readonly role: 'constant' | 'name'; readonly name: string } // x → x
  | { readonly kind: 'print'; readonly label: string; readonly sink: (text: string) => void } // x → nothing

export type Kind = Op['kind']
export type OpOf<K extends Kind> = Extract<Op, { readonly kind: K }>

const none: readonly Program[] = []

/** The sub-programs that an operation holds. */
export const bodiesOf = (op: Op): readonly Program[] => {
  switch (op.kind) {
    case 'scan':
    case 'call':
      return [op.body]
    case 'while':
      return [op.cond, op.body]
    case 'cond':
      return op.branches
    default:
      return none
  }
}
