/** Running programs on concrete tensors: finds the device, puts constants there, hands results out as tensors. */

import type { TypedArray } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { infer } from '../program/infer.js'
import { bodiesOf, type Op } from '../program/op.js'
import type { Program } from '../program/program.js'
import { simplify } from '../simplify/simplify.js'
import { context } from '../trace/context.js'
import { madeAt, onDispose, type Tensor, TensorValue, valueOf } from '../trace/tensor.js'
import { evaluateConstant } from './constant.js'
import type { Buffer, Device } from './device.js'
import { defaultDevice } from './onDevice.js'

/** The tensor of a buffer, entered into the innermost scope. */
export const held = (buffer: Buffer): TensorValue => {
  const x = new TensorValue(buffer.type, null, -1, null, buffer)
  context.made?.push(x)
  return x
}

onDispose((x) => {
  // a traced value has nothing to free: a function that disposes may be traced too
  if (x.buffer === null) return
  x.buffer.device.release(x.buffer)
  x.buffer = null
})

/** The one device of the concrete operands. Where all are loose it is that of `onDevice`, else the one where they are: nothing
 *  moves without need. What has no device goes to the default device, and is loose there. */
export const deviceOf = (name: string, inputs: readonly Tensor[]): Device => {
  let device: Device | undefined
  let loose = context.device
  for (let i = 0; i < inputs.length; i++) {
    const x = valueOf(name, inputs[i])
    const own = x.buffer?.device
    if (own === undefined) continue
    if (x.loose) {
      loose ??= own
      continue
    }
    if (device !== undefined && own !== device)
      fail(name, `operands live on two devices, ${device.name} and ${own.name}: move one with transfer(x, device).`)
    device = own
  }
  return device ?? loose ?? defaultDevice()
}

/** The elements at once, where the device can; where it cannot there is something to await instead. */
export const lookAt = (name: string, buffer: Buffer): TypedArray =>
  (
    buffer.device.readSync ??
    fail(name, `${buffer.device.name} cannot be read at once: await data(x) or transfer(x, device).`)
  )(buffer)

/** The tensor's buffer on the device; a constant is made there, and released after the call that needed it. */
const bufferOf = (name: string, x: TensorValue, device: Device, temporary: Buffer[]): Buffer => {
  if (x.loose && x.buffer !== null && x.buffer.device !== device) {
    const made = x.buffer
    x.buffer = device.upload(lookAt(name, made), x.type, name)
    x.loose = false
    made.device.release(made)
  }
  if (x.buffer !== null) return x.buffer
  if (x.trace !== null)
    fail(
      name,
      `got ${showType(x.type)}, traced in ${x.trace.name}${madeAt(x.trace)}${x.trace.open ? '' : ', which has ended: return it from the traced function instead of keeping it in a variable'}.`,
    )
  if (x.constant === null) fail(name, `got ${showType(x.type)}, which was disposed.`)
  const { constant } = x
  const buffer =
    constant!.kind === 'call'
      ? device.execute(constant!.body, [], [])[0]!
      : device.upload(evaluateConstant(constant!), x.type, name)
  temporary.push(buffer)
  return buffer
}

/** A program as it stands, on concrete tensors. */
export const execute = (
  program: Program,
  inputs: readonly Tensor[],
  donated: readonly number[] = [],
  on?: Device,
  runner?: (device: Device) => Device['execute'],
): readonly TensorValue[] => {
  const count = inputs.length
  const device = on ?? deviceOf(program.name, inputs)
  const temporary: Buffer[] = []
  const buffers = new Array<Buffer>(count)
  try {
    let loose = on === undefined
    for (let i = 0; i < count; i++) {
      const x = valueOf(program.name, inputs[i])
      loose &&= x.buffer === null || x.loose
      buffers[i] = bufferOf(program.name, x, device, temporary)
    }
    for (const i of donated)
      if (buffers.indexOf(buffers[i]!) !== buffers.lastIndexOf(buffers[i]!))
        fail(
          program.name,
          `is given ${showType(buffers[i]!.type)} to donate and gets it a second time, as an argument or captured: pass a copy, or do not donate it.`,
        )
    const results =
      runner === undefined ? device.execute(program, buffers, donated) : runner(device)(program, buffers, donated)
    const outs = new Array<TensorValue>(results.length)
    for (let i = 0; i < results.length; i++) {
      const out = held(results[i]!)
      out.loose = loose
      outs[i] = out
    }
    for (const i of donated) if (!device.holds(buffers[i]!)) (inputs[i] as TensorValue).buffer = null
    return outs
  } finally {
    for (const buffer of temporary) device.release(buffer)
  }
}

const simplified = new WeakMap<Program, Program>()

/** A program, simplified once, on concrete tensors. */
export const inline = (program: Program, inputs: readonly Tensor[]): readonly TensorValue[] => {
  let simple = simplified.get(program)
  if (simple === undefined) simplified.set(program, (simple = simplify(program)))
  return execute(simple, inputs)
}

// operations whose functions have other names
const spoken: Readonly<Record<string, string>> = {
  eq: 'equal', ne: 'notEqual', lt: 'less', le: 'lessEqual', gt: 'greater', ge: 'greaterEqual', select: 'where',
  rem: 'remainder', quot: 'floorDivide', shl: 'leftShift', shr: 'rightShift',
} // biome-ignore format: a table

const nameOf = (op: Op): string => {
  if (op.kind === 'custom') return op.kernel.name
  const name = 'fn' in op ? op.fn : op.kind
  if (op.kind === 'binary' && (name === 'max' || name === 'min')) return `${name}imum`
  if (op.kind === 'argReduce') return `arg${name}`
  return spoken[name] ?? name
}

/** A single operation on concrete tensors. */
export const runOp = (op: Op, inputs: readonly Tensor[]): readonly TensorValue[] => {
  const name = nameOf(op)
  const types = inputs.map((x) => valueOf(name, x).type)
  const results = infer(op, types)
  const n = types.length
  const program: Program = {
    name,
    types: [...types, ...results],
    inputs: types.map((_, i) => i),
    eqns: [{ op, inputs: types.map((_, i) => i), outputs: results.map((_, i) => n + i) }],
    outputs: results.map((_, i) => n + i),
  }
  return bodiesOf(op).length > 0 ? inline(program, inputs) : execute(program, inputs)
}
