import fc from 'fast-check'
import { test } from 'uvu'
import { at, type Flat, flat, integers, make, product, put, same, sample, throws } from './arrays.testing.js'
import { einsum } from './einsum.js'

/** Einstein's summation by its definition: one loop over all names. `...` is spelt by the digits 0 … 9, aligned at the right, which broadcast. */
const naive = (terms: readonly (readonly string[])[], result: readonly string[], xs: readonly Flat[]): Flat => {
  const sizes = new Map<string, number>()
  terms.forEach((names, t) =>
    names.forEach((name, i) => {
      const n = xs[t]!.shape[i]!
      if (!sizes.has(name) || sizes.get(name) === 1) sizes.set(name, n)
    }),
  )
  const summed = [...sizes.keys()].filter((name) => !result.includes(name))
  const inner = summed.map((name) => sizes.get(name)!)
  return make(
    result.map((name) => sizes.get(name)!),
    (index) => {
      let total = 0
      const count = product(inner)
      for (let flatIndex = 0; flatIndex < count; flatIndex++) {
        const place = new Map(result.map((name, i) => [name, index[i]!]))
        let rest = flatIndex
        for (let i = inner.length - 1; i >= 0; i--) {
          place.set(summed[i]!, rest % inner[i]!)
          rest = Math.floor(rest / inner[i]!)
        }
        total += terms.reduce(
          (value, names, t) =>
            value *
            at(
              xs[t]!,
              names.map((name, i) => (xs[t]!.shape[i] === 1 ? 0 : place.get(name)!)),
            ),
          1,
        )
      }
      return total
    },
  )
}

const unsigned = (x: Flat): Flat =>
  flat(
    x.shape,
    x.data.map((v) => v + 0),
  )
const check = (
  formula: string,
  terms: readonly (readonly string[])[],
  result: readonly string[],
  xs: readonly Flat[],
): void =>
  same(einsum(formula, ...xs.map((x) => put(x, 'i32'))), 'i32', unsigned(naive(terms, result, xs)), { note: formula })

test('formulas of one to three operands by the definition', () => {
  const sizes: Readonly<Record<string, number>> = { i: 2, j: 3, k: 4, b: 5, l: 1, z: 0 }
  for (const formula of [
    'ij->ji', 'ij->i', 'ij->', 'ii->i', 'ii->', 'iij->ji', 'iii->i', 'i->i', '->', 'ijk->kij', 'ijij->ij', 'ijij->', 'iz->i', 'z->',
    'ij,jk->ik', 'ij,kj->ik', 'ji,jk->ik', 'bij,bjk->bik', 'ij,ij->', 'ij,ij->ij', 'i,j->ij', 'i,j->ji', 'ij,j->i', 'ij,jk->', 'ij,jk->j', 'ii,i->i',
    'bij,jk->ikb', 'ijk,kjb->ib', ',i->i', ',->', 'il,lj->ij', 'iz,zj->ij', 'ij,kb->', 'i,i,i->i', 'ij,jk,kb->ib', 'ij,jk,ki->', 'i,j,k->kji', 'bi,bij,bj->b', 'ij,ij,ij->i',
  ]) {
    const [left, right] = formula.split('->') as [string, string]
    const terms = left.split(',').map((term) => [...term])
    check(formula, terms, [...right], terms.map((names, i) => integers(names.map((name) => sizes[name]!), -3, 3, i + 1)))
  }
}) // biome-ignore format: a list of formulas

test('random formulas, with diagonals, ellipsis that broadcasts, and any order of the result', () => {
  const letters = [...'abcde']
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      fc.array(
        fc.tuple(
          fc.array(fc.constantFrom(...letters), { maxLength: 3 }),
          fc.integer({ min: 0, max: 2 }),
          fc.nat(3),
          fc.nat(7),
        ),
        { minLength: 1, maxLength: 4 },
      ),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      (sizes, dots, operands, withDots, stream) => {
        const used = withDots && dots.length > 0
        const lists = operands.map(([names, count, at, ones]) => {
          // the last `own` of the dotted axes, some of size 1, at a place among the names
          const own = used ? Math.min(count, dots.length) : 0
          const digits = Array.from({ length: own }, (_, i) => String(dots.length - own + i))
          const place = Math.min(at, names.length)
          const text = used ? [...names.slice(0, place), '...', ...names.slice(place)].join('') : names.join('')
          const shape = [
            ...names.slice(0, place).map((name) => sizes[letters.indexOf(name)]!),
            ...digits.map((d, i) => (ones & (1 << i) ? 1 : dots[Number(d)]!)),
            ...names.slice(place).map((name) => sizes[letters.indexOf(name)]!),
          ]
          return { text, names: [...names.slice(0, place), ...digits, ...names.slice(place)], shape }
        })
        const most = Math.max(0, ...lists.map(({ names }) => names.filter((name) => /\d/.test(name)).length))
        const present = [...new Set(lists.flatMap(({ names }) => names))].filter((name) => !/\d/.test(name))
        const order = present
          .map((name) => [name, stream.next().value as number] as const)
          .sort((a, b) => a[1] - b[1])
          .map(([name]) => name)
        const kept = order.slice(0, order.length === 0 ? 0 : (stream.next().value as number) % (order.length + 1))
        const result = [
          ...(used ? Array.from({ length: most }, (_, i) => String(dots.length - most + i)) : []),
          ...kept,
        ]
        const formula = `${lists.map(({ text }) => text).join(',')}->${used ? '...' : ''}${kept.join('')}`
        check(
          formula,
          lists.map(({ names }) => names),
          result,
          lists.map(({ shape }, i) => integers(shape, -2, 2, i + 1)),
        )
      },
    ),
    { numRuns: 300 },
  )
})

test('without an arrow the result has the names that occur once, in alphabetical order, after the ellipsis', () => {
  const [x, y, z] = [integers([2, 3], -3, 3, 1), integers([3, 4], -3, 3, 2), integers([5, 2, 3], -3, 3, 3)]
  check(
    'ij,jk',
    [
      ['i', 'j'],
      ['j', 'k'],
    ],
    ['i', 'k'],
    [x, y],
  )
  check('ba', [['b', 'a']], ['a', 'b'], [x])
  check('ii', [['i', 'i']], [], [integers([3, 3], -3, 3)])
  check(
    'ij,ij',
    [
      ['i', 'j'],
      ['i', 'j'],
    ],
    [],
    [x, x],
  )
  check('Ba', [['B', 'a']], ['B', 'a'], [x])
  check('ba...', [['b', 'a', '0']], ['0', 'a', 'b'], [z])
  check(
    '...ij,jk',
    [
      ['0', 'i', 'j'],
      ['j', 'k'],
    ],
    ['0', 'i', 'k'],
    [z, y],
  )
  check(
    ' i j , j k -> i k ',
    [
      ['i', 'j'],
      ['j', 'k'],
    ],
    ['i', 'k'],
    [x, y],
  )
})

test('an ellipsis that the result leaves out is summed', () => {
  const x = integers([4, 2, 3], -3, 3, 3)
  check('...j->j', [['0', '1', 'j']], ['j'], [x])
  check(
    '...j,...j->j',
    [
      ['0', '1', 'j'],
      ['1', 'j'],
    ],
    ['j'],
    [x, integers([2, 3], -3, 3, 4)],
  )
})

test('dtypes: f32 and f16 round each pairwise product, bool counts as i32', () => {
  const [x, y] = [sample([3, 4], 1), sample([4, 2], 2)]
  for (const dtype of ['f64', 'f32', 'f16'] as const)
    same(
      einsum('ij,jk->ki', put(x, dtype), put(y, dtype)),
      dtype,
      naive(
        [
          ['i', 'j'],
          ['j', 'k'],
        ],
        ['k', 'i'],
        [x, y],
      ),
    )
  same(einsum('i,i->', put(flat([3], [1, 1, 0]), 'bool'), put(flat([3], [1, 1, 1]), 'bool')), 'i32', flat([], [2]))
  same(einsum('i,i->i', put(flat([1], [200]), 'u8'), put(flat([1], [200]), 'u8')), 'i32', flat([1], [40000]))
  same(einsum('i,->i', put(flat([2], [1, 2])), 3), 'f64', flat([2], [3, 6]))
  same(einsum('ij->ji', put(flat([1, 2], [NaN, -0]))), 'f64', flat([2, 1], [NaN, -0]))
})

test('formulas that mean nothing are refused', () => {
  const [x, y] = [put(sample([2, 3])), put(sample([3, 4]))]
  throws(() => einsum('ij,jk', x), "einsum: 'ij,jk' names 2 operands, got 1.")
  throws(() => einsum('ij->i->j', x), "einsum: 'ij->i->j' has more than one '->'.")
  throws(() => einsum('i->i', x), "einsum: 'i' names 1 axes of [2, 3], which has 2.")
  throws(() => einsum('ij,kj->ik', x, y), "einsum: axis 'j' has sizes 3 and 4 in 'ij,kj->ik'.")
  throws(() => einsum('ii->i', x), "einsum: axis 'i' has sizes 2 and 3 in one operand.")
  throws(() => einsum('ij->ik', x), "einsum: axis 'k' of the result is in no operand of 'ij->ik'.")
  throws(() => einsum('ij->ii', x), "einsum: the result of 'ij->ii' names an axis twice.")
  throws(() => einsum('i.j->ij', x), "einsum: 'i.j' in 'i.j->ij' is no list of letters with at most one '...'.")
  throws(
    () => einsum('...i...->i', x),
    "einsum: '...i...' in '...i...->i' is no list of letters with at most one '...'.",
  )
  throws(() => einsum('...ijk->i', x), "einsum: '...ijk' names 3 axes of [2, 3], which has 2.")
  throws(() => einsum('...,...->...', x, y), "einsum: an axis of '...' has sizes 2 and 3 in '...,...->...'.")
})

test.run()
