import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { counts } from './counts.js'

const figures = counts()

for (const { name, value, bound, holds } of figures)
  test(name, () => {
    assert.ok(holds, `${value}, promised ${bound}`)
  })

test('every figure has a name of its own, a number and a bound', () => {
  assert.is(new Set(figures.map(({ name }) => name)).size, figures.length)
  for (const { value, bound } of figures) {
    assert.ok(Number.isFinite(value))
    assert.match(bound!, /^[=≤] \d+$/)
  }
})

test.run()
