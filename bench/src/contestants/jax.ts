/** @jax-js/jax on its wasm backend (on its WebGPU backend: ../webgpu/players.ts). Arrays are consumed by what they are passed to: `.ref` keeps one. */

import type { Given } from '../inputs.js'
import { type Params, resnetConvs } from '../tasks.js'
import {
  type Contestant,
  type Implementation,
  type Inputs,
  type Library,
  leavesOf,
  moved,
  numberOf,
  type Prepared,
} from './contestant.js'

type Arr = Library
type Tree = readonly Arr[]

/** Its tasks, on whatever backend is its default. */
export const tasksOf = (jax: Library): Record<string, Implementation> => {
  const { numpy: np, nn, lax, jit, grad, valueAndGrad, jvp, vjp, linearize, vmap, blockUntilReady, tree: trees } = jax
  // a copy for each: the backend takes typed arrays as its own
  const put = ({ data, shape }: Given): Arr =>
    np.array(data.slice(), { shape: [...shape], dtype: data instanceof Int32Array ? np.int32 : np.float32 })
  const putTree = (inputs: Inputs, letter: string): Tree => leavesOf(inputs, letter).map(put)
  const ref = (tree: unknown): Arr => trees.ref(tree)

  const wait = async (out: unknown): Promise<void> => {
    await blockUntilReady(out)
    trees.dispose(out)
  }
  const readAll = async (out: unknown): Promise<Record<string, ArrayLike<number>>> => {
    const all: Record<string, ArrayLike<number>> = {}
    for (const [i, x] of (trees.leaves(out) as Arr[]).entries()) all[`r${i}`] = await x.data()
    return all
  }

  /** A jitted function of the same arguments each time. */
  const calling = (f: (...args: Arr[]) => unknown, ...args: unknown[]): Prepared => {
    const compiled = jit(f)
    const call = (): unknown => compiled(...args.map(ref))
    return {
      run: () => wait(call()),
      result: () => readAll(call()),
      dispose: () => {
        trees.dispose(args)
        compiled.dispose()
      },
    }
  }

  const named =
    (names: readonly string[], f: (params: Params, ...args: Arr[]) => unknown): Implementation =>
    (inputs, params) =>
      calling((...args) => f(params, ...args), ...names.map((name) => put(inputs[name]!)))

  const lossOf = ({ activation, loss }: Params) => {
    const bend = activation === 'relu' ? nn.relu : np.tanh
    return (p: Tree, x: Arr, y: Arr): Arr => {
      let h = x
      for (let i = 0; i < p.length; i += 2) h = np.matmul(i === 0 ? h : bend(h), p[i]).add(p[i + 1])
      if (loss === 'xent') return nn.logSoftmax(h).mul(y).sum(1).mean().neg()
      return np.square(h.sub(y)).sum(1).mean()
    }
  }

  const netArgs = (inputs: Inputs): Arr[] => [putTree(inputs, 'p'), put(inputs.x!), put(inputs.y!)]
  const zerosLike = (x: Arr): Arr => np.zeros(x.shape)

  type Step = (p: Tree, x: Arr, y: Arr) => [Tree, Arr]
  const stepOf =
    (params: Params): Step =>
    (p, x, y) => {
      const [value, g] = valueAndGrad(lossOf(params))(ref(p), x, y)
      return [p.map((w, i) => w.sub(g[i].mul(0.01))), value]
    }
  const training = (inputs: Inputs, step: Step, first = (): Tree => putTree(inputs, 'p')): Prepared => {
    const compiled = jit(step)
    const [x, y] = [put(inputs.x!), put(inputs.y!)]
    let state = first()
    const advance = async (): Promise<Arr> => {
      const [next, loss] = compiled(state, x.ref, y.ref)
      state = next
      await blockUntilReady(state)
      return loss
    }
    return {
      run: async () => (await advance()).dispose(),
      result: async () => {
        const data = (tree: Tree): Promise<ArrayLike<number>[]> => Promise.all(ref(tree).map((w: Arr) => w.data()))
        const before = await data(state)
        const loss = await advance()
        return { ...moved(before, await data(state)), loss: await loss.data() }
      },
      dispose: () => {
        trees.dispose([state, x, y])
        compiled.dispose()
      },
    }
  }

  /** jvp of the gradient. */
  const pushed = (loss: (w: Tree) => Arr, p: Tree, v: Tree): Tree => jvp(grad(loss), [p], [v])[1]

  /** Linearised, not jitted, handed to `use`: inside jit its products lose their quick kernels. */
  const linearised = (
    loss: (w: Tree, x: Arr, y: Arr) => Arr,
    p: Tree,
    x: Arr,
    y: Arr,
    use: (push: (v: Tree) => Tree) => unknown,
  ): unknown => {
    const [g, push] = linearize(
      grad((w: Tree) => loss(w, x.ref, y.ref)),
      [ref(p)],
    )
    trees.dispose(g)
    const out = use(push)
    push.dispose()
    return out
  }

  const penalised = (params: Params) => {
    const loss = lossOf(params)
    return (w: Tree, h: Tree, x: Arr, y: Arr): Arr =>
      w.map((v, i) => np.exp(h[i]).mul(np.square(v.ref)).sum()).reduce((a, b) => a.add(b)).mul(0.5).add(loss(w, x, y)) // biome-ignore format: one sum
  }

  /** −(∂²f/∂h∂w) p. The weights are closed over: as a second argument of `grad` they would have no derivative. */
  const mixed =
    (params: Params) =>
    (w: Tree, x: Arr, y: Arr, direction: Tree, h: Tree): Tree => {
      const byH = (w: Tree): Tree => grad((h: Tree) => penalised(params)(ref(w), h, x.ref, y.ref))(ref(h))
      return (jvp(byH, [w], [direction])[1] as Tree).map((m) => m.neg())
    }

  const batchNorm = (x: Arr, scale: Arr, shift: Arr): Arr => {
    const centred = x.ref.sub(x.mean([0, 2, 3], { keepdims: true }))
    const variance = np.square(centred.ref).mean([0, 2, 3], { keepdims: true })
    const normal = centred.div(np.sqrt(variance.add(1e-5)))
    const perChannel = (v: Arr): Arr => v.reshape([v.shape[0], 1, 1])
    return normal.mul(perChannel(scale)).add(perChannel(shift))
  }

  const convolve = (x: Arr, f: Arr, stride: number, pad: number): Arr =>
    lax.convGeneralDilated(x, f, [stride, stride], [[pad, pad], [pad, pad]]) // biome-ignore format: a matrix

  const resnetLoss =
    (names: readonly string[]) =>
    (weights: Tree, x: Arr, y: Arr): Arr => {
      const w = new Map(names.map((name, i) => [name, weights[i]]))
      const convs = new Map(resnetConvs().map((c) => [c.name, c]))
      const layer = (name: string, v: Arr): Arr => {
        const { strides, window } = convs.get(name)!
        const out = convolve(v, w.get(`${name}Filter`), strides, window === 3 ? 1 : 0)
        return batchNorm(out, w.get(`${name}Scale`), w.get(`${name}Shift`))
      }
      let h = nn.relu(layer('stem', x))
      for (const stage of [0, 1, 2, 3])
        for (const block of [0, 1]) {
          const name = `s${stage}b${block}`
          const straight = convs.has(`${name}c`) ? layer(`${name}c`, h.ref) : h.ref
          h = nn.relu(layer(`${name}b`, nn.relu(layer(`${name}a`, h))).add(straight))
        }
      const logits = np.matmul(h.mean([2, 3]), w.get('headWeight')).add(w.get('headBias'))
      return nn.logSoftmax(logits).mul(y).sum(1).mean().neg()
    }

  /** There is no scan: the loop is written out, 35 copies of the cell in one program. */
  const lstmLoss = ([wx, wh, b]: Tree, x: Arr, ct: Arr): Arr => {
    const [length, batch, units] = x.shape as [number, number, number]
    const driven = np
      .matmul(x.reshape([length * batch, units]), wx)
      .reshape([length, batch, 4 * units])
      .add(b)
    let [h, c] = [np.zeros([batch, units]), np.zeros([batch, units])]
    const hs: Arr[] = []
    for (let t = 0; t < length; t++) {
      const gates = driven.ref.slice(t).add(np.matmul(h, wh.ref))
      const gate = (i: number): Arr => gates.ref.slice([], [i * units, (i + 1) * units])
      const next = nn
        .sigmoid(gate(1))
        .mul(c)
        .add(nn.sigmoid(gate(0)).mul(np.tanh(gate(2))))
      const out = nn.sigmoid(gate(3)).mul(np.tanh(next.ref))
      gates.dispose()
      hs.push(out.ref)
      ;[h, c] = [out, next]
    }
    trees.dispose([h, c, wh, driven])
    return np
      .stack(hs)
      .mul(ct)
      .sum()
      .div(length * batch)
  }

  return {
    matmul: named(['a', 'b'], ({ form }, a, b) => {
      const [f, g] = form as string
      const last = (x: Arr): Arr => (x.ndim === 2 ? x.transpose() : x.transpose([0, 2, 1]))
      return np.matmul(f === 'n' ? a : last(a), g === 'n' ? b : last(b))
    }),
    chain: named(['x'], (_, x) => {
      const t = np.tanh(x.ref.mul(1.5).add(0.25))
      return np.exp(t.ref.mul(0.5)).sub(x).mul(t.ref).add(0.125).mul(0.75).sub(t)
    }),
    sum: named(['x'], ({ axis }, x) => ((axis as number) < 0 ? x.sum() : x.sum(axis))),
    softmax: named(['x', 'y'], (_, x, y) =>
      valueAndGrad((z: Arr, y: Arr) => nn.logSoftmax(z).mul(y).sum(1).mean().neg())(x, y),
    ),
    'mlp-step': (inputs, params) => training(inputs, stepOf(params)),
    'mlp-step-vmap': (inputs, params) => training(inputs, vmap(stepOf(params), [0, null, null])),
    forward: (inputs, params) => calling(lossOf(params), ...netArgs(inputs)),
    gradient: (inputs, params) => calling(valueAndGrad(lossOf(params)), ...netArgs(inputs)),
    hvp: (inputs, params) => {
      const [p, x, y] = netArgs(inputs)
      const v = putTree(inputs, 'v')
      const call = (): unknown => linearised(lossOf(params), p, x, y, (push) => push(ref(v)))
      return { run: () => wait(call()), result: () => readAll(call()), dispose: () => trees.dispose([p, x, y, v]) }
    },
    'hvp-forward': (inputs, params) =>
      calling(
        (p, x, y, v) => pushed((w) => lossOf(params)(w, x.ref, y.ref), p, v),
        ...netArgs(inputs),
        putTree(inputs, 'v'),
      ),
    'hvp-reverse': (inputs, params) =>
      calling(
        (p, x, y, v) =>
          grad((w: Tree) =>
            (grad((u: Tree) => lossOf(params)(u, x.ref, y.ref))(w) as Tree)
              .map((g, i) => g.mul(v[i].ref).sum())
              .reduce((a, b) => a.add(b)),
          )(p),
        ...netArgs(inputs),
        putTree(inputs, 'v'),
      ),
    'hvp-kept': (inputs, params) => {
      const [p, x, y] = netArgs(inputs)
      const v = putTree(inputs, 'v')
      const [g, push] = linearize(
        grad((w: Tree) => lossOf(params)(w, x.ref, y.ref)),
        [p],
      )
      trees.dispose(g)
      const call = (): unknown => push(ref(v))
      return {
        run: () => wait(call()),
        result: () => readAll(call()),
        dispose: () => {
          push.dispose()
          trees.dispose([x, y, v])
        },
      }
    },
    'hvp-k': (inputs, params) => {
      const [p, x, y] = netArgs(inputs)
      const vs = Array.from({ length: numberOf(params, 'k') }, (_, j) => putTree(inputs, `v${j}_`))
      const call = (): unknown => linearised(lossOf(params), p, x, y, (push) => vs.map((v) => push(ref(v))))
      return { run: () => wait(call()), result: () => readAll(call()), dispose: () => trees.dispose([p, x, y, vs]) }
    },
    // products by one linearisation that is not jitted, five times as quick as a program of jvps; the rest jitted
    neumann: (inputs, params) => {
      const [p, x, y] = netArgs(inputs)
      const [v, h] = [putTree(inputs, 'v'), putTree(inputs, 'h')]
      const loss = penalised(params)
      const advance = jit((term: Tree, series: Tree, hv: Tree) => {
        const next = term.map((t, i) => t.sub(hv[i].mul(numberOf(params, 'alpha'))))
        return [next, series.map((s, i) => s.add(next[i].ref))]
      })
      const last = jit(mixed(params))
      const call = (): unknown => {
        const series = linearised(
          (w, x, y) => loss(w, ref(h), x, y),
          p,
          x,
          y,
          (push) => {
            let [term, series] = [ref(v), ref(v)]
            for (let k = 0; k < numberOf(params, 'terms'); k++) [term, series] = advance(ref(term), series, push(term))
            trees.dispose(term)
            return series
          },
        )
        return last(ref(p), x.ref, y.ref, series, ref(h))
      }
      return { run: () => wait(call()), result: () => readAll(call()), dispose: () => trees.dispose([p, x, y, v, h]) }
    },
    'neumann-jvp': (inputs, params) => {
      const loss = penalised(params)
      return calling(
        (p, x, y, v, h) => {
          let [term, series]: [Tree, Tree] = [v, ref(v)]
          for (let k = 0; k < numberOf(params, 'terms'); k++) {
            const hv = pushed((w) => loss(w, ref(h), x.ref, y.ref), ref(p), ref(term))
            term = term.map((t, i) => t.sub(hv[i].mul(numberOf(params, 'alpha'))))
            series = series.map((s, i) => s.add(term[i].ref))
          }
          trees.dispose(term)
          return mixed(params)(p, x, y, series, h)
        },
        ...netArgs(inputs),
        putTree(inputs, 'v'),
        putTree(inputs, 'h'),
      )
    },
    conv: named(['x', 'f', 'ct'], ({ stride, pad }, x, f, ct) => {
      const [out, pull] = vjp((x: Arr, f: Arr) => convolve(x, f, stride as number, pad as number), [x, f])
      const back = pull(ct)
      pull.dispose()
      return [out, ...back]
    }),
    'batch-norm': named(['x', 'scale', 'shift', 'ct'], (_, x, scale, shift, ct) => {
      const [out, pull] = vjp(batchNorm, [x, scale, shift])
      const back = pull(ct)
      pull.dispose()
      return [out, ...back]
    }),
    resnet18: ({ x, y, ...weights }) => {
      const loss = resnetLoss(Object.keys(weights))
      const step: Step = (w, x, y) => {
        const [value, g] = valueAndGrad(loss)(ref(w), x, y)
        return [w.map((v, i) => v.sub(g[i].mul(0.001))), value]
      }
      return training({ x: x!, y: y! }, step, () => Object.values(weights).map(put))
    },
    lstm: (inputs) =>
      calling(
        (w, x, ct) => {
          const [value, g] = valueAndGrad(lstmLoss)(w, x, ct)
          return [value, ...g]
        },
        [put(inputs.wx!), put(inputs.wh!), put(inputs.b!)],
        put(inputs.x!),
        put(inputs.ct!),
      ),
    embedding: named(['table', 'indices', 'ct'], (_, table, indices, ct) => {
      const [out, pull] = vjp((t: Arr) => np.take(t, indices, 0), [table])
      const back = pull(ct)
      pull.dispose()
      return [out, ...back]
    }),
    // no scan: a jitted step called from JavaScript, which is quicker than a program of a thousand copies
    scan: (inputs, { steps }) => {
      const [h, w, b] = [put(inputs.h!), put(inputs.w!), put(inputs.b!)]
      const step = jit((c: Arr, w: Arr, b: Arr) => np.tanh(np.matmul(c, w).add(b)))
      const call = (): Arr => {
        let c = h.ref
        for (let i = 0; i < (steps as number); i++) c = step(c, w.ref, b.ref)
        return c
      }
      return {
        run: () => wait(call()),
        result: () => readAll(call()),
        dispose: () => {
          trees.dispose([h, w, b])
          step.dispose()
        },
      }
    },
    eager: (inputs) => {
      const [a, b] = [put(inputs.x!), put(inputs.y!)]
      const call = (): Arr => a.ref.add(b.ref)
      return { run: () => wait(call()), result: () => readAll(call()), dispose: () => trees.dispose([a, b]) }
    },
    'jit-call': named(['w', 'g'], (_, w, g) => w.sub(g.mul(0.01))),
    'jit-kernels': named(['x', 'w'], ({ count }, x, w) => {
      let out = x
      for (let i = 0; i < (count as number); i++) out = np.matmul(out, w.ref)
      w.dispose()
      return out
    }),
    compile: (inputs) => {
      const data = [put(inputs.x!), put(inputs.y!)]
      const loss = lossOf({ activation: 'tanh', loss: 'squared' })
      let width = 8
      return {
        run: async () => {
          const n = width++
          const p = [[8, n], [n], [n, 1], [1]].map((shape) => zerosLike({ shape })) // biome-ignore format: a list
          const f = jit(grad(loss))
          await wait(f(p, ...data.map((x) => x.ref)))
          f.dispose()
        },
        result: () => ({}),
        dispose: () => trees.dispose(data),
      }
    },
  }
}

export const contestant: Contestant = {
  needs: ['@jax-js/jax'],
  start: async ({ threads }, jax) => {
    // its look for WebGPU reads `navigator`, which Node 20 has not
    if (typeof navigator === 'undefined') Object.assign(globalThis, { navigator: {} })
    await jax.init('wasm')
    jax.defaultDevice('wasm')
    const workers = typeof Worker !== 'undefined' && typeof SharedArrayBuffer !== 'undefined'
    if (threads > 1 && !workers) throw new Error('one thread in Node: no Worker there')
    return {
      version: `0.1.25 wasm, ${workers ? `${navigator.hardwareConcurrency} workers` : 'one thread'}`,
      tasks: tasksOf(jax),
    }
  },
}
