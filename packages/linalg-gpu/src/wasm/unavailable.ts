/** Why there is no WebAssembly where the program runs, and what to do about it. */

import { reasonOf } from '../run/outcome.js'

// "blocked by CSP" (Firefox), "violates the following Content Security Policy directive because 'unsafe-eval' …" (the others)
const byPolicy = /\bCSP\b|content.security.policy|unsafe-eval/i

export const whyUnavailable = (error: unknown): string => {
  if (typeof WebAssembly !== 'object')
    return 'there is no WebAssembly here. Browsers switch it off in some modes (Lockdown Mode, enhanced security): allow it for this page, or use the plain device.'
  const reason = reasonOf(error)
  if (byPolicy.test(reason))
    return `the page's content-security policy forbids WebAssembly. Add 'wasm-unsafe-eval' to its script-src, which allows WebAssembly and no eval, or use the plain device. (${reason})`
  return reason
}
