/** Operands in WGSL: bindings, and how their elements are read and written.
 *
 *  Elements of 4 bytes stand as they are. f16 stands in pairs, u8, i8 and bool in fours, in words of which a thread writes one whole
 *  (`storeWord`) or a part, by atomic operations, as others may write the rest.
 *  Values: f32 and f16 are f32, i32 and i8 are i32, u32 and u8 are u32, bool is bool. Indices are i32. */

import { bytesOf, type DType } from '../dtype.js'
import type { Operand } from '../kernel/kernel.js'
import { type Binding, bindingsOf, type Site } from './rendered.js'
import { valueType } from './wgsl/apply.js'
import type { Uses } from './wgsl/library.js'

export type Element = 'f32' | 'i32' | 'u32' | 'vec2<u32>' | 'vec4<f32>' | 'vec4<i32>' | 'vec4<u32>' | 'atomic<u32>'

export interface Memory {
  /** The element of an operand at an index, in WGSL. */
  readonly load: (operand: number, index: string) => string
  /** The statement that writes an element; narrow ones by parts of words. */
  readonly store: (operand: number, index: string, value: string) => string
  /** The statement that writes a whole word, a u32, of a narrow operand; the index counts words. */
  readonly storeWord: (operand: number, index: string, word: string) => string
  /** Whether four elements in a row can be had as one vector, by an index that counts fours: see `vectors`. */
  readonly vector: (operand: number) => boolean
  /** A piece of scratch memory as an array of such elements: an expression to be indexed. */
  readonly scratch: (piece: number, element: Element) => string
  /** The bindings that were spoken of, in order, and their declarations with the functions that the above calls. */
  readonly bindings: () => readonly Binding[]
  readonly declarations: () => string
  /** The operands of which it is told at run time where they begin, in order: their words stand behind that of the gate. */
  readonly told: readonly number[]
}

export interface MemoryOptions {
  /** Operands of 4 bytes an element of which all is read and written as vectors of four, where that can be: `load` and `store` then
   *  count fours, and their values are vectors. */
  readonly vectors?: readonly number[]
  /** Narrow operands that are written by parts of words. Their bindings are atomic throughout. */
  readonly atomic?: readonly number[]
}

/** Which operands' shifts stand where in the uniform: word 0 is the gate. */
export const toldOf = ({ places }: Pick<Site, 'places'>): readonly number[] =>
  places.flatMap(({ shifted }, operand) => (shifted ? [operand] : []))

const wordOf = (dtype: DType): 'f32' | 'i32' | 'u32' => (dtype === 'f32' || dtype === 'i32' ? dtype : 'u32')

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
/** The name of a binding in the code: A, B, …, Z, A1, …; capitals, as no variable of a body is */
const nameOf = (binding: number): string => `${letters[binding % 26]!}${binding < 26 ? '' : Math.floor(binding / 26)}`

/** Word i of the uniform. */
export const toldWord = (i: number): string => `told[${i >> 2}].${'xyzw'[i & 3]!}`

export const memoryOf = (operands: readonly Operand[], site: Site, uses: Uses, options: MemoryOptions = {}): Memory => {
  const { places } = site
  const told = toldOf(site)
  const atomic = new Set((options.atomic ?? []).map((operand) => places[operand]!.binding))
  const wished = new Set(options.vectors ?? [])
  const shared = (binding: number): readonly number[] =>
    places.flatMap((place, operand) => (place.binding === binding ? [operand] : []))
  /** Four at a time, if all that stands in the binding is looked at so. */
  const vector = (operand: number): boolean =>
    shared(places[operand]!.binding).every(
      (other) =>
        wished.has(other) &&
        bytesOf(operands[other]!.dtype) === 4 &&
        places[other]!.offset % 4 === 0 &&
        !places[other]!.shifted &&
        operands[other]!.size % 4 === 0,
    )
  const elementOf = (binding: number): Element => {
    if (atomic.has(binding)) return 'atomic<u32>'
    const among = shared(binding)
    const words = new Set(among.map((operand) => wordOf(operands[operand]!.dtype)))
    const word = words.size === 1 ? [...words][0]! : 'u32'
    return vector(among[0]!) ? `vec4<${word}>` : word
  }
  const spoken = new Map<number, { readonly element: Element; readonly writable: boolean }>()
  const functions = new Map<string, string>()
  const speak = (binding: number): Element => {
    const known = spoken.get(binding)
    if (known !== undefined) return known.element
    const element = elementOf(binding)
    spoken.set(binding, { element, writable: places[shared(binding)[0]!]!.writable })
    return element
  }
  const lanes = (operand: number): number => (vector(operand) ? 4 : 1)
  /** The index in the binding of an index of the operand. */
  const placed = (operand: number, index: string): string => {
    const { offset, shifted } = places[operand]!
    const moved = shifted ? `i32(${toldWord(1 + told.indexOf(operand))}) + ` : ''
    return `${moved}${offset === 0 ? '' : `${offset / lanes(operand)} + `}${index}`
  }
  const once = (name: string, text: string): string => {
    if (!functions.has(name)) functions.set(name, text)
    return name
  }
  /** The binding's word at an index of words, as the operand's own type. */
  const word = (operand: number, index: string): string => {
    const { binding } = places[operand]!
    const element = speak(binding)
    const own = wordOf(operands[operand]!.dtype)
    const raw = element === 'atomic<u32>' ? `atomicLoad(&${nameOf(binding)}[${index}])` : `${nameOf(binding)}[${index}]`
    const has = element === 'atomic<u32>' ? 'u32' : element.replace(/^vec4<(.*)>$/, '$1')
    if (has === own) return raw
    return element.startsWith('vec4') ? `bitcast<vec4<${own}>>(${raw})` : `bitcast<${own}>(${raw})`
  }
  const narrowLoad = (operand: number): string => {
    const { dtype } = operands[operand]!
    const per = 4 / bytesOf(dtype)
    const bits = `(${word(operand, `i / ${per}`)} >> (u32(i % ${per}) * ${32 / per}u))`
    let value: string
    if (dtype === 'f16') {
      uses.add('from_half')
      value = `from_half(${bits} & 0xffffu)`
    } else if (dtype === 'i8') value = `extractBits(bitcast<i32>(${bits}), 0u, 8u)`
    else if (dtype === 'bool') value = `(${bits} & 0xffu) != 0u`
    else value = `${bits} & 0xffu`
    return once(
      `load_${nameOf(places[operand]!.binding)}_${dtype}`,
      `fn load_${nameOf(places[operand]!.binding)}_${dtype}(i: i32) -> ${valueType(dtype)} { return ${value}; }`,
    )
  }
  const narrowStore = (operand: number): string => {
    const { dtype } = operands[operand]!
    const { binding } = places[operand]!
    const per = 4 / bytesOf(dtype)
    const mask = per === 2 ? '0xffffu' : '0xffu'
    speak(binding)
    const name = `store_${nameOf(binding)}_${dtype}`
    return once(
      name,
      `fn ${name}(i: i32, x: ${valueType(dtype)}) {
  let shift = u32(i % ${per}) * ${32 / per}u;
  atomicAnd(&${nameOf(binding)}[i / ${per}], ~(${mask} << shift));
  atomicOr(&${nameOf(binding)}[i / ${per}], (${bitsOf(dtype, 'x', uses)}) << shift);
}`,
    )
  }
  return {
    load: (operand, index) => {
      const at = placed(operand, index)
      return bytesOf(operands[operand]!.dtype) === 4 ? word(operand, at) : `${narrowLoad(operand)}(${at})`
    },
    store: (operand, index, value) => {
      const { dtype } = operands[operand]!
      const { binding } = places[operand]!
      const at = placed(operand, index)
      if (bytesOf(dtype) !== 4) return `${narrowStore(operand)}(${at}, ${value});`
      const element = speak(binding)
      const own = wordOf(dtype)
      if (element === 'atomic<u32>') return `atomicStore(&${nameOf(binding)}[${at}], bitcast<u32>(${value}));`
      const has = element.replace(/^vec4<(.*)>$/, '$1')
      const cast = has === own ? value : `bitcast<${element}>(${value})`
      return `${nameOf(binding)}[${at}] = ${cast};`
    },
    storeWord: (operand, index, value) => {
      const { dtype } = operands[operand]!
      const { binding, offset } = places[operand]!
      const per = 4 / bytesOf(dtype)
      const at = `${offset === 0 ? '' : `${offset / per} + `}${index}`
      return speak(binding) === 'atomic<u32>'
        ? `atomicStore(&${nameOf(binding)}[${at}], ${value});`
        : `${nameOf(binding)}[${at}] = ${value};`
    },
    vector,
    scratch: (piece, element) => {
      const binding = bindingsOf(places) + piece
      if (!spoken.has(binding)) spoken.set(binding, { element, writable: true })
      return nameOf(binding)
    },
    bindings: () =>
      [...spoken].map(([binding, { writable }]) => ({ binding, writable })).sort((x, y) => x.binding - y.binding),
    declarations: () =>
      [
        ...[...spoken]
          .sort(([x], [y]) => x - y)
          .map(
            ([binding, { element, writable }]) =>
              `@group(0) @binding(${binding}) var<storage, ${writable ? 'read_write' : 'read'}> ${nameOf(binding)}: array<${element}>;`,
          ),
        ...functions.values(),
      ].join('\n'),
    told,
  }
}

/** The low bits of a word that hold a narrow value: a u32. */
export const bitsOf = (dtype: DType, value: string, uses: Uses): string => {
  if (dtype === 'f16') {
    uses.add('to_half')
    return `to_half(${value})`
  }
  if (dtype === 'bool') return `select(0u, 1u, ${value})`
  return dtype === 'i8' ? `bitcast<u32>(${value}) & 0xffu` : `${value} & 0xffu`
}
