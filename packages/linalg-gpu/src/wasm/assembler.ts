/** WebAssembly, written as expressions: `f32x4.add(v128.load(p), x)` is the code that computes it.
 *
 *  Code is a tree of bytes, flattened once. Functions are values and find their numbers when a module is assembled, so that
 *  one function may stand in several modules. The engine's validator is the type checker: a wrong tree does not compile.
 *  Source   WebAssembly core specification 2.0, with the threads, relaxed SIMD and bulk memory proposals. */

export type ValType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'
/** Bytes, the number of a function, the number of the type of a function, or a sequence of these. */
export type Code = number | Func | { readonly typeOf: Func } | readonly Code[]

export interface Func {
  readonly name: string
  readonly params: readonly ValType[]
  readonly results: readonly ValType[]
  /** Where the function comes from outside: module and field. */
  readonly from?: readonly [string, string]
  readonly locals: readonly ValType[]
  readonly body: Code
}

export interface Local {
  readonly index: number
  readonly type: ValType
}

const typeByte: Readonly<Record<ValType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b }

/** Unsigned LEB128. */
export const u = (value: number): number[] => {
  const bytes: number[] = []
  let rest = value >>> 0
  do {
    const low = rest & 127
    rest >>>= 7
    bytes.push(rest === 0 ? low : low | 128)
  } while (rest !== 0)
  return bytes
}

/** Signed LEB128 of 32 bits. */
const s = (value: number): number[] => {
  const bytes: number[] = []
  let rest = value | 0
  for (;;) {
    const low = rest & 127
    rest >>= 7
    const done = (rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0)
    bytes.push(done ? low : low | 128)
    if (done) return bytes
  }
}

const s64 = (value: bigint): number[] => {
  const bytes: number[] = []
  let rest = BigInt.asIntN(64, value)
  for (;;) {
    const low = Number(rest & 127n)
    rest >>= 7n
    const done = (rest === 0n && (low & 64) === 0) || (rest === -1n && (low & 64) !== 0)
    bytes.push(done ? low : low | 128)
    if (done) return bytes
  }
}

const scratch = new DataView(new ArrayBuffer(16))
const bytesOfScratch = (count: number): number[] => Array.from(new Uint8Array(scratch.buffer, 0, count))
const f32Bytes = (value: number): number[] => {
  scratch.setFloat32(0, value, true)
  return bytesOfScratch(4)
}
const f64Bytes = (value: number): number[] => {
  scratch.setFloat64(0, value, true)
  return bytesOfScratch(8)
}

type Op1 = (x: Code) => Code
type Op2 = (x: Code, y: Code) => Code
type Op3 = (x: Code, y: Code, z: Code) => Code
type Load = (address: Code, offset?: number) => Code
type Store = (address: Code, value: Code, offset?: number) => Code

const op1 =
  (...bytes: number[]): Op1 =>
  (x) => [x, bytes]
const op2 =
  (...bytes: number[]): Op2 =>
  (x, y) => [x, y, bytes]
const simd = (n: number): number[] => [0xfd, ...u(n)]
const v1 = (n: number): Op1 => op1(...simd(n))
const v2 = (n: number): Op2 => op2(...simd(n))
const v3 =
  (n: number): Op3 =>
  (x, y, z) => [x, y, z, simd(n)]
// alignment is a hint that engines ignore: 0 is always valid
const load =
  (...bytes: number[]): Load =>
  (address, offset = 0) => [address, bytes, 0, u(offset)]
const store =
  (...bytes: number[]): Store =>
  (address, value, offset = 0) => [address, value, bytes, 0, u(offset)]
// atomic accesses must state their natural alignment: 2² bytes
const atomic = (n: number): number[] => [0xfe, n, 2]
const laneOf =
  (n: number) =>
  (lane: number, x: Code): Code => [x, simd(n), lane]
const replaceOf =
  (n: number) =>
  (lane: number, x: Code, value: Code): Code => [x, value, simd(n), lane]
const loadLane =
  (n: number) =>
  (lane: number, address: Code, x: Code, offset = 0): Code => [address, x, simd(n), 0, u(offset), lane]
const storeLane =
  (n: number) =>
  (lane: number, address: Code, x: Code, offset = 0): Code => [address, x, simd(n), 0, u(offset), lane]

export const i32 = {
  const: (value: number): Code => [0x41, s(value)],
  load: load(0x28), load8s: load(0x2c), load8u: load(0x2d), load16s: load(0x2e), load16u: load(0x2f),
  store: store(0x36), store8: store(0x3a), store16: store(0x3b),
  eqz: op1(0x45), eq: op2(0x46), ne: op2(0x47), ltS: op2(0x48), ltU: op2(0x49), gtS: op2(0x4a), gtU: op2(0x4b),
  leS: op2(0x4c), leU: op2(0x4d), geS: op2(0x4e), geU: op2(0x4f),
  clz: op1(0x67), ctz: op1(0x68), popcnt: op1(0x69),
  add: op2(0x6a), sub: op2(0x6b), mul: op2(0x6c), divS: op2(0x6d), divU: op2(0x6e), remS: op2(0x6f), remU: op2(0x70),
  and: op2(0x71), or: op2(0x72), xor: op2(0x73), shl: op2(0x74), shrS: op2(0x75), shrU: op2(0x76), rotl: op2(0x77), rotr: op2(0x78),
  fromF32Bits: op1(0xbc), fromF64: op1(0xfc, 2), fromF64U: op1(0xfc, 3), fromF32: op1(0xfc, 0), fromF32U: op1(0xfc, 1), fromI64: op1(0xa7),
  atomicLoad: (address: Code, offset = 0): Code => [address, atomic(0x10), u(offset)],
  atomicStore: (address: Code, value: Code, offset = 0): Code => [address, value, atomic(0x17), u(offset)],
  /** Adds and gives what was there before. */
  atomicAdd: (address: Code, value: Code, offset = 0): Code => [address, value, atomic(0x1e), u(offset)],
  atomicExchange: (address: Code, value: Code, offset = 0): Code => [address, value, atomic(0x41), u(offset)],
  atomicCompareExchange: (address: Code, expected: Code, value: Code, offset = 0): Code => [address, expected, value, atomic(0x48), u(offset)],
  /** Wakes up to `count` sleepers; gives how many. */
  notify: (address: Code, count: Code, offset = 0): Code => [address, count, atomic(0x00), u(offset)],
  /** Sleeps while the word is `expected`, at most `timeout` (i64, nanoseconds; −1 for ever): 0 woken, 1 not equal, 2 timed out. */
  wait: (address: Code, expected: Code, timeout: Code, offset = 0): Code => [address, expected, timeout, atomic(0x01), u(offset)],
} // biome-ignore format: a table

export const i64 = {
  const: (value: bigint): Code => [0x42, s64(value)],
  load: load(0x29), store: store(0x37),
  eqz: op1(0x50), eq: op2(0x51), add: op2(0x7c), sub: op2(0x7d), mul: op2(0x7e),
  and: op2(0x83), or: op2(0x84), xor: op2(0x85), shl: op2(0x86), shrS: op2(0x87), shrU: op2(0x88),
  fromI32: op1(0xac), fromI32U: op1(0xad), fromF64Bits: op1(0xbd),
} // biome-ignore format: a table

export const f32 = {
  const: (value: number): Code => [0x43, f32Bytes(value)],
  load: load(0x2a), store: store(0x38),
  eq: op2(0x5b), ne: op2(0x5c), lt: op2(0x5d), gt: op2(0x5e), le: op2(0x5f), ge: op2(0x60),
  abs: op1(0x8b), neg: op1(0x8c), ceil: op1(0x8d), floor: op1(0x8e), trunc: op1(0x8f), nearest: op1(0x90), sqrt: op1(0x91),
  add: op2(0x92), sub: op2(0x93), mul: op2(0x94), div: op2(0x95), min: op2(0x96), max: op2(0x97), copysign: op2(0x98),
  fromI32: op1(0xb2), fromI32U: op1(0xb3), fromF64: op1(0xb6), fromI32Bits: op1(0xbe),
} // biome-ignore format: a table

export const f64 = {
  const: (value: number): Code => [0x44, f64Bytes(value)],
  load: load(0x2b), store: store(0x39),
  eq: op2(0x61), ne: op2(0x62), lt: op2(0x63), gt: op2(0x64), le: op2(0x65), ge: op2(0x66),
  abs: op1(0x99), neg: op1(0x9a), ceil: op1(0x9b), floor: op1(0x9c), trunc: op1(0x9d), nearest: op1(0x9e), sqrt: op1(0x9f),
  add: op2(0xa0), sub: op2(0xa1), mul: op2(0xa2), div: op2(0xa3), min: op2(0xa4), max: op2(0xa5), copysign: op2(0xa6),
  fromI32: op1(0xb7), fromI32U: op1(0xb8), fromF32: op1(0xbb), fromI64Bits: op1(0xbf),
} // biome-ignore format: a table

export const v128 = {
  const: (bytes: readonly number[]): Code => [simd(12), [...bytes]],
  load: load(...simd(0)), store: store(...simd(11)),
  load8x8s: load(...simd(1)), load8x8u: load(...simd(2)), load16x4s: load(...simd(3)), load16x4u: load(...simd(4)),
  load8splat: load(...simd(7)), load16splat: load(...simd(8)), load32splat: load(...simd(9)), load64splat: load(...simd(10)),
  load32zero: load(...simd(92)), load64zero: load(...simd(93)),
  load8lane: loadLane(84), load16lane: loadLane(85), load32lane: loadLane(86), load64lane: loadLane(87),
  store8lane: storeLane(88), store16lane: storeLane(89), store32lane: storeLane(90), store64lane: storeLane(91),
  not: v1(77), and: v2(78), andnot: v2(79), or: v2(80), xor: v2(81),
  /** Bits of x where the mask is 1, of y where it is 0. */
  select: (mask: Code, x: Code, y: Code): Code => v3(82)(x, y, mask),
  anyTrue: v1(83),
  /** 16 byte numbers: 0…15 of x, 16…31 of y. */
  shuffle: (bytes: readonly number[], x: Code, y: Code): Code => [x, y, simd(13), [...bytes]],
} // biome-ignore format: a table

/** Constants in all lanes, each written once: functions are full of the same ones. Zeros differ in their sign. */
const splatted = (bytesOf: (value: number) => readonly number[], lanes: number): ((value: number) => Code) => {
  const known = new Map<number, Code>()
  return (value) => {
    const before = Object.is(value, -0) ? undefined : known.get(value)
    if (before !== undefined) return before
    const own = bytesOf(value)
    const made = v128.const(Array.from({ length: lanes }, () => own).flat())
    if (!Object.is(value, -0)) known.set(value, made)
    return made
  }
}
const splatF32 = splatted(f32Bytes, 4)
const splatF64 = splatted(f64Bytes, 2)

export const i8x16 = {
  splat: v1(15), swizzle: v2(14), extractS: laneOf(21), extractU: laneOf(22), replace: replaceOf(23), eq: v2(35), ne: v2(36), add: v2(110), sub: v2(113),
  narrowS: v2(101), narrowU: v2(102), bitmask: v1(100), allTrue: v1(99),
} // biome-ignore format: a table

export const i16x8 = {
  splat: v1(16), extractS: laneOf(24), extractU: laneOf(25), replace: replaceOf(26), narrowS: v2(133), narrowU: v2(134),
  extendLowS: v1(135), extendHighS: v1(136), extendLowU: v1(137), extendHighU: v1(138), shl: v2(139), shrS: v2(140), shrU: v2(141), add: v2(142), sub: v2(145), mul: v2(149),
} // biome-ignore format: a table

export const i32x4 = {
  const: (a: number, b = a, c = b, d = c): Code => {
    ;[a, b, c, d].forEach((value, i) => {
      scratch.setInt32(4 * i, value | 0, true)
    })
    return v128.const(bytesOfScratch(16))
  },
  splat: v1(17), extract: laneOf(27), replace: replaceOf(28),
  eq: v2(55), ne: v2(56), ltS: v2(57), ltU: v2(58), gtS: v2(59), gtU: v2(60), leS: v2(61), leU: v2(62), geS: v2(63), geU: v2(64),
  abs: v1(160), neg: v1(161), allTrue: v1(163), bitmask: v1(164),
  extendLowS: v1(167), extendHighS: v1(168), extendLowU: v1(169), extendHighU: v1(170),
  shl: v2(171), shrS: v2(172), shrU: v2(173), add: v2(174), sub: v2(177), mul: v2(181), minS: v2(182), minU: v2(183), maxS: v2(184), maxU: v2(185),
  fromF32: v1(248), fromF32U: v1(249), fromF64Zero: v1(252), fromF64UZero: v1(253),
} // biome-ignore format: a table

export const i64x2 = {
  splat: v1(18), extract: laneOf(29), replace: replaceOf(30), neg: v1(193), bitmask: v1(196),
  extendLowS: v1(199), extendHighS: v1(200), extendLowU: v1(201), extendHighU: v1(202),
  shl: v2(203), shrS: v2(204), shrU: v2(205), add: v2(206), sub: v2(209), mul: v2(213), eq: v2(214), ne: v2(215), ltS: v2(216), gtS: v2(217),
} // biome-ignore format: a table

export const f32x4 = {
  const: (a: number, b = a, c = b, d = c): Code =>
    b === a && c === a && d === a ? splatF32(a) : v128.const([a, b, c, d].flatMap(f32Bytes)),
  splat: v1(19), extract: laneOf(31), replace: replaceOf(32),
  eq: v2(65), ne: v2(66), lt: v2(67), gt: v2(68), le: v2(69), ge: v2(70),
  ceil: v1(103), floor: v1(104), trunc: v1(105), nearest: v1(106),
  abs: v1(224), neg: v1(225), sqrt: v1(227), add: v2(228), sub: v2(229), mul: v2(230), div: v2(231), min: v2(232), max: v2(233), pmin: v2(234), pmax: v2(235),
  fromI32: v1(250), fromI32U: v1(251), fromF64Zero: v1(94),
  /** a · b + c, rounded once or twice as the processor likes: relaxed SIMD. */
  relaxedMadd: v3(0x105),
} // biome-ignore format: a table

export const f64x2 = {
  const: (a: number, b = a): Code => (b === a ? splatF64(a) : v128.const([a, b].flatMap(f64Bytes))),
  splat: v1(20), extract: laneOf(33), replace: replaceOf(34),
  eq: v2(71), ne: v2(72), lt: v2(73), gt: v2(74), le: v2(75), ge: v2(76),
  ceil: v1(116), floor: v1(117), trunc: v1(122), nearest: v1(148),
  abs: v1(236), neg: v1(237), sqrt: v1(239), add: v2(240), sub: v2(241), mul: v2(242), div: v2(243), min: v2(244), max: v2(245), pmin: v2(246), pmax: v2(247),
  fromF32Low: v1(95), fromI32Low: v1(254), fromI32LowU: v1(255),
  relaxedMadd: v3(0x107),
} // biome-ignore format: a table

export const memory = {
  /** Copies `count` bytes; the ranges may overlap. */
  copy: (to: Code, from: Code, count: Code): Code => [to, from, count, 0xfc, 10, 0, 0],
  fill: (to: Code, byte: Code, count: Code): Code => [to, byte, count, 0xfc, 11, 0],
  fence: [0xfe, 0x03, 0x00] as Code,
}

export const get = (local: Local): Code => [0x20, u(local.index)]
export const set = (local: Local, value: Code): Code => [value, 0x21, u(local.index)]
/** Sets and gives the value. */
export const tee = (local: Local, value: Code): Code => [value, 0x22, u(local.index)]
/** local ← local + value, i32. */
export const increase = (local: Local, value: Code): Code => set(local, i32.add(get(local), value))

/** `then` where the condition is not 0. */
export const when = (condition: Code, then: Code, otherwise?: Code): Code =>
  otherwise === undefined ? [condition, 0x04, 0x40, then, 0x0b] : [condition, 0x04, 0x40, then, 0x05, otherwise, 0x0b]
/** One of two values, of which only one is computed. */
export const choose = (type: ValType, condition: Code, then: Code, otherwise: Code): Code => [
  condition, 0x04, typeByte[type], then, 0x05, otherwise, 0x0b,
] // biome-ignore format: one instruction
/** One of two scalars, both computed. */
export const either = (condition: Code, then: Code, otherwise: Code): Code => [then, otherwise, condition, 0x1b]
/** Repeats the body while the condition, looked at before each turn, is not 0. */
export const whileLoop = (condition: Code, body: Code): Code => [
  0x02, 0x40, 0x03, 0x40, condition, 0x45, 0x0d, 1, body, 0x0c, 0, 0x0b, 0x0b,
] // biome-ignore format: one loop
/** Runs the body once, and again as long as the condition after it is not 0. */
export const doWhile = (body: Code, condition: Code): Code => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b]
/** for (local = from; local < to; local += step), signed. */
export const forLoop = (local: Local, from: Code, to: Code, step: Code, body: Code): Code => [
  set(local, from),
  whileLoop(i32.ltS(get(local), to), [body, increase(local, step)]),
]
export const block = (body: Code): Code => [0x02, 0x40, body, 0x0b]
export const endless = (body: Code): Code => [0x03, 0x40, body, 0x0b]
/** Leaves the block, or restarts the loop, `depth` levels out; `when` counts as a level. */
export const branch = (depth: number): Code => [0x0c, u(depth)]
export const branchIf = (depth: number, condition: Code): Code => [condition, 0x0d, u(depth)]
/** Jumps out of as many blocks as the index says: a switch. */
export const branchTable = (index: Code, depths: readonly number[], otherwise: number): Code => [
  index, 0x0e, u(depths.length), depths.map(u), u(otherwise),
] // biome-ignore format: one instruction
export const leave: Code = 0x0f
export const trap: Code = 0x00
export const drop = (x: Code): Code => [x, 0x1a]

/** A call. */
export const call = (f: Func, ...args: readonly Code[]): Code => [args, 0x10, f]
/** A call of entry `index` of the module's table; the type is that of `like`. */
export const callIndirect = (like: Func, index: Code, ...args: readonly Code[]): Code => [
  args,
  index,
  0x11,
  { typeOf: like },
  0,
]

/** A function; its parameters and locals are handed to the body as it is written. */
export const func = (
  name: string,
  params: readonly ValType[],
  results: readonly ValType[],
  write: (params: readonly Local[], local: (type: ValType) => Local) => Code,
): Func => {
  const locals: ValType[] = []
  const own = params.map((type, index): Local => ({ index, type }))
  const body = write(own, (type) => ({ index: params.length + locals.push(type) - 1, type }))
  return { name, params, results, locals, body }
}

/** A function that the module is given: by the host or by another module. */
export const imported = (
  module: string,
  name: string,
  params: readonly ValType[],
  results: readonly ValType[],
): Func => ({ name, params, results, from: [module, name], locals: [], body: [] })

export interface ModuleParts {
  /** Exported, in this order; what they call comes along. */
  readonly functions: readonly Func[]
  readonly shared: boolean
  /** Pages of 64 KiB of the imported memory `host.memory`. */
  readonly pages: { readonly initial: number; readonly maximum: number }
  /** Whether the module uses the imported table `host.table`. */
  readonly table?: boolean
}

/** The bytes of a module: imports its memory (and table) from `host`, exports its functions by their names. */
export const assemble = ({ functions, shared, pages, table = false }: ModuleParts): Uint8Array<ArrayBuffer> => {
  const imports: Func[] = []
  const own: Func[] = []
  const seen = new Set<Func>()
  const typed = new Set<Func>()
  const visit = (code: Code): void => {
    if (typeof code === 'number') return
    if ('typeOf' in code) typed.add(code.typeOf)
    else if ('length' in code) code.forEach(visit)
    else enter(code)
  }
  const enter = (f: Func): void => {
    if (seen.has(f)) return
    seen.add(f)
    if (f.from !== undefined) imports.push(f)
    else {
      own.push(f)
      visit(f.body)
    }
  }
  for (const f of functions) enter(f)

  const typeKeys: string[] = []
  const typeBytes: number[][] = []
  const typeIndex = ({ params, results }: Func): number => {
    const key = `${params}>${results}`
    const known = typeKeys.indexOf(key)
    if (known >= 0) return known
    typeBytes.push([
      0x60, ...u(params.length), ...params.map((t) => typeByte[t]), ...u(results.length), ...results.map((t) => typeByte[t]),
    ]) // biome-ignore format: one type
    return typeKeys.push(key) - 1
  }
  const index = new Map<Func, number>()
  for (const f of [...imports, ...own]) index.set(f, index.size)
  for (const f of [...imports, ...own, ...typed]) typeIndex(f)

  const flatten = (code: Code, out: number[]): void => {
    if (typeof code === 'number') out.push(code)
    else if ('typeOf' in code) out.push(...u(typeIndex(code.typeOf)))
    else if ('length' in code) for (const part of code) flatten(part, out)
    else out.push(...u(index.get(code)!))
  }
  const text = (name: string): number[] => {
    const bytes = new TextEncoder().encode(name)
    return [...u(bytes.length), ...bytes]
  }
  const section = (id: number, items: readonly (readonly number[])[]): Uint8Array => {
    const count = u(items.length)
    const size = items.reduce((sum, item) => sum + item.length, count.length)
    const head = [id, ...u(size), ...count]
    const bytes = new Uint8Array(size - count.length + head.length)
    bytes.set(head)
    let at = head.length
    for (const item of items) {
      bytes.set(item, at)
      at += item.length
    }
    return bytes
  }
  const bodies = own.map((f) => {
    const groups: [ValType, number][] = []
    for (const type of f.locals)
      if (groups.at(-1)?.[0] === type) groups.at(-1)![1]++
      else groups.push([type, 1])
    const body: number[] = [...u(groups.length), ...groups.flatMap(([type, n]) => [...u(n), typeByte[type]])]
    flatten(f.body, body)
    body.push(0x0b)
    return [...u(body.length), ...body]
  })
  const memoryImport = [
    ...text('host'), ...text('memory'), 2, shared ? 3 : 1, ...u(pages.initial), ...u(pages.maximum),
  ] // biome-ignore format: one import
  const sections = [
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    section(1, typeBytes),
    section(2, [
      memoryImport,
      ...(table ? [[...text('host'), ...text('table'), 1, 0x70, 0, 0]] : []),
      ...imports.map((f) => [...text(f.from![0]), ...text(f.from![1]), 0, ...u(typeIndex(f))]),
    ]),
    section(
      3,
      own.map((f) => u(typeIndex(f))),
    ),
    section(
      7,
      functions.map((f) => [...text(f.name), 0, ...u(index.get(f)!)]),
    ),
    section(10, bodies),
  ]
  const bytes = new Uint8Array(sections.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of sections) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
