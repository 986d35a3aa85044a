/** TensorFlow.js on its wasm backend, SIMD, one thread in Node. Eager: it has no compilation. Gradients of gradients are asked for as the
 *  library offers them; what throws, or has no gradient, is said by the harness. */

import type { Given } from '../inputs.js'
import type { Params } from '../tasks.js'
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

const tasksOf = (tf: Library): Record<string, Implementation> => {
  const put = ({ data, shape }: Given): Arr =>
    tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32')
  const putTree = (inputs: Inputs, letter: string): Tree => leavesOf(inputs, letter).map(put)
  const list = (out: unknown): Tree => (Array.isArray(out) ? out.flat() : [out])
  const readAll = (out: unknown): Record<string, ArrayLike<number>> =>
    Object.fromEntries(list(out).map((x, i) => [`r${i}`, x.dataSync() as ArrayLike<number>]))

  /** The backend computes when it is called, so that a call that has returned is done. */
  const calling = (call: () => unknown): Prepared => ({
    run: () => {
      tf.tidy(() => {
        call()
      })
    },
    result: () => {
      let out: Record<string, ArrayLike<number>> = {}
      tf.tidy(() => {
        out = readAll(call())
      })
      return out
    },
    dispose: () => tf.disposeVariables(),
  })
  const named =
    (f: (inputs: Record<string, Arr>, params: Params) => unknown): Implementation =>
    (inputs, params) => {
      const given = Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, put(x)]))
      return { ...calling(() => f(given, params)), dispose: () => tf.dispose(given) }
    }

  const lossOf = ({ activation, loss }: Params) => {
    const bend = activation === 'relu' ? tf.relu : tf.tanh
    return (p: Tree, x: Arr, y: Arr): Arr => {
      let h = x
      for (let i = 0; i < p.length; i += 2) h = tf.add(tf.matMul(i === 0 ? h : bend(h), p[i]), p[i + 1])
      if (loss === 'xent') return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(h), y), 1)))
      return tf.mean(tf.sum(tf.square(tf.sub(h, y)), 1))
    }
  }
  const ofNet =
    (
      f: (p: Arr[], v: Tree, x: Arr, y: Arr, loss: ReturnType<typeof lossOf>, params: Params, h: Tree) => unknown,
    ): Implementation =>
    (inputs, params) => {
      const [p, v, h] = [putTree(inputs, 'p'), putTree(inputs, 'v'), putTree(inputs, 'h')]
      const [x, y] = [put(inputs.x!), put(inputs.y!)]
      return {
        ...calling(() => f([...p], v, x, y, lossOf(params), params, h)),
        dispose: () => tf.dispose([p, v, x, y, h]),
      }
    }
  const inner = (a: Tree, b: Tree): Arr => a.map((x, i) => tf.sum(tf.mul(x, b[i]))).reduce((s, t) => tf.add(s, t))
  /** grad of ⟨grad, v⟩. */
  const product = (loss: (...w: Arr[]) => Arr, p: Arr[], v: Tree): Tree =>
    tf.grads((...w: Arr[]) => inner(tf.grads(loss)(w), v))(p)

  const training = (inputs: Inputs, loss: (p: Tree, x: Arr, y: Arr) => Arr): Prepared => {
    const [x, y] = [put(inputs.x!), put(inputs.y!)]
    let p = putTree(inputs, 'p')
    const step = (): Arr => {
      const [next, value] = tf.tidy(() => {
        const { value, grads } = tf.valueAndGrads((...w: Arr[]) => loss(w, x, y))(p)
        return [p.map((w, i) => tf.sub(w, tf.mul(grads[i], 0.01))), value]
      })
      tf.dispose(p)
      p = next
      return value
    }
    return {
      run: () => tf.dispose(step()),
      result: () => {
        const before = p.map((w) => w.dataSync().slice())
        const value = step()
        return { ...moved(before, p.map((w) => w.dataSync())), loss: value.dataSync() } // biome-ignore format: one line
      },
      dispose: () => tf.dispose([p, x, y]),
    }
  }

  return {
    matmul: named(({ a, b }, { form }) => {
      const [f, g] = form as string
      return tf.matMul(a, b, f === 't', g === 't')
    }),
    chain: named(({ x }) => {
      const t = tf.tanh(tf.add(tf.mul(x, 1.5), 0.25))
      return tf.sub(tf.mul(tf.add(tf.mul(tf.sub(tf.exp(tf.mul(t, 0.5)), x), t), 0.125), 0.75), t)
    }),
    sum: named(({ x }, { axis }) => ((axis as number) < 0 ? tf.sum(x) : tf.sum(x, axis))),
    softmax: named(({ x, y }) => {
      const { value, grad } = tf.valueAndGrad((z: Arr) => tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(z), y), 1))))(x)
      return [value, grad]
    }),
    'mlp-step': (inputs, params) => training(inputs, lossOf(params)),
    // no vmap: batched products by hand
    'mlp-step-vmap': (inputs) =>
      training(inputs, ([w0, b0, w1, b1]: Tree, x, y) => {
        const members = w0.shape[0]
        const xs = tf.tile(tf.expandDims(x, 0), [members, 1, 1])
        const h = tf.tanh(tf.add(tf.matMul(xs, w0), tf.expandDims(b0, 1)))
        const z = tf.add(tf.matMul(h, w1), tf.expandDims(b1, 1))
        return tf.mean(tf.sum(tf.square(tf.sub(z, y)), 2), 1)
      }),
    forward: ofNet((p, _v, x, y, loss) => loss(p, x, y)),
    gradient: ofNet((p, _v, x, y, loss) => {
      const { value, grads } = tf.valueAndGrads((...w: Arr[]) => loss(w, x, y))(p)
      return [value, ...grads]
    }),
    hvp: ofNet((p, v, x, y, loss) => product((...w) => loss(w, x, y), p, v)),
    'hvp-reverse': ofNet((p, v, x, y, loss) => product((...w) => loss(w, x, y), p, v)),
    neumann: ofNet((p, v, x, y, loss, params, h) => {
      const penalised = (w: Tree, h: Tree): Arr =>
        tf.add(loss(w, x, y), tf.mul(w.map((a, i) => tf.sum(tf.mul(tf.exp(h[i]), tf.square(a)))).reduce((a, b) => tf.add(a, b)), 0.5)) // biome-ignore format: one sum
      let [term, series] = [v, v]
      for (let k = 0; k < numberOf(params, 'terms'); k++) {
        const hv = product((...w) => penalised(w, h), p, term)
        term = term.map((t, i) => tf.sub(t, tf.mul(hv[i], numberOf(params, 'alpha'))))
        series = series.map((s, i) => tf.add(s, term[i]))
      }
      const mixed = tf.grads((...h: Arr[]) => inner(tf.grads((...w: Arr[]) => penalised(w, h))(p), series))(h) as Tree
      return mixed.map((m) => tf.neg(m))
    }),
    conv: named(({ x, f, ct }, { stride, pad }) => {
      // images are channels last here
      const [image, filter, back] = [tf.transpose(x, [0, 2, 3, 1]), tf.transpose(f, [2, 3, 1, 0]), tf.transpose(ct, [0, 2, 3, 1])] // biome-ignore format: one line
      const run = (a: Arr, w: Arr): Arr => tf.conv2d(a, w, stride, pad)
      const [dx, df] = tf.grads(run)([image, filter], back)
      return [tf.transpose(run(image, filter), [0, 3, 1, 2]), tf.transpose(dx, [0, 3, 1, 2]), tf.transpose(df, [3, 2, 0, 1])] // biome-ignore format: one line
    }),
    'batch-norm': named(({ x, scale, shift, ct }) => {
      const per = (v: Arr): Arr => tf.reshape(v, [-1, 1, 1])
      const run = (x: Arr, scale: Arr, shift: Arr): Arr => {
        const centred = tf.sub(x, tf.mean(x, [0, 2, 3], true))
        const normal = tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), [0, 2, 3], true), 1e-5)))
        return tf.add(tf.mul(normal, per(scale)), per(shift))
      }
      return [run(x, scale, shift), ...tf.grads(run)([x, scale, shift], ct)]
    }),
    embedding: named(({ table, indices, ct }) => {
      const run = (t: Arr): Arr => tf.gather(t, indices)
      return [run(table), tf.grad(run)(table, ct)]
    }),
    scan: named(({ h, w, b }, { steps }) => {
      let state = h
      for (let i = 0; i < (steps as number); i++) state = tf.tidy(() => tf.tanh(tf.add(tf.matMul(state, w), b)))
      return state
    }),
    eager: named(({ x, y }) => tf.add(x, y)),
    'jit-call': named(({ w, g }) => tf.sub(w, tf.mul(g, 0.01))),
    'jit-kernels': named(({ x, w }, { count }) => {
      let out = x
      for (let i = 0; i < (count as number); i++) out = tf.matMul(out, w)
      return out
    }),
  }
}

export const contestant: Contestant = {
  needs: ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'],
  start: async ({ threads }, tf) => {
    if (threads > 1) throw new Error('one thread in Node')
    await tf.setBackend('wasm')
    await tf.ready()
    return {
      version: `${tf.version_core} ${tf.getBackend()}`,
      tasks: tasksOf(tf),
      missing: {
        'hvp-forward': 'no forward mode',
        'hvp-kept': 'keeps no linearisation',
        'hvp-k': 'keeps no linearisation',
        compile: 'eager: nothing is compiled',
      },
    }
  },
}
