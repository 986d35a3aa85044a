/** One panel of Householder's QR: A = (I − V T Vᵀ) [R; 0] of each m × b matrix of a stack, in place in V.
 *
 *  Column j from row j on is x = [α; y]; its reflector maps it to β = −sign(α)‖x‖:
 *
 *    v = [1; y / (α − β)],   τ = (β − α) / β,   a_k ← a_k − τ (v·a_k) v,   T₀..ⱼ,ⱼ = −τ T (Vᵀ v),   Tⱼⱼ = τ
 *
 *  Where y = 0 nothing is reflected: τ = 0, β = α. x is first scaled by the power of two that brings its largest element near 1: no
 *  norm overflows, and only R has the scale of A. Products with all columns, of which those to the left make T and those to the
 *  right are reflected, are dealt out by columns and parts of rows.
 *  Source   LAPACK's larfg, geqr2 and larft. */

import type { Special } from '../../kernel/kernel.js'
import { powerAbove } from '../powers.js'
import type { Rendered, Site } from '../rendered.js'
import { sumOf } from '../special/sums.js'
import { halving } from '../special/tree.js'
import { byCrews, countOf } from './crew.js'

/** Columns of a panel at most: their products must fit into shared memory. */
const widest = 128

export const renderHouseholder = (kernel: Special, site: Site): Rendered | undefined => {
  const [m, b] = kernel.inputs[0]!.shape.slice(-2) as unknown as readonly [number, number]
  if (b > widest) return undefined
  const width = Math.max(m, b)
  return byCrews(kernel, site, { label: kernel.name, count: countOf(kernel), width }, (crew, memory) => {
    const { threads } = crew
    const across = Math.min(threads, powerAbove(b))
    const parts = threads / across
    const sum = sumOf('f32', Math.ceil(m / parts))
    const at = (i: string, j: string): string => `base + ${i} * ${b} + ${j}`
    const v = (i: string, j: string): string => memory.load(1, at(i, j))
    const putV = (i: string, j: string, value: string): string => memory.store(1, at(i, j), value)
    const square = (operand: number, i: string, j: string, value: string): string =>
      memory.store(operand, `corner + ${i} * ${b} + ${j}`, value)
    const t = (i: string, j: string): string => memory.load(2, `corner + ${i} * ${b} + ${j}`)
    /** What each thread has in `value` becomes one in all. */
    const all = (name: string, value: string, combine: (x: string, y: string) => string): string =>
      threads === 1
        ? `let ${name} = ${value};`
        : `slots[lane] = ${value};
  ${halving(threads, `slots[lane] = ${combine('slots[lane]', 'slots[lane + half]')};`)}
  workgroupBarrier();
  let ${name} = slots[0];
  workgroupBarrier();`
    const column = threads === 1 ? '0' : `lane % ${across}`
    const part = threads === 1 ? '0' : `lane / ${across}`
    const product = (k: string): string => (parts === 1 ? `products[${k}]` : `productOf(${k})`)
    return {
      declarations: [
        threads === 1 ? '' : `var<workgroup> slots: array<u32, ${threads}>;`,
        crew.shared('products', `array<f32, ${parts * b}>`),
        parts === 1
          ? ''
          : `fn productOf(k: i32) -> f32 {
  var sum = 0f;
  for (var part = 0; part < ${parts}; part++) { sum += products[part * ${b} + k]; }
  return sum;
}`,
      ].join('\n'),
      body: `let base = unit * ${m * b};
let corner = unit * ${b * b};
${crew.each('i', '0', `${m * b}`)} { ${memory.store(1, 'base + i', memory.load(0, 'base + i'))} }
${crew.barrier}
for (var j = 0; j < ${b}; j++) {
  var largest = 0u;
  ${crew.each('i', 'j', `${m}`)} { largest = max(largest, bitcast<u32>(${v('i', 'j')}) & 0x7fffffffu); }
  ${all('top', 'largest', (x, y) => `max(${x}, ${y})`)}
  // powers of two by their exponents
  let exponent = u32(clamp(254 - i32(top >> 23u), 1, 253));
  let scale = bitcast<f32>(exponent << 23u);
  let unscale = bitcast<f32>((254u - exponent) << 23u);
  var square = 0f;
  ${crew.each('i', 'j + 1', `${m}`)} {
    let y = scale * ${v('i', 'j')};
    square += y * y;
  }
  ${all('below', 'bitcast<u32>(square)', (x, y) => `bitcast<u32>(bitcast<f32>(${x}) + bitcast<f32>(${y}))`)}
  let alpha = scale * ${v('j', 'j')};
  var beta = alpha;
  var tau = 0f;
  var factor = 0f;
  if (below != 0u) {
    let size = sqrt(alpha * alpha + bitcast<f32>(below));
    beta = select(-size, size, alpha < 0f);
    tau = (beta - alpha) / beta;
    factor = scale / (alpha - beta);
  }
  ${crew.barrier}
  ${crew.each('i', '0', `${m}`)} {
    // what stands above the diagonal is finished
    if (i < j) {
      ${square(3, 'i', 'j', v('i', 'j'))}
      ${square(3, 'j', 'i', '0f')}
      ${square(2, 'j', 'i', '0f')}
      ${putV('i', 'j', '0f')}
    } else if (i == j) {
      ${square(3, 'j', 'j', 'beta * unscale')}
      ${square(2, 'j', 'j', 'tau')}
      ${putV('j', 'j', '1f')}
    } else {
      ${putV('i', 'j', `select(0f, factor * ${v('i', 'j')}, below != 0u)`)}
    }
  }
  ${crew.barrier}
  for (var k = ${column}; k < ${b}; k += ${across}) {
    ${sum.start}
    var terms = 0;
    for (var i = j + ${part}; i < ${m}; i += ${parts}) {
      ${sum.add(`${v('i', 'j')} * ${v('i', 'k')}`)}
      ${sum.close('terms')}
      terms += 1;
    }
    products[${parts === 1 ? 'k' : `${part} * ${b} + k`}] = ${sum.value};
  }
  ${crew.barrier}
  for (var k = ${column}; k < ${b}; k += ${across}) {
    if (k <= j) { continue; }
    let times = tau * ${product('k')};
    for (var i = j + ${part}; i < ${m}; i += ${parts}) { ${putV('i', 'k', `${v('i', 'k')} - times * ${v('i', 'j')}`)} }
  }
  ${crew.each('i', '0', 'j')} {
    var sum = 0f;
    for (var k = i; k < j; k++) { sum += ${t('i', 'k')} * ${product('k')}; }
    ${square(2, 'i', 'j', '-tau * sum')}
  }
  ${crew.barrier}
}`,
    }
  })
}
