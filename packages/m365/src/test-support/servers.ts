import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, createServer as createSocketServer, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { selfSignedCertificate } from './self-signed-certificate.ts'

/** Its result is ignored; a promise that rejects fails the test. */
export type Listener = (...asked: Parameters<RequestListener>) => unknown

/** Starts a bare HTTP server for one test, for answers that no real server gives. Returns its origin. */
export async function serve(listener: Listener): Promise<string> {
  const server = createServer((request, response) => void listener(request, response))
  return `http://127.0.0.1:${await listen(server)}`
}

/** Reads the body of a request. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

/** Starts the same with TLS, under the name `localhost`. */
export async function serveTls(
  { certificate, privateKey }: ReturnType<typeof selfSignedCertificate>,
  listener: RequestListener,
): Promise<string> {
  return `https://localhost:${await listen(createTlsServer({ cert: certificate, key: privateKey }, listener))}`
}

export type SocketListener = (socket: Socket) => void

/** Starts a server of bare connections, and returns how many there were and what it has `received` on all of them. */
export async function serveSocket(
  listener: SocketListener,
): Promise<{ readonly port: number; readonly connections: () => number; readonly received: () => string }> {
  const sockets = new Set<Socket>()
  let text = ''
  const server = createSocketServer((socket) => {
    sockets.add(socket)
    socket.on('data', (chunk) => (text += chunk.toString('latin1')))
    socket.on('error', () => {})
    listener(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, connections: () => sockets.size, received: () => text }
}

/** Starts a proxy that opens tunnels, or refuses them with `status`, and records the `targets` it was asked for. */
export async function serveProxy(status = 200): Promise<{ readonly origin: string; readonly targets: string[] }> {
  const targets: string[] = []
  const server = createServer()
  server.on('connect', (request, client: Duplex) => {
    targets.push(request.url ?? '')
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} Refused\r\n\r\n`)
      return
    }
    const upstream: Socket = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.pipe(client)
      client.pipe(upstream)
    })
    for (const side of [upstream, client]) side.on('error', () => [upstream, client].map((each) => each.destroy()))
  })
  return { origin: `http://127.0.0.1:${await listen(server)}`, targets }
}

async function listen(server: Server | ReturnType<typeof createTlsServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
