/** The thread in which the GPU of packages/linalg-gpu/src/webgpu/remote lives: does the calls that it is sent, in their order.
 *
 *  A call is `[target, method, arguments, makes, ticket, blocks]`: target and makes are numbers of objects, `{ '@': n }` among the
 *  arguments is object n, and a call with a ticket is answered. What a call without one throws is kept for the next answer. */
import { parentPort, workerData } from 'node:worker_threads'
import { softwareGpu } from './software.mjs'

const { answers, signal } = workerData
const gpu = await softwareGpu()

const root = {
  requestAdapter: (options) => gpu.requestAdapter(options),
  forget: (number) => objects.delete(number) || failed.delete(number),
  settle: () => {},
}
const objects = new Map([[0, root]])
const failed = new Map() // objects that were never made, with why
const kept = [] // what calls without a ticket threw

const object = (number) => {
  if (objects.has(number)) return objects.get(number)
  throw new Error(failed.has(number) ? `not made, because of ${failed.get(number)}` : `no object ${number}`)
}

const real = (value) => {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (Array.isArray(value)) return value.map(real)
  if ('@' in value) return object(value['@'])
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, real(inner)]))
}

/** A method's result, or a property's value. */
const invoke = (number, method, args) => {
  const target = object(number)
  if (!(method in target)) throw new TypeError('no such method or property')
  const member = target[method]
  return typeof member === 'function' ? member.apply(target, args.map(real)) : member
}

/** The named members as plain data; WebGPU's objects show them to `in` alone. */
const members = (from, names = undefined) => {
  const all = {}
  for (const name in from) if (names?.includes(name) ?? true) all[name] = from[name]
  return all
}
const plainError = (error) => ({
  kind: error.constructor.name,
  name: error.name,
  message: error.message,
  reason: error.reason,
})
const abilities = ({ features, limits, info, adapterInfo }) => ({
  features: new Set(features),
  limits: members(limits),
  info: (({ subgroupMatrixConfigs: _, ...rest }) => rest)(members(info ?? adapterInfo)),
})

/** What the other thread is told of a result, where it is not nothing. */
const told = {
  requestAdapter: (adapter) => adapter && abilities(adapter),
  requestDevice: (device, number) => {
    device.addEventListener('uncapturederror', ({ error }) =>
      parentPort.postMessage({ device: number, error: plainError(error) }),
    )
    return abilities(device)
  },
  mapAsync: (_, __, target, [, offset, size]) => object(target).getMappedRange(offset, size).slice(0),
  popErrorScope: (error) => error && plainError(error),
  getCompilationInfo: ({ messages }) =>
    messages.map(({ message, type, lineNum, linePos, offset, length }) => ({
      message, type, lineNum, linePos, offset, length,
    })), // biome-ignore format: one
  lost: ({ reason, message }) => ({ reason, message }),
}

const send = (answer, blocks) => {
  const transfer = answer.value instanceof ArrayBuffer ? [answer.value] : []
  if (!blocks) return parentPort.postMessage(answer, transfer)
  answers.postMessage(answer, transfer)
  Atomics.add(signal, 0, 1)
  Atomics.notify(signal, 0)
}

const answer = async ([target, method, args, makes, ticket, blocks]) => {
  const earlier = kept.splice(0).join('\n')
  const reply = { ticket }
  try {
    const result = await invoke(target, method, args)
    if (makes !== 0) objects.set(makes, result)
    reply.value = told[method]?.(result, makes, target, args)
  } catch (error) {
    reply.error = plainError(error)
  }
  send(earlier === '' ? reply : { ticket, error: { name: 'Error', message: earlier } }, blocks)
}

const perform = ([target, method, args, makes]) => {
  try {
    const result = invoke(target, method, args)
    if (makes !== 0) objects.set(makes, result)
  } catch (error) {
    const why = `${method}: ${error.message}`
    if (makes !== 0) failed.set(makes, why)
    kept.push(why)
  }
}

process.on('uncaughtException', (error) => kept.push(`the thread of the GPU: ${error?.stack ?? error}`))
parentPort.on('message', (calls) => {
  for (const call of calls) call[4] === 0 ? perform(call) : answer(call)
})
