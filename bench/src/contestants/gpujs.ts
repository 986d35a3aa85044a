/** gpu.js in its `cpu` mode: kernels are JavaScript functions of one output cell, compiled to loops. Elementwise work and products. */

import type { Contestant, Implementation, Inputs, Library, Prepared } from './contestant.js'

interface Cell {
  readonly thread: { readonly x: number; readonly y: number }
  readonly constants: { readonly n: number }
}

const tasksOf = (gpu: Library, input: Library): Record<string, Implementation> => {
  const flat = (out: ArrayLike<number> | readonly Float32Array[]): Float32Array =>
    typeof out[0] === 'number'
      ? Float32Array.from(out as ArrayLike<number>)
      : Float32Array.from((out as readonly Float32Array[]).flatMap((row) => [...row]))
  const prepared = (call: () => ArrayLike<number>): Prepared => ({
    run: () => void call(),
    result: () => ({ r0: flat(call()) }),
  })
  const elements = (inputs: Inputs, name: string): Float32Array => inputs[name]!.data as Float32Array

  return {
    matmul: (inputs, { form }) => {
      const [a, b] = [inputs.a!, inputs.b!]
      if (form !== 'nn' || a.shape.length !== 2) throw new Error('only plain products are written')
      const [m, k] = a.shape as readonly [number, number]
      const n = b.shape[1]!
      if (n * m * k > 1024 ** 3) throw new Error('not waited for: ten seconds at 1024 already')
      const kernel = gpu
        .createKernel(function (this: Cell, a: number[][], b: number[][]) {
          let sum = 0
          for (let i = 0; i < this.constants.n; i++) sum += a[this.thread.y]![i]! * b[i]![this.thread.x]!
          return sum
        })
        .setOutput([n, m])
        .setConstants({ n: k })
        .setLoopMaxIterations(k)
      const [left, right] = [input(a.data, [k, m]), input(b.data, [n, k])]
      return prepared(() => kernel(left, right))
    },
    chain: (inputs) => {
      const x = elements(inputs, 'x')
      const kernel = gpu
        .createKernel(function (this: Cell, x: number[]) {
          const v = x[this.thread.x]!
          const t = Math.tanh(v * 1.5 + 0.25)
          return ((Math.exp(t * 0.5) - v) * t + 0.125) * 0.75 - t
        })
        .setOutput([x.length])
      return prepared(() => kernel(x))
    },
    eager: (inputs) => {
      const [x, y] = [elements(inputs, 'x'), elements(inputs, 'y')]
      const kernel = gpu
        .createKernel(function (this: Cell, x: number[], y: number[]) {
          return x[this.thread.x]! + y[this.thread.x]!
        })
        .setOutput([x.length])
      return prepared(() => kernel(x, y))
    },
  }
}

export const contestant: Contestant = {
  needs: ['gpu.js'],
  start: async ({ threads }, library) => {
    if (threads > 1) throw new Error('one thread in cpu mode')
    const { GPU, input } = library.default ?? library
    return { version: '2.24.1 cpu', tasks: tasksOf(new GPU({ mode: 'cpu' }), input) }
  },
}
