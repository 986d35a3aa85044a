/** The live editor's work, away from the page, which a visitor's loop without an end must not stop. */

import { type Choice, type Chosen, chosenDevice } from './device.js'
import { answer } from './editor.js'
import type { Ask, Told } from './editor.model.js'

/** Devices are opened once; one that cannot be had is asked for anew. */
const open = new Map<Choice, Promise<Chosen>>()
const choose = (choice: Choice): Promise<Chosen> => {
  const known = open.get(choice) ?? chosenDevice(choice)
  open.set(choice, known)
  known.catch(() => open.delete(choice))
  return known
}

const tell = (told: Told): void => (globalThis as unknown as { postMessage: (told: Told) => void }).postMessage(told)

globalThis.addEventListener('message', ({ data }: MessageEvent<Ask>) => {
  answer(data, choose, tell)
})
