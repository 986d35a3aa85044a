/** Special kernels on the WebGPU device, each an operation of the Program on contiguous operands. */

import type { Special } from '../../kernel/kernel.js'
import { renderDense } from '../dense/dense.js'
import type { Rendered, Site } from '../rendered.js'
import { renderArgReduce } from './argReduce.js'
import { renderArgsort } from './argsort.js'
import { renderCumsum } from './cumsum.js'
import { renderFold } from './fold.js'
import { renderGather } from './gather.js'
import { nothing } from './parts.js'
import { renderScatterAdd } from './scatter.js'

type Rules = {
  readonly [K in Special['op']['kind']]: (
    kernel: Special,
    op: Extract<Special['op'], { kind: K }>,
    site: Site,
  ) => Rendered | undefined
}

const rules: Rules = {
  argReduce: renderArgReduce,
  cumsum: renderCumsum,
  argsort: renderArgsort,
  gather: renderGather,
  scatterAdd: renderScatterAdd,
  fold: renderFold,
  custom: (kernel, { kernel: { wgsl, dense } }, site) =>
    wgsl?.(kernel, site) ?? (dense === undefined ? undefined : renderDense(kernel, dense, site)),
}

/** The shaders of a special kernel at a site; undefined where there are none, or where its scratch is more than can be bound, and the
 *  host must do it. */
export const renderSpecial = (kernel: Special, site: Site): Rendered | undefined => {
  if (kernel.outputs.every(({ size }) => size === 0)) return nothing
  const rule = rules[kernel.op.kind] as (kernel: Special, op: Special['op'], site: Site) => Rendered | undefined
  const rendered = rule(kernel, kernel.op, site)
  return rendered?.scratch.some((bytes) => bytes > site.traits.bindingBytes) ? undefined : rendered
}
