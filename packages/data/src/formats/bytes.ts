/** Bytes as they come: with a checksum, and under other names than they are. */

/** The cyclic redundancy check of gzip, zip and png: polynomial x³² + x²⁶ + … + 1, bits reversed.
 *  Source   RFC 1952, section 8. */
export const crc32 = (bytes: Uint8Array): number => {
  let crc = -1
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}

/** As checksums are written in messages. */
export const hex = (value: number): string => value.toString(16).padStart(8, '0')

/** The same memory as a plain Uint8Array: the `slice` of Node's Buffer does not copy, and no reader may meet it
 *  unawares. */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const table: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
