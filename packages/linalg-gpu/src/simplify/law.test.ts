// What simplification must keep: the numbers (up to the sign of zero, as x + 0 is x), the printed lines and their order, the form of the program.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../dtype.js'
import { dense } from '../plain/dense.js'
import { run } from '../plain/executor.js'
import { bodiesOf, inputTypes, outputTypes, type Program, print, simplify, validate } from '../program.js'
import { arguments3, programOf, scripts } from './random.testing.js'

const size = (program: Program): number =>
  program.eqns.reduce((sum, eqn) => sum + 1 + bodiesOf(eqn.op).reduce((inner, body) => inner + size(body), 0), 0)

const results = (program: Program): readonly TypedArray[] =>
  run(
    program,
    inputTypes(program).map((type, i) => dense(type, Float32Array.from(arguments3[i]!))),
    { bytes: 0, peak: 0 },
  ).map((x) => x.data)

const sameNumber = (x: number, y: number): boolean => x === y || (Number.isNaN(x) && Number.isNaN(y))

test('a simplified program is well formed, has the same types and the same numbers, prints the same, and is not longer', () => {
  fc.assert(
    fc.property(scripts, (script) => {
      let lines: string[] = []
      const program = validate(programOf(script, (text) => lines.push(text.replace(/-0\b(?!\.)/g, '0'))))
      const simple = validate(simplify(program))
      assert.equal(inputTypes(simple), inputTypes(program))
      assert.equal(outputTypes(simple), outputTypes(program))
      const expected = results(program)
      const printed = lines
      lines = []
      const got = results(simple)
      assert.equal(lines, printed)
      got.forEach((data, i) => {
        assert.is(data.length, expected[i]!.length)
        data.forEach((x, j) => {
          assert.ok(sameNumber(x, expected[i]![j]!), `output ${i}[${j}]: ${x}, was ${expected[i]![j]}\n${print(program)}\n${print(simple)}`)
        })
      })
    }),
    { numRuns: 300 },
  )
}) // biome-ignore format: one law

test('simplifying twice is simplifying once', () => {
  fc.assert(
    fc.property(scripts, (script) => {
      const once = simplify(programOf(script, () => {}))
      const twice = simplify(once)
      assert.is(size(twice), size(once), `${print(once)}\n${print(twice)}`)
    }),
    { numRuns: 250 },
  )
})

test.run()
