/** Known bugs: where a line stands, what is planted instead, and which folders' tests must notice. */

const among = (folder, names) => names.map((name) => `${folder}/${name}.test.ts`)
const rules = among('autodiff/src/rules', ['kinks', 'adjoint', 'derivatives'])
const batching = among('autodiff/src/rules', ['batch'])
const loops = among('autodiff/src/transforms', ['scan', 'while', 'branches', 'nesting'])
const implicit = among('autodiff/src/api', ['implicit', 'bilevel'])
const checkpoints = among('autodiff/src/api', ['checkpoint'])
const ops = ['linalg-gpu/src/ops']

export const mutants = [
  // derivatives: dropped factors and signs
  {
    name: 'a dropped sign: d cos = sin',
    file: 'autodiff/src/rules/jvp.ts',
    find: "cos: pointwise((x) => neg(unary('sin', x))),",
    plant: "cos: pointwise((x) => unary('sin', x)),",
    tests: rules,
  },
  {
    name: 'a dropped factor: d sqrt = 1/y',
    file: 'autodiff/src/rules/jvp.ts',
    find: 'sqrt: (dx, _, y) => div(dx, scaled(y, 2)),',
    plant: 'sqrt: (dx, _, y) => div(dx, y),',
    tests: rules,
  },
  {
    name: 'a wrong power: d tanh = 1 − y',
    file: 'autodiff/src/rules/jvp.ts',
    find: "tanh: pointwise((_, y) => sub(like(y, 1), unary('square', y))),",
    plant: 'tanh: pointwise((_, y) => sub(like(y, 1), y)),',
    tests: rules,
  },
  {
    name: 'polygamma differentiates to itself',
    file: 'autodiff/src/rules/jvp.ts',
    find: 'n: op.n + 1 }',
    plant: 'n: Math.max(op.n, 1) }',
    tests: rules,
  },
  // ties and kinks
  {
    name: 'a wrong tie: the first operand of max takes all',
    file: 'autodiff/src/rules/jvp.ts',
    find: 'like(x, 0.5)',
    plant: 'like(x, 1)',
    tests: rules,
  },
  {
    name: 'a tie of a reduction is not shared',
    file: 'autodiff/src/rules/jvp.ts',
    find: 'div(sum(mul(dx!, attained), op.axes), sum(attained, op.axes))',
    plant: 'sum(mul(dx!, attained), op.axes)',
    tests: rules,
  },
  {
    name: 'a corner: 0⁰ differentiates to NaN',
    file: 'autodiff/src/rules/jvp.ts',
    find: 'select(corner, like(y, 1), sub(y, like(y, 1)))',
    plant: 'sub(y, like(y, 1))',
    tests: rules,
  },
  // masks
  {
    name: 'an unmasked fill: gather hands NaN to its tangent',
    file: 'autodiff/src/rules/jvp.ts',
    find: 'gather: linearWith((op) => (op.fill === 0 ? op : { ...op, fill: 0 })),',
    plant: 'gather: linearWith((op) => op),',
    tests: rules,
  },
  {
    name: 'an unmasked pad: its value goes into the tangent',
    file: 'autodiff/src/rules/jvp.ts',
    find: 'pad: linearWith((op) => (op.value === 0 ? op : { ...op, value: 0 })),',
    plant: 'pad: linearWith((op) => op),',
    tests: rules,
  },
  // transposes
  {
    name: 'a swapped operand: dot gives Aᵀ of the wrong form',
    file: 'autodiff/src/rules/transpose.ts',
    find: 'right: op.left }, ct, a!)',
    plant: 'right: flipped(op.left) }, ct, a!)',
    tests: rules,
  },
  {
    name: 'a swapped axis: transpose is its own transpose',
    file: 'autodiff/src/rules/transpose.ts',
    find: 'op.perm.indexOf(axis)',
    plant: 'op.perm[axis]!',
    tests: rules,
  },
  {
    name: 'cumsum is transposed in its own direction',
    file: 'autodiff/src/rules/transpose.ts',
    find: 'reverse: !op.reverse',
    plant: 'reverse: op.reverse',
    tests: rules,
  },
  // batching
  {
    name: 'a batch axis is reduced away',
    file: 'autodiff/src/rules/batch.ts',
    find: 'reduce: shifted((op) => ({ ...op, axes: op.axes.map(next) })),',
    plant: 'reduce: shifted((op) => op),',
    tests: batching,
  },
  {
    name: 'finished lanes run on',
    file: 'autodiff/src/transforms/while.ts',
    find: 'v, now[i]!)',
    plant: 'v, v)',
    tests: loops,
  },
  // loops
  {
    name: 'a stale residual: scan is transposed in its own direction',
    file: 'autodiff/src/transforms/scan.ts',
    find: 'reverse: !op.reverse',
    plant: 'reverse: op.reverse',
    tests: loops,
  },
  {
    name: 'a cotangent of a loop constant keeps its last step only',
    file: 'autodiff/src/transforms/scan.ts',
    find: 'sumTangents(inputs[a + j]!, of(i))!',
    plant: 'of(i)',
    tests: loops,
  },
  {
    name: 'a carry without a tangent never gains one',
    file: 'autodiff/src/transforms/loops.ts',
    find: 'm || (i < carry && marked[i]!)',
    plant: 'm || (i < 0 && marked[i]!)',
    tests: loops,
  },
  // implicit differentiation
  {
    name: 'a solve forgets that its operator moves',
    file: 'autodiff/src/transforms/calls.ts',
    find: 'db === null ? neg(moved[i]!) : sub(db!, moved[i]!)',
    plant: 'db === null ? neg(moved[i]!) : db!',
    tests: implicit,
  },
  {
    name: 'a root moves the wrong way',
    file: 'autodiff/src/api/implicit.ts',
    find: ': neg(d)))',
    plant: ': d))',
    tests: implicit,
  },
  {
    name: 'a solve is transposed into itself',
    file: 'autodiff/src/transforms/calls.ts',
    find: 'const solve = tag.transposeSolve()',
    plant: 'const solve = tag.solve',
    tests: implicit,
  },
  // custom rules and checkpoints
  {
    name: 'a checkpoint keeps everything',
    file: 'autodiff/src/api/checkpoint.ts',
    find: "if (policy === 'everything') return f",
    plant: 'if (known) return f',
    tests: checkpoints,
  },
  // the language
  {
    name: 'two floats of different width are mixed silently',
    file: 'linalg-gpu/src/dtype.ts',
    find: '  f32: [],',
    plant: "  f32: ['f64'],",
    tests: ['linalg-gpu/src/ops', 'linalg-gpu/src/dtype.test.ts'],
  },
  {
    name: 'argmax takes the last of equals',
    file: 'linalg-gpu/src/plain/reductions.ts',
    find: 'v > value || v !== v',
    plant: 'v >= value || v !== v',
    tests: ops,
  },
  {
    name: 'a stale row: scatterAdd keeps the last update',
    file: 'linalg-gpu/src/plain/indexing.ts',
    find: 'total[(b * op.size + at) * rest + r]! += updates',
    plant: 'total[(b * op.size + at) * rest + r]! = updates',
    tests: ops,
  },
  {
    name: 'an unclamped window reads the next row',
    file: 'linalg-gpu/src/plain/indexing.ts',
    find: 'Math.max(0, Math.min(starts.data[i]!, shape[i]! - sizes[i]!))',
    plant: 'starts.data[i]!',
    tests: ops,
  },
  {
    name: 'a wrong rotation in threefry',
    file: 'linalg-gpu/src/plain/threefry.ts',
    find: '[13, 15, 26, 6, 17',
    plant: '[13, 15, 27, 6, 17',
    tests: ['linalg-gpu/src/plain', 'linalg-gpu/src/random'],
  },
  // the compiler
  {
    name: 'x · 0 = 0 for floats too',
    file: 'linalg-gpu/src/simplify/rewrite.ts',
    find: '(u === 0 || v === 0) && !isFloat(type.dtype)',
    plant: '(u === 0 || v === 0)',
    tests: ['linalg-gpu/src/simplify'],
  },
  {
    name: 'subtraction commutes',
    file: 'linalg-gpu/src/simplify/rewrite.ts',
    find: "new Set(['add', 'mul',",
    plant: "new Set(['add', 'sub', 'mul',",
    tests: ['linalg-gpu/src/simplify'],
  },
  {
    name: 'a fence is inlined',
    file: 'linalg-gpu/src/simplify/rewrite.ts',
    find: "op.kind === 'call' && !op.fence",
    plant: "op.kind === 'call'",
    tests: ['linalg-gpu/src/simplify', ...checkpoints],
  },
  {
    name: 'a value of an ended trace is taken for one of its own',
    file: 'linalg-gpu/src/trace/trace.ts',
    find: 'x.trace !== null && !x.trace.open',
    plant: 'x.trace !== null && x.trace.open && false',
    tests: ['linalg-gpu/src/trace'],
  },
  // the scheduler and the wasm device
  {
    name: 'a kernel overwrites an operand that it looks at elsewhere too',
    file: 'linalg-gpu/src/kernel/arena.ts',
    find: 'node.access.strides.every((stride, d) => stride === strides[d] || kernel.grid[d] === 1)',
    plant: 'true',
    tests: ['linalg-gpu/src/kernel/arena', 'linalg-gpu/src/wasm/law', 'linalg-gpu/src/wasm/fuzz'],
  },
  {
    name: 'what a loop reads in every turn is forgotten after the first',
    file: 'linalg-gpu/src/kernel/arena.ts',
    find: 'if (first[id]! >= 0 && first[id]! < begun && last[id]! > begun) touch(id, ended)',
    plant: 'if (first[id]! >= 0 && first[id]! < begun && last[id]! > ended) touch(id, ended)',
    tests: ['linalg-gpu/src/kernel/arena', 'linalg-gpu/src/wasm/law', 'linalg-gpu/src/wasm/fuzz'],
  },
  {
    name: 'a value is read in the kernel that writes it, at another place',
    file: 'linalg-gpu/src/kernel/groups.ts',
    find: 'if (next === undefined || next.bounds.length > 0) return available(value) < at',
    plant: 'if (next === undefined || next.bounds.length > 0) return true',
    tests: ['linalg-gpu/src/kernel', 'linalg-gpu/src/wasm/fuzz'],
  },
  {
    name: 'padding of a convolution on the wrong side',
    file: 'linalg-gpu/src/kernel/contractions.ts',
    find: 'return { offset: -op.padding[d]![0], coefficients, size }',
    plant: 'return { offset: -op.padding[d]![1], coefficients, size }',
    tests: ['linalg-gpu/src/kernel/contractions'],
  },
  {
    name: 'the parts of a large sum are looked for along another axis',
    file: 'linalg-gpu/src/kernel/legalise.ts',
    find: 'second: axis - axes.filter((a) => a < axis).length',
    plant: 'second: axis',
    tests: ['linalg-gpu/src/kernel/lower'],
  },
  {
    name: 'the carry of a scan ends in the wrong one of its two places',
    file: 'linalg-gpu/src/wasm/executable.ts',
    find: 'begin(step.carry, next, step.length % 2 === 1)',
    plant: 'begin(step.carry, next, step.length % 2 === 0)',
    tests: ['linalg-gpu/src/wasm/law'],
  },
  {
    name: 'a reversed scan begins one row early',
    file: 'linalg-gpu/src/wasm/executable.ts',
    find: 'bytes * (step.length - 1)',
    plant: 'bytes * (step.length - 2)',
    tests: ['linalg-gpu/src/wasm/law'],
  },
  {
    name: 'donated memory is freed as well as handed on',
    file: 'linalg-gpu/src/wasm/device.ts',
    find: 'given[i]!.address = 0',
    plant: '',
    tests: ['linalg-gpu/src/wasm/device', 'linalg-gpu/src/wasm/fuzz'],
  },
  {
    name: 'two programs of one hash are one',
    file: 'linalg-gpu/src/run/cache.ts',
    find: 'byHash.get(hash)?.find((entry) => sameProgram(entry.program, program))',
    plant: 'byHash.get(hash)?.[0]',
    tests: ['linalg-gpu/src/run/cache'],
  },
  {
    name: 'relu turns NaN into 0',
    file: 'linalg-gpu/src/wasm/math/f32.ts',
    find: 'v128.andnot(x, f32x4.le(x, f32x4.const(0)))',
    plant: 'v128.and(x, f32x4.gt(x, f32x4.const(0)))',
    tests: ['linalg-gpu/src/wasm/math/f32'],
  },
  {
    name: 'the last rows of a tile are written over those behind',
    file: 'linalg-gpu/src/wasm/contract/tiles.ts',
    find: 'i + 1 < height ? when(i32.gtS(get(rows!), i32.const(i + 1)), write(i + 1)) : [],\n      ]\n    }\n    return whileLoop(i32.gtS(get(rows!), i32.const(0)), [\n      row.map((r, i) => set(r, i32.add(get(left!), entry(leftTable!, i)))),\n      sums.map((sum)',
    plant:
      'i + 1 < height ? write(i + 1) : [],\n      ]\n    }\n    return whileLoop(i32.gtS(get(rows!), i32.const(0)), [\n      row.map((r, i) => set(r, i32.add(get(left!), entry(leftTable!, i)))),\n      sums.map((sum)',
    tests: ['linalg-gpu/src/wasm/contract'],
  },
]
