/** Measured tiles in IndexedDB, in browsers. */

import type { Store } from './store.js'

const shelf = 'tiles'

/** Whether pages of this browser may keep something: private windows and sandboxed frames may have no database. */
export const hasDatabase = (): boolean => typeof indexedDB === 'object' && indexedDB !== null

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** Keeps text in a database of the page's origin. What the browser refuses to keep is forgotten. */
export const pageStore = (name = 'neumann'): Store => {
  let opened: Promise<IDBDatabase> | undefined
  const open = (): Promise<IDBDatabase> => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => void request.result.createObjectStore(shelf)
    return settled(request)
  }
  const use = async <T>(
    mode: IDBTransactionMode,
    ask: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T | undefined> => {
    try {
      const database = await (opened ??= open())
      return await settled(ask(database.transaction(shelf, mode).objectStore(shelf)))
    } catch {
      opened = undefined
      return undefined
    }
  }
  return {
    get: async (key) => {
      const value: unknown = await use('readonly', (store) => store.get(key))
      return typeof value === 'string' ? value : undefined
    },
    set: async (key, value) => void (await use('readwrite', (store) => store.put(value, key))),
  }
}
