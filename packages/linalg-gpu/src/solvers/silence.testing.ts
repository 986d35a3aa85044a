/** The silent failures of all linear solvers on 10⁴ hard systems, as JSON, on wasm: `node --import tsx packages/linalg-gpu/src/solvers/silence.testing.ts`.
 *  A figure of the repository. */

import { onDevice } from '../run/onDevice.js'
import { wasmDevice } from '../wasm/index.js'
import { silentFailures } from './hard.testing.js'

const device = await wasmDevice({ threads: 1 })
console.log(JSON.stringify(onDevice(device, () => silentFailures(10_000, 2026))))
device.dispose()
