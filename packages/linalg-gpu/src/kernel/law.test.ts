// What scheduling must keep: the numbers (up to the sign of zero) and the printed lines and their order.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dense } from '../plain/dense.js'
import { run } from '../plain/executor.js'
import { inputTypes, print, simplify } from '../program.js'
import { arguments3, programOf, scripts } from '../simplify/random.testing.js'
import { executeSchedule } from './execute.testing.js'
import { schedule } from './lower.js'
import { printKernel } from './print.js'
import { kernelsOf } from './schedule.js'

const sameNumber = (x: number, y: number): boolean => x === y || (Number.isNaN(x) && Number.isNaN(y))

test('a schedule gives the numbers of its program, and every kernel is well formed', () => {
  fc.assert(
    fc.property(scripts, (script) => {
      const program = simplify(programOf(script, () => {}))
      const given = inputTypes(program).map((_, i) => Float32Array.from(arguments3[i]!))
      const expected = run(
        program,
        inputTypes(program).map((type, i) => dense(type, given[i]!)),
        { bytes: 0, peak: 0 },
      ).map((x) => x.data)
      const planned = schedule(program)
      const got = executeSchedule(planned, given)
      got.forEach((data, i) => {
        assert.is(data.length, expected[i]!.length)
        data.forEach((x, j) => {
          assert.ok(
            sameNumber(x, expected[i]![j]!),
            `output ${i}[${j}]: ${x}, was ${expected[i]![j]}\n${print(program)}\n${kernelsOf(planned.steps).map(printKernel).join('\n')}`,
          )
        })
      })
    }),
    { numRuns: Number(process.env['LAW_RUNS'] ?? 300) },
  )
})

test.run()
