/** The script that a page with a strict policy serves for the device's threads. */

import { serve } from '../runtime/worker.js'

serve()
