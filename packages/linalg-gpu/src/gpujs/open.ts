/** gpu.js with what it needs, or the reason why it cannot be had. */

import type { Either } from 'fp-ts/lib/Either.js'
import type { Failure } from '../run/device.js'
import { left, reasonOf, right } from '../run/outcome.js'
import { type Engine, engineOf, letGo, type Mode } from './engine.js'
import { findGpu, type GpuClass } from './peer.js'

const none = (message: string): Either<Failure, never> =>
  left({ code: 'noAdapter', message: `gpujs: ${message} Or use the wasm device.` })

export const openEngine = async (given: GpuClass | undefined, mode: Mode): Promise<Either<Failure, Engine>> => {
  let GPU: GpuClass
  try {
    GPU = await findGpu(given)
  } catch (error) {
    return none(
      `the npm package gpu.js did not load: install it (npm install gpu.js), and in a bundle pass its class as { GPU }. (${reasonOf(error)})`,
    )
  }
  if (mode === 'webgl2' && !GPU.isWebGL2Supported)
    return none('there is no WebGL2 here. Browsers have it, Node has not: there, mode: "cpu" is for tests.')
  try {
    const engine = engineOf(GPU, mode)
    // what a GPU cannot read back in floats it cannot compute for us
    const [sent, play] = [
      engine.upload(Float32Array.of(0.1, -3e38, 1e-30)),
      engine.compile({ source: 'function (x0) {\n  return k_neg(x0[this.thread.x]);\n}', size: 3 }),
    ]
    const answer = play.run([sent])
    const faithful = engine.read(answer).every((x, i) => x === Math.fround([-0.1, 3e38, -1e-30][i]!))
    for (const held of [sent, answer]) letGo(held)
    play.end()
    if (faithful) return right(engine)
    engine.end()
    return none('the GPU gave back other floats than it was given: it has no textures of f32.')
  } catch (error) {
    return none(`gpu.js could not run a kernel. (${reasonOf(error)})`)
  }
}
