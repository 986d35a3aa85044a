/** Where measured tiles are remembered from program to program: text under keys. */

export interface Store {
  readonly get: (key: string) => Promise<string | undefined>
  /** What cannot be kept is measured again another time: it is no error. */
  readonly set: (key: string, value: string) => Promise<void>
}

/** Keeps nothing longer than itself. */
export const memoryStore = (): Store => {
  const known = new Map<string, string>()
  return {
    get: async (key) => known.get(key),
    set: async (key, value) => void known.set(key, value),
  }
}
