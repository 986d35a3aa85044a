import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hidden, patiently } from './patience.js'

const after = <T>(milliseconds: number, value: T): Promise<T> =>
  new Promise((done) => setTimeout(() => done(value), milliseconds))

/** A page in which something is done. */
const page = async (visible: boolean, f: (page: { hidden: boolean }) => Promise<void>): Promise<void> => {
  const document = { hidden: !visible }
  Object.assign(globalThis, { document })
  try {
    await f(document)
  } finally {
    Reflect.deleteProperty(globalThis, 'document')
  }
}
const codeOf = (answer: unknown): unknown => (typeof answer === 'object' ? (answer as { code: string }).code : answer)

test('a late answer in a hidden page is given up, and one that comes in time is not', () =>
  page(false, async () => {
    assert.is(hidden(), true)
    const late = await patiently(after(40, 'late'), 'x', 10)
    assert.equal(late, {
      code: 'throttled',
      message:
        'read: x is not there after 10 ms in a hidden page, whose timers and GPU browsers slow down. Nothing is lost: bring the page to the front and read again, or compute in a worker.',
    })
    assert.is(await patiently(after(1, 'soon'), 'x', 200), 'soon')
  }))

test('while the page is seen an answer takes as long as it takes', () =>
  page(true, async () => {
    assert.is(await patiently(after(40, 'late'), 'x', 5), 'late')
  }))

test('patience begins anew where the page is hidden in between', () =>
  page(true, async (document) => {
    const answer = patiently(after(100, 'late'), 'x', 20)
    document.hidden = true
    assert.is(codeOf(await answer), 'throttled')
  }))

test('outside of pages, and without patience, there is no clock', async () => {
  assert.is(hidden(), false)
  const answer = after(20, 'late')
  assert.is(patiently(answer, 'x', 1), answer)
  await page(false, async () => {
    assert.is(patiently(answer, 'x', Infinity), answer)
  })
  assert.is(await answer, 'late')
})

test('a rejection is passed on', () =>
  page(false, async () => {
    const told = await patiently(Promise.reject(new Error('no')), 'x', 50).catch((error: Error) => error.message)
    assert.is(told, 'no')
  }))

test.run()
