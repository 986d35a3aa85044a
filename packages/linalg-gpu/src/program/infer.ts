/** The shape rule of each operation: operand types to result types, or an error that names the operation and what it got.
 *  Functions that users call check their own arguments first, under their own names; these rules are what the validator trusts. */

import { arithmetic, bytesOf, isFloat, isInteger } from '../dtype.js'
import { fail, showShape, showType } from '../errors.js'
import { broadcastShapes, type Shape, sameShape, sizeOf } from '../shape.js'
import type { Kind, Op, OpOf } from './op.js'
import { inputTypes, outputTypes, type Program } from './program.js'
import { type Type, typeOf, withShape } from './type.js'

type Rule<K extends Kind> = (op: OpOf<K>, x: readonly Type[]) => readonly Type[]

/** How many operands each kind takes; −1 where its own rule says. */
const arity: { readonly [K in Kind]: number } = {
  full: 0, iota: 0,
  cast: 1, bitcast: 1, unary: 1, test: 1, polygamma: 1, binary: 2, compare: 2, select: 3, threefry: 4,
  reduce: 1, argReduce: 1, cumsum: 1, argsort: 1,
  reshape: 1, transpose: 1, broadcast: 1, slice: 1, pad: 1, concatenate: -1, flip: 1,
  dot: 2, conv: 2, unfold: 1, fold: 1,
  gather: 2, scatterAdd: 2, dynamicSlice: 2, dynamicUpdateSlice: 3,
  custom: -1,
  scan: -1, while: -1, cond: -1, call: -1, opaque: -1, mark: 1, print: 1,
} // biome-ignore format: a table by family

const floats = (name: string, x: Type): Type =>
  isFloat(x.dtype) ? x : fail(name, `needs a float operand, got ${showType(x)}.`)

const sameDType = (name: string, x: Type, y: Type): void => {
  if (x.dtype !== y.dtype) fail(name, `operands differ in dtype: ${showType(x)} and ${showType(y)}.`)
}

const joined = (name: string, x: Type, y: Type): Shape =>
  broadcastShapes(x.shape, y.shape) ??
  fail(name, `shapes ${showShape(x.shape)} and ${showShape(y.shape)} do not broadcast.`)

const i32 = (name: string, x: Type): void => {
  if (x.dtype !== 'i32') fail(name, `indices are i32, got ${showType(x)}.`)
}

/** Sums and products are not made in a storage dtype. */
const adds = (name: string, x: Type): void => {
  if (arithmetic(x.dtype) !== x.dtype) fail(name, `${x.dtype} is a storage dtype: cast it first.`)
}

const axisOf = (name: string, axis: number, x: Type): void => {
  if (!(Number.isInteger(axis) && axis >= 0 && axis < x.shape.length))
    fail(name, `axis ${axis} is none of ${showType(x)}.`)
}

/** Distinct axes in ascending order. */
const axesOf = (name: string, axes: readonly number[], rank: number): void => {
  axes.forEach((axis, i) => {
    if (!(Number.isInteger(axis) && axis >= 0 && axis < rank && (i === 0 || axis > axes[i - 1]!)))
      fail(name, `axes ${showShape(axes)} are not ascending axes of rank ${rank}.`)
  })
}

/** Parameters that say one thing for each axis. */
const perAxis = (name: string, x: Type, ...lists: readonly (readonly unknown[])[]): void => {
  for (const list of lists)
    if (list.length !== x.shape.length) fail(name, `${list.length} parameters for the axes of ${showType(x)}.`)
}

/** Windows fit the last axes, strides and dilations are at least 1. */
const window = (
  name: string,
  op: { readonly window: Shape; readonly strides: Shape; readonly dilation: Shape },
  x: Type,
  axes: number,
): void => {
  const n = op.window.length
  if (op.strides.length !== n || op.dilation.length !== n || x.shape.length < axes)
    fail(name, `windows ${showShape(op.window)} do not fit ${showType(x)}.`)
  if (![...op.window, ...op.strides, ...op.dilation].every((v) => Number.isInteger(v) && v >= 1))
    fail(name, 'windows, strides and dilations are at least 1.')
}

const anyDType = new Set(['neg', 'abs', 'sign', 'square', 'relu'])
const rounding = new Set(['floor', 'ceil', 'round', 'trunc'])
const bitwise = new Set(['and', 'or', 'xor'])
const onIntegers = new Set(['shl', 'shr', 'quot'])

const unary: Rule<'unary'> = (op, [x]) => {
  if (op.fn === 'not') {
    if (isFloat(x!.dtype)) fail('not', `needs bool or integers, got ${showType(x!)}.`)
  } else if (!anyDType.has(op.fn) && !(rounding.has(op.fn) && isInteger(x!.dtype))) floats(op.fn, x!)
  else if (arithmetic(x!.dtype) !== x!.dtype) fail(op.fn, `${x!.dtype} is a storage dtype: cast it first.`)
  return [x!]
}

const binary: Rule<'binary'> = (op, x) => {
  const [a, b] = x as [Type, Type]
  sameDType(op.fn, a, b)
  if (
    bitwise.has(op.fn)
      ? isFloat(a.dtype)
      : onIntegers.has(op.fn)
        ? !isInteger(a.dtype)
        : op.fn === 'atan2' || op.fn === 'div'
          ? !isFloat(a.dtype)
          : false
  )
    fail(op.fn, `is not defined for ${a.dtype}.`)
  if (!bitwise.has(op.fn) && arithmetic(a.dtype) !== a.dtype && op.fn !== 'max' && op.fn !== 'min')
    fail(op.fn, `${a.dtype} is a storage dtype: cast it first.`)
  if (a === b) return [a]
  return [typeOf(a.dtype, joined(op.fn, a, b), a.weak && b.weak)]
}

const spatialOut = (size: number, window: number, stride: number, dilation: number): number =>
  Math.max(0, Math.floor((size - (window - 1) * dilation - 1) / stride) + 1)

/** x [n, c, …], w [f, c / groups, …] and y [n, f, …]: the one that is left out has the shape that the other two ask for. */
const conv: Rule<'conv'> = (op, operands) => {
  const [a, b] = operands as [Type, Type]
  const { direction, groups, size } = op
  sameDType('conv', a, b)
  adds('conv', a)
  const rank = op.strides.length + 2
  if (
    [op.padding, op.dilation, size].some((list) => list.length + 2 !== rank) ||
    operands.some((type) => type.shape.length !== rank)
  )
    fail('conv', `operands of rank ${rank} expected, got ${showType(a)} and ${showType(b)}.`)
  const [first, second] = [a.shape, b.shape]
  const at = (shape: Shape, axis: number): number => shape[axis]!
  const y = direction === 'forward' ? [at(first, 0), at(second, 0), ...size] : second
  const x = direction === 'input' ? [at(y, 0), at(first, 1) * groups, ...size] : first
  const w = direction === 'forward' ? second : direction === 'input' ? first : [at(y, 1), at(x, 1) / groups, ...size]
  const agree = (what: string, got: Shape, expected: Shape): void => {
    if (!sameShape(got, expected))
      fail(
        'conv',
        `${direction}: ${what} ${showShape(got)}, expected ${showShape(expected)} for ${showType(a)} and ${showType(b)} in ${groups} groups.`,
      )
  }
  agree('images and filters', y.slice(0, 2), [at(x, 0), at(w, 0)])
  agree('channels', [at(x, 1)], [at(w, 1) * groups])
  agree('channels and filters left over', [at(x, 1) % groups, at(w, 0) % groups], [0, 0])
  agree(
    'spatial size',
    y.slice(2),
    op.strides.map((stride, i) =>
      spatialOut(at(x, i + 2) + op.padding[i]![0] + op.padding[i]![1], at(w, i + 2), stride, op.dilation[i]!),
    ),
  )
  return [typeOf(a.dtype, direction === 'forward' ? y : direction === 'input' ? x : w)]
}

const windowsOf = (
  op: { readonly window: Shape; readonly strides: Shape; readonly dilation: Shape },
  size: Shape,
): number[] => size.map((n, i) => spatialOut(n, op.window[i]!, op.strides[i]!, op.dilation[i]!))

const matches = (name: string, what: string, got: readonly Type[], expected: readonly Type[]): void => {
  if (got.length !== expected.length) fail(name, `${what}: ${got.length} values, expected ${expected.length}.`)
  got.forEach((type, i) => {
    if (type !== expected[i])
      fail(name, `${what}: value ${i} is ${showType(type)}, expected ${showType(expected[i]!)}.`)
  })
}

const takes = (name: string, body: Program, x: readonly Type[]): readonly Type[] => {
  matches(name, `operands of ${body.name}`, x, inputTypes(body))
  return outputTypes(body)
}

const rules: { readonly [K in Kind]: Rule<K> } = {
  full: (op) => [op.type],
  iota: (op) => {
    axisOf('iota', op.axis, op.type)
    return [op.type]
  },
  cast: (op, [x]) => [typeOf(op.dtype, x!.shape)],
  bitcast: (op, [x]) =>
    bytesOf(op.dtype) === bytesOf(x!.dtype) && (op.dtype === 'bool') === (x!.dtype === 'bool')
      ? [typeOf(op.dtype, x!.shape)]
      : fail('bitcast', `${x!.dtype} and ${op.dtype} differ in width.`),
  unary,
  test: (op, [x]) => [typeOf('bool', floats(op.fn, x!).shape)],
  polygamma: (_, [x]) => [floats('polygamma', x!)],
  binary,
  compare: (op, x) => {
    sameDType(op.fn, x[0]!, x[1]!)
    return [typeOf('bool', joined(op.fn, x[0]!, x[1]!))]
  },
  select: (_, x) => {
    const [c, a, b] = x as [Type, Type, Type]
    if (c.dtype !== 'bool') fail('select', `the condition is bool, got ${showType(c)}.`)
    sameDType('select', a, b)
    if (a === b && a.shape === c.shape) return [a]
    const shape = joined('select', a, b)
    return [
      typeOf(
        a.dtype,
        broadcastShapes(c.shape, shape) ??
          fail('select', `condition ${showShape(c.shape)} does not broadcast with ${showShape(shape)}.`),
        a.weak && b.weak,
      ),
    ]
  },
  threefry: (_, x) => {
    for (const type of x) if (type.dtype !== 'u32') fail('threefry', `operands are u32, got ${showType(type)}.`)
    const shape = x.reduce<Shape>(
      (s, type) =>
        broadcastShapes(s, type.shape) ?? fail('threefry', `shapes ${x.map(showType).join(' ')} do not broadcast.`),
      [],
    )
    const type = typeOf('u32', shape)
    return [type, type]
  },
  reduce: (op, [x]) => {
    axesOf(op.fn, op.axes, x!.shape.length)
    if (op.fn === 'and' || op.fn === 'or' ? x!.dtype !== 'bool' : op.fn === 'sum' && arithmetic(x!.dtype) !== x!.dtype)
      fail(op.fn, `is not defined for ${x!.dtype}.`)
    if ((op.fn === 'max' || op.fn === 'min') && op.axes.some((axis) => x!.shape[axis] === 0))
      fail(op.fn, `over an empty axis of ${showShape(x!.shape)} has no value.`)
    return [
      withShape(
        x!,
        x!.shape.filter((_, i) => !op.axes.includes(i)),
      ),
    ]
  },
  argReduce: (op, [x]) => {
    axisOf(`arg${op.fn}`, op.axis, x!)
    if (x!.shape[op.axis] === 0) fail(`arg${op.fn}`, `over an empty axis of ${showShape(x!.shape)} has no value.`)
    return [
      typeOf(
        'i32',
        x!.shape.filter((_, i) => i !== op.axis),
      ),
    ]
  },
  cumsum: (op, [x]) => {
    axisOf('cumsum', op.axis, x!)
    adds('cumsum', x!)
    return [x!]
  },
  reshape: (op, [x]) =>
    sizeOf(op.shape) === x!.size
      ? [withShape(x!, op.shape)]
      : fail(
          'reshape',
          `${showShape(x!.shape)} has ${x!.size} elements, ${showShape(op.shape)} has ${sizeOf(op.shape)}.`,
        ),
  transpose: (op, [x]) => {
    if (op.perm.length !== x!.shape.length || new Set(op.perm).size !== op.perm.length)
      fail('transpose', `${showShape(op.perm)} is no permutation of the axes of ${showType(x!)}.`)
    return [
      withShape(
        x!,
        op.perm.map((axis) => x!.shape[axis] ?? fail('transpose', `axis ${axis} is out of range for ${showType(x!)}.`)),
      ),
    ]
  },
  broadcast: (op, [x]) => {
    axesOf('broadcast', op.axes, op.shape.length)
    const kept = op.shape.filter((_, i) => !op.axes.includes(i))
    if (!sameShape(kept, x!.shape))
      fail('broadcast', `${showType(x!)} with new axes ${showShape(op.axes)} is not ${showShape(op.shape)}.`)
    return [withShape(x!, op.shape)]
  },
  slice: (op, [x]) => {
    perAxis('slice', x!, op.start, op.stop, op.step)
    const shape = x!.shape.map((n, i) => {
      const [start, stop, step] = [op.start[i]!, op.stop[i]!, op.step[i]!]
      if (!(start >= 0 && start <= stop && stop <= n && step >= 1))
        fail('slice', `${start}:${stop}:${step} of axis ${i} leaves ${showType(x!)}.`)
      return Math.ceil((stop - start) / step)
    })
    return [withShape(x!, shape)]
  },
  pad: (op, [x]) => {
    perAxis('pad', x!, op.low, op.high, op.interior)
    const shape = x!.shape.map((n, i) => {
      if (!(op.low[i]! >= 0 && op.high[i]! >= 0 && op.interior[i]! >= 0))
        fail('pad', `widths are not negative, got ${op.low[i]}, ${op.high[i]}, ${op.interior[i]}.`)
      return op.low[i]! + n + Math.max(0, n - 1) * op.interior[i]! + op.high[i]!
    })
    return [withShape(x!, shape)]
  },
  concatenate: (op, x) => {
    const first = x[0] ?? fail('concatenate', 'needs at least one operand.')
    axisOf('concatenate', op.axis, first)
    let total = 0
    for (const type of x) {
      sameDType('concatenate', first, type)
      if (type.shape.length !== first.shape.length || type.shape.some((n, i) => i !== op.axis && n !== first.shape[i]))
        fail('concatenate', `shapes ${x.map((t) => showShape(t.shape)).join(' ')} differ off axis ${op.axis}.`)
      total += type.shape[op.axis]!
    }
    return [
      withShape(
        first,
        first.shape.map((n, i) => (i === op.axis ? total : n)),
      ),
    ]
  },
  flip: (op, [x]) => {
    axesOf('flip', op.axes, x!.shape.length)
    return [x!]
  },
  dot: (op, x) => {
    const [a, b] = x as [Type, Type]
    sameDType('dot', a, b)
    adds('dot', a)
    const rank = op.batch + 2
    if (a.shape.length !== rank || b.shape.length !== rank)
      fail('dot', `operands of rank ${rank} expected, got ${showType(a)} and ${showType(b)}.`)
    const [left, right] = [op.left === 'plain' ? 0 : 1, op.right === 'plain' ? 0 : 1]
    const [m, n] = [a.shape[op.batch + left]!, b.shape[op.batch + 1 - right]!]
    let agree = a.shape[op.batch + 1 - left] === b.shape[op.batch + right]
    for (let i = 0; i < op.batch; i++) agree &&= a.shape[i] === b.shape[i]
    if (!agree) fail('dot', `inner sizes differ: ${showShape(a.shape)} · ${showShape(b.shape)}.`)
    return [typeOf(a.dtype, op.batch === 0 ? [m, n] : [...a.shape.slice(0, op.batch), m, n], a.weak && b.weak)]
  },
  conv,
  unfold: (op, [x]) => {
    window('unfold', op, x!, op.window.length)
    const lead = x!.shape.length - op.window.length
    return [withShape(x!, [...x!.shape.slice(0, lead), ...windowsOf(op, x!.shape.slice(lead)), ...op.window])]
  },
  fold: (op, [x]) => {
    const k = op.window.length
    window('fold', op, x!, 2 * k)
    adds('fold', x!)
    const lead = x!.shape.length - 2 * k
    if (!sameShape(x!.shape.slice(lead), [...windowsOf(op, op.size), ...op.window]))
      fail('fold', `${showType(x!)} are not the windows of ${showShape(op.size)}.`)
    return [withShape(x!, [...x!.shape.slice(0, lead), ...op.size])]
  },
  gather: (op, x) => {
    const [a, i] = x as [Type, Type]
    i32('gather', i)
    if (
      a.shape.length <= op.batch ||
      i.shape.length < op.batch ||
      !sameShape(a.shape.slice(0, op.batch), i.shape.slice(0, op.batch))
    )
      fail('gather', `batch axes differ: ${showType(a)} and ${showType(i)}.`)
    return [withShape(a, [...i.shape, ...a.shape.slice(op.batch + 1)])]
  },
  scatterAdd: (op, x) => {
    const [u, i] = x as [Type, Type]
    i32('scatterAdd', i)
    adds('scatterAdd', u)
    if (i.shape.length < op.batch) fail('scatterAdd', `${showType(i)} has no ${op.batch} batch axes.`)
    if (!sameShape(u.shape.slice(0, i.shape.length), i.shape))
      fail('scatterAdd', `updates ${showType(u)} do not begin with the shape of the indices ${showType(i)}.`)
    return [withShape(u, [...i.shape.slice(0, op.batch), op.size, ...u.shape.slice(i.shape.length)])]
  },
  dynamicSlice: (op, x) => {
    const [a, starts] = x as [Type, Type]
    i32('dynamicSlice', starts)
    if (!sameShape(starts.shape, [a.shape.length]))
      fail('dynamicSlice', `${showType(starts)} are not the starts of ${showType(a)}.`)
    if (op.sizes.length !== a.shape.length || op.sizes.some((n, i) => n > a.shape[i]!))
      fail('dynamicSlice', `sizes ${showShape(op.sizes)} exceed ${showType(a)}.`)
    return [withShape(a, op.sizes)]
  },
  dynamicUpdateSlice: (_, x) => {
    const [a, u, starts] = x as [Type, Type, Type]
    i32('dynamicUpdateSlice', starts)
    sameDType('dynamicUpdateSlice', a, u)
    if (
      u.shape.length !== a.shape.length ||
      u.shape.some((n, i) => n > a.shape[i]!) ||
      !sameShape(starts.shape, [a.shape.length])
    )
      fail('dynamicUpdateSlice', `update ${showType(u)} at ${showType(starts)} does not fit into ${showType(a)}.`)
    return [a]
  },
  custom: (op, x) => op.kernel.infer(x),
  argsort: (op, [x]) => {
    axisOf('argsort', op.axis, x!)
    return [typeOf('i32', x!.shape)]
  },
  scan: (op, x) => {
    if (!(Number.isInteger(op.length) && op.length >= 0)) fail('scan', `length ${op.length} is no number of steps.`)
    const out = takes(
      'scan',
      op.body,
      x.map((type, i) => (i >= op.carry && i < op.carry + op.xs ? withShape(type, type.shape.slice(1)) : type)),
    )
    x.slice(op.carry, op.carry + op.xs).forEach((type) => {
      if (type.shape[0] !== op.length) fail('scan', `${showType(type)} has no leading axis of ${op.length}.`)
    })
    matches('scan', 'carry', out.slice(0, op.carry), x.slice(0, op.carry))
    return out.map((type, i) => (i < op.carry ? type : withShape(type, [op.length, ...type.shape])))
  },
  while: (op, x) => {
    const carry = x.slice(0, op.carry)
    const test = takes('while', op.cond, x.slice(0, op.carry + op.condConsts))
    if (test.length !== 1 || test[0] !== typeOf('bool', []))
      fail('while', `the condition returns bool[], got ${test.map(showType).join(' ')}.`)
    const out = takes('while', op.body, [...carry, ...x.slice(op.carry + op.condConsts)])
    matches('while', 'carry', out, carry)
    return out
  },
  cond: (op, x) => {
    if (x[0] !== typeOf('i32', [])) fail('cond', `the index is i32[], got ${x[0] ? showType(x[0]) : 'nothing'}.`)
    const outs = op.branches.map((branch) => takes('cond', branch, x.slice(1)))
    for (const out of outs) matches('cond', 'branches', out, outs[0]!)
    return outs[0] ?? fail('cond', 'needs at least one branch.')
  },
  call: (op, x) => takes(op.name, op.body, x),
  opaque: (op) => op.types,
  mark: (_, [x]) => [x!],
  print: () => [],
}

/** The types of an operation's results; throws where the operands do not fit it. */
export const infer = (op: Op, inputs: readonly Type[]): readonly Type[] => {
  const n = arity[op.kind]
  if (n >= 0 && inputs.length !== n)
    fail('fn' in op ? op.fn : op.kind, `takes ${n} operand${n === 1 ? '' : 's'}, got ${inputs.length}.`)
  return (rules[op.kind] as Rule<Kind>)(op as never, inputs)
}
