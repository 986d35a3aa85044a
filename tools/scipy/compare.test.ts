import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repository } from '../files.mjs'

const tsx = ['--import', 'tsx', '--conditions=@neumann/source']
const python = process.env['PYTHON'] ?? 'python3'
const has = spawnSync(python, ['-c', 'import numpy, scipy']).status === 0

test('without Python it says what it needs and ends with 2', () => {
  const { status, stderr } = spawnSync(process.execPath, [...tsx, 'tools/scipy/compare.ts'], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, PYTHON: 'no-such-python' },
  })
  assert.is(status, 2, stderr)
  assert.match(stderr, /needs Python with NumPy and SciPy, and no-such-python is none: .*apt install python3-scipy/)
})

// each line spoils what was right, as a bug of ours would
const spoilt = `
import numpy as np
from judge import error_of, functions
from truth import Truth, long_svd
random = np.random.default_rng(0)
a = random.standard_normal((7, 7))
t = Truth(a)
u, s, vh = long_svd(t.a)
assert abs((u * s) @ vh - t.a).max() < 2.0**-58 and abs(u.T @ u - np.eye(7)).max() < 2.0**-58, 'the truth'
inverse = np.linalg.inv(a)
error = functions['inv'][2]
assert error_of(error, [t], inverse) < 4, 'what is right'
for wrong in (inverse.T, -inverse, inverse * (1 + 1e-9), inverse.astype(np.float32), inverse * np.nan, None):
    assert error_of(error, [t], wrong) > 80, wrong
`

if (has)
  test('the judge finds a transposed, negated, slightly scaled, narrowed or missing inverse', () => {
    const { status, stderr } = spawnSync(python, ['-B', '-c', spoilt], {
      cwd: join(repository, 'tools/scipy'),
      encoding: 'utf8',
    })
    assert.is(status, 0, stderr)
  })

test.run()
