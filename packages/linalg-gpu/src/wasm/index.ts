/** @neumann/linalg-gpu/wasm: the device on WebAssembly. */

export { type WasmDevice, type WasmOptions, wasm, wasmDevice } from './device.js'
