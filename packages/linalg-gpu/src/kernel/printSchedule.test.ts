import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add,
  array,
  debugPrint,
  less,
  matmul,
  mul,
  scan,
  sum,
  switchCase,
  type Tensor,
  trace,
  whileLoop,
} from '../index.js'
import { printSchedule, schedule, simplify } from '../program.js'

const text = (f: (...args: Tensor[]) => unknown, ...args: Tensor[]): string =>
  printSchedule(schedule(simplify(trace(f)(...args))))
/** The lines that say what is done, without the inside of kernels. */
const outline = (all: string): string[] =>
  all.split('\n').filter((line) => !/^\s*(n\d+:|stage|store|r\d+:|[a-z]\[)/.test(line))

test('elementwise work is one kernel, with its nodes', () => {
  assert.is(
    text((x) => add(mul(x!, 2), 1), array([1, 2])),
    `in0:f32[2] -> out1:f32[2]
loop mul add grid[2] inner[] (a:f32[2], out b:f32[2])
  n0:f32 = load a[g0]
  n1:f32 = constant 2
  n2:f32 = mul n0 n1
  n3:f32 = constant 1
  n4:f32 = add n2 n3
  stage grid:
    store b[g0] = n4
  on in0 out1`,
  )
})

test('loops and branches hold their steps', () => {
  const x = array([[1, 2]])
  const lines = outline(
    text((v) => {
      const [c, ys] = scan((h: Tensor, r: Tensor): [Tensor, Tensor] => [add(h, r), mul(h, r)], array([0, 0]), v!, {
        reverse: true,
      })
      const [w] = whileLoop(
        ([a]: [Tensor]) => less(sum(a), 9),
        ([a]: [Tensor]): [Tensor] => [add(a, 1)],
        [c],
      )
      debugPrint('w', w)
      return [switchCase(array(1, { dtype: 'i32' }), [() => mul(w, 2), () => w]), matmul(ys, w)]
    }, x),
  )
  for (const word of ['scan 1 times from the last', 'while', 'do', 'switch', 'case 0:', 'case 1:', '  copy', 'print w'])
    assert.ok(
      lines.some((line) => line.includes(word)),
      `${word}\n${lines.join('\n')}`,
    )
})

test.run()
