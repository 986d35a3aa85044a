/** The script of a page that keeps text. */

import { hasDatabase, pageStore } from './pageStore.js'

const script = {
  hasDatabase,
  get: (key: string, name?: string) => pageStore(name).get(key),
  set: (key: string, value: string, name?: string) => pageStore(name).set(key, value),
  /** A browser that refuses: `open` throws, as in a sandboxed frame. */
  refused: async () => {
    Object.defineProperty(globalThis, 'indexedDB', {
      value: {
        open: () => {
          throw new DOMException('The operation is insecure.', 'SecurityError')
        },
      },
    })
    const store = pageStore()
    await store.set('a', '1')
    return (await store.get('a')) ?? 'nothing'
  },
}
export type Script = typeof script
Object.assign(globalThis, { script })
