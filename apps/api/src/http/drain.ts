import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

/** How long a client may take to finish its request and read the answer. */
const GRACE_MS = 9_000
const LOOK_EVERY_MS = 100

/**
 * Closes connections when the app closes. Requests in flight finish, and their answers carry `Connection: close`.
 * Connections that are still open when the grace period ends are cut.
 */
export const drain = fp<{ graceMs?: number }>(
  async (app, { graceMs = GRACE_MS }) => {
    const { server } = app
    const connections = new Set<Socket>()
    let closing = false
    server.on('connection', (socket: Socket) => {
      connections.add(socket)
      socket.once('close', () => connections.delete(socket))
    })

    app.addHook('onSend', (_request, reply, _payload, done) => {
      if (closing) reply.header('connection', 'close')
      done()
    })

    app.addHook('preClose', async () => {
      closing = true
      const looking = setInterval(closeIdle, LOOK_EVERY_MS)
      const cut = setTimeout(() => server.closeAllConnections(), graceMs)
      server.once('close', () => {
        clearInterval(looking)
        clearTimeout(cut)
      })
      closeIdle()
    })

    /** Node considers a connection busy until its first request. Browsers open such connections in reserve. */
    function closeIdle(): void {
      server.closeIdleConnections()
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
    }
  },
  { name: 'drain' },
)
