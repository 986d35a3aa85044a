/** The WGSL of a program, to be read. */

import { withEpilogues } from '../kernel/epilogue.js'
import { operandsOf } from '../kernel/kernel.js'
import { schedule } from '../kernel/lower.js'
import { kernelsOf } from '../kernel/schedule.js'
import type { Program } from '../program/program.js'
import { simplify } from '../simplify/simplify.js'
import { render } from './render.js'
import { writtenBy } from './runtime/executable.js'
import { narrowed } from './runtime/narrow.js'
import { mostOperands, type Traits } from './traits.js'

export interface Shader {
  /** The operations that the kernel carries. */
  readonly kernel: string
  readonly code: string
  readonly workgroups: readonly [number, number, number]
}

/** A GPU as most are: what `shaders` renders for where no device is told. */
export const usualTraits: Traits = {
  software: false, invocations: 256, workgroupBytes: 16384, workgroups: 65535, subgroups: undefined, f16: false, bindings: 8,
  bindingBytes: 2 ** 27,
} // biome-ignore format: a table

/** The shaders that a program runs on a device with these traits (`device.traits`), in order, those of loops and branches once, each
 *  operand in a buffer of its own. Needs no GPU.
 *  @example
 *  const program = trace((x: Tensor) => exp(mul(x, 2)))(zeros([100]))
 *  const [{ kernel, code } = { kernel: '', code: '' }, ...others] = shaders(program)
 *  kernel // => mul exp
 *  code.includes('@compute') // => true
 *  others.length // => 0 */
export const shaders = (program: Program, traits: Traits = usualTraits): readonly Shader[] =>
  kernelsOf(withEpilogues(schedule(narrowed(simplify(program), 'webgpu')), mostOperands(traits)).steps).flatMap(
    (kernel) => {
      const written = writtenBy(kernel)
      const places = operandsOf(kernel).map((_, i) => ({
        binding: i,
        offset: 0,
        writable: written[i]!,
        shifted: false,
      }))
      const rendered = render(kernel, { traits, places, gated: false })
      return (rendered?.dispatches ?? []).map(({ code, workgroups }) => ({ kernel: kernel.name, code, workgroups }))
    },
  )
