/** @neumann/linalg-gpu/io: trees of tensors in the file formats of Python, safetensors and npz. */

export type { FileError, FileErrorCode } from './entry.js'
export { load, save } from './files.js'
export {
  type DecodeOptions,
  decodeNpz,
  decodeSafetensors,
  encodeNpz,
  encodeSafetensors,
  safetensorsMetadata,
} from './trees.js'
