import { grad, vmap } from '@neumann/autodiff'
import {
  dispose,
  jit,
  key,
  liveBuffers,
  scan,
  scope,
  slice,
  splitKey,
  stack,
  sum,
  type Tensor,
  treeLeaves,
  treeMap,
} from '@neumann/linalg-gpu'
import { flattenTree, showStructure } from '@neumann/linalg-gpu/program'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  attention, averagePooling, batchNorm, type Call, compose, convolution, dense, dropout, embedding, globalAverage, groupNorm, layerNorm, lenet,
  lstm, type Model, maxPooling, mlp, multiHeadAttention, resnet18, type StatefulCall, type StatefulModel,sequential, 
} from './index.js' // biome-ignore format: a list
import { close, double, elements, integers, sample } from './support.testing.js'

// The laws of model.ts, for every model. One with statistics is looked at as one whose call brings them.

type Any = Model<unknown, unknown, unknown>
type AnyStateful = StatefulModel<unknown, unknown, unknown, unknown>
interface Row {
  readonly model: Any | AnyStateful
  readonly x: Tensor
}
const row = (model: object, x: Tensor): Row => ({ model: model as Any, x })
const spatial = sample([2, 2, 4, 4], 3)

const rows: Readonly<Record<string, Row>> = {
  dense: row(dense(3, 2), sample([4, 3])),
  'dense without bias': row(dense(3, 2, { bias: null }), sample([4, 3])),
  convolution: row(convolution(2, 3, 3, { padding: 1 }), spatial),
  batchNorm: row(batchNorm(2), spatial),
  layerNorm: row(layerNorm(4), spatial),
  groupNorm: row(groupNorm(2, 2), spatial),
  dropout: row(dropout(0.5), sample([4, 3])),
  embedding: row(embedding(5, 3), integers([4, 0, 2])),
  multiHeadAttention: row(multiHeadAttention(4, 2), sample([2, 3, 4])),
  lstm: row(lstm(3, 2), sample([4, 2, 3])),
  sequential: row(
    sequential([convolution(2, 2, 3), batchNorm(2), maxPooling(2), globalAverage, dropout(0.5), dense(2, 2)]),
    spatial,
  ),
  compose: row(
    compose({ a: dense(3, 3), b: dense(3, 3) }, ({ a, b }, x: Tensor) => attention(a(x), b(x), x)),
    sample([4, 3]),
  ),
  pooling: row(sequential([averagePooling(2), globalAverage]), spatial),
  mlp: row(mlp([3, 4, 2]), sample([4, 3])),
  lenet: row(lenet({ classes: 3 }), sample([1, 1, 28, 28])),
  'resnet18, cifar': row(resnet18('cifar', { widths: [2, 2, 3, 3], classes: 3 }), sample([2, 3, 8, 8])),
  'resnet18, torchvision': row(resnet18('torchvision', { widths: [2, 2, 3, 3], classes: 3 }), sample([2, 3, 33, 33])),
}

const typesOf = (tree: unknown): string =>
  `${showStructure(flattenTree(tree).structure)} ${treeLeaves<Tensor>(tree as Tensor).map((t) => `${t.dtype}[${t.shape}]`)}`

const laws = suite('laws of models')

for (const [name, { model, x }] of Object.entries(rows)) {
  const params = double(model.init(key(1)))
  const state = 'initialState' in model ? double(model.initialState()) : null
  const mode = 'train'
  /** The output, and the statistics that come out. */
  const run = (
    p: unknown,
    v: unknown,
    call: Call & { readonly state?: unknown } = { mode, key: key(2), state },
  ): readonly [unknown, unknown] =>
    'initialState' in model ? model.apply(p, v, call as StatefulCall<unknown>) : [model.apply(p, v, call), null]
  const loss = (p: unknown): Tensor =>
    treeLeaves<Tensor>(run(p, x)[0] as Tensor).reduce((total, y) => sum(stack([total, sum(y)])), sum(sample([0])))

  laws(`${name}: init and apply are pure: the same arguments give the same bits`, () => {
    assert.equal(elements(model.init(key(1))), elements(model.init(key(1))))
    assert.equal(elements(run(params, x)), elements(run(params, x)))
  })

  laws(`${name}: first weights are f32`, () => {
    assert.ok(treeLeaves<Tensor>(model.init(key(1)) as Tensor).every(({ dtype }) => dtype === 'f32'))
  })

  laws(`${name}: jit gives what apply gives`, () => {
    close(elements(jit((p: unknown, v: unknown) => run(p, v))(params, x)), elements(run(params, x)), 2 ** -44)
  })

  if (treeLeaves(params as Tensor).length > 0) {
    laws(`${name}: the gradient has the form of the weights`, () => {
      assert.is(typesOf(grad(loss)(params)), typesOf(params))
    })

    laws(`${name}: vmap over weights is a loop over them`, () => {
      const keys = splitKey(key(3), 2)
      const each = [0, 1].map((i) => double(model.init(slice(keys, i))))
      const all = treeMap((...leaves: Tensor[]) => stack(leaves), each[0], each[1])
      const outputs = vmap((p: unknown) => run(p, x), { in: [0] })(all)
      each.forEach((p, i) => {
        close(elements(treeMap((y: Tensor) => slice(y, i), outputs)), elements(run(p, x)), 2 ** -40)
      })
    })
  }

  if (state !== null) {
    laws(`${name}: statistics are a scan's carry, and two steps of it are two calls`, () => {
      const [, once] = run(params, x)
      assert.is(typesOf(once), typesOf(state))
      const [, twice] = run(params, x, { mode, key: key(2), state: once })
      const [last] = scan(
        (s: unknown) => [run(params, x, { mode, key: key(2), state: s })[1], null] as const,
        state,
        null,
        { length: 2 },
      )
      close(elements(last), elements(twice), 2 ** -44)
    })

    laws(`${name}: eval and frozen keep the statistics`, () => {
      for (const still of ['eval', 'frozen'] as const)
        assert.equal(
          treeLeaves(run(params, x, { mode: still, key: key(2), state })[1] as Tensor),
          treeLeaves(state as Tensor),
        )
    })
  }

  laws(`${name}: nothing is left alive but weights and results`, () => {
    scope(() => {
      const before = liveBuffers().count
      const drawn = model.init(key(1))
      const weights = liveBuffers().count - before
      assert.ok(weights <= treeLeaves(drawn as Tensor).length, `${weights} buffers of weights`)
      const results = run(params, x)
      const made = new Set(treeLeaves<Tensor>(results as never).filter((y) => y.device !== undefined && y !== x))
      assert.ok(liveBuffers().count - before - weights <= made.size, 'buffers that are no results')
      dispose([...made])
    })
  })
}

laws.run()
