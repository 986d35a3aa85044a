/** The line of the user's code that is running: the first stack frame outside this library's own sources. */

const here = import.meta.url
// …/packages/linalg-gpu/src/trace/location.ts or …/linalg-gpu/dist/trace/location.js: everything beside this package's folder that is ours has the same two shapes
const root = here.slice(0, here.search(/linalg-gpu\/(src|dist)\//)).replace('file://', '')
const own = new RegExp(
  `(${root.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}|/@neumann/)[\\w.-]+/(src|dist)/(?!.*\\.test\\.)|node:internal|\\(<anonymous>\\)`,
)

/** The stack as it is now: half a microsecond a frame. The engine makes its text when `lineOf` asks for it. */
export const frames = (): Error => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 64
  const stack = new Error()
  Error.stackTraceLimit = limit
  return stack
}

export const lineOf = (stack: Error): string | undefined => {
  for (const line of (stack.stack ?? '').split('\n').slice(1)) {
    const frame = line.trim()
    if (!own.test(frame)) return frame.replace(/^at (async )?/, '').replace('file://', '')
  }
  return undefined
}

export const userLine = (): string | undefined => lineOf(frames())
