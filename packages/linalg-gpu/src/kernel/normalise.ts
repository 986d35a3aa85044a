/** A loop kernel with as few dimensions as say the same: none of size 1, and neighbours made one where all that looks at them
 *  sees one long dimension. Bounds that always hold are gone.
 *  Laws     means what the kernel means; normalising twice changes nothing. */

import type { Access, Bound, Loop, Node } from './kernel.js'

export const normalise = (kernel: Loop): Loop => {
  const sizes = [...kernel.grid, ...kernel.inner]
  const rank = kernel.grid.length
  const always = (bound: Bound): boolean => {
    let [least, most] = [bound.offset, bound.offset]
    bound.coefficients.forEach((c, d) => {
      const reach = c * Math.max(0, sizes[d]! - 1)
      if (reach < 0) least += reach
      else most += reach
    })
    return least >= 0 && most < bound.size
  }
  const bounded = mapped(
    kernel,
    (list) => list,
    (bounds) => bounds.filter((bound) => !always(bound)),
  )
  const lists = listsOf(bounded)
  // the dimensions that stay, each the last of those that are merged into it
  const kept: { readonly last: number; readonly size: number; readonly grid: boolean }[] = []
  sizes.forEach((size, d) => {
    if (size === 1) return
    const before = kept.at(-1)
    const grid = d < rank
    if (before?.grid === grid && lists.every((list) => list[before.last] === list[d]! * size))
      kept[kept.length - 1] = { last: d, size: before.size * size, grid }
    else kept.push({ last: d, size, grid })
  })
  if (kept.length === sizes.length) return bounded
  const sizesOf = (grid: boolean): number[] => kept.filter((dim) => dim.grid === grid).map((dim) => dim.size)
  return {
    ...mapped(bounded, (list) => kept.map(({ last }) => list[last]!)),
    grid: sizesOf(true),
    inner: sizesOf(false),
  }
}

/** The kernel with its dimensions in another order, of which the first `rank` are the grid. */
export const permuted = (kernel: Loop, order: readonly number[], rank = kernel.grid.length): Loop => {
  const sizes = [...kernel.grid, ...kernel.inner]
  const all = order.map((d) => sizes[d]!)
  return {
    ...mapped(kernel, (list) => order.map((d) => list[d]!)),
    grid: all.slice(0, rank),
    inner: all.slice(rank),
  }
}

/** The kernel with a dimension of size 1 before the others, so that a scalar is an array of one element. */
export const lifted = (kernel: Loop): Loop => ({
  ...mapped(kernel, (list) => [0, ...list]),
  grid: [1, ...kernel.grid],
})

const listsOf = ({ nodes, stages }: Loop): (readonly number[])[] => {
  const ofAccess = ({ strides, bounds }: Access): (readonly number[])[] => [
    strides,
    ...bounds.map((bound) => bound.coefficients),
  ]
  const ofNode = (node: Node): (readonly number[])[] => {
    if (node.kind === 'load') return ofAccess(node.access)
    if (node.kind === 'index') return [node.strides]
    return node.kind === 'inside' ? node.bounds.map((bound) => bound.coefficients) : []
  }
  return [...nodes.flatMap(ofNode), ...stages.flatMap(({ stores }) => stores.flatMap(({ access }) => ofAccess(access)))]
}

/** The kernel with every list over its dimensions, and every list of bounds, changed. */
export const mapped = (
  kernel: Loop,
  strides: (list: readonly number[]) => readonly number[],
  bounds: (list: readonly Bound[]) => readonly Bound[] = (list) => list,
): Loop => {
  const boundsOf = (list: readonly Bound[]): readonly Bound[] =>
    bounds(list).map((bound) => ({ ...bound, coefficients: strides(bound.coefficients) }))
  const accessOf = (access: Access): Access => ({
    ...access,
    strides: strides(access.strides),
    bounds: boundsOf(access.bounds),
  })
  return {
    ...kernel,
    nodes: kernel.nodes.map((node): Node => {
      if (node.kind === 'load') return { ...node, access: accessOf(node.access) }
      if (node.kind === 'index') return { ...node, strides: strides(node.strides) }
      return node.kind === 'inside' ? { ...node, bounds: boundsOf(node.bounds) } : node
    }),
    stages: kernel.stages.map((stage) => ({
      ...stage,
      stores: stage.stores.map((store) => ({ ...store, access: accessOf(store.access) })),
    })),
  }
}
