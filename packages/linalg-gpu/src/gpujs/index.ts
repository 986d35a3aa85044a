/** @neumann/linalg-gpu/gpujs: the device on WebGL2, through gpu.js. */

export { type Fallback, type GpujsDevice, type GpujsOptions, gpujs, gpujsDevice } from './device.js'
export type { GpuClass } from './peer.js'
