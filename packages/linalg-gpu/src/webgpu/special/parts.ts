/** What the shaders of special kernels have in common: how a dispatch is put together, and how every element of a result is written. */

import { bytesOf, type DType } from '../../dtype.js'
import { type Operand, operandsOf, type Special } from '../../kernel/kernel.js'
import { bitsOf, type Memory, type MemoryOptions, memoryOf } from '../memory.js'
import type { Dispatch, Rendered, Site } from '../rendered.js'
import { shader } from '../shader.js'
import { valueType } from '../wgsl/apply.js'
import type { Uses } from '../wgsl/library.js'

/** Threads of a workgroup that do not speak to one another. */
const alone = 64
/** Threads of a workgroup that do: a power of two. */
export const threadsOf = ({ traits }: Site): number => Math.min(256, traits.invocations)

/** A kernel with nothing to write. */
export const nothing: Rendered = { dispatches: [], scratch: [] }

interface Parts extends MemoryOptions {
  readonly label: string
  readonly threads: number
  readonly workgroups: number
  /** Whether floats of 4 bytes are looked at as their bits, u32: they are only moved or compared, and no compiler may guess what they are. */
  readonly bits?: boolean
}

export interface Written {
  readonly body: string
  readonly declarations?: string
}

/** The operands as a shader sees them. */
const seen = (kernel: Special, bits: boolean): readonly Operand[] =>
  operandsOf(kernel).map(({ dtype, size }) => ({ dtype: seenAs(dtype, bits), size }))

const seenAs = (dtype: DType, bits: boolean): DType => (bits && dtype === 'f32' ? 'u32' : dtype)

/** One dispatch: `write` is given what to read and write with. */
export const dispatch = (
  kernel: Special,
  site: Site,
  { label, threads, workgroups, bits = false, ...options }: Parts,
  write: (memory: Memory, uses: Uses) => Written,
): Dispatch => {
  const uses: Uses = new Set()
  const memory = memoryOf(seen(kernel, bits), site, uses, options)
  const { declarations = '', body } = write(memory, uses)
  const text = { declarations: laidOut(declarations), body: laidOut(body) }
  return shader({ label, site, memory, uses, threads, workgroups, ...text })
}

/** Lines that say something, each as far to the right as it stands in blocks: parts of code need not know where they will stand. */
const laidOut = (text: string): string => {
  let depth = 0
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const closed = line.startsWith('}') ? 1 : 0
      const own = '  '.repeat(depth - closed) + line
      depth += line.split('{').length - line.split('}').length
      return own
    })
    .join('\n')
}

/** A dispatch of one thread an item, which knows its number as `thread`. */
export const eachAlone = (
  kernel: Special,
  site: Site,
  { items, ...parts }: Omit<Parts, 'threads' | 'workgroups'> & { readonly items: number },
  write: (memory: Memory, uses: Uses) => Written,
): Dispatch =>
  dispatch(kernel, site, { ...parts, threads: alone, workgroups: Math.ceil(items / alone) }, (memory, uses) => {
    const { body, ...rest } = write(memory, uses)
    return { ...rest, body: items % alone === 0 ? body : `if (thread >= ${items}) { return; }\n${body}` }
  })

/** Whether whole words of a narrow operand can be written: it begins with one. */
const inWords = ({ places }: Site, operand: number, dtype: DType): boolean => {
  const { offset, shifted } = places[operand]!
  return !shifted && (offset * bytesOf(dtype)) % 4 === 0
}

/** The options of a dispatch that writes elements of an operand one by one. */
export const oneByOne = (kernel: Special, operand: number): MemoryOptions =>
  bytesOf(operandsOf(kernel)[operand]!.dtype) < 4 ? { atomic: [operand] } : {}

/** Whether rows of `rest` elements of both operands, 4 bytes an element, can be had four elements at once. */
export const inFours = (kernel: Special, site: Site, rest: number, operands: readonly number[]): boolean =>
  rest % 4 === 0 && operands.every(memoryOf(operandsOf(kernel), site, new Set(), { vectors: operands }).vector)

interface Everywhere {
  readonly label: string
  readonly bits?: boolean
  /** Operands that are had four elements at once, the result among them: indices then count fours, and elements are vectors. */
  readonly fours?: readonly number[] | undefined
}

/** Writes all elements of the result: `write` gives the body of a function of the element's index `i`, and is told the element's type.
 *  Of narrow elements a thread makes as many as stand in a word. */
export const everyElement = (
  kernel: Special,
  site: Site,
  { label, bits = false, fours }: Everywhere,
  write: (memory: Memory, uses: Uses, type: string) => string,
): Dispatch => {
  const operand = kernel.inputs.length
  const { dtype, size } = kernel.outputs[0]!
  const scalar = valueType(seenAs(dtype, bits))
  const type = fours === undefined ? scalar : `vec4<${scalar}>`
  const declared = (memory: Memory, uses: Uses): string =>
    `fn element(i: i32) -> ${type} {\n${write(memory, uses, type)}\n}`
  const per = inWords(site, operand, dtype) ? 4 / bytesOf(dtype) : 1
  if (per === 1) {
    const items = fours === undefined ? size : size / 4
    const options = fours === undefined ? oneByOne(kernel, operand) : { vectors: fours }
    return eachAlone(kernel, site, { label, bits, items, ...options }, (memory, uses) => ({
      declarations: declared(memory, uses),
      body: memory.store(operand, 'thread', 'element(thread)'),
    }))
  }
  return eachAlone(kernel, site, { label, bits, items: Math.ceil(size / per) }, (memory, uses) => ({
    declarations: declared(memory, uses),
    body: `let first = thread * ${per};
var word = 0u;
for (var j = 0; j < ${size % per === 0 ? per : `min(${per}, ${size} - first)`}; j++) {
  word |= (${bitsOf(dtype, 'element(first + j)', uses)}) << u32(j * ${32 / per});
}
${memory.storeWord(operand, 'thread', 'word')}`,
  }))
}
