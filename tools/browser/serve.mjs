/** A web server for tests: a few files that are held in memory, each with headers of its own. */
import { createServer } from 'node:http'
import { extname } from 'node:path'

/** Headers that make a page cross-origin isolated: it then may share memory with its workers. */
export const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript' }

/** Serves files `{ '/page.html': { body, headers } }` on a port of localhost until `close`. */
export const serve = async (files) => {
  const server = createServer(({ url }, response) => {
    const path = new URL(url, 'http://localhost').pathname
    const { body, headers = {} } = files[path] ?? {}
    if (body === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'Content-Type': types[extname(path)], ...headers }).end(body)
  })
  await new Promise((go, fail) => server.once('error', fail).listen(0, '127.0.0.1', go))
  const close = () =>
    new Promise((go) => {
      server.close(go)
      server.closeAllConnections()
    })
  return { origin: `http://127.0.0.1:${server.address().port}`, close }
}
