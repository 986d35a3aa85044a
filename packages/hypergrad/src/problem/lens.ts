/** Which part of a state the weights are: read and replaced, the rest left as it is.
 *
 *  Laws     set(s, get(s)) = s;   get(set(s, w)) = w;   set(set(s, v), w) = set(s, w) */

export interface Lens<S, W> {
  readonly get: (state: S) => W
  readonly set: (state: S, weights: W) => S
}

/** The state is the weights. @example whole<number>().get(3) // => 3 */
export const whole = <W>(): Lens<W, W> => ({ get: (state) => state, set: (_, weights) => weights })

/** One entry of a record. @example field('weights').set({ weights: 1, velocity: 2 }, 3) // => { velocity: 2, weights: 3 } */
export const field = <K extends string>(key: K) => ({
  get: <W>(state: { readonly [k in K]: W }): W => state[key],
  set: <S extends { readonly [k in K]: unknown }>(state: S, weights: S[K]): S => ({ ...state, [key]: weights }),
})
