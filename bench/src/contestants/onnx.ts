/** onnxruntime-node: native, forward passes only. Each task is a model that is written here; weights are inputs as for everyone. */

import type { Given } from '../inputs.js'
import { type Contestant, type Implementation, type Inputs, type Library, numberOf } from './contestant.js'
import { type Graph, model, type Node } from './onnxModel.js'

/** Nodes by nesting: `apply('Add', a, b)` is the name of a result. */
const builder = () => {
  const nodes: Node[] = []
  const constants: Record<string, number | readonly number[]> = {}
  const apply = (op: string, inputs: readonly string[], attributes?: Node['attributes']): string => {
    const output = `n${nodes.length}`
    nodes.push({ op, inputs, output, ...(attributes ? { attributes } : {}) })
    return output
  }
  const value = (x: number | readonly number[]): string => {
    const name = `k${Object.keys(constants).length}`
    constants[name] = x
    return name
  }
  return { nodes, constants, apply, value }
}
type Builder = ReturnType<typeof builder>

const tasksOf = (ort: Library, threads: number): Record<string, Implementation> => {
  const put = ({ data, shape }: Given): Library => new ort.Tensor('float32', data, [...shape])

  const forward =
    (build: (b: Builder, params: Parameters<Implementation>[1], inputs: Inputs) => string): Implementation =>
    async (inputs, params) => {
      const b = builder()
      const out = build(b, params, inputs)
      const graph: Graph = {
        inputs: Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape])),
        nodes: b.nodes,
        constants: b.constants,
        outputs: [out],
      }
      const session = await ort.InferenceSession.create(model(graph), {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
      })
      const feeds = Object.fromEntries(Object.entries(inputs).map(([name, given]) => [name, put(given)]))
      return {
        run: () => session.run(feeds),
        result: async () => ({ r0: (await session.run(feeds))[out].data as Float32Array }),
        dispose: () => void session.release(),
      }
    }

  return {
    matmul: forward(({ apply }, { form }, { a }) => {
      const [f, g] = form as string
      if (a!.shape.length === 3 || form === 'nn') return apply('MatMul', ['a', 'b'])
      return apply('Gemm', ['a', 'b'], { transA: f === 't' ? 1 : 0, transB: g === 't' ? 1 : 0 })
    }),
    chain: forward(({ apply, value }) => {
      const t = apply('Tanh', [apply('Add', [apply('Mul', ['x', value(1.5)]), value(0.25)])])
      const e = apply('Sub', [apply('Exp', [apply('Mul', [t, value(0.5)])]), 'x'])
      const s = apply('Mul', [apply('Add', [apply('Mul', [e, t]), value(0.125)]), value(0.75)])
      return apply('Sub', [s, t])
    }),
    sum: forward(({ apply, value }, { axis }) =>
      apply('ReduceSum', ['x', value((axis as number) < 0 ? [0, 1] : [axis as number])], { keepdims: 0 }),
    ),
    forward: forward(({ apply, value }, { layers, activation, loss }) => {
      const depth = (layers as readonly number[]).length - 1
      let h = 'x'
      for (let i = 0; i < depth; i++) {
        const z = apply('Gemm', [i === 0 ? h : apply(activation === 'relu' ? 'Relu' : 'Tanh', [h]), `p${2 * i}`, `p${2 * i + 1}`]) // biome-ignore format: one line
        h = z
      }
      const all = { keepdims: 0 }
      if (loss !== 'xent') throw new Error('only cross-entropy is written')
      const each = apply('ReduceSum', [apply('Mul', ['y', apply('LogSoftmax', [h], { axis: 1 })]), value([1])], all)
      return apply('Neg', [apply('ReduceMean', [each], all)])
    }),
    scan: forward(({ apply }, params) => {
      // written out: its Scan operation is slower
      let h = 'h'
      for (let i = 0; i < numberOf(params, 'steps'); i++) h = apply('Tanh', [apply('Gemm', [h, 'w', 'b'])])
      return h
    }),
    eager: forward(({ apply }) => apply('Add', ['x', 'y'])),
    'jit-call': forward(({ apply, value }) => apply('Sub', ['w', apply('Mul', ['g', value(0.01)])])),
    'jit-kernels': forward(({ apply }, params) => {
      let out = 'x'
      for (let i = 0; i < numberOf(params, 'count'); i++) out = apply('MatMul', [out, 'w'])
      return out
    }),
  }
}

export const contestant: Contestant = {
  needs: ['onnxruntime-node'],
  start: async ({ threads }, ort) => {
    const tasks = tasksOf(ort, threads)
    const trained = ['softmax', 'mlp-step', 'mlp-step-vmap', 'gradient', 'hvp', 'hvp-forward', 'hvp-reverse', 'hvp-kept', 'hvp-k', 'neumann', 'neumann-jvp', 'conv', 'batch-norm', 'resnet18', 'lstm', 'embedding', 'compile'] // biome-ignore format: a list
    return {
      version: `${ort.env.versions.node ?? ort.env.versions.common} CPU, ${threads} threads`,
      tasks,
      missing: Object.fromEntries(trained.map((task) => [task, 'no gradients'])),
    }
  },
}
