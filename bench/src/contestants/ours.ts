/** Neumann itself, by its public interface. On the plain and the wasm device a call that has returned is done; on WebGPU (../webgpu/players.ts)
 *  its results are still to be waited for. */

import { crossVjp, grad, hvp, valueAndGrad, vjp, vmap } from '@neumann/autodiff'
import {
  add, array, conv, type Device, data, dispose, div, exp, jit, logSoftmax, matmul, mean, mul, neg, relu, reshape, scan, scope, sigmoid,
  slice, sqrt, square, sub, sum, type Tensor, take, tanh, transpose, treeLeaves, zeros,
} from '@neumann/linalg-gpu' // biome-ignore format: a list
import { openDevice } from '../device.js'
import type { Given } from '../inputs.js'
import { type Params, resnetConvs } from '../tasks.js'
import {
  type Contestant,
  type Implementation,
  type Inputs,
  leavesOf,
  moved,
  numberOf,
  type Outputs,
  type Prepared,
} from './contestant.js'

type Tree = readonly Tensor[]
type Record_ = Readonly<Record<string, Tensor>>

const put = (device: Device, { data: elements, shape }: Given): Tensor => array(elements, { shape: [...shape], device })
const putAll = (device: Device, inputs: Inputs): Record_ =>
  Object.fromEntries(Object.entries(inputs).map(([name, given]) => [name, put(device, given)]))
const tree = (device: Device, inputs: Inputs, letter: string): Tree =>
  leavesOf(inputs, letter).map((x) => put(device, x))

const readAll = (tree: Tree): Promise<readonly ArrayLike<number>[]> => Promise.all(tree.map(data))
/** The results of a call, which are then freed. */
const readTree = async (value: unknown): Promise<Outputs> => {
  const leaves = treeLeaves(value as never) as readonly Tensor[]
  const read = await readAll(leaves)
  dispose(leaves)
  return Object.fromEntries(read.map((x, i) => [`r${i}`, x]))
}

/** A function that takes the same arguments each time: its results are freed at once. */
const pure = (device: Device, call: () => unknown): Prepared => ({
  run: () => scope(() => void call()),
  result: () => readTree(scope(call)),
  peakBytes: () => device.memory().peak,
})

const both = ({ value, grad }: { readonly value: Tensor; readonly grad: unknown }): readonly unknown[] => [value, grad]

/** A state that each repetition replaces, giving its memory up; `step` returns the state and what else it makes. */
const stepping = (device: Device, first: () => Tree, step: (state: Tree) => readonly [Tree, Tensor]): Prepared => {
  let state = first()
  return {
    run: () => {
      const [next, rest] = step(state)
      dispose(rest)
      state = next
    },
    result: async () => {
      const [next, rest] = step(state)
      const before = first()
      const out = { ...moved(await readAll(before), await readAll(next)), loss: await data(rest) }
      dispose([next, rest])
      state = before
      return out
    },
    dispose: () => dispose(state),
    peakBytes: () => device.memory().peak,
  }
}

// ── losses ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The loss of a perceptron with weights p0 (matrix), p1 (bias), … */
const lossOf = ({ activation, loss }: Params) => {
  const bend = activation === 'relu' ? relu : tanh
  return (p: Tree, x: Tensor, y: Tensor): Tensor => {
    let h = x
    for (let i = 0; i < p.length; i += 2) h = add(matmul(i === 0 ? h : bend(h), p[i]!), p[i + 1]!)
    return loss === 'xent'
      ? neg(mean(sum(mul(y, logSoftmax(h)), { axis: 1 })))
      : mean(sum(square(sub(h, y)), { axis: 1 }))
  }
}

/** The loss of a network with weights p0, p1, … */
const netLossOf = (params: Params): ((p: Tree, x: Tensor, y: Tensor) => Tensor) => {
  if (params.net === 'conv')
    return (p, x, y) => {
      const h = relu(conv(relu(conv(x, p[0]!, { padding: 1 })), p[1]!, { strides: 2, padding: 1 }))
      const logits = add(matmul(mean(h, { axis: [2, 3] }), p[2]!), p[3]!)
      return neg(mean(sum(mul(y, logSoftmax(logits)), { axis: 1 })))
    }
  if (params.net === 'lstm') return ([wx, wh, b], x, y) => lstmLoss({ wx: wx!, wh: wh!, b: b! }, x, y)
  return lossOf(params)
}

const total = (terms: readonly Tensor[]): Tensor => terms.reduce((a, b) => add(a, b))
const inner = (a: Tree, b: Tree): Tensor => total(a.map((x, i) => sum(mul(x, b[i]!))))

const batchNorm = (x: Tensor, scale: Tensor, shift: Tensor): Tensor => {
  const along = { axis: [0, 2, 3], keepDims: true }
  const centred = sub(x, mean(x, along))
  const normal = div(centred, sqrt(add(mean(square(centred), along), 1e-5)))
  const perChannel = (v: Tensor): Tensor => reshape(v, [v.shape[0]!, 1, 1])
  return add(mul(normal, perChannel(scale)), perChannel(shift))
}

const resnetLoss = (w: Record_, x: Tensor, y: Tensor): Tensor => {
  const convs = new Map(resnetConvs().map((c) => [c.name, c]))
  const layer = (name: string, v: Tensor): Tensor => {
    const { strides, window } = convs.get(name)!
    const out = conv(v, w[`${name}Filter`]!, { strides, padding: window === 3 ? 1 : 0 })
    return batchNorm(out, w[`${name}Scale`]!, w[`${name}Shift`]!)
  }
  let h = relu(layer('stem', x))
  for (const stage of [0, 1, 2, 3])
    for (const block of [0, 1]) {
      const name = `s${stage}b${block}`
      const straight = convs.has(`${name}c`) ? layer(`${name}c`, h) : h
      h = relu(add(layer(`${name}b`, relu(layer(`${name}a`, h))), straight))
    }
  const logits = add(matmul(mean(h, { axis: [2, 3] }), w.headWeight!), w.headBias!)
  return neg(mean(sum(mul(y, logSoftmax(logits)), { axis: 1 })))
}

interface Lstm {
  readonly wx: Tensor
  readonly wh: Tensor
  readonly b: Tensor
}

/** The products with the inputs are one matrix product before the loop, as every library does it. */
const lstmLoss = ({ wx, wh, b }: Lstm, x: Tensor, ct: Tensor): Tensor => {
  const [length, batch, units] = x.shape as readonly [number, number, number]
  const driven = add(reshape(matmul(reshape(x, [length * batch, units]), wx), [length, batch, 4 * units]), b)
  const start = zeros([batch, units])
  const [, hs] = scan(
    ([h, c]: readonly [Tensor, Tensor], drive: Tensor): readonly [readonly [Tensor, Tensor], Tensor] => {
      const gates = add(drive, matmul(h, wh))
      const gate = (i: number): Tensor => slice(gates, null, [i * units, (i + 1) * units])
      const next = add(mul(sigmoid(gate(1)), c), mul(sigmoid(gate(0)), tanh(gate(2))))
      const out = mul(sigmoid(gate(3)), tanh(next))
      return [[out, next], out]
    },
    [start, start] as const,
    driven,
  )
  return div(sum(mul(hs, ct)), length * batch)
}

// ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Its tasks on a device. */
export const tasksOn = (device: Device): Record<string, Implementation> => {
  /** f of the named inputs, jitted. */
  const named =
    (f: (inputs: Record_, params: Params) => unknown): Implementation =>
    (inputs, params) => {
      const given = putAll(device, inputs)
      const compiled = jit((values: Record_) => f(values, params))
      return { ...pure(device, () => compiled(given)), dispose: () => dispose(given) }
    }

  /** f of weights, directions, hyperparameters and data, jitted. */
  const ofNet =
    (f: (p: Tree, v: Tree, h: Tree, x: Tensor, y: Tensor, params: Params) => unknown): Implementation =>
    (inputs, params) => {
      const [p, v, h] = ['p', 'v', 'h'].map((letter) => tree(device, inputs, letter)) as [Tree, Tree, Tree]
      const [x, y] = [put(device, inputs.x!), put(device, inputs.y!)]
      const compiled = jit((p: Tree, v: Tree, h: Tree, x: Tensor, y: Tensor) => f(p, v, h, x, y, params))
      return { ...pure(device, () => compiled(p, v, h, x, y)), dispose: () => dispose([p, v, h, x, y]) }
    }

  const training = (inputs: Inputs, wrap: (step: Step) => Step, params: Params): Prepared => {
    const loss = lossOf(params)
    const [x, y] = [put(device, inputs.x!), put(device, inputs.y!)]
    const plainStep: Step = (p, x, y) => {
      const { value, grad } = valueAndGrad(loss)(p, x, y)
      return [p.map((w, i) => sub(w, mul(0.01, (grad as Tree)[i]!))), value]
    }
    const step = jit(wrap(plainStep), { donate: 0 })
    const prepared = stepping(
      device,
      () => tree(device, inputs, 'p'),
      (state) => step(state, x, y),
    )
    return {
      ...prepared,
      dispose: () => {
        prepared.dispose!()
        dispose([x, y])
      },
    }
  }

  const penalised = (params: Params) => {
    const loss = lossOf(params)
    return (w: Tree, h: Tree, x: Tensor, y: Tensor): Tensor =>
      add(loss(w, x, y), mul(0.5, total(w.map((v, i) => sum(mul(exp(h[i]!), square(v)))))))
  }

  const product = ofNet((p, v, _h, x, y, params) => hvp(lossOf(params))(p, x, y)(v as never))

  const neumann = ofNet((w, v, h, x, y, params) => {
    const products = crossVjp(penalised(params))(w, h, x, y)
    let [term, series] = [v, v]
    for (let k = 0; k < numberOf(params, 'terms'); k++) {
      const { hv } = products(term as never) as unknown as { readonly hv: Tree }
      term = term.map((t, i) => sub(t, mul(numberOf(params, 'alpha'), hv[i]!)))
      series = series.map((s, i) => add(s, term[i]!))
    }
    const { mv } = products(series as never) as unknown as { readonly mv: Tree }
    return mv.map((m) => neg(m))
  })

  const gradient = ofNet((p, _v, _h, x, y, params) => both(valueAndGrad(netLossOf(params))(p, x, y)))

  const kept: Implementation = (inputs, params) => {
    const [p, v] = [tree(device, inputs, 'p'), tree(device, inputs, 'v')]
    const [x, y] = [put(device, inputs.x!), put(device, inputs.y!)]
    const product = hvp(netLossOf(params))(p, x, y)
    const compiled = jit((d: Tree) => product(d as never))
    return {
      ...pure(device, () => compiled(v)),
      dispose: () => {
        product[Symbol.dispose]()
        dispose([p, v, x, y])
      },
    }
  }

  return {
    matmul: named(({ a, b }, { form }) => {
      const last = (x: Tensor): Tensor => (x.shape.length === 2 ? transpose(x) : transpose(x, [0, 2, 1]))
      const [f, g] = form as string
      return matmul(f === 'n' ? a! : last(a!), g === 'n' ? b! : last(b!))
    }),
    chain: named(({ x }) => {
      const t = tanh(add(mul(x!, 1.5), 0.25))
      return sub(mul(add(mul(sub(exp(mul(t, 0.5)), x!), t), 0.125), 0.75), t)
    }),
    sum: named(({ x }, { axis }) => ((axis as number) < 0 ? sum(x!) : sum(x!, { axis: axis as number }))),
    softmax: named(({ x, y }) =>
      both(valueAndGrad((z: Tensor) => neg(mean(sum(mul(y!, logSoftmax(z)), { axis: 1 }))))(x!)),
    ),
    'mlp-step': (inputs, params) => training(inputs, (step) => step, params),
    'mlp-step-vmap': (inputs, params) =>
      training(
        inputs,
        (step) => vmap(step, { in: [0, null, null], chunk: numberOf(params, 'chunk') }) as unknown as Step,
        params,
      ),
    forward: ofNet((p, _v, _h, x, y, params) => lossOf(params)(p, x, y)),
    gradient,
    hvp: product,
    'hvp-forward': product,
    'hvp-reverse': ofNet((p, v, _h, x, y, params) =>
      grad((w: Tree) => inner(grad(lossOf(params))(w, x, y) as unknown as Tree, v))(p),
    ),
    'hvp-kept': kept,
    'net-hvp-kept': kept,
    'net-gradient': gradient,
    'hvp-k': (inputs, params) => {
      const p = tree(device, inputs, 'p')
      const vs = Array.from({ length: numberOf(params, 'k') }, (_, j) => tree(device, inputs, `v${j}_`))
      const [x, y] = [put(device, inputs.x!), put(device, inputs.y!)]
      const compiled = jit((p: Tree, vs: readonly Tree[], x: Tensor, y: Tensor) => {
        const product = hvp(lossOf(params))(p, x, y)
        return vs.map((v) => product(v as never))
      })
      return { ...pure(device, () => compiled(p, vs, x, y)), dispose: () => dispose([p, vs, x, y]) }
    },
    neumann,
    'neumann-jvp': neumann,
    conv: named(({ x, f, ct }, { stride, pad }) => {
      const { out, pull } = vjp(
        (x: Tensor, f: Tensor) => conv(x, f, { strides: stride as number, padding: pad as number }),
        [x!, f!],
      )
      return [out, ...pull(ct!)]
    }),
    'batch-norm': named(({ x, scale, shift, ct }) => {
      const { out, pull } = vjp(batchNorm, [x!, scale!, shift!])
      return [out, ...pull(ct!)]
    }),
    resnet18: ({ x, y, ...weights }, _params) => {
      const names = Object.keys(weights)
      const step = jit(
        (w: Tree, x: Tensor, y: Tensor): readonly [Tree, Tensor] => {
          const loss = (w: Tree): Tensor => resnetLoss(Object.fromEntries(names.map((name, i) => [name, w[i]!])), x, y)
          const { value, grad } = valueAndGrad(loss)(w)
          return [w.map((v, i) => sub(v, mul(0.001, (grad as unknown as Tree)[i]!))), value]
        },
        { donate: 0 },
      )
      const [images, targets] = [put(device, x!), put(device, y!)]
      return stepping(
        device,
        () => Object.values(weights).map((w) => put(device, w)),
        (state) => step(state, images, targets),
      )
    },
    lstm: named(({ wx, wh, b, x, ct }) => {
      const { value, grad } = valueAndGrad((w: Lstm) => lstmLoss(w, x!, ct!))({ wx: wx!, wh: wh!, b: b! })
      return [value, grad.wx, grad.wh, grad.b]
    }),
    embedding: named(({ table, indices, ct }) => {
      const { out, pull } = vjp((t: Tensor) => take(t, indices!, { axis: 0 }), [table!])
      return [out, ...pull(ct!)]
    }),
    scan: named(
      ({ h, w, b }, { steps }) =>
        scan((c: Tensor): readonly [Tensor, null] => [tanh(add(matmul(c, w!), b!)), null], h!, null, {
          length: steps as number,
        })[0],
    ),
    eager: ({ x, y }) => {
      const [a, b] = [put(device, x!), put(device, y!)]
      return {
        run: () => dispose(add(a, b)),
        result: () => readTree(add(a, b)),
        dispose: () => dispose([a, b]),
      }
    },
    'jit-call': ({ w, g }) => {
      const [a, b] = [put(device, w!), put(device, g!)]
      const step = jit((w: Tensor, g: Tensor) => sub(w, mul(0.01, g)))
      return {
        run: () => dispose(step(a, b)),
        result: () => readTree(step(a, b)),
        dispose: () => dispose([a, b]),
      }
    },
    'jit-kernels': named(({ x, w }, { count }) => {
      let out = x!
      for (let i = 0; i < (count as number); i++) out = matmul(out, w!)
      return out
    }),
    compile: ({ x, y }) => {
      const loss = lossOf({ activation: 'tanh', loss: 'squared' })
      const data = [put(device, x!), put(device, y!)] as const
      let width = 8
      const once = (): unknown => {
        const n = width++
        const p = [[8, n], [n], [n, 1], [1]].map((shape) => array(weightsFor(shape), { shape, device })) // biome-ignore format: a list
        return jit((p: Tree, x: Tensor, y: Tensor) => grad(loss)(p, x, y))(p, ...data)
      }
      return { run: () => scope(() => void once()), result: () => ({}), dispose: () => dispose(data) }
    },
  }
}

type Step = (p: Tree, x: Tensor, y: Tensor) => readonly [Tree, Tensor]

/** Small numbers for a layer of no importance. */
export const weightsFor = (shape: readonly number[]): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i) / 4)

export const contestant: Contestant = {
  needs: [],
  start: async (options) => {
    const { device, version } = await openDevice(options)
    // each task has its own peak
    const fresh =
      (make: Implementation): Implementation =>
      (inputs, params) => {
        device.resetPeak()
        return make(inputs, params)
      }
    const tasks = Object.entries(tasksOn(device)).map(([name, make]) => [name, fresh(make)] as const)
    return { version, tasks: Object.fromEntries(tasks) }
  },
}
