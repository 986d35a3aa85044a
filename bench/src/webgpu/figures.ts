/** The figures of the WebGPU device that do not depend on the adapter: what a call asks of WebGPU, counted on its interface. */

import { grad } from '@neumann/autodiff'
import { array, data, dispose, jit, matmul, mean, mul, square, sub, type Tensor, tanh } from '@neumann/linalg-gpu'
import { type WebgpuDevice, webgpuDevice } from '@neumann/linalg-gpu/webgpu'
import { softwareGpu } from '../../../tools/webgpu/software.mjs'
import type { Reply } from '../contestants/respond.js'
import { atMost, exactly, type Figure } from '../figure.js'
import { leastBytes } from './least.js'
import { openOurs } from './players.js'
import { movedBytes, objectsOf } from './report.js'
import { webgpuRows } from './rows.js'
import { seatOf } from './seat.js'

const mostBytes = 1.5

export const webgpuFigures = async (): Promise<readonly Figure[]> => {
  const seat = await seatOf(await openOurs())
  const figures: Figure[] = []
  for (const row of webgpuRows) {
    const prepared: Reply = await seat.ask({ kind: 'prepare', task: row.task, params: row.params, inputs: row.inputs })
    if ('error' in prepared) throw new Error(prepared.error)
    const { steady } = seat.counted()
    await seat.ask({ kind: 'release' })
    const name = (what: string): string => `webgpu, ${row.task} ${row.size}: ${what}`
    figures.push(
      exactly(name('submits a call'), steady.submits, 1),
      exactly(name('buffers, pipelines and bind groups made by a later call'), objectsOf(steady), 0),
      atMost(name('bytes moved / the least possible'), movedBytes(steady) / leastBytes(row), mostBytes),
    )
  }
  await seat.end()
  const device = await webgpuDevice({ gpu: (await softwareGpu()) as GPU })
  figures.push(...(await compilations(device)))
  device.dispose()
  return figures
}

/** As on wasm. */
const compilations = async (device: WebgpuDevice): Promise<readonly Figure[]> => {
  const [w, x, y] = [
    [8, 4],
    [16, 8],
    [16, 4],
  ].map((shape) => array(new Float32Array(shape[0]! * shape[1]!).fill(0.1), { shape, device })) as [
    Tensor,
    Tensor,
    Tensor,
  ]
  const loss = (w: Tensor, x: Tensor, y: Tensor): Tensor => mean(square(sub(tanh(matmul(x, w)), y)))
  const step = jit((w: Tensor, x: Tensor, y: Tensor, rate: number) => sub(w, mul(grad(loss)(w, x, y), rate)))
  const once = async (rate: number): Promise<void> => {
    const next = step(w, x, y, rate)
    await data(next)
    dispose(next)
  }
  const before = device.counters()
  for (let i = 1; i <= 1000; i++) await once(1 / i)
  const after = device.counters()
  const eager = async (): Promise<void> => {
    const g = grad(loss)(w, x, y)
    await data(g)
    dispose(g)
  }
  await eager()
  const first = device.counters()
  for (let i = 0; i < 100; i++) await eager()
  const last = device.counters()
  return [
    exactly('webgpu, programs compiled over a schedule of 1000 step sizes', after.programs - before.programs, 1),
    exactly(
      'webgpu, programs compiled by 100 further gradients that are not jitted',
      last.programs - first.programs,
      0,
    ),
    exactly('webgpu, pipelines made by 100 further gradients that are not jitted', last.pipelines - first.pipelines, 0),
  ]
}
