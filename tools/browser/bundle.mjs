/** Sources as one module for a page. */
import { build } from 'esbuild'

/** The text of an ES module that holds `entry` and all that it imports, from the sources of our packages. */
export const bundle = async (entry, { minify = false } = {}) => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@neumann/source'],
    logLevel: 'silent',
    minify,
  })
  return outputFiles[0].text
}
