import { connect } from 'node:net'
import type { FuzzedRequest } from './request-arbitrary.ts'

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
}

export interface Exchanged {
  /** The first final answer (no 1xx); null when none came. */
  readonly answer: Answer | null
  /** The connection stayed open, but the next request on it was not answered. */
  readonly stuck: boolean
}

interface Parsed extends Answer {
  /** Where the next answer begins. */
  readonly end: number
}

const ANSWER_TIMEOUT_MS = 40_000
/** How long the client of an incomplete request stays: it may be answered all the same. */
const LINGER_MS = 100
const NEXT_REQUEST = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 10.255.0.2\r\n\r\n'

/**
 * Writes the bytes of one request on a connection of its own. After an answer to a complete one it sends another
 * request, which unread bytes of the first must not block.
 */
export async function exchange(port: number, request: FuzzedRequest): Promise<Exchanged> {
  const { method, bytes, whole, end } = request
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let received: Buffer = Buffer.alloc(0)
    let first: Parsed | null = null
    let timer: NodeJS.Timeout | undefined

    function finish(closed: boolean): void {
      clearTimeout(timer)
      socket.destroy()
      const answer = first ?? parseAnswer(received, method, closed)
      resolve({ answer, stuck: first !== null && !closed && !parseAnswer(received.subarray(first.end), 'GET', false) })
    }
    function wait(ms: number): void {
      clearTimeout(timer)
      timer = setTimeout(() => finish(false), ms)
    }

    socket.on('error', () => {})
    socket.once('end', () => finish(true))
    socket.once('close', () => finish(true))
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data])
      if (first) {
        if (parseAnswer(received.subarray(first.end), 'GET', false)) finish(false)
        return
      }
      first = parseAnswer(received, method, false)
      if (!first) return
      if (!whole) return finish(true)
      socket.write(NEXT_REQUEST)
      wait(ANSWER_TIMEOUT_MS)
    })
    socket.once('connect', () => {
      wait(ANSWER_TIMEOUT_MS)
      socket.write(bytes, () => {
        if (end === 'destroy') return finish(true)
        if (end === 'half-close') socket.end()
        if (!whole) wait(LINGER_MS)
      })
    })
  })
}

/** Null while the answer is incomplete; `closed` says that no more bytes will come. Skips 1xx answers. */
function parseAnswer(received: Buffer, method: string, closed: boolean, from = 0): Parsed | null {
  const headEnd = received.indexOf('\r\n\r\n', from)
  if (headEnd === -1) return null
  const head = received.subarray(from, headEnd).toString('latin1')
  const bodyAt = headEnd + 4
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0)
  if (status >= 100 && status < 200) return parseAnswer(received, method, closed, bodyAt)
  const field = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim() ?? ''
  const described = { status, contentType: field('content-type') }
  if (method === 'HEAD' || status === 204 || status === 304) return { ...described, body: Buffer.alloc(0), end: bodyAt }
  const content = /chunked/i.test(field('transfer-encoding'))
    ? readChunks(received, bodyAt)
    : readLength(received, bodyAt, field('content-length'), closed)
  return content && { ...described, ...content }
}

type Content = Pick<Parsed, 'body' | 'end'>

function readLength(received: Buffer, from: number, length: string, closed: boolean): Content | null {
  if (length === '') return closed ? { body: received.subarray(from), end: received.length } : null
  const end = from + Number(length)
  return received.length >= end ? { body: received.subarray(from, end), end } : null
}

function readChunks(received: Buffer, from: number): Content | null {
  const chunks: Buffer[] = []
  for (let at = from; ;) {
    const lineEnd = received.indexOf('\r\n', at)
    if (lineEnd === -1) return null
    const size = Number.parseInt(received.subarray(at, lineEnd).toString('latin1'), 16)
    const chunkAt = lineEnd + 2
    const end = chunkAt + size + 2
    if (received.length < end) return null
    if (size === 0) return { body: Buffer.concat(chunks), end }
    chunks.push(received.subarray(chunkAt, chunkAt + size))
    at = end
  }
}
