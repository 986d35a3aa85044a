/** A device on WebGPU for the tests of all devices: it can be read at once, and has f64. What speaks of f64 anywhere runs on the plain
 *  device, all else on the GPU, and operands move as they are needed. */

import type { TypedArray } from '../../dtype.js'
import { plain } from '../../plain/device.js'
import { bodiesOf } from '../../program/op.js'
import type { Program } from '../../program/program.js'
import type { Type } from '../../program/type.js'
import type { Buffer, Device } from '../../run/device.js'
import { webgpuDevice } from '../device.js'
import { remoteGpu } from './remote.testing.js'

interface WideBuffer extends Buffer {
  inner: Buffer
}

const isWide = (type: Type): boolean => type.dtype === 'f64' && !type.weak

const known = new WeakMap<Program, boolean>()
const speaksOfF64 = (program: Program): boolean => {
  let wide = known.get(program)
  if (wide === undefined) {
    wide = program.types.some(isWide) || program.eqns.some(({ op }) => bodiesOf(op).some((body) => speaksOfF64(body)))
    known.set(program, wide)
  }
  return wide
}

/** Programs run so far on the GPU, and on the plain device. */
export const runs = { gpu: 0, plain: 0 }

export const wideDevice = async (): Promise<Device> => {
  const gpu = await webgpuDevice({ gpu: await remoteGpu() })
  const look = (buffer: Buffer): TypedArray => buffer.device.readSync!(buffer)
  const adopt = (inner: Buffer, type: Type): WideBuffer => ({ device, type, inner })
  /** Moves a buffer's elements to where they are needed. */
  const at = (buffer: Buffer, to: Device): Buffer => {
    const it = buffer as WideBuffer
    if (it.inner.device === to) return it.inner
    const { inner } = it
    const data = look(inner)
    const own = it.type.dtype === 'f64' ? Float64Array.from(data) : data
    it.inner = to.upload(own, it.type, 'moved')
    inner.device.release(inner)
    return it.inner
  }
  const home = (program: Program): Device => {
    const wide = speaksOfF64(program)
    runs[wide ? 'plain' : 'gpu']++
    return wide ? plain : gpu
  }
  const device: Device = {
    name: 'webgpu',
    // a number argument too is f64 until it meets an f32
    upload: (data, type, maker) => adopt((type.dtype === 'f64' ? plain : gpu).upload(data, type, maker), type),
    execute: (program, inputs, donated) => {
      const own = home(program)
      const given = inputs.map((buffer) => at(buffer, own))
      return own.execute(program, given, donated).map((buffer) => adopt(buffer, buffer.type))
    },
    forecast: (program) => (speaksOfF64(program) ? plain : gpu).forecast(program),
    read: (buffer) => {
      const { inner } = buffer as WideBuffer
      return inner.device.read(inner)
    },
    readSync: (buffer) => {
      const data = look((buffer as WideBuffer).inner)
      return buffer.type.dtype === 'f64' && !(data instanceof Float64Array) ? Float64Array.from(data) : data
    },
    release: (buffer) => {
      const { inner } = buffer as WideBuffer
      inner.device.release(inner)
    },
    holds: (buffer) => {
      const { inner } = buffer as WideBuffer
      return inner.device.holds(inner)
    },
    memory: () => {
      const [a, b] = [gpu.memory(), plain.memory()]
      const makers = new Map(a.makers)
      for (const [maker, bytes] of b.makers) makers.set(maker, (makers.get(maker) ?? 0) + bytes)
      return { count: a.count + b.count, bytes: a.bytes + b.bytes, peak: a.peak + b.peak, makers }
    },
    resetPeak: () => {
      gpu.resetPeak()
      plain.resetPeak()
    },
  }
  return device
}
