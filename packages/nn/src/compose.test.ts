import { checkGrads } from '@neumann/autodiff'
import { add, foldIn, jit, key, mul, ones, relu, sub, type Tensor, tanh } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compose, sequential } from './compose.js'
import { batchNorm } from './layers/batchNorm.js'
import { dense } from './layers/dense.js'
import { dropout } from './layers/dropout.js'
import type { Model } from './model.js'
import { close, double, elements, messageOf, near, sample, shaken } from './support.testing.js'

const x = sample([4, 3], 1)

test('sequential is one layer behind the other, by hand', () => {
  const [first, second] = [dense(3, 5), dense(5, 2)]
  const net = sequential([first, tanh, second])
  const params = double(net.init(key(0)))
  const [one, none, two] = params
  assert.is(none, null)
  assert.equal(elements(net.apply(params, x)), elements(second.apply(two, tanh(first.apply(one, x)))))
})

test('weights of layer i are drawn by foldIn(key, i), so that a layer behind changes none before it', () => {
  const [first, second] = [dense(3, 5), dense(5, 2)]
  const [one, two] = sequential([first, second]).init(key(4))
  assert.equal(elements(one), elements(first.init(foldIn(key(4), 0))))
  assert.equal(elements(two), elements(second.init(foldIn(key(4), 1))))
})

test('a record gives its names to the weights, in the order in which it is written', () => {
  const net = sequential({ zebra: dense(3, 5), relu, apple: dense(5, 2) })
  const params = net.init(key(0))
  assert.equal(Object.keys(params), ['zebra', 'relu', 'apple'])
  assert.equal(params.zebra.weight.shape, [3, 5])
  assert.equal(net.apply(params, ones([4, 3])).shape, [4, 2])
})

test('no layer at all is the identity', () => {
  assert.is(sequential([]).apply([], x), x)
})

test('statistics go in and come out in the form of the layers', () => {
  const norm = batchNorm(3)
  const net = sequential({ hidden: dense(3, 3), norm, out: dense(3, 2) })
  const params = shaken(net.init(key(0)))
  const state = double(net.initialState())
  assert.is(state.hidden, null)
  const [y, next] = net.apply(params, x, { mode: 'train', state })
  const [middle, own] = norm.apply(params.norm, dense(3, 3).apply(params.hidden, x), {
    mode: 'train',
    state: state.norm,
  })
  assert.equal(elements(next.norm), elements(own))
  assert.equal(elements(y), elements(dense(3, 2).apply(params.out, middle)))
})

test('a model of models without statistics has none, one with them has, however deep', () => {
  assert.not.ok('initialState' in sequential([sequential([dense(2, 2)]), relu]))
  assert.ok('initialState' in sequential([sequential([batchNorm(2)]), relu]))
})

test('a layer called twice shares its weights, its statistics go from call to call', () => {
  const norm = batchNorm(3, { momentum: 0.5 })
  const net = compose({ norm }, ({ norm }, v: Tensor) => norm(mul(norm(v), 2)))
  const params = shaken(net.init(key(0)))
  const state = double(net.initialState())
  const [y, next] = net.apply(params, x, { mode: 'train', state })
  const [a, between] = norm.apply(params.norm, x, { mode: 'train', state: state.norm })
  const [b, after] = norm.apply(params.norm, mul(a, 2), { mode: 'train', state: between })
  assert.equal(elements(y), elements(b))
  assert.equal(elements(next), elements(after))
})

test('every layer, and every call of one, draws by a key of its own', () => {
  const wide = ones([64])
  const net = compose({ first: dropout(0.5), second: dropout(0.5) }, ({ first, second }, v: Tensor) => ({
    a: first(v),
    b: first(v),
    c: second(v),
  }))
  const call = { mode: 'train', key: key(3) } as const
  const { a, b, c } = net.apply(net.init(key(0)), wide, call)
  const [first, again, second] = [elements(a), elements(b), elements(c)]
  assert.not.equal(first, again)
  assert.not.equal(first, second)
  assert.not.equal(again, second)
  assert.equal(first, elements(dropout(0.5).apply(null, wide, { mode: 'train', key: foldIn(foldIn(key(3), 0), 0) })))
  assert.equal(first, elements(net.apply(net.init(key(0)), wide, call).a))
})

test('the mode reaches every layer', () => {
  const net = sequential([sequential([dropout(0.5)]), batchNorm(3)])
  const params = double(net.init(key(0)))
  const call = { state: double(net.initialState()), key: key(1) }
  const [evaluated] = net.apply(params, x, { ...call, mode: 'eval' })
  close(
    elements(evaluated),
    elements(x).map((v) => v / Math.sqrt(1 + 1e-5)),
  )
  const [frozen, kept] = net.apply(params, x, { ...call, mode: 'frozen' })
  assert.ok(elements(frozen).includes(0))
  assert.equal(elements(kept), elements(call.state))
})

test('compose passes on any input and output, and models of one another', () => {
  const distance: Model<null, { readonly a: Tensor; readonly b: Tensor }> = {
    init: () => null,
    apply: (_, { a, b }) => sub(a, b),
  }
  const net = compose({ tower: dense(3, 2), distance }, ({ tower, distance }, [a, b]: readonly [Tensor, Tensor]) =>
    distance({ a: tower(a), b: tower(b) }),
  )
  const params = shaken(net.init(key(0)))
  near(net.apply(params, [x, x]), [4, 2], [0, 0, 0, 0, 0, 0, 0, 0], 0)
})

test('derivatives through a composed model, orders 1 and 2, statistics too', () => {
  const net = compose({ body: sequential([dense(3, 3), batchNorm(3), tanh]) }, ({ body }, v: Tensor) => add(v, body(v)))
  const state = double(net.initialState())
  checkGrads(
    (p: ReturnType<typeof net.init>, v: Tensor) => net.apply(p, v, { mode: 'train', state }),
    [shaken(net.init(key(0))), x],
  )
})

test('under jit with the whole call as an argument', () => {
  const net = sequential([dense(3, 3), batchNorm(3), dropout(0.5)])
  const params = double(net.init(key(0)))
  const call = { mode: 'train', state: double(net.initialState()), key: key(2) } as const
  close(elements(jit(net.apply)(params, x, call)), elements(net.apply(params, x, call)))
})

test('wrong calls are errors that say so', () => {
  const net = sequential({ norm: batchNorm(3) })
  const state = net.initialState()
  const wrong = (params: unknown, call: unknown): string =>
    messageOf(() => net.apply(params as never, x, call as never))
  assert.is(
    wrong({}, { mode: 'eval', state }),
    'compose: weights of layer norm expected, got {  }: they come from init(key).',
  )
  assert.is(
    wrong(net.init(key(0)), { mode: 'eval' }),
    'compose: statistics of layer norm expected, got undefined: they come from initialState(), as `state`.',
  )
  assert.is(
    wrong(net.init(key(0)), { mode: 'test', state }),
    `compose: mode is 'train', 'eval' or 'frozen', got "test".`,
  )
  assert.is(
    messageOf(() => sequential({ 1: relu, 0: tanh })),
    'compose: a record with whole numbers as names, 0, 1, has no order of its own: give a list.',
  )
})

test.run()
