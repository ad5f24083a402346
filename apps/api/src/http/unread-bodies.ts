import type { IncomingMessage, ServerResponse } from 'node:http'
import fp from 'fastify-plugin'
import { createPlaces } from '../memory/shares.ts'

interface Limits {
  readonly bytes: number
  readonly ms: number
  /** How many connections are kept open for it at a time. */
  readonly atOnce: number
}

const LIMITS: Limits = { bytes: 32 * 1024 * 1024, ms: 15_000, atOnce: 200 }

/**
 * Reads and drops what follows of a body whose request is answered already. A connection that is closed while its client
 * still sends is reset, and the client finds an error in place of the answer.
 */
export const unreadBodies = fp<Partial<Limits>>(
  async (app, changed) => {
    const limits = { ...LIMITS, ...changed }
    const places = createPlaces(limits.atOnce)
    app.addHook('onSend', ({ raw, holder }, reply, _payload, done) => {
      if (isStillArriving(raw) && reply.statusCode !== MAY_HAVE_NO_BODY) {
        const giveBack = places.take(holder)
        if (giveBack === null) reply.header('connection', 'close')
        else {
          reply.removeHeader('connection') // with it, Node would close once the answer is written
          drop(raw, reply.raw, limits)
          raw.once('close', giveBack)
        }
      }
      done()
    })
  },
  { name: 'unread-bodies' },
)

/** After a refused Expect the body may or may not follow. */
const MAY_HAVE_NO_BODY = 417

function isStillArriving({ complete, headers }: IncomingMessage): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
}

function drop(raw: IncomingMessage, answer: ServerResponse, { bytes: mostBytes, ms }: Limits): void {
  const isLast = !answer.shouldKeepAlive
  answer.shouldKeepAlive = true
  let bytes = 0
  let timer: NodeJS.Timeout | undefined
  raw.on('data', (data: Buffer) => {
    bytes += data.length
    closeWhenOver()
  })
  raw.once('end', closeWhenOver)
  raw.once('close', () => clearTimeout(timer))
  answer.once('finish', () => {
    closeWhenOver()
    if (!raw.closed) timer = setTimeout(() => raw.destroy(), ms)
  })

  function closeWhenOver(): void {
    if (!answer.writableFinished) return
    if (bytes > mostBytes) raw.destroy()
    else if (isLast && raw.readableEnded) raw.socket.destroySoon()
  }
}
