/** What the transforms say when a call is wrong: function, operand, value, remedy. Arguments are untyped here, as in JavaScript. */

import { add, array, cast, greater, item, jit, mul, readSync, sum, type Tensor, zeros } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as autodiff from '../index.js'
import { f64, messageOf, throws } from '../support.testing.js'

const {
  checkGrads,
  checkpoint,
  crossVjp,
  customJvp,
  customLinearSolve,
  customRoot,
  customVjp,
  gaussNewtonVp,
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jvp,
  linearTranspose,
  linearize,
  ravel,
  valueAndGrad,
  vjp,
  vmap,
} = autodiff as any

const x = f64([1, 2])
const s = f64(3)
const i = array([1, 2], { dtype: 'i32' })
const energy = (w: Tensor): Tensor => mul(w, w)
const loss = (w: Tensor): Tensor => sum(mul(w, w))
type Any = any

test('grad of what is no float scalar', () => {
  throws(
    () => grad(energy)(x),
    'grad energy: the function returned f64[2]; a gradient is of one scalar. Reduce it with sum or mean, or use vjp or jacrev; what else it returns goes into aux.',
  )
  throws(
    () => grad((w: Tensor) => mul(w, w))(x),
    'grad: the function returned f64[2]; a gradient is of one scalar. Reduce it with sum or mean, or use vjp or jacrev; what else it returns goes into aux.',
  )
  throws(
    () => grad((w: Tensor) => ({ a: sum(w), b: [w] }))(x),
    'grad: the function returned the tree {a: *, b: [*]}; a gradient is of one scalar. Reduce it with sum or mean, or use vjp or jacrev; what else it returns goes into aux.',
  )
  throws(
    () => grad((w: Tensor) => [sum(w), w])(x),
    'grad: the function returned the tree [*, *]; a gradient is of one scalar. Reduce it with sum or mean, or use vjp or jacrev; what else it returns goes into aux.',
  )
  throws(
    () => grad(() => null)(x),
    'grad: the function returned the tree null; a gradient is of one scalar. Reduce it with sum or mean, or use vjp or jacrev; what else it returns goes into aux.',
  )
  throws(
    () => grad(() => {})(x),
    'grad: returned nothing: a traced function returns tensors, or trees of tensors. Is a return missing?',
  )
  throws(
    () => grad(function nothing() {})(x),
    'grad nothing: returned nothing: a traced function returns tensors, or trees of tensors. Is a return missing?',
  )
  throws(
    () => grad(() => 'three')(x),
    'grad: returned "three": a traced function returns tensors, or trees of tensors.',
  )
  throws(
    () => grad((w: Tensor) => cast(sum(w), 'i32'))(x),
    'grad: the function returned i32[]; a gradient is of a float. Cast it to one.',
  )
  throws(
    () => grad((w: Tensor) => greater(sum(w), 0))(x),
    'grad: the function returned bool[]; a gradient is of a float. Cast it to one.',
  )
  throws(
    () => valueAndGrad(energy)(x),
    'valueAndGrad energy: the function returned f64[2]; a gradient is of one scalar. Reduce it with sum or mean, or use vjp or jacrev; what else it returns goes into aux.',
  )
  throws(
    () => hessian(energy)(x),
    'grad energy: the function returned f64[2]; a gradient is of one scalar. Reduce it with sum or mean, or use vjp or jacrev; what else it returns goes into aux.',
  )
  throws(
    () => hvp(energy)(x),
    'grad energy: the function returned f64[2]; a gradient is of one scalar. Reduce it with sum or mean, or use vjp or jacrev; what else it returns goes into aux.',
  )
  throws(
    () => gaussNewtonVp(energy, energy)(x),
    'grad energy: the function returned f64[2]; a gradient is of one scalar. Reduce it with sum or mean, or use vjp or jacrev; what else it returns goes into aux.',
  )
})

test('grad by what is no float', () => {
  throws(
    () => grad(loss)(i),
    'grad: argument 0 is i32[2]: derivatives are by floats. Cast it, or keep it out of what is differentiated.',
  )
  throws(
    () => grad((w: Any) => sum(w.a))({ a: x, n: [i] }),
    'grad: argument 0.n[0] is i32[2]: derivatives are by floats. Cast it, or keep it out of what is differentiated.',
  )
  throws(
    () => grad(loss)(true),
    'grad: argument 0 is bool[]: derivatives are by floats. Cast it, or keep it out of what is differentiated.',
  )
  throws(() => grad(loss)('x'), 'grad: argument 0: expected tensors, got "x".')
  throws(
    () => grad((w: Any) => sum(w.b))({ a: undefined, b: x }),
    'grad: argument 0: expected tensors, got undefined at .a.',
  )
  throws(() => grad(loss)(), 'grad: wrt names argument 0, the call has 0.')
  throws(
    () => jacfwd(energy)(i),
    'jacfwd: argument 0 is i32[2]: derivatives are by floats. Cast it, or keep it out of what is differentiated.',
  )
  throws(
    () => jacrev(energy)(i),
    'jacrev: argument 0 is i32[2]: derivatives are by floats. Cast it, or keep it out of what is differentiated.',
  )
  throws(
    () => linearTranspose(energy, i),
    'linearTranspose: argument 0 is i32[2]: derivatives are by floats. Cast it, or keep it out of what is differentiated.',
  )
  throws(
    () => hvp(loss)(i),
    'grad: argument 0 is i32[2]: derivatives are by floats. Cast it, or keep it out of what is differentiated.',
  )
})

test('wrt', () => {
  throws(() => grad(loss, { wrt: 2 })(x), 'grad: wrt names argument 2, the call has 1.')
  throws(() => grad(loss, { wrt: -2 })(x), 'grad: wrt names argument -2, the call has 1.')
  throws(() => grad(loss, { wrt: 0.5 })(x), 'grad: wrt names argument 0.5, the call has 1.')
  throws(() => grad(loss, { wrt: [0, 1] })(x), 'grad: wrt names argument 1, the call has 1.')
  throws(
    () => grad((a: Tensor, b: Tensor) => sum(mul(a, b)), { wrt: [0, -2] })(x, x),
    'grad: wrt names argument 0 twice, in [0, -2]: its derivative comes once.',
  )
})

test('aux', () => {
  throws(() => grad(loss, { aux: true })(x), 'grad loss: with aux, the function returns [result, aux], got f64[].')
  throws(
    () => grad((w: Tensor) => [sum(w), w, w], { aux: true })(x),
    'grad: with aux, the function returns [result, aux], got [f64[], f64[2], f64[2]].',
  )
  throws(
    () => grad((w: Tensor) => [w, w], { aux: true })(x),
    'grad: the function returned f64[2]; a gradient is of one scalar. Reduce it with sum or mean, or use vjp or jacrev; what else it returns goes into aux.',
  )
  throws(
    () => grad((w: Tensor) => [sum(w), 'text'], { aux: true })(x),
    'grad: returned "text": a traced function returns tensors, or trees of tensors.',
  )
  throws(() => vjp(energy, [x], { aux: true }), 'vjp energy: with aux, the function returns [result, aux], got f64[2].')
})

test('tangents and cotangents of the wrong form or type', () => {
  throws(
    () => jvp(loss, x, [x]),
    'jvp: takes the arguments of the function as a list, got f64[2]: write [x] for one argument.',
  )
  throws(
    () => jvp(loss, [x], x),
    'jvp: takes tangents as a list, one for each argument, got f64[2]: write [v] for one argument.',
  )
  throws(
    () => jvp((a: Tensor, b: Tensor) => mul(a, b), [x, x], [x]),
    'jvp: takes a tangent for each of the 2 arguments, got 1.',
  )
  throws(() => jvp(loss, [x], [f64([1, 2, 3])]), 'jvp: tangent 0 is f64[3], expected f64[2], the type of argument 0.')
  throws(() => jvp(loss, [x], [array([1, 2])]), 'jvp: tangent 0 is f32[2], expected f64[2], the type of argument 0.')
  throws(() => jvp(loss, [x], [1]), 'jvp: tangent 0 is the number 1, expected f64[2], the type of argument 0.')
  throws(() => jvp(loss, [s], [array(1)]), 'jvp: tangent 0 is f32[], expected f64[], the type of argument 0.')
  throws(
    () => jvp((p: Any) => sum(p.a), [{ a: x }], [x]),
    'jvp: tangent 0 has the form *, expected {a: *}, the form of argument 0.',
  )
  throws(
    () => jvp((p: Any) => sum(p.a), [{ a: x, b: [x] }], [{ a: x, b: [s] }]),
    'jvp: tangent 0.b[0] is f64[], expected f64[2], the type of argument 0.b[0].',
  )
  throws(() => vjp(energy, [x]).pull(s), 'pull: the cotangent is f64[], expected f64[2], the type of the result.')
  throws(
    () => vjp(energy, [x]).pull(array([1, 2])),
    'pull: the cotangent is f32[2], expected f64[2], the type of the result.',
  )
  throws(
    () => vjp(energy, [x]).pull(1),
    'pull: the cotangent is the number 1, expected f64[2], the type of the result.',
  )
  throws(
    () => vjp((w: Tensor) => ({ a: w, b: w }), [x]).pull(x),
    'pull: the cotangent has the form *, expected {a: *, b: *}, the form of the result.',
  )
  throws(
    () => vjp((w: Tensor) => ({ a: w, b: w }), [x]).pull({ a: x }),
    'pull: the cotangent has the form {a: *}, expected {a: *, b: *}, the form of the result.',
  )
  throws(
    () => vjp((w: Tensor) => ({ a: w, b: w }), [x]).pull({ a: x, b: s }),
    'pull: the cotangent.b is f64[], expected f64[2], the type of the result.b.',
  )
  throws(
    () => linearize(energy, [x]).push([x]),
    'push: tangent 0 has the form [*], expected *, the form of argument 0.',
  )
  throws(() => linearize(energy, [x]).push(x, x), 'push: takes a tangent for each of the 1 arguments, got 2.')
  throws(
    () => linearTranspose(energy, x)(s),
    'linearTranspose: the cotangent is f64[], expected f64[2], the type of the result.',
  )
  throws(() => hvp(loss)(x)(s), 'hvp: the vector is f64[], expected f64[2], the type of the point.')
  throws(
    () => hvp(loss, { mode: 'reverse' })(x)([x]),
    'hvp: the vector has the form [*], expected *, the form of the point.',
  )
  throws(
    () => crossVjp((w: Tensor, h: Tensor) => sum(mul(w, h)))(x, x)(s),
    'crossVjp: the vector is f64[], expected f64[2], the type of the point.',
  )
  throws(
    () => gaussNewtonVp(energy, loss)(x)(s),
    'gaussNewtonVp: the vector is f64[], expected f64[2], the type of the point.',
  )
  throws(() => hvp(loss, { mode: 'sideways' })(x), "hvp: mode is 'forward' or 'reverse', got \"sideways\".")
})

test('JavaScript that a traced value cannot take part in', () => {
  throws(
    () => grad((w: Any) => (sum(w) > (0 as Any) ? sum(w) : w))(x),
    "traced value: f64[], recorded in function, has no number yet: JavaScript's operators, `if` and reading cannot see it. Use cond or where to choose, debugPrint to look, or return it as an auxiliary output.",
  )
  throws(
    () => grad((w: Any) => w + 1)(x),
    "traced value: f64[2], recorded in function, has no number yet: JavaScript's operators, `if` and reading cannot see it. Use cond or where to choose, debugPrint to look, or return it as an auxiliary output.",
  )
  throws(
    () => grad((w: Tensor) => mul(w, Math.sin(w as Any)))(s),
    "traced value: f64[], recorded in function, has no number yet: JavaScript's operators, `if` and reading cannot see it. Use cond or where to choose, debugPrint to look, or return it as an auxiliary output.",
  )
  throws(
    () => grad((w: Tensor) => mul(w, item(w)))(s),
    'item: f64[] is traced in function and has no elements yet. Use debugPrint to look at it, or return it from the traced function.',
  )
  throws(
    () => grad((w: Tensor) => mul(sum(w), readSync(w)[0]!))(x),
    'readSync: f64[2] is traced in function and has no elements yet. Use debugPrint to look at it, or return it from the traced function.',
  )
  throws(
    () => vmap((w: Any) => (w < 2 ? w : mul(w, 2)))(x),
    "traced value: f64[], recorded in function, has no number yet: JavaScript's operators, `if` and reading cannot see it. Use cond or where to choose, debugPrint to look, or return it as an auxiliary output.",
  )
})

test('a traced value that leaks out of its function', () => {
  let leak: Any
  grad((w: Tensor) => {
    leak = mul(w, 2)
    return sum(w)
  })(x)
  const said =
    /function: got a value of f64\[2\] that was made while function was traced at .*messages\.test\.ts:\d+:\d+\)?, and that trace has ended\. Return it from the function \(grad and friends: as an auxiliary output\) instead of keeping it in a variable\./
  assert.match(
    messageOf(() => grad((w: Tensor) => sum(mul(w, leak)))(x)),
    said,
  )
  assert.match(
    messageOf(() => vmap((w: Tensor) => mul(w, leak))(x)),
    said,
  )
  assert.match(
    messageOf(() => jvp((w: Tensor) => mul(w, leak), [x], [x])),
    said,
  )
  assert.match(
    messageOf(() => jit((w: Tensor) => mul(w, leak), { name: 'function' })(x)),
    said,
  )
  assert.match(
    messageOf(() => add(leak, 1)),
    /^add: got f64\[2\], traced in function at .*, which has ended: return it from the traced function instead of keeping it in a variable\.$/,
  )
  // as an auxiliary output it comes out
  const { aux } = grad((w: Tensor) => [sum(w), mul(w, 2)], { aux: true })(x)
  assert.is(String(add(aux, 1)), 'f64[2] [3, 5]')
})

test('asynchronous functions are refused by every transform', () => {
  const said =
    /: the function returned a promise: it must be synchronous\. Await before the call, and read results after it\.$|: got a promise: await it before the call\.$/
  const f = async (w: Tensor): Promise<Tensor> => w
  for (const run of [
    () => grad(f)(x),
    () => valueAndGrad(f)(x),
    () => valueAndGrad(f, { aux: true })(x),
    () => jvp(f, [x], [x]),
    () => vjp(f, [x]),
    () => vjp(f, [x], { aux: true }),
    () => linearize(f, [x]),
    () => linearTranspose(f, x),
    () => jacfwd(f)(x),
    () => jacrev(f)(x),
    () => hessian(f)(x),
    () => hvp(f)(x),
    () => crossVjp(f)(x, x),
    () => gaussNewtonVp(f, loss)(x),
    () => gaussNewtonVp(energy, f)(x),
    () => vmap(f)(x),
    () => checkpoint(f)(x),
    () => customJvp(f, f)(x),
    () => jvp(customJvp(energy, f), [x], [x]),
    () => customVjp(f, f, f)(x),
    () => vjp(customVjp(energy, f, f), [x]),
    () =>
      vjp(
        customVjp(energy, (w: Tensor) => [w, null], f),
        [x],
      ).pull(x),
    () => checkGrads(f, [x]),
    () => customLinearSolve(f, x, (_: Any, y: Tensor) => y),
    () => customLinearSolve(energy, x, f),
    () =>
      customRoot(
        f,
        x,
        (_: Any, y: Tensor) => y,
        (_: Any, y: Tensor) => y,
      ),
    () => customRoot(energy, x, f, (_: Any, y: Tensor) => y),
    () => customRoot(energy, x, (_: Any, y: Tensor) => y, f),
  ])
    assert.match(messageOf(run), said, String(run))
})

test('vmap', () => {
  const pair = (a: Tensor, b: Tensor): Tensor => mul(a, b)
  throws(() => vmap(pair)(x, f64([1, 2, 3])), 'vmap: batch sizes differ: 2 in argument 0, 3 in argument 1.')
  throws(
    () => vmap(pair, { in: [0, { p: 1, q: [0] }] })(x, { p: f64([[1, 2]]), q: [f64([1])] }),
    'vmap: batch sizes differ: 2 in argument 0, 2 in argument 1.p, 1 in argument 1.q[0].',
  )
  throws(() => vmap(energy, { in: [1] })(x), 'vmap: argument 0: f64[2] has no axis 1.')
  throws(() => vmap(energy, { in: [-2] })(x), 'vmap: argument 0: f64[2] has no axis -2.')
  throws(() => vmap(energy, { in: [0.5] })(x), 'vmap: argument 0: f64[2] has no axis 0.5.')
  throws(() => vmap(energy)(s), 'vmap: argument 0: f64[] has no axis 0. What all members share has null in `in`.')
  throws(() => vmap(energy)(3), 'vmap: argument 0: f32[] has no axis 0. What all members share has null in `in`.')
  throws(() => vmap(energy)('x'), 'vmap: argument 0: expected tensors, got "x".')
  throws(() => vmap(energy, { out: 2 })(x), 'vmap: out: f64[2] has no axis 2.')
  throws(() => vmap(energy, { out: null })(x), 'vmap: out has a batch axis for every leaf: null would drop members.')
  throws(() => vmap(energy, { out: [0, 1] })(x), 'vmap: out: axes [0, 1] for a single tensor.')
  throws(
    () => vmap((a: Tensor) => ({ a, b: a }), { out: { a: 0 } })(x),
    'vmap: out: axes { a } do not fit the form {a: *, b: *}.',
  )
  throws(() => vmap(energy, { in: [null] })(x), 'vmap: no argument is batched: in is null for all of them.')
  throws(() => vmap(() => x)(), 'vmap: no argument is batched: in is null for all of them.')
  throws(() => vmap(energy, { in: [0, 0] })(x), 'vmap: in has 2 entries, the call has 1 arguments.')
  throws(
    () => vmap((a: Any) => a.p, { in: [{ q: 0 }] })({ p: x }),
    'vmap: argument 0: axes { q } do not fit the form {p: *}.',
  )
  throws(() => vmap(energy, { in: [[0]] })(x), 'vmap: argument 0: axes [0] for a single tensor.')
  throws(() => vmap(energy, { chunk: 0 })(x), 'vmap: chunk is a positive integer, got 0.')
  throws(() => vmap(energy, { chunk: 1.5 })(x), 'vmap: chunk is a positive integer, got 1.5.')
})

test('the others', () => {
  throws(
    () => checkpoint(loss, { policy: 'all' }),
    "checkpoint: policy is 'nothing', 'everything', 'sqrt' or { names }, got \"all\".",
  )
  throws(() => checkGrads(energy, [i]), 'checkGrads: no argument is a float.')
  throws(() => ravel([]), 'ravel: the tree has no tensors.')
  throws(() => ravel([i]), 'ravel: leaves are floats of one dtype, got i32[2].')
  throws(() => ravel([x, array(1)]), 'ravel: leaves are floats of one dtype, got f64[2] f32[].')
  throws(() => ravel([x]).unravel(s), 'unravel: expected a vector of 2 elements, got f64[].')
  throws(
    () => grad(energy)(zeros([], { dtype: 'i32' })),
    'grad: argument 0 is i32[]: derivatives are by floats. Cast it, or keep it out of what is differentiated.',
  )
  const gone = f64(1)
  gone[Symbol.dispose]()
  throws(() => grad((w: Tensor) => mul(w, gone))(s), 'function: got f64[], which was disposed.')
  throws(
    () => grad(energy)(gone),
    'grad: argument 0: got f64[], which was disposed: return it from its scope, or dispose it later.',
  )
})

test.run()
