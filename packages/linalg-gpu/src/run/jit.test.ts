import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, dispose, greater, item, jit, liveBuffers, mul, neg, plainDevice, print, readSync, scope, sub, sum, type Tensor, type TensorLike, toNested, trace,
} from '../index.js' // biome-ignore format: a list
import { defaultDevice } from './onDevice.js'

const x = array([1, 2, 3])

/** A function and how often it was called. */
const counted = <A extends readonly unknown[], R>(f: (...args: A) => R) => {
  let n = 0
  const counting = (...args: A): R => {
    n++
    return f(...args)
  }
  return { f: counting, calls: (): number => n }
}

test('traced once for each form of the arguments: shapes, dtypes and trees count, numbers do not', () => {
  const { f, calls } = counted((v: unknown) => v)
  const g = jit(f)
  const times = (n: number, ...args: readonly unknown[]): void => {
    for (const arg of args) g(arg)
    assert.is(calls(), n)
  }
  times(1, array([1, 2]), array([3, 4]), mul(array([3, 4]), 2))
  times(2, array([1, 2, 3]))
  times(3, array([1, 2], { dtype: 'f64' }))
  times(4, [array([1, 2])], [array([1, 2])])
  times(5, { a: array([1, 2]) })
  times(6, 0.5, 1, -7, Number.NaN, Infinity)
  times(7, array(1), array(2))
  times(8, { b: 1, a: 2 }, { a: 3, b: 4 })
})

test('strings, booleans, null and undefined are static: each is a trace of its own, and f sees them', () => {
  const seen: unknown[] = []
  const g = jit((v: Tensor, mode: unknown) => {
    seen.push(mode)
    return mode === true || mode === 'double' ? mul(v, 2) : v
  })
  for (const mode of ['double', true, false, null, undefined, 'true', 'null', 'double', true]) g(x, mode)
  assert.equal(seen, ['double', true, false, null, undefined, 'true', 'null'])
  assert.equal(toNested(g(x, 'double')), [2, 4, 6])
  assert.equal(toNested(g(x, null)), [1, 2, 3])
})

test('forms that only look alike are two traces', () => {
  const { f, calls } = counted((v: Readonly<Record<string, Tensor>>) => Object.keys(v).map((key) => v[key]!))
  const g = jit(f)
  g({ 'a: *, b': x, c: x })
  g({ a: x, 'b: *, c': x })
  assert.is(calls(), 2)
})

test('trees go in and out', () => {
  const step = jit(({ w, b }: { w: readonly Tensor[]; b: Tensor }, [scale]: readonly [number]) => ({
    w: w.map((v) => mul(v, scale)),
    more: [{ b: add(b, 1) }],
  }))
  const { w, more } = step({ b: array(1), w: [array(2), array([3])] }, [10])
  assert.equal(w.map(toNested), [20, [30]])
  assert.is(item(more[0]!.b), 2)
})

test('what is neither tensor, number nor static is refused', () => {
  const f = jit((v: unknown) => v, { name: 'loss' })
  class Point {}
  for (const [arg, shown] of [
    [Math.sin, 'function sin'],
    [new Point(), '\\[object Object\\]|\\{'],
    [new Float32Array(2), 'Float32Array|0,0'],
    [10n, '10'],
    [Symbol('s'), 'Symbol\\(s\\)'],
  ] as const)
    assert.throws(() => f(arg), new RegExp(`^loss: argument (${shown}).* is neither a tensor, a number, nor static`))
})

test('jit within jit is the function itself', () => {
  const inner = counted((v: Tensor) => mul(v, 2))
  const inside = jit(inner.f)
  const outer = jit((v: Tensor) => add(inside(v), inside(v)))
  assert.equal(toNested(outer(x)), [4, 8, 12])
  outer(x)
  assert.is(inner.calls(), 2)
  inside(x)
  assert.is(inner.calls(), 3)
})

test('jit within a trace may close over values of that trace', () => {
  const outer = jit((v: Tensor) => jit((u: Tensor) => add(u, mul(v, 10)))(v))
  assert.equal(toNested(outer(x)), [11, 22, 33])
  assert.equal(toNested(outer(mul(x, 2))), [22, 44, 66])
})

test('a tensor that f closes over is captured by reference at the first trace', () => {
  let w = array([10, 20, 30])
  const f = jit((v: Tensor) => add(v, w))
  assert.equal(toNested(f(x)), [11, 22, 33])
  const first = w
  w = array([0, 0, 0])
  assert.equal(toNested(f(x)), [11, 22, 33])
  dispose(first)
  assert.throws(() => f(x), 'got f32[3], which was disposed')
})

test('host data inside f are made once, and live as long as the program, whatever scope the first call stood in', () => {
  const before = liveBuffers().count
  const f = jit((v: Tensor) => add(v, array([10, 20, 30])))
  scope(() => {
    f(x)
  })
  assert.equal(toNested(f(x)), [11, 22, 33])
  scope(() => {
    f(x)
    f(x)
  })
  assert.is(liveBuffers().count - before, 2) // the data, and the one result outside a scope
  const g = jit((v: Tensor) => scope(() => add(v, array([1, 1, 1]))))
  assert.equal(toNested(g(x)), [2, 3, 4])
})

test('a function that disposes what it makes may be jitted', () => {
  const f = (v: Tensor): Tensor => {
    using a = mul(v, 2)
    const b = add(a, 1)
    const c = neg(b)
    dispose(b)
    return c
  }
  assert.equal(toNested(f(x)), [-3, -5, -7])
  assert.equal(toNested(jit(f)(x)), [-3, -5, -7])
})

test('a number takes the dtype of the tensor that it meets; alone it leaves as f32', () => {
  const f = jit((v: Tensor, lr: TensorLike) => [mul(v, lr), mul(lr, lr)] as const)
  for (const dtype of ['f32', 'f64', 'f16'] as const) {
    const [a, b] = f(array([1, 2], { dtype }), 0.5)
    assert.is(String(a), `${dtype}[2] [0.5, 1]`)
    assert.is(String(b), 'f32[] 0.25')
  }
  const third = jit((v: Tensor, lr: TensorLike) => mul(v, lr))(array([1], { dtype: 'f64' }), 1 / 3)
  assert.is(readSync(third)[0], 1 / 3)
  assert.is(jit((lr: TensorLike) => greater(lr, 0.1))(0.1).dtype, 'bool')
})

test('a number with an integer tensor is refused', () => {
  const f = jit((v: Tensor, n: TensorLike) => mul(v, n))
  assert.throws(() => f(array([1, 2], { dtype: 'i32' }), 2), /a number argument of jit meets i32\[2\]/)
  // while a number in the function is what it says
  assert.is(String(jit((v: Tensor) => mul(v, 2))(array([1, 2], { dtype: 'i32' }))), 'i32[2] [2, 4]')
})

test('an error inside f leaves the cache as it was: the next call traces again', () => {
  let broken = true
  const { f, calls } = counted((v: Tensor) => {
    if (broken) throw new Error('not yet')
    return mul(v, 2)
  })
  const g = jit(f)
  assert.throws(() => g(x), 'not yet')
  assert.throws(() => g(x), 'not yet')
  broken = false
  assert.equal(toNested(g(x)), [2, 4, 6])
  g(x)
  assert.is(calls(), 3)
})

test('inputs are never written to, and results own their memory', () => {
  const data = [1, 2, 3]
  const a = array(data)
  const [b, c] = jit((v: Tensor) => [v, v] as const)(a)
  dispose(a)
  dispose(c)
  assert.equal(toNested(b), data)
})

test('two devices in one call are refused, with both names', () => {
  const other = plainDevice({ name: 'other' })
  const y = array([1, 2, 3], { device: other })
  const f = jit((a: Tensor, b: Tensor) => add(a, b), { name: 'f' })
  assert.throws(
    () => f(x, y),
    `f: operands live on two devices, ${defaultDevice().name} and other: move one with transfer`,
  )
  assert.is(f(y, y).device, other)
  assert.throws(() => jit((b: Tensor) => add(x, b))(y), 'two devices')
})

/** How many buffers are alive that were not there before. */
const counting = (f: (count: () => number, put: (v: number) => Tensor) => void): void => {
  const before = liveBuffers().count
  f(
    () => liveBuffers().count - before,
    (v) => array([v, v]),
  )
}

test('donated arguments are freed, and using them afterwards is an error', () => {
  counting((count, put) => {
    const step = jit((w: Tensor, g: Tensor) => sub(w, g), { donate: 0, name: 'step' })
    const [w, g] = [put(3), put(1)]
    const next = step(w, g)
    assert.equal(toNested(next), [2, 2])
    assert.is(count(), 2)
    assert.throws(() => readSync(w), 'readSync: f32[2] was disposed.')
    assert.throws(() => add(w, 1), 'which was disposed')
    assert.throws(() => step(w, g), 'step: got f32[2], which was disposed.')
    assert.is(String(w), 'f32[2] disposed')
    dispose(w) // twice is once
    assert.is(count(), 2)
  })
})

test('donation of trees: every tensor of them, constants and numbers pass', () => {
  counting((count, put) => {
    const step = jit((s: { w: Tensor; m: readonly Tensor[] }, lr: number) => mul(add(s.w, s.m[0]!), lr), { donate: [0, 1] })
    const state = { w: put(1), m: [put(2), put(3)] }
    assert.equal(toNested(step(state, 2)), [6, 6])
    assert.is(count(), 1)
    for (const v of [state.w, ...state.m]) assert.is(String(v), 'f32[2] disposed')
  })
}) // biome-ignore format: a long call

test('a donated input that is returned unchanged is a new tensor', () => {
  counting((count, put) => {
    const a = put(1)
    const [b, c] = jit((v: Tensor) => [v, v] as const, { donate: 0 })(a)
    assert.equal([b, c].map(toNested), [[1, 1], [1, 1]])
    assert.is(count(), 2)
    assert.is(String(a), 'f32[2] disposed')
  })
}) // biome-ignore format: a matrix

test('what is donated twice, or donated and captured, is refused and stays whole', () => {
  counting((count, put) => {
    const a = put(1)
    const twice = 'f: is given f32[2] to donate and gets it a second time, as an argument or captured: pass a copy, or do not donate it.'
    const f = jit((v: Tensor, w: Tensor) => add(v, w), { donate: [0, 1], name: 'f' })
    assert.throws(() => f(a, a), twice)
    assert.throws(() => jit((v: Tensor, w: Tensor) => add(v, w), { donate: 0, name: 'f' })(a, a), twice)
    assert.throws(() => jit((v: Tensor) => add(v, a), { donate: 0, name: 'f' })(a), twice)
    assert.equal(toNested(a), [1, 1])
    assert.is(count(), 1)
  })
}) // biome-ignore format: long lines

test('a donated position that the call does not have is named', () => {
  for (const donate of [1, -1, 0.5])
    assert.throws(() => jit((v: Tensor) => v, { donate, name: 'f' })(x), `f: donate names argument ${donate}, the call has 1, counted from 0.`)
}) // biome-ignore format: long lines

test('trace shows the program as it is before simplification', () => {
  const f = (v: Tensor): Tensor => add(mul(v, 1), 0)
  assert.is(trace(f)(x).eqns.length, 4)
  assert.match(print(trace(f)(x)), 'f { a:f32[3] ->')
})

test('the intermediates of a jitted call are gone when it returns', () => {
  counting((count, put) => {
    const a = put(1)
    const f = jit((v: Tensor) => sum(mul(add(v, 1), neg(v))))
    f(a)
    assert.is(count(), 2)
    f(a)
    assert.is(count(), 3)
  })
})

test.run()
