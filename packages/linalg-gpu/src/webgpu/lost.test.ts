// The GPU is lost at any moment: what is read is right or said to be lost, what was made since is right, and the device goes on.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  add, array, dispose, jit, less, liveBuffers, matmul, mul, read, scope, sub, sum, type Tensor, transpose, whileLoop,
} from '../index.js' // biome-ignore format: a list
import { webgpuDevice } from './index.js'
import { wrappedGpu } from './outcomes.testing.js'

const side = 3
const values = Array.from({ length: side * side }, (_, i) => i - 4)

const works: readonly ((x: Tensor) => Tensor)[] = [
  jit((x: Tensor) => add(mul(x, 2), 1)),
  jit((x: Tensor) => sub(matmul(x, transpose(x)), x)),
  jit((x: Tensor) =>
    whileLoop(
      (v: Tensor) => less(sum(mul(v, v)), 1e4),
      (v: Tensor) => mul(v, 2),
      x,
    ),
  ),
]
/** Each of them on the plain device. */
const expected = await Promise.all(
  works.map(async (f) => {
    const outcome = await read(f(array(values, { shape: [side, side] })))()
    return outcome._tag === 'Right' ? [...outcome.right] : assert.unreachable(outcome.left.message)
  }),
)

type Step = readonly [what: number, which: number]

const play = async (steps: readonly Step[]): Promise<void> => {
  const { gpu, devices } = await wrappedGpu({})
  const device = await webgpuDevice({ gpu })
  const alive: { readonly x: Tensor; readonly wanted: readonly number[] }[] = []
  const reads: Promise<void>[] = []
  const look = ({ x, wanted }: (typeof alive)[number]): void => {
    reads.push(
      read(x)().then((outcome) => {
        if (outcome._tag === 'Right') assert.equal([...outcome.right], wanted)
        else
          assert.match(
            `${outcome.left.code}: ${outcome.left.message}`,
            /^deviceLost: (.* when|webgpu:) the GPU was lost/,
          )
      }),
    )
  }
  for (const [what, which] of steps) {
    const at = which % works.length
    if (what < 4)
      alive.push({ x: scope(() => works[at]!(array(values, { shape: [side, side], device }))), wanted: expected[at]! })
    else if (what < 6 && alive.length > 0) look(alive[which % alive.length]!)
    else if (what === 6 && alive.length > 0) dispose(alive.splice(which % alive.length, 1)[0]!.x)
    else if (what === 7) devices.at(-1)!.destroy()
    // some turns of the event loop, in which what is known becomes known
    else await new Promise((done) => setTimeout(done, which % 4))
  }
  for (const one of alive) look(one)
  await Promise.all(reads)
  dispose(alive.map(({ x }) => x))
  const last = array([1, 2], { device })
  const outcome = await read(add(last, 1))()
  // two GPUs may be lost before the last is there
  if (outcome._tag === 'Right') assert.equal([...outcome.right], [2, 3])
  else assert.is(outcome.left.code, 'deviceLost')
  assert.is(liveBuffers(device).count, 2)
  device.dispose()
}

test('at any moment', async () => {
  const step = fc.tuple(fc.nat(9), fc.nat(99))
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), play), {
    numRuns: Number(process.env['LAW_RUNS'] ?? 15),
    includeErrorInReport: true,
  })
})

test.run()
