/** Checks of what layers are made with, and of what they are given. */

import type { Tensor } from '@neumann/linalg-gpu'
import { fail, showType, showValue } from '@neumann/linalg-gpu/program'

/** A positive integer. */
export const count = (name: string, what: string, value: number): number =>
  Number.isInteger(value) && value > 0 ? value : fail(name, `${what} is a positive integer, got ${showValue(value)}.`)

/** [batch, channels, …] with this number of channels. */
export const checkChannels = (name: string, x: Tensor, channels: number): void => {
  if (x.shape.length < 2 || x.shape[1] !== channels)
    fail(name, `x [batch, ${channels} channels, …] expected, got ${showType(x)}.`)
}

/** A value of each channel, against x [batch, channels, …]. */
export const alongChannels = (x: Tensor, channels: number): number[] => [channels, ...x.shape.slice(2).map(() => 1)]
