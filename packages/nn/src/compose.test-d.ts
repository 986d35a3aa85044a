// Weights and statistics have the form of the layers; statistics are asked for where a layer has them, however deep.

import { key, ones, relu, type Tensor } from '@neumann/linalg-gpu'
import {
  batchNorm,
  compose,
  type DenseParams,
  dense,
  type LstmOutput,
  lstm,
  type Model,
  type Moments,
  type NormParams,
  type StatefulModel,
  sequential,
} from './index.js'

const tuple: Model<readonly [DenseParams, null, DenseParams]> = sequential([dense(2, 3), relu, dense(3, 1)])
const named: Model<{ readonly hidden: DenseParams; readonly relu: null }> = sequential({ hidden: dense(2, 3), relu })
const many: Model<readonly DenseParams[]> = sequential([1, 2].map(() => dense(2, 2)))
const deep: StatefulModel<
  readonly [DenseParams, { readonly norm: NormParams }],
  readonly [null, { readonly norm: Moments }]
> = sequential([dense(2, 3), sequential({ norm: batchNorm(3) })])
const pair: Model<
  { readonly a: DenseParams; readonly b: ReturnType<ReturnType<typeof lstm>['init']> },
  Tensor,
  LstmOutput
> = compose({ a: dense(2, 3), b: lstm(3, 4) }, ({ a, b }, x: Tensor) => b(a(x)))

const y: Tensor = tuple.apply(tuple.init(key(0)), ones([1, 2]))
const [z, state]: readonly [Tensor, readonly [null, { readonly norm: Moments }]] = deep.apply(
  deep.init(key(0)),
  ones([1, 2]),
  {
    mode: 'train',
    state: deep.initialState(),
  },
)

// @ts-expect-error a model with statistics needs them, and a mode
deep.apply(deep.init(key(0)), ones([1, 2]))
// @ts-expect-error a mode is not left out
deep.apply(deep.init(key(0)), ones([1, 2]), { state: deep.initialState() })
// @ts-expect-error sequential takes layers from tensor to tensor; an LSTM gives more
sequential([lstm(2, 3), dense(3, 1)])
// @ts-expect-error a part takes its input alone
compose({ a: dense(2, 3) }, ({ a }, x: Tensor) => a(a, x))

export { many, named, pair, state, y, z }
