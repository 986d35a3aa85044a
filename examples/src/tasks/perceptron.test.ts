import { data, key } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { perceptron } from './perceptron.js'

test("weights and biases are even in ±1/√inputs of their layer, as PyTorch's", async () => {
  const { hidden, out } = perceptron(100, 400, 100).init(key(0))
  for (const [layer, bound] of [
    [hidden, 0.1],
    [out, 0.05],
  ] as const)
    for (const values of [layer.weight, layer.bias!]) {
      const all = Array.from(await data(values))
      const greatest = Math.max(...all.map(Math.abs))
      // of n even numbers the greatest is short of the bound by 1/n; here n is 100 at least, and e⁻⁷ is rare enough
      assert.ok(greatest <= bound && greatest > bound * (1 - 7 / all.length), `${greatest} in ±${bound}`)
      const square = all.reduce((sum, x) => sum + x * x, 0) / all.length
      // E x² = bound²/3, with a spread of 0.9 / √n of it
      assert.ok(Math.abs((3 * square) / bound ** 2 - 1) < (5 * 0.9) / Math.sqrt(all.length))
    }
})

test.run()
