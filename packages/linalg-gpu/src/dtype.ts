/** Element types, their promotion and their storage.
 *
 *  f32 f64 i32 u32 bool f16 compute; u8 i8 are storage only: arithmetic widens them to i32.
 *  f16 is stored in 16 bits and computed in f32. */

export type DType = 'f32' | 'f64' | 'f16' | 'i32' | 'u32' | 'u8' | 'i8' | 'bool'

export type TypedArray = Float32Array | Float64Array | Uint16Array | Int32Array | Uint32Array | Uint8Array | Int8Array

export const dtypes: readonly DType[] = ['f32', 'f64', 'f16', 'i32', 'u32', 'u8', 'i8', 'bool']

const bytes: Readonly<Record<DType, number>> = { f32: 4, f64: 8, f16: 2, i32: 4, u32: 4, u8: 1, i8: 1, bool: 1 }

export const bytesOf = (dtype: DType): number => bytes[dtype]
export const isFloat = (dtype: DType): boolean => dtype === 'f32' || dtype === 'f64' || dtype === 'f16'
export const isInteger = (dtype: DType): boolean => !isFloat(dtype) && dtype !== 'bool'

/** The distance from 1 to the next number. */
export const epsilonOf = (dtype: DType): number => (dtype === 'f64' ? 2 ** -52 : dtype === 'f16' ? 2 ** -10 : 2 ** -23)

/** A zeroed array of the dtype's storage: f16 as raw bits in a Uint16Array, bool as 0/1 bytes. */
export const storage = (dtype: DType, size: number): TypedArray => {
  try {
    return allocated(dtype, size)
  } catch (cause) {
    throw new Error(
      `memory: ${size} elements of ${dtype}, ${size * bytesOf(dtype)} bytes, are more than the host gives to one array: compute in parts, as by scan or map.`,
      { cause },
    )
  }
}

const allocated = (dtype: DType, size: number): TypedArray => {
  switch (dtype) {
    case 'f32':
      return new Float32Array(size)
    case 'f64':
      return new Float64Array(size)
    case 'f16':
      return new Uint16Array(size)
    case 'i32':
      return new Int32Array(size)
    case 'u32':
      return new Uint32Array(size)
    case 'i8':
      return new Int8Array(size)
    default:
      return new Uint8Array(size)
  }
}

// The lattice of implicit promotion. What is missing (u32 with i32, f64 with f32 or f16) is an error: either choice would lose something silently.
const wider: Readonly<Record<DType, readonly DType[]>> = {
  bool: ['u8', 'i8', 'i32', 'u32', 'f16', 'f32', 'f64'],
  u8: ['i32', 'u32', 'f16', 'f32', 'f64'],
  i8: ['i32', 'f16', 'f32', 'f64'],
  i32: ['f16', 'f32', 'f64'],
  u32: ['f16', 'f32', 'f64'],
  f16: ['f32'],
  f32: [],
  f64: [],
}

/** The dtype in which two operands meet, or undefined where the meeting would lose something. */
export const promoted = (a: DType, b: DType): DType | undefined => {
  if (a === b) return a
  if (wider[a].includes(b)) return b
  if (wider[b].includes(a)) return a
  return (a === 'u8' && b === 'i8') || (a === 'i8' && b === 'u8') ? 'i32' : undefined
}

/** The dtype in which arithmetic on this dtype happens: storage types and bool count as i32. */
export const arithmetic = (dtype: DType): DType =>
  dtype === 'u8' || dtype === 'i8' || dtype === 'bool' ? 'i32' : dtype

/** The dtype of `exp`, `mean` and the like: integers count as f32. */
export const floating = (dtype: DType): DType => (isFloat(dtype) ? dtype : 'f32')

/** Whether a JavaScript number is a value of the dtype without a change of meaning (floats round, integers must be in range). */
export const represents = (dtype: DType, value: number): boolean => {
  if (isFloat(dtype)) return true
  if (dtype === 'bool') return value === 0 || value === 1
  if (!Number.isInteger(value)) return false
  const size = 8 * bytes[dtype]
  const signed = dtype === 'i32' || dtype === 'i8'
  return signed ? value >= -(2 ** (size - 1)) && value < 2 ** (size - 1) : value >= 0 && value < 2 ** size
}
