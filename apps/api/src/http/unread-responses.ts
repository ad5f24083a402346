import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import fp from 'fastify-plugin'

const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 5_000
/** A reader has to take as much within `PATIENCE_MS`. */
export const PIECE_BYTES = 64 * 1024

/**
 * Sends every response in pieces, each once the one before has been taken, and ends the connection of whoever takes none
 * for a minute: what waits for a reader stays in memory.
 */
export const unreadResponses = fp<{ patienceMs?: number; lookEveryMs?: number }>(
  async (app, { patienceMs = PATIENCE_MS, lookEveryMs = LOOK_EVERY_MS }) => {
    const watch = createReaderWatch(Math.ceil(patienceMs / lookEveryMs))
    app.server.on('connection', (socket: Socket) => {
      watch.add(socket)
      socket.once('close', () => watch.remove(socket))
    })
    const looking = setInterval(() => watch.look(), lookEveryMs).unref()
    app.addHook('onClose', async () => clearInterval(looking))
    app.addHook('onSend', ({ method }, reply, payload, done) => {
      const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload)
      if (!isWhole || payload.length <= PIECE_BYTES || method === 'HEAD') {
        done(null, payload)
        return
      }
      const bytes = Buffer.from(payload)
      reply.header('content-length', bytes.length)
      done(null, Readable.from(inPieces([bytes]), { highWaterMark: 1 }))
    })
  },
  { name: 'unread-responses' },
)

type Watched = Pick<Socket, 'writableLength' | 'bytesWritten' | 'destroy'>

/**
 * Ends connections of which nothing was taken between so many looks. It counts looks and not time, so that nobody is ended
 * because this process stood still.
 */
export function createReaderWatch(looksOfPatience: number) {
  const seen = new Map<Watched, { takenBytes: number; looks: number }>()
  return {
    add: (socket: Watched) => void seen.set(socket, { takenBytes: 0, looks: 0 }),
    remove: (socket: Watched) => void seen.delete(socket),
    look(): void {
      for (const [socket, progress] of seen) {
        const takenBytes = socket.bytesWritten - socket.writableLength
        const isStill = socket.writableLength > 0 && takenBytes === progress.takenBytes
        progress.takenBytes = takenBytes
        progress.looks = isStill ? progress.looks + 1 : 0
        if (progress.looks >= looksOfPatience) socket.destroy()
      }
    },
  }
}

/** Cuts what is sent into pieces, so that none is larger than what a slow reader takes. */
export async function* inPieces(parts: AsyncIterable<string> | Iterable<string | Buffer>): AsyncGenerator<Buffer> {
  for await (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) yield bytes.subarray(from, from + PIECE_BYTES)
  }
}
