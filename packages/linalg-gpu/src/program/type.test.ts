import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dtypes } from '../dtype.js'
import { typeOf, withDType, withShape } from './type.js'

test('equal dtype and shape are one object, whatever the array that names the shape', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...dtypes),
      fc.array(fc.nat(5), { maxLength: 4 }),
      fc.boolean(),
      (dtype, shape, weak) => {
        const type = typeOf(dtype, shape, weak)
        assert.is(typeOf(dtype, [...shape], weak), type)
        assert.equal(type.shape, shape)
        assert.is(type.dtype, dtype)
        assert.is(type.weak, weak)
        assert.is(
          type.size,
          shape.reduce((a, b) => a * b, 1),
        )
      },
    ),
  )
})

test('a different dtype, shape, order of sizes, rank or weakness is another type with another id', () => {
  const types = [
    typeOf('f32', []), typeOf('f64', []), typeOf('f64', [], true), typeOf('f32', [2, 3]), typeOf('f32', [3, 2]),
    typeOf('f32', [2, 3, 1]), typeOf('f32', [2]), typeOf('f32', [0]),
  ] // biome-ignore format: a list
  assert.is(new Set(types).size, types.length)
  assert.is(new Set(types.map((type) => type.id)).size, types.length)
})

test('a type is frozen and does not follow the array that it was made from', () => {
  const shape = [2, 3]
  const type = typeOf('f32', shape)
  shape[0] = 9
  assert.equal(type.shape, [2, 3])
  assert.throws(() => ((type.shape as number[])[0] = 9), /read only|Cannot assign/)
})

test('withShape keeps weakness, withDType of another dtype drops it', () => {
  const weak = typeOf('f64', [], true)
  assert.is(withShape(weak, [1]), typeOf('f64', [1], true))
  assert.is(withDType(weak, 'f32'), typeOf('f32', []))
  assert.is(withDType(weak, 'f64'), weak)
})

test.run()
