/** Lines of an operand that is no plain matrix: the patches of a convolution, views with more dimensions, steps or bounds.
 *
 *  A line runs along k or along columns. It consists of segments, runs of the innermost dimension, of which the part inside
 *  the bounds is copied and the rest is zeros. Both what the line contributes to offset and bounds and what the segment does
 *  stand in tables. Cost: some 40 instructions a segment, one load and one store a vector, or three instructions an element
 *  where elements are apart. */

import {
  type Code,
  call,
  either,
  func,
  get,
  i32,
  increase,
  type Local,
  set,
  v128,
  when,
  whileLoop,
} from '../assembler.js'
import type { Arithmetic } from './arithmetic.js'

/** ⌈x / y⌉ for y > 0. */
const ceiling = func('ceiling', ['i32', 'i32'], ['i32'], ([x, y]) =>
  i32.add(
    i32.divS(get(x!), get(y!)),
    i32.and(i32.gtS(get(x!), i32.const(0)), i32.ne(i32.remS(get(x!), get(y!)), i32.const(0))),
  ),
)

/** (lineTable, segmentTable, lines, first, count, length, stride, bounds, boundTable, to, pitch): writes `lines` lines of `count`
 *  elements, `pitch` bytes apart; the first element is number `first` of a segment of `length`. A line may be overwritten by up to
 *  16 bytes after its end. `boundTable` holds the size and the coefficient along the segment of each bound. */
export const fillLines = (arithmetic: Arithmetic) =>
  func(`fillLines${arithmetic.size}`, Array(11).fill('i32'), [], (params, local) => {
    const [lineTable, segmentTable, lines, first, count, length, stride, bounds, boundTable, to, pitch] = params
    const { lanes, size, bits } = arithmetic
    const i32s = <K extends string>(...names: K[]): Record<K, Local> =>
      Object.fromEntries(names.map((name) => [name, local('i32')])) as Record<K, Local>
    const v = i32s(
      'rest',
      'i',
      'end',
      'lo',
      'hi',
      'segment',
      'into',
      'from',
      'j',
      'value',
      'limit',
      'rest2',
      'c',
      'bound',
      'record',
      'own',
    )
    const elements = (count: number): Code =>
      whileLoop(i32.leS(i32.add(get(v.lo), i32.const(count)), get(v.hi)), [
        Array.from({ length: count }, (_, i) => [
          bits.store(get(v.into), bits.load(get(v.from)), size * i),
          increase(v.from, get(stride!)),
        ]),
        increase(v.into, i32.const(count * size)),
        increase(v.lo, i32.const(count)),
      ])
    // calls are not inlined, so these are not functions
    const atMost = (x: Local, limit: Code): Code => [
      set(v.limit, limit),
      set(x, either(i32.gtS(get(x), get(v.limit)), get(v.limit), get(x))),
    ]
    const atLeast = (x: Local, limit: Code): Code => [
      set(v.limit, limit),
      set(x, either(i32.ltS(get(x), get(v.limit)), get(v.limit), get(x))),
    ]
    /** Narrows [lo, hi) to where 0 ≤ value + c · i < size. */
    const narrow: Code = [
      set(
        v.value,
        i32.add(i32.load(i32.add(get(lineTable!), get(v.j)), 4), i32.load(i32.add(get(v.segment), get(v.j)), 4)),
      ),
      set(v.c, i32.load(get(v.bound), 4)),
      when(
        i32.eqz(get(v.c)),
        when(i32.geU(get(v.value), i32.load(get(v.bound))), set(v.hi, get(v.lo))),
        when(
          i32.eq(get(v.c), i32.const(1)),
          [
            atLeast(v.lo, i32.sub(i32.const(0), get(v.value))),
            atMost(v.hi, i32.sub(i32.load(get(v.bound)), get(v.value))),
          ],
          [
            // for a falling bound look at size − 1 − (value + c · i), which rises and has the same limits
            when(i32.ltS(get(v.c), i32.const(0)), [
              set(v.value, i32.sub(i32.sub(i32.load(get(v.bound)), i32.const(1)), get(v.value))),
              set(v.c, i32.sub(i32.const(0), get(v.c))),
            ]),
            atLeast(v.lo, call(ceiling, i32.sub(i32.const(0), get(v.value)), get(v.c))),
            atMost(v.hi, call(ceiling, i32.sub(i32.load(get(v.bound)), get(v.value)), get(v.c))),
          ],
        ),
      ),
      increase(v.bound, i32.const(8)),
    ]
    const zeros = (upTo: Local): Code =>
      whileLoop(i32.ltS(get(v.i), get(upTo)), [
        v128.store(get(v.into), v128.const(Array(16).fill(0))),
        increase(v.into, i32.const(16)),
        increase(v.i, i32.const(lanes)),
      ])
    const copied = (vectors: number): Code =>
      whileLoop(i32.leS(i32.add(get(v.lo), i32.const(vectors * lanes)), get(v.hi)), [
        Array.from({ length: vectors }, (_, i) => v128.store(get(v.into), v128.load(get(v.from), 16 * i), 16 * i)),
        increase(v.into, i32.const(16 * vectors)),
        increase(v.from, i32.const(16 * vectors)),
        increase(v.lo, i32.const(vectors * lanes)),
      ])
    const at = (i: Local): Code => i32.add(get(v.own), i32.mul(get(i), i32.const(size)))
    const segment: Code = [
      set(v.end, get(length!)),
      atMost(v.end, i32.add(get(v.i), get(v.rest))),
      set(v.rest, i32.sub(get(v.rest), i32.sub(get(v.end), get(v.i)))),
      set(v.lo, get(v.i)),
      set(v.hi, get(v.end)),
      set(v.bound, get(boundTable!)),
      set(v.j, i32.const(0)),
      whileLoop(i32.ltS(get(v.j), i32.shl(get(bounds!), i32.const(2))), [narrow, increase(v.j, i32.const(4))]),
      atMost(v.lo, get(v.end)),
      atLeast(v.hi, get(v.lo)),
      // element i of the segment goes to own + size · i; vectors may run over what comes after, which is written after
      set(v.into, at(v.i)),
      zeros(v.lo),
      set(v.into, at(v.lo)),
      set(
        v.from,
        i32.add(i32.add(i32.load(get(lineTable!)), i32.load(get(v.segment))), i32.mul(get(v.lo), get(stride!))),
      ),
      when(i32.and(i32.eq(get(stride!), i32.const(size)), i32.geS(i32.sub(get(v.hi), get(v.lo)), i32.const(lanes))), [
        copied(4),
        copied(1),
        // what is left ends with the last whole vector
        set(v.rest2, i32.mul(i32.sub(get(v.hi), get(v.lo)), i32.const(size))),
        v128.store(
          i32.sub(i32.add(get(v.into), get(v.rest2)), i32.const(16)),
          v128.load(i32.sub(i32.add(get(v.from), get(v.rest2)), i32.const(16))),
        ),
        set(v.lo, get(v.hi)),
      ]),
      elements(4),
      elements(1),
      set(v.i, get(v.hi)),
      set(v.into, at(v.hi)),
      zeros(v.end),
      increase(v.own, i32.mul(get(v.end), i32.const(size))),
      set(v.i, i32.const(0)),
      increase(v.segment, get(v.record)),
    ]
    return [
      set(v.record, i32.shl(i32.add(get(bounds!), i32.const(1)), i32.const(2))),
      whileLoop(i32.gtS(get(lines!), i32.const(0)), [
        set(v.i, get(first!)),
        set(v.own, i32.sub(get(to!), i32.mul(get(first!), i32.const(size)))),
        set(v.rest, get(count!)),
        set(v.segment, get(segmentTable!)),
        whileLoop(i32.gtS(get(v.rest), i32.const(0)), segment),
        increase(lineTable!, get(v.record)),
        increase(to!, get(pitch!)),
        increase(lines!, i32.const(-1)),
      ]),
    ]
  })
