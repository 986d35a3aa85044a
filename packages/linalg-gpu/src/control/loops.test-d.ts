// Loops infer their carry: a number that begins it is a tensor inside, trees keep their form.

import { add, array, foriLoop, less, mul, scan, type Tensor, whileLoop } from '../index.js'

const xs = array([1, 2, 3])

const [total, ys]: [Tensor, Tensor] = scan((c, x) => [add(c, x), mul(c, x)], 0, xs)
const [state, none]: [{ readonly n: Tensor; readonly w: Tensor }, null] = scan(
  ({ n, w }: { readonly n: Tensor; readonly w: Tensor }, x: Tensor) => [{ n: add(n, 1), w: mul(w, x) }, null],
  { n: 0, w: xs },
  xs,
)
const power: Tensor = whileLoop(
  (c) => less(c, 100),
  (c) => mul(c, 2),
  3,
)
const sums: Tensor = foriLoop(0, 5, (i, c) => add(c, i), 0)

// @ts-expect-error the body returns a pair
scan((c: Tensor, x: Tensor) => add(c, x), 0, xs)

export { none, power, state, sums, total, ys }
