import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Look, queueOf, type Task } from './queue.js'

/** A buffer whose mapping ends when it is told to. */
const later = () => {
  let tell: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined
  const mapped = new Promise<void>((resolve, reject) => {
    tell = { resolve, reject }
  })
  mapped.catch(() => {})
  const buffer = { mapAsync: () => mapped, getMappedRange: () => new ArrayBuffer(4), unmap: () => {} }
  return { look: { buffer: buffer as unknown as GPUBuffer, bytes: 4 } satisfies Look, ...tell! }
}
Object.assign(globalThis, { GPUMapMode: (globalThis as { GPUMapMode?: unknown }).GPUMapMode ?? { READ: 1 } })
const settled = (): Promise<void> => new Promise((done) => setTimeout(done))

const setting = () => {
  const queue = queueOf()
  const log: string[] = []
  const note = (text: string) => (): undefined => {
    log.push(text)
    return undefined
  }
  return { queue, log, note }
}

test('a task runs at once, and stands in line while another waits', async () => {
  const { queue, log, note } = setting()
  queue.put(note('a'))
  assert.equal(log, ['a'])
  const { look, resolve } = later()
  queue.put(function* (): Task {
    log.push('b begins')
    const bytes = yield look
    log.push(`b has ${bytes.length} bytes`)
  })
  queue.put(note('c'))
  queue.put(note('d'))
  assert.equal(log, ['a', 'b begins'])
  assert.is(queue.idle(), false)
  resolve()
  await settled()
  assert.equal(log, ['a', 'b begins', 'b has 4 bytes', 'c', 'd'])
  assert.is(queue.idle(), true)
})

test('what a task puts in comes after it, and after what stands in line', async () => {
  const { queue, log, note } = setting()
  queue.put(() => {
    queue.put(note('inner'))
    log.push('outer')
    return undefined
  })
  assert.equal(log, ['outer', 'inner'])
  const { look, resolve } = later()
  queue.put(function* (): Task {
    yield look
    queue.put(note('from within'))
    log.push('resumed')
  })
  queue.put(note('stood in line'))
  resolve()
  await settled()
  assert.equal(log.slice(2), ['resumed', 'stood in line', 'from within'])
})

test('a task that throws throws at whoever put it in, and the next one runs', () => {
  const { queue, log, note } = setting()
  assert.throws(
    () =>
      queue.put(() => {
        queue.put(note('after'))
        throw new Error('no')
      }),
    /no/,
  )
  assert.equal(log, ['after'])
  assert.is(queue.idle(), true)
  queue.put(note('next'))
  assert.equal(log, ['after', 'next'])
})

test('a task hears of a buffer that could not be mapped, and others that throw in line keep none from running', async () => {
  const { queue, log, note } = setting()
  const strays: unknown[] = []
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const keep = (error: unknown): number => strays.push((error as Error).message)
  process.on('uncaughtException', keep)
  const { look, reject } = later()
  queue.put(function* (): Task {
    try {
      yield look
    } catch (error) {
      log.push((error as Error).message)
    }
  })
  queue.put(() => {
    throw new Error('first')
  })
  queue.put(note('between'))
  queue.put(() => {
    throw new Error('second')
  })
  queue.put(note('last'))
  reject(new Error('lost'))
  await settled()
  process.off('uncaughtException', keep)
  for (const one of before) process.on('uncaughtException', one)
  assert.equal(log, ['lost', 'between', 'last'])
  assert.ok(strays.includes('second') || strays.includes('first'), 'somebody is told')
  assert.is(queue.idle(), true)
})

test('what waits for a promise holds up all that comes after it', async () => {
  const { queue, log, note } = setting()
  let open: (() => void) | undefined
  queue.put(() => {
    log.push('begun')
    return new Promise<void>((resolve) => {
      open = resolve
    })
  })
  queue.put(note('after'))
  await settled()
  assert.equal(log, ['begun'])
  open!()
  await settled()
  assert.equal(log, ['begun', 'after'])
})

test.run()
