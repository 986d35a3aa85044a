/** Text in files: UTF-8 that is refused rather than repaired, and the order of its bytes. */

const strict = { fatal: true, ignoreBOM: true } as const

/** The text, or undefined where the bytes are not UTF-8. */
export const utf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', strict).decode(bytes)
  } catch {
    return undefined
  }
}

export const utf8Bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** False where half a surrogate pair stands alone: UTF-8 cannot write that. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text)

/** Compares as the UTF-8 bytes would. JavaScript's own order differs where a surrogate pair meets U+E000 … U+FFFF. */
export const byCodePoint = (a: string, b: string): number => {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = a.codePointAt(i)! - b.codePointAt(i)!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Text from a file as it stands in a message: quoted, and cut, since it may be as long as the file. */
export const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
