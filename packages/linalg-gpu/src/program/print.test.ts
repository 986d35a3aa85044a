import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, cond, debugPrint, foriLoop, full, greater, less, matmul, mul, neg, pad, scan, sin, sum, type Tensor, transpose, whileLoop,
} from '../index.js' // biome-ignore format: a list
import { trace } from '../run/jit.js'
import { emit } from '../trace/emit.js'
import { recordTree } from '../trace/treeTrace.js'
import type { Op } from './op.js'
import { print, showOp } from './print.js'
import type { Program } from './program.js'
import { typeOf } from './type.js'

const x = array([1, 2, 3])
const w = array([[1, 2, 3], [4, 5, 6]]) // biome-ignore format: a matrix

test('a straight program: typed inputs, one line an equation, parameters in brackets', () => {
  const f = (a: Tensor, b: Tensor): unknown => [sum(mul(a, b)), matmul(b, transpose(b))]
  assert.fixture(
    print(trace(f)(x, w)),
    `f { a:f32[3] b:f32[2,3] ->
  c:f32[2,3] = mul a b
  d:f32[] = reduce.sum[axes=(0,1)] c
  e:f32[3,2] = transpose[perm=(1,0)] b
  f:f32[2,2] = dot[batch=0 left=plain right=plain] b e
  return d f }`,
  )
})

test('a program without inputs, equations or outputs', () => {
  assert.is(print({ name: 'nothing', types: [], inputs: [], eqns: [], outputs: [] }), 'nothing { ->\n  return }')
})

test('number arguments are weak, which a star shows', () => {
  const f = (lr: number): unknown => mul(lr, lr)
  assert.fixture(
    print(trace(f)(0.5)),
    `f { a:f64[]* ->
  b:f64[]* = mul a a
  c:f32[] = cast[dtype=f32] b
  return c }`,
  )
})

test('bodies of nested loops and branches stand indented below their equation', () => {
  const f = (a: Tensor): unknown =>
    scan(
      (c: Tensor, row: Tensor) => [
        cond(greater(row, 0), () => add(c, a), () => foriLoop(0, 2, (_, v) => neg(v), c)),
        null,
      ],
      a,
      a,
    )[0]
  assert.fixture(
    print(trace(f)(x)),
    `f { a:f32[3] ->
  b:f32[3] = scan[carry=1 xs=1 length=3 reverse=false] a a a
    scan body { a:f32[3] b:f32[] f:f32[3] ->
      c:f32[] = full[value=0]
      d:bool[] = gt b c
      e:i32[] = cast[dtype=i32] d
      g:f32[3] = cond e a f
        cond branch 0 { b:f32[3] d:f32[3] ->
          a:i32[2] = iota[axis=0]
          c:f32[3] = scan[carry=1 xs=1 length=2 reverse=false] b a
            scan body { a:f32[3] b:i32[] ->
              c:f32[3] = neg a
              return c }
          return c }
        cond branch 1 { a:f32[3] b:f32[3] ->
          c:f32[3] = add a b
          return c }
      return g }
  return b }`,
  )
}) // biome-ignore format: a long text

test('while loops show condition and body, calls their name and whether they are fences', () => {
  const f = (a: Tensor): unknown =>
    whileLoop(
      (v) => less(v, 100),
      (v) => mul(v, a),
      a,
    )
  const scalar = array(2)
  assert.fixture(
    print(trace(f)(scalar)),
    `f { a:f32[] ->
  b:f32[] = while[carry=1 condConsts=0] a a
    while condition { a:f32[] ->
      b:f32[] = full[value=100]
      c:bool[] = lt a b
      return c }
    while body { a:f32[] b:f32[] ->
      c:f32[] = mul a b
      return c }
  return b }`,
  )
  const { program: body } = recordTree('square', [typeOf('f32', [])], ([v]) => mul(v!, v!))
  const call = recordTree('g', [typeOf('f32', [])], ([v]) =>
    emit({ kind: 'call', name: 'my region', body, fence: true, tag: { secret: 1 } }, [v!]),
  )
  assert.fixture(
    print(call.program),
    `g { a:f32[] ->
  b:f32[] = call[name="my region" fence=true] a
    square { a:f32[] ->
      b:f32[] = mul a a
      return b }
  return b }`,
  )
})

test('an equation without results, negative zero, infinities and lists of pairs', () => {
  const f = (a: Tensor): unknown => {
    debugPrint('a label', a)
    return pad(add(a, full([3], -Infinity)), [[1, 0]], { value: -0 })
  }
  assert.fixture(
    print(trace(f)(x)),
    `f { a:f32[3] ->
  print[label="a label"] a
  b:f32[3] = full[value=-Infinity]
  c:f32[3] = add a b
  d:f32[4] = pad[low=1 high=0 interior=0 value=-0] c
  return d }`,
  )
  const conv: Op = {
    kind: 'conv', direction: 'forward', strides: [1, 2], padding: [[0, 1], [2, 2]], dilation: [1, 1], groups: 1, size: [3, 3],
  } // biome-ignore format: one operation
  assert.is(
    showOp(conv),
    'conv[direction=forward strides=(1,2) padding=((0,1),(2,2)) dilation=(1,1) groups=1 size=(3,3)]',
  )
})

test('value 26 is a1, and the line of the user stands behind its equation, before its bodies', () => {
  const type = typeOf('f32', [])
  const body: Program = { name: 'g', types: [type], inputs: [0], eqns: [], outputs: [0] }
  const program: Program = {
    name: 'f',
    types: Array.from({ length: 28 }, () => type),
    inputs: Array.from({ length: 27 }, (_, i) => i),
    eqns: [{ op: { kind: 'call', name: 'g', body, fence: false, tag: null }, inputs: [26], outputs: [27], at: 'here.ts:1' }],
    outputs: [27],
  } // biome-ignore format: one program
  const [, ...lines] = print(program).split('\n')
  assert.equal(lines, [
    '  b1:f32[] = call[name=g fence=false] a1  # here.ts:1',
    '    g { a:f32[] ->',
    '      return a }',
    '  return b1 }',
  ])
})

test('two traces of one function print the same', () => {
  const f = (a: Tensor): unknown => sin(mul(a, 2))
  assert.is(print(trace(f)(x)), print(trace(f)(x)))
})

test.run()
