import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DType } from '../dtype.js'
import { fail } from '../errors.js'
import type { CustomKernel } from './custom.js'
import { infer } from './infer.js'
import type { Kind, Op } from './op.js'
import { type Type, typeOf } from './type.js'

const t = (text: string): Type => {
  const [, dtype, shape] = /^(\w+)\[(.*)\]$/.exec(text)!
  return typeOf(dtype as DType, shape === '' ? [] : shape!.split(',').map(Number))
}
const spatial = { strides: [1], padding: [[0, 0]], dilation: [1], groups: 1 } as const
const conv = (direction: 'forward' | 'input' | 'filter', size: number[], more: object = {}): Op =>
  ({ kind: 'conv', direction, ...spatial, size, ...more }) as Op
const pair: CustomKernel = {
  name: 'pair',
  infer: (x) => (x.length === 1 ? [x[0]!, typeOf('i32', [])] : fail('pair', `takes one operand, got ${x.length}.`)),
  oracle: () => {},
  rules: { jvp: () => [null, null] },
}
const windows = { window: [2], strides: [1], dilation: [1] } as const

/** For each kind: what fits it, with the result, and what does not. */
const table: { readonly [K in Exclude<Kind, 'scan' | 'while' | 'cond' | 'call' | 'opaque'>]: readonly [Op, string[], string[] | RegExp][] } = {
  full: [
    [{ kind: 'full', value: 1, type: t('f32[2]') }, [], ['f32[2]']],
    [{ kind: 'full', value: 1, type: t('f32[2]') }, ['f32[]'], /full: takes 0 operands, got 1/],
  ],
  iota: [
    [{ kind: 'iota', axis: 1, type: t('i32[2,3]') }, [], ['i32[2,3]']],
    [{ kind: 'iota', axis: 2, type: t('i32[2,3]') }, [], /iota: axis 2 is none of i32\[2,3\]/],
  ],
  cast: [
    [{ kind: 'cast', dtype: 'f16' }, ['i32[2]'], ['f16[2]']],
    [{ kind: 'cast', dtype: 'f16' }, [], /cast: takes 1 operand, got 0/],
  ],
  bitcast: [
    [{ kind: 'bitcast', dtype: 'u32' }, ['f32[2]'], ['u32[2]']],
    [{ kind: 'bitcast', dtype: 'u8' }, ['f32[2]'], /bitcast: f32 and u8 differ in width/],
  ],
  unary: [
    [{ kind: 'unary', fn: 'exp' }, ['f16[2]'], ['f16[2]']],
    [{ kind: 'unary', fn: 'neg' }, ['i32[2]'], ['i32[2]']],
    [{ kind: 'unary', fn: 'not' }, ['bool[2]'], ['bool[2]']],
    [{ kind: 'unary', fn: 'floor' }, ['u32[]'], ['u32[]']],
    [{ kind: 'unary', fn: 'exp' }, ['i32[2]'], /exp: needs a float operand, got i32\[2\]/],
    [{ kind: 'unary', fn: 'not' }, ['f32[2]'], /not: needs bool or integers, got f32\[2\]/],
    [{ kind: 'unary', fn: 'neg' }, ['u8[2]'], /neg: u8 is a storage dtype/],
    [{ kind: 'unary', fn: 'floor' }, ['bool[]'], /floor: needs a float operand, got bool/],
  ],
  test: [
    [{ kind: 'test', fn: 'nan' }, ['f32[2]'], ['bool[2]']],
    [{ kind: 'test', fn: 'nan' }, ['i32[2]'], /nan: needs a float operand/],
  ],
  polygamma: [
    [{ kind: 'polygamma', n: 1 }, ['f64[2]'], ['f64[2]']],
    [{ kind: 'polygamma', n: 1 }, ['u32[2]'], /polygamma: needs a float operand/],
  ],
  binary: [
    [{ kind: 'binary', fn: 'add' }, ['f32[2,1]', 'f32[3]'], ['f32[2,3]']],
    [{ kind: 'binary', fn: 'and' }, ['bool[2]', 'bool[2]'], ['bool[2]']],
    [{ kind: 'binary', fn: 'max' }, ['u8[2]', 'u8[2]'], ['u8[2]']],
    [{ kind: 'binary', fn: 'add' }, ['f32[]', 'f64[]'], /add: operands differ in dtype: f32\[\] and f64\[\]/],
    [{ kind: 'binary', fn: 'add' }, ['f32[2]', 'f32[3]'], /add: shapes \[2\] and \[3\] do not broadcast/],
    [{ kind: 'binary', fn: 'add' }, ['u8[2]', 'u8[2]'], /add: u8 is a storage dtype/],
    [{ kind: 'binary', fn: 'and' }, ['f32[]', 'f32[]'], /and: is not defined for f32/],
    [{ kind: 'binary', fn: 'shl' }, ['bool[]', 'bool[]'], /shl: is not defined for bool/],
    [{ kind: 'binary', fn: 'div' }, ['i32[]', 'i32[]'], /div: is not defined for i32/],
    [{ kind: 'binary', fn: 'add' }, ['f32[]'], /add: takes 2 operands, got 1/],
  ],
  compare: [
    [{ kind: 'compare', fn: 'lt' }, ['i32[2]', 'i32[]'], ['bool[2]']],
    [{ kind: 'compare', fn: 'lt' }, ['i32[2]', 'f32[]'], /lt: operands differ in dtype/],
    [{ kind: 'compare', fn: 'lt' }, ['i32[2]', 'i32[3]'], /lt: shapes \[2\] and \[3\]/],
  ],
  select: [
    [{ kind: 'select' }, ['bool[2,1]', 'f32[3]', 'f32[]'], ['f32[2,3]']],
    [{ kind: 'select' }, ['i32[]', 'f32[]', 'f32[]'], /select: the condition is bool, got i32/],
    [{ kind: 'select' }, ['bool[]', 'f32[]', 'i32[]'], /select: operands differ in dtype/],
    [{ kind: 'select' }, ['bool[2]', 'f32[3]', 'f32[3]'], /select: condition \[2\] does not broadcast with \[3\]/],
    [{ kind: 'select' }, ['bool[2]', 'f32[2]'], /select: takes 3 operands, got 2/],
  ],
  threefry: [
    [{ kind: 'threefry' }, ['u32[]', 'u32[]', 'u32[4]', 'u32[4]'], ['u32[4]', 'u32[4]']],
    [{ kind: 'threefry' }, ['u32[]', 'u32[]', 'u32[4]', 'i32[4]'], /threefry: operands are u32, got i32\[4\]/],
    [{ kind: 'threefry' }, ['u32[2]', 'u32[]', 'u32[4]', 'u32[4]'], /threefry: shapes .* do not broadcast/],
  ],
  reduce: [
    [{ kind: 'reduce', fn: 'sum', axes: [0, 2] }, ['f32[2,3,4]'], ['f32[3]']],
    [{ kind: 'reduce', fn: 'sum', axes: [1] }, ['f32[2,0]'], ['f32[2]']],
    [{ kind: 'reduce', fn: 'or', axes: [0] }, ['bool[2]'], ['bool[]']],
    [{ kind: 'reduce', fn: 'sum', axes: [0] }, ['bool[2]'], /sum: is not defined for bool/],
    [{ kind: 'reduce', fn: 'and', axes: [0] }, ['i32[2]'], /and: is not defined for i32/],
    [{ kind: 'reduce', fn: 'max', axes: [1] }, ['f32[2,0]'], /max: over an empty axis of \[2, 0\] has no value/],
    [{ kind: 'reduce', fn: 'sum', axes: [2] }, ['f32[2,3]'], /sum: axes \[2\] are not ascending axes of rank 2/],
    [{ kind: 'reduce', fn: 'sum', axes: [1, 0] }, ['f32[2,3]'], /sum: axes \[1, 0\] are not ascending/],
    [{ kind: 'reduce', fn: 'sum', axes: [1, 1] }, ['f32[2,3]'], /sum: axes \[1, 1\] are not ascending/],
  ],
  argReduce: [
    [{ kind: 'argReduce', fn: 'max', axis: 1 }, ['f32[2,3]'], ['i32[2]']],
    [{ kind: 'argReduce', fn: 'max', axis: 0 }, ['f32[0]'], /argmax: over an empty axis of \[0\]/],
    [{ kind: 'argReduce', fn: 'min', axis: 1 }, ['f32[2]'], /argmin: axis 1 is none of f32\[2\]/],
  ],
  cumsum: [
    [{ kind: 'cumsum', axis: 0, reverse: false }, ['i32[3]'], ['i32[3]']],
    [{ kind: 'cumsum', axis: 1, reverse: false }, ['i32[3]'], /cumsum: axis 1 is none/],
    [{ kind: 'cumsum', axis: 0, reverse: false }, ['bool[3]'], /cumsum: bool is a storage dtype/],
  ],
  // as the kernel says
  custom: [
    [{ kind: 'custom', kernel: pair }, ['f32[3]'], ['f32[3]', 'i32[]']],
    [{ kind: 'custom', kernel: pair }, [], /pair: takes one operand, got 0/],
  ],
  argsort: [
    [{ kind: 'argsort', axis: 0, descending: false }, ['f32[3]'], ['i32[3]']],
    [{ kind: 'argsort', axis: -1, descending: false }, ['f32[3]'], /argsort: axis -1 is none/],
  ],
  reshape: [
    [{ kind: 'reshape', shape: [3, 2] }, ['f32[6]'], ['f32[3,2]']],
    [{ kind: 'reshape', shape: [4] }, ['f32[6]'], /reshape: \[6\] has 6 elements, \[4\] has 4/],
  ],
  transpose: [
    [{ kind: 'transpose', perm: [2, 0, 1] }, ['f32[2,3,4]'], ['f32[4,2,3]']],
    [{ kind: 'transpose', perm: [0, 0] }, ['f32[2,3]'], /transpose: \[0, 0\] is no permutation/],
    [{ kind: 'transpose', perm: [0, 2] }, ['f32[2,3]'], /transpose: axis 2 is out of range/],
    [{ kind: 'transpose', perm: [0] }, ['f32[2,3]'], /transpose: \[0\] is no permutation/],
  ],
  broadcast: [
    [{ kind: 'broadcast', shape: [2, 3, 4], axes: [0, 2] }, ['f32[3]'], ['f32[2,3,4]']],
    [{ kind: 'broadcast', shape: [2, 3], axes: [0] }, ['f32[2]'], /broadcast: f32\[2\] with new axes \[0\] is not \[2, 3\]/],
    [{ kind: 'broadcast', shape: [2, 3], axes: [2] }, ['f32[2,3]'], /broadcast: axes \[2\] are not ascending axes of rank 2/],
  ],
  slice: [
    [{ kind: 'slice', start: [1, 0], stop: [5, 3], step: [2, 1] }, ['f32[6,3]'], ['f32[2,3]']],
    [{ kind: 'slice', start: [2], stop: [2], step: [1] }, ['f32[3]'], ['f32[0]']],
    [{ kind: 'slice', start: [0], stop: [4], step: [1] }, ['f32[3]'], /slice: 0:4:1 of axis 0 leaves f32\[3\]/],
    [{ kind: 'slice', start: [2], stop: [1], step: [1] }, ['f32[3]'], /slice: 2:1:1/],
    [{ kind: 'slice', start: [0], stop: [1], step: [0] }, ['f32[3]'], /slice: 0:1:0/],
    [{ kind: 'slice', start: [0], stop: [1], step: [1] }, ['f32[3,3]'], /slice: 1 parameters for the axes of f32\[3,3\]/],
  ],
  pad: [
    [{ kind: 'pad', low: [1], high: [2], interior: [1], value: 0 }, ['f32[3]'], ['f32[8]']],
    [{ kind: 'pad', low: [1], high: [0], interior: [2], value: 0 }, ['f32[0]'], ['f32[1]']],
    [{ kind: 'pad', low: [-1], high: [0], interior: [0], value: 0 }, ['f32[3]'], /pad: widths are not negative/],
    [{ kind: 'pad', low: [0, 0], high: [0], interior: [0], value: 0 }, ['f32[3]'], /pad: 2 parameters for the axes/],
  ],
  concatenate: [
    [{ kind: 'concatenate', axis: 1 }, ['f32[2,1]', 'f32[2,0]', 'f32[2,3]'], ['f32[2,4]']],
    [{ kind: 'concatenate', axis: 0 }, [], /concatenate: needs at least one operand/],
    [{ kind: 'concatenate', axis: 0 }, ['f32[2]', 'i32[2]'], /concatenate: operands differ in dtype/],
    [{ kind: 'concatenate', axis: 0 }, ['f32[2,1]', 'f32[2,2]'], /concatenate: shapes .* differ off axis 0/],
    [{ kind: 'concatenate', axis: 1 }, ['f32[2]'], /concatenate: axis 1 is none/],
  ],
  flip: [
    [{ kind: 'flip', axes: [0] }, ['f32[3]'], ['f32[3]']],
    [{ kind: 'flip', axes: [1] }, ['f32[3]'], /flip: axes \[1\] are not ascending axes of rank 1/],
  ],
  dot: [
    [{ kind: 'dot', batch: 0, left: 'plain', right: 'plain' }, ['f32[2,3]', 'f32[3,4]'], ['f32[2,4]']],
    [{ kind: 'dot', batch: 1, left: 'transposed', right: 'transposed' }, ['f32[5,3,2]', 'f32[5,4,3]'], ['f32[5,2,4]']],
    [{ kind: 'dot', batch: 0, left: 'plain', right: 'transposed' }, ['f32[2,3]', 'f32[3,4]'], /dot: inner sizes differ/],
    [{ kind: 'dot', batch: 1, left: 'plain', right: 'plain' }, ['f32[5,2,3]', 'f32[6,3,4]'], /dot: inner sizes differ/],
    [{ kind: 'dot', batch: 1, left: 'plain', right: 'plain' }, ['f32[2,3]', 'f32[3,4]'], /dot: operands of rank 3 expected/],
    [{ kind: 'dot', batch: 0, left: 'plain', right: 'plain' }, ['f32[2,3]', 'i32[3,4]'], /dot: operands differ in dtype/],
    [{ kind: 'dot', batch: 0, left: 'plain', right: 'plain' }, ['u8[2,3]', 'u8[3,4]'], /dot: u8 is a storage dtype/],
  ],
  conv: [
    [conv('forward', [3]), ['f32[1,2,5]', 'f32[4,2,3]'], ['f32[1,4,3]']],
    [conv('input', [5]), ['f32[4,2,3]', 'f32[1,4,3]'], ['f32[1,2,5]']],
    [conv('filter', [3]), ['f32[1,2,5]', 'f32[1,4,3]'], ['f32[4,2,3]']],
    [conv('forward', [3]), ['f32[1,3,5]', 'f32[4,2,3]'], /conv: forward: channels \[3\], expected \[2\]/],
    [conv('forward', [4]), ['f32[1,2,5]', 'f32[4,2,3]'], /conv: forward: spatial size \[4\], expected \[3\]/],
    [conv('forward', [3], { groups: 3 }), ['f32[1,6,5]', 'f32[4,2,3]'], /left over \[0, 1\], expected \[0, 0\]/],
    [conv('input', [6]), ['f32[4,2,3]', 'f32[1,4,3]'], /conv: input: spatial size \[3\], expected \[4\]/],
    [conv('input', [5]), ['f32[4,2,3]', 'f32[1,3,3]'], /conv: input: images and filters \[1, 3\], expected \[1, 4\]/],
    [conv('filter', [3]), ['f32[1,2,5]', 'f32[2,4,3]'], /conv: filter: images and filters \[2, 4\], expected \[1, 4\]/],
    [conv('forward', [3]), ['f32[2,5]', 'f32[4,2,3]'], /conv: operands of rank 3 expected/],
    [conv('forward', [3], { padding: [] }), ['f32[1,2,5]', 'f32[4,2,3]'], /conv: operands of rank 3 expected/],
    [conv('forward', [3]), ['f32[1,2,5]', 'f64[4,2,3]'], /conv: operands differ in dtype/],
  ],
  unfold: [
    [{ kind: 'unfold', ...windows }, ['f32[2,4]'], ['f32[2,3,2]']],
    [{ kind: 'unfold', ...windows }, ['f32[]'], /unfold: windows \[2\] do not fit f32\[\]/],
    [{ kind: 'unfold', ...windows, strides: [0] }, ['f32[4]'], /unfold: windows, strides and dilations are at least 1/],
  ],
  fold: [
    [{ kind: 'fold', ...windows, size: [4] }, ['f32[2,3,2]'], ['f32[2,4]']],
    [{ kind: 'fold', ...windows, size: [5] }, ['f32[2,3,2]'], /fold: f32\[2,3,2\] are not the windows of \[5\]/],
    [{ kind: 'fold', ...windows, size: [4] }, ['f32[2]'], /fold: windows \[2\] do not fit f32\[2\]/],
  ],
  gather: [
    [{ kind: 'gather', batch: 1, fill: 0 }, ['f32[2,5,3]', 'i32[2,4]'], ['f32[2,4,3]']],
    [{ kind: 'gather', batch: 0, fill: 0 }, ['f32[5]', 'i32[]'], ['f32[]']],
    [{ kind: 'gather', batch: 0, fill: 0 }, ['f32[5]', 'f32[2]'], /gather: indices are i32, got f32\[2\]/],
    [{ kind: 'gather', batch: 1, fill: 0 }, ['f32[2,5]', 'i32[3,4]'], /gather: batch axes differ/],
    [{ kind: 'gather', batch: 0, fill: 0 }, ['f32[]', 'i32[2]'], /gather: batch axes differ/],
    [{ kind: 'gather', batch: 2, fill: 0 }, ['f32[2,3,5]', 'i32[2]'], /gather: batch axes differ/],
  ],
  scatterAdd: [
    [{ kind: 'scatterAdd', batch: 1, size: 5 }, ['f32[2,4,3]', 'i32[2,4]'], ['f32[2,5,3]']],
    [{ kind: 'scatterAdd', batch: 0, size: 5 }, ['f32[4]', 'i32[3]'], /scatterAdd: updates f32\[4\] do not begin/],
    [{ kind: 'scatterAdd', batch: 0, size: 5 }, ['f32[4]', 'u32[4]'], /scatterAdd: indices are i32/],
    [{ kind: 'scatterAdd', batch: 2, size: 5 }, ['f32[4]', 'i32[4]'], /scatterAdd: i32\[4\] has no 2 batch axes/],
  ],
  dynamicSlice: [
    [{ kind: 'dynamicSlice', sizes: [2, 3] }, ['f32[4,3]', 'i32[2]'], ['f32[2,3]']],
    [{ kind: 'dynamicSlice', sizes: [5, 3] }, ['f32[4,3]', 'i32[2]'], /dynamicSlice: sizes \[5, 3\] exceed f32\[4,3\]/],
    [{ kind: 'dynamicSlice', sizes: [2, 3] }, ['f32[4,3]', 'i32[1]'], /dynamicSlice: i32\[1\] are not the starts/],
    [{ kind: 'dynamicSlice', sizes: [2] }, ['f32[4,3]', 'i32[2]'], /dynamicSlice: sizes \[2\] exceed/],
  ],
  dynamicUpdateSlice: [
    [{ kind: 'dynamicUpdateSlice' }, ['f32[4,3]', 'f32[2,3]', 'i32[2]'], ['f32[4,3]']],
    [{ kind: 'dynamicUpdateSlice' }, ['f32[4]', 'f32[5]', 'i32[1]'], /does not fit into f32\[4\]/],
    [{ kind: 'dynamicUpdateSlice' }, ['f32[4]', 'i32[2]', 'i32[1]'], /operands differ in dtype/],
    [{ kind: 'dynamicUpdateSlice' }, ['f32[4]', 'f32[2]'], /dynamicUpdateSlice: takes 3 operands, got 2/],
  ],
  mark: [
    [{ kind: 'mark', role: 'constant', name: '' }, ['u8[2]'], ['u8[2]']],
    [{ kind: 'mark', role: 'constant', name: '' }, [], /mark: takes 1 operand, got 0/],
  ],
  print: [
    [{ kind: 'print', label: '', sink: () => {} }, ['u8[2]'], []],
    [{ kind: 'print', label: '', sink: () => {} }, ['u8[2]', 'u8[2]'], /print: takes 1 operand, got 2/],
  ],
} // biome-ignore format: a table

for (const [kind, rows] of Object.entries(table))
  test(`${kind}: results of what fits, and a word about what does not`, () => {
    for (const [op, operands, expected] of rows) {
      const call = (): readonly Type[] => infer(op, operands.map(t))
      if (expected instanceof RegExp) assert.throws(call, expected)
      else assert.equal(call().map((type) => type.id), expected.map((text) => t(text).id), `${kind} of ${operands}`)
    }
  }) // biome-ignore format: a table

test('weak scalars stay weak among themselves and take the side of a tensor', () => {
  const weak = typeOf('f64', [], true)
  const mul: Op = { kind: 'binary', fn: 'mul' }
  assert.is(infer(mul, [weak, weak])[0], weak)
  assert.is(infer(mul, [weak, t('f64[2]')])[0], t('f64[2]'))
  assert.is(infer({ kind: 'unary', fn: 'exp' }, [weak])[0], weak)
  assert.is(infer({ kind: 'cast', dtype: 'f64' }, [weak])[0], t('f64[]'))
})

test.run()
