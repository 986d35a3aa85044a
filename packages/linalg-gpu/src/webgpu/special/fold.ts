/** Sums of windows: x […lead, o…, window…] → […lead, size…], the dual of unfold. An element of the result looks for the windows that
 *  hold it: along each axis, at window element k it is that of window o where  s = stride · o + dilation · k. */

import type { Special } from '../../kernel/kernel.js'
import type { OpOf } from '../../program/op.js'
import { sizeOf, stridesOf } from '../../shape.js'
import type { Rendered, Site } from '../rendered.js'
import { everyElement } from './parts.js'

export const renderFold = (kernel: Special, op: OpOf<'fold'>, site: Site): Rendered => {
  const [x] = kernel.inputs
  const axes = op.size.length
  const lead = x!.shape.length - 2 * axes
  const own = x!.shape.slice(lead)
  const from = stridesOf(own)
  const to = stridesOf(op.size)
  return {
    dispatches: [
      everyElement(kernel, site, { label: 'fold' }, (memory, _, type) => {
        /** The loops from one axis on: `at` is where those before it point. Each axis sums by itself, so no sum is long. */
        const nest = (axis: number): string => {
          if (axis === axes) return `let sum${axis} = ${memory.load(0, `at${axis}`)};`
          const [stride, dilation] = [op.strides[axis]!, op.dilation[axis]!]
          return `var sum${axis} = ${type}();
for (var k${axis} = 0; k${axis} < ${op.window[axis]!}; k${axis}++) {
  let reach${axis} = s${axis} - ${times(`k${axis}`, dilation)};
  let o${axis} = ${stride === 1 ? `reach${axis}` : `reach${axis} / ${stride}`};
  if (reach${axis} < 0 ${stride === 1 ? '' : `|| o${axis} * ${stride} != reach${axis} `}|| o${axis} >= ${own[axis]!}) { continue; }
  let at${axis + 1} = at${axis} + ${times(`o${axis}`, from[axis]!)} + ${times(`k${axis}`, from[axes + axis]!)};
${nest(axis + 1)}
  sum${axis} += sum${axis + 1};
}`
        }
        return [
          `let at0 = i / ${sizeOf(op.size)} * ${sizeOf(own)};`,
          ...op.size.map((size, axis) => `let s${axis} = ${to[axis] === 1 ? 'i' : `i / ${to[axis]}`} % ${size};`),
          nest(0),
          'return sum0;',
        ].join('\n')
      }),
    ],
    scratch: [],
  }
}

const times = (name: string, factor: number): string => (factor === 1 ? name : `${name} * ${factor}`)
