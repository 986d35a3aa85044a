/** Kernels as text that a person can read.
 *
 *      loop total grid[128] inner[10] (a:f32[1280], out b:f32[128])
 *        n0:f32 = load a[10·g0 + i0]
 *        n1:f32 = r0
 *        stage inner:
 *          r0:f32 = sum n0
 *        stage grid:
 *          store b[g0] = n1 */

import { showShape, showType } from '../errors.js'
import { showOp } from '../program/print.js'
import { type Access, type Bound, type Contract, epilogueLoop, type Kernel, type Loop, type Node, type Operand, type Scalar } from './kernel.js' // biome-ignore format: a list

/** The kernel as text. Dimensions are g (grid), i (inner), or b, m, n, k; operands a, b, c, …; nodes n, reductions r. */
export const printKernel = (kernel: Kernel): string => {
  if (kernel.kind === 'loop') return loop(kernel)
  if (kernel.kind === 'contract') return contract(kernel)
  const [inputs, outputs] = [kernel.inputs, kernel.outputs].map((types) => types.map(showType).join(' '))
  return `special ${kernel.name}: ${showOp(kernel.op)} ${inputs} -> ${outputs}`
}

const nameOf = (operand: number): string =>
  String.fromCharCode(97 + (operand % 26)) + (operand < 26 ? '' : String(Math.floor(operand / 26)))
const showOperand = (x: Operand, i: number): string => `${nameOf(i)}:${x.dtype}[${x.size}]`
const number = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))
const names = (letter: string, shape: readonly number[]): string[] => shape.map((_, i) => letter + i)
const shaped = (letter: string, shape: readonly number[]): string => `${letter}${showShape(shape).replaceAll(' ', '')}`

/** offset + Σ factors · dimensions, without what is 0. */
const affine = (offset: number, factors: readonly number[], dims: readonly string[]): string => {
  const terms = factors.flatMap((f, d) =>
    f === 0 ? [] : [[f, Math.abs(f) === 1 ? dims[d]! : `${Math.abs(f)}·${dims[d]}`]],
  )
  if (offset !== 0 || terms.length === 0) terms.push([offset, String(Math.abs(offset))])
  return terms
    .map(([sign, text], i) =>
      i === 0 ? (Number(sign) < 0 ? `−${text}` : text) : `${Number(sign) < 0 ? '−' : '+'} ${text}`,
    )
    .join(' ')
}

const showBounds = (bounds: readonly Bound[], dims: readonly string[]): string =>
  bounds.map(({ offset, coefficients, size }) => `0 ≤ ${affine(offset, coefficients, dims)} < ${size}`).join(', ')
const where = (bounds: readonly Bound[], dims: readonly string[]): string =>
  bounds.length === 0 ? '' : ` where ${showBounds(bounds, dims)}`

const element = (operand: number, { offset, strides, dynamic }: Access, dims: readonly string[]): string => {
  const moved = dynamic?.strides.map(
    (stride, j) =>
      ` + ${stride === 1 ? '' : `${stride}·`}clamp(${nameOf(dynamic.starts)}[${j}], 0, ${dynamic.limits[j]})`,
  )
  return `${nameOf(operand)}[${affine(offset, strides, dims)}${moved?.join('') ?? ''}]`
}

const loop = ({ name, grid, inner, operands, nodes, stages }: Loop): string => {
  const dims = [...names('g', grid), ...names('i', inner)]
  const written = new Set(stages.flatMap(({ stores }) => stores.map(({ operand }) => operand)))
  const list = operands.map((x, i) => (written.has(i) ? 'out ' : '') + showOperand(x, i)).join(', ')
  let numbered = 0
  return [
    `loop ${name} ${shaped('grid', grid)} ${shaped('inner', inner)} (${list})`,
    ...nodes.map((node, i) => `  n${i}:${node.dtype} = ${showNode(node, dims)}`),
    ...stages.flatMap(({ over, reductions, stores }) => [
      `  stage ${over}:`,
      ...reductions.map(({ fn, node, dtype }) => `    r${numbered++}:${dtype} = ${fn} n${node}`),
      ...stores.map(
        ({ operand, access, node }) =>
          `    store ${element(operand, access, dims)} = n${node}${where(access.bounds, dims)}`,
      ),
    ]),
  ].join('\n')
}

const showNode = (node: Node, dims: readonly string[]): string => {
  switch (node.kind) {
    case 'load': {
      const otherwise = node.access.bounds.length === 0 ? '' : ` else ${number(node.fill)}`
      return `load ${element(node.operand, node.access, dims)}${where(node.access.bounds, dims)}${otherwise}`
    }
    case 'constant':
      return `constant ${number(node.value)}`
    case 'index':
      return `index ${affine(node.offset, node.strides, dims)}`
    case 'inside':
      return `inside ${showBounds(node.bounds, dims)}`
    case 'reduced':
      return `r${node.reduction}`
    case 'apply':
      return [showScalar(node.scalar), ...node.inputs.map((i) => `n${i}`)].join(' ')
  }
}

const showScalar = (scalar: Scalar): string =>
  'fn' in scalar
    ? scalar.fn
    : scalar.kind === 'polygamma'
      ? `polygamma[n=${scalar.n}]`
      : scalar.kind === 'threefry'
        ? `threefry[word=${scalar.word}]`
        : scalar.kind

const contract = (kernel: Contract): string => {
  const { name, dtype, batch, m, n, k, operands } = kernel
  const [bs, ms, ns, ks] = [names('b', batch), names('m', m), names('n', n), names('k', k)]
  const [left, right, out] = [
    [...bs, ...ms, ...ks],
    [...bs, ...ks, ...ns],
    [...bs, ...ms, ...ns],
  ]
  const bounds = [where(kernel.a.bounds, left).slice(7), where(kernel.b.bounds, right).slice(7)].filter(
    (text) => text !== '',
  )
  const sizes = [shaped('batch', batch), shaped('m', m), shaped('n', n), shaped('k', k)].join(' ')
  const stored = [2, ...(kernel.epilogue?.stores ?? []).map(({ operand }) => operand)]
  const list = operands.map((x, i) => (stored.includes(i) ? 'out ' : '') + showOperand(x, i)).join(', ')
  const sum = `${element(0, kernel.a, left)} · ${element(1, kernel.b, right)}${
    bounds.length === 0 ? '' : ` where ${bounds.join(', ')}`
  }`
  if (kernel.epilogue !== undefined) {
    const { nodes, stages } = epilogueLoop(kernel, kernel.epilogue)
    return [
      `contract ${name} ${dtype} ${sizes} (${list})`,
      `  r0:${dtype} = Σ ${sum}`,
      ...nodes.map((node, i) => `  n${i}:${node.dtype} = ${showNode(node, out)}`),
      ...stages[0]!.stores.map(({ operand, access, node }) => `  store ${element(operand, access, out)} = n${node}`),
    ].join('\n')
  }
  return [`contract ${name} ${dtype} ${sizes} (${list})`, `  ${element(2, kernel.out, out)} = Σ ${sum}`].join('\n')
}
