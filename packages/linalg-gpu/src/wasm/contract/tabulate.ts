/** Tables of affine functions of a flat index.
 *
 *  An axis is a list of dimensions that one index runs over: m, n, k or the batch, as one operand sees it. Its descriptor is
 *  [rank, then for each dimension, innermost first: size, byte stride, coefficient of each bound]. A table holds, for each
 *  of `count` indices from `start`, the 1 + bounds functions side by side. */

import { type Code, call, either, func, get, i32, increase, set, whileLoop } from '../assembler.js'

const word = (address: Code, at: number): Code => i32.load(address, 4 * at)

/** One function of the 1 + bounds: the division is done once for each run along the innermost dimension. */
const tabulateOne = func(
  'tabulateOne',
  ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  [],
  ([to, step, axis, record, which, start, count, base], local) => {
    const [rest, value, dim, rank, size, run, at] = [
      local('i32'), local('i32'), local('i32'), local('i32'), local('i32'), local('i32'), local('i32'),
    ] as const // biome-ignore format: locals
    const coefficient = i32.load(i32.add(get(dim), get(which!)))
    return whileLoop(i32.gtS(get(count!), i32.const(0)), [
      set(rest, get(start!)),
      set(value, get(base!)),
      set(rank, word(get(axis!), 0)),
      set(dim, i32.add(get(axis!), i32.const(4))),
      set(run, i32.sub(word(get(dim), 0), i32.remU(get(rest), word(get(dim), 0)))),
      whileLoop(get(rank), [
        set(size, word(get(dim), 0)),
        set(at, i32.divU(get(rest), get(size))),
        set(value, i32.add(get(value), i32.mul(coefficient, i32.sub(get(rest), i32.mul(get(at), get(size)))))),
        set(rest, get(at)),
        increase(dim, get(record!)),
        increase(rank, i32.const(-1)),
      ]),
      set(dim, i32.add(get(axis!), i32.const(4))),
      set(rest, coefficient),
      set(run, either(i32.ltS(get(run), get(count!)), get(run), get(count!))),
      increase(start!, get(run)),
      set(count!, i32.sub(get(count!), get(run))),
      whileLoop(get(run), [
        i32.store(get(to!), get(value)),
        increase(to!, get(step!)),
        increase(value, get(rest)),
        increase(run, i32.const(-1)),
      ]),
    ])
  },
)

/** (to, axis, bounds, start, count, bases): function f starts at word f of `bases`. */
export const tabulate = func('tabulate', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (params, local) => {
  const [to, axis, bounds, start, count, bases] = params
  const [f, step] = [local('i32'), local('i32')]
  return [
    set(step, i32.shl(i32.add(get(bounds!), i32.const(1)), i32.const(2))),
    set(f, i32.const(0)),
    whileLoop(i32.ltS(get(f), get(step)), [
      call(
        tabulateOne,
        i32.add(get(to!), get(f)),
        get(step),
        get(axis!),
        i32.add(get(step), i32.const(4)),
        i32.add(get(f), i32.const(4)),
        get(start!),
        get(count!),
        i32.load(i32.add(get(bases!), get(f))),
      ),
      increase(f, i32.const(4)),
    ]),
  ]
})
