/** Functions to begin with: what the live editor offers. */

import type { Source } from './editor.model.js'

export interface Example extends Source {
  readonly title: string
}

export const examples: readonly Example[] = [
  {
    title: 'A valley: Rosenbrock’s function',
    code: `// f(x) = Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²
const f = (x) => {
  const a = slice(x, [0, -1])
  const b = slice(x, [1, null])
  return sum(add(mul(100, square(sub(b, square(a)))), square(sub(1, a))))
}`,
    inputs: '[[-1.2, 1]]',
    transform: 'grad(f)',
  },
  {
    title: 'A classifier: logistic loss',
    code: `// the mean of log(1 + exp(−yᵢ xᵢ·w)), and a penalty
const f = (w, x, y) =>
  add(mean(softplus(neg(mul(y, matmul(x, w))))), mul(0.01, sum(square(w))))`,
    inputs: '[[0.1, -0.2], [[1, 2], [2, -1], [-1, -1], [0, 3]], [1, -1, -1, 1]]',
    transform: 'valueAndGrad(f)',
  },
  {
    title: 'Softmax attention, forward along a direction',
    code: `// for each query, an average of the values by how its key agrees
const f = (q, k, v) =>
  matmul(softmax(div(matmul(q, transpose(k)), Math.sqrt(q.shape[1]))), v)`,
    inputs: '[normal(key(0), [4, 8]), normal(key(1), [6, 8]), normal(key(2), [6, 3])]',
    transform: '(q, k, v) => jvp(f, [q, k, v], [onesLike(q), zerosLike(k), zerosLike(v)]).tangent',
  },
  {
    title: 'A recurrent network: a scan, and back through time',
    code: `// hₜ = tanh(W hₜ₋₁ + xₜ), and a loss at the end
const f = (W, h, xs) => {
  const [last] = scan((h, x) => [tanh(add(matmul(W, h), x)), null], h, xs)
  return sum(square(last))
}`,
    inputs: '[[[0.5, -0.3], [0.2, 0.4]], [0, 0], [[1, 0], [0, 1], [0.5, -1], [-1, 0.5]]]',
    transform: 'grad(f)',
  },
  {
    title: 'A hypergradient: through 20 steps of training',
    code: `// w is trained on (x, y) with a penalty on each weight, exp(λ);
// how does its loss on other data depend on λ?
const f = (lambda, x, y, otherX, otherY) => {
  const error = (w, x, y) => mean(square(sub(matmul(x, w), y)))
  const loss = (w) => add(error(w, x, y), sum(mul(exp(lambda), square(w))))
  const w = foriLoop(0, 20, (_, w) => sub(w, mul(0.1, grad(loss)(w))), zeros([3]))
  return error(w, otherX, otherY)
}`,
    inputs: '[[-2, -2, -2], normal(key(0), [8, 3]), normal(key(1), [8]), normal(key(2), [8, 3]), normal(key(3), [8])]',
    transform: 'grad(f)',
  },
  {
    title: 'A kernel of your own in WGSL, and its gradient',
    code: `// log cosh x, that does not overflow
const logCosh = kernel({
  name: 'logCosh',
  bindings: { inputs: ['x'], outputs: ['y'] },
  shape: ({ x }) => ({ y: x }),
  wgsl: \`
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.y * threads_x + id.x;
  if (i >= x_size) { return; }
  let a = abs(x[i]);
  y[i] = a + log(0.5 + 0.5 * exp(-2.0 * a));
}\`,
  // what it means, wherever there is no GPU
  oracle: ({ x, y }) => x.forEach((value, i) => {
    y[i] = Math.abs(value) + Math.log1p(Math.exp(-2 * Math.abs(value))) - Math.LN2
  }),
  jvp: ({ x }, { x: dx }) => ({ y: mul(tanh(x), dx) }),
})
const f = (x) => sum(logCosh(x))`,
    inputs: '[[-1, 0, 2, 100]]',
    transform: 'grad(f)',
  },
]

/** Transforms to choose from, for functions of one argument or more. */
export const transforms: readonly string[] = [
  'grad(f)', 'valueAndGrad(f)', 'hessian(f)', 'jacfwd(f)', 'vmap(f)', '(x) => jvp(f, [x], [onesLike(x)]).tangent',
] // biome-ignore format: a list
