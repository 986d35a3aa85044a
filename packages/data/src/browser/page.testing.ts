/** The script of the test's page. */

import { perform } from './perform.testing.js'

Object.assign(globalThis, { perform })
