/** How the library speaks when a call is wrong: function, quantity, value, remedy. */

/** Throws `name: message`. The name is the function that the user called. */
export const fail = (name: string, message: string): never => {
  throw new Error(`${name}: ${message}`)
}

/** Throws unless the value is a whole number of at least `least`. */
export const checkWhole = (name: string, quantity: string, value: number, least = 0): void => {
  if (!Number.isSafeInteger(value) || value < least)
    fail(name, `${quantity} is ${value}: a whole number ≥ ${least} is expected.`)
}
