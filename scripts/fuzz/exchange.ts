import { connect } from 'node:net'
import type { FuzzedRequest } from './request-arbitrary.ts'

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
}

const ANSWER_TIMEOUT_MS = 40_000
/** How long somebody stays who has not sent a whole request: an answer may come all the same. */
const LINGER_MS = 100

/** Writes the bytes of one request on a connection of its own; the first answer that is final, or null without one. */
export async function exchange(port: number, { method, bytes, whole, end }: FuzzedRequest): Promise<Answer | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let received: Buffer = Buffer.alloc(0)
    let timer: NodeJS.Timeout | undefined
    const finish = (closed: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(parseAnswer(received, method, closed))
    }
    const linger = () => {
      clearTimeout(timer)
      timer = setTimeout(() => finish(true), whole ? ANSWER_TIMEOUT_MS : LINGER_MS)
    }
    socket.on('error', () => {})
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data])
      if (parseAnswer(received, method, false)) finish(false)
    })
    socket.once('end', () => finish(true))
    socket.once('close', () => finish(true))
    socket.once('connect', () => {
      socket.write(bytes, () => {
        if (end === 'destroy') return finish(true)
        if (end === 'half-close') socket.end()
        linger()
      })
      timer = setTimeout(() => finish(true), ANSWER_TIMEOUT_MS)
    })
  })
}

/** Null while it is not complete; `closed`: no more will come. Interim answers are passed over. */
function parseAnswer(received: Buffer, method: string, closed: boolean): Answer | null {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd === -1) return null
  const head = received.subarray(0, headEnd).toString('latin1')
  const rest = received.subarray(headEnd + 4)
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0)
  if (status < 200) return parseAnswer(rest, method, closed)
  const field = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1] ?? ''
  const contentType = field('content-type').trim()
  if (method === 'HEAD' || status === 204 || status === 304) return { status, contentType, body: Buffer.alloc(0) }
  const body = /chunked/i.test(field('transfer-encoding'))
    ? unchunk(rest)
    : lengthOf(rest, field('content-length'), closed)
  return body && { status, contentType, body }
}

function lengthOf(rest: Buffer, length: string, closed: boolean): Buffer | null {
  if (length === '') return closed ? rest : null
  return rest.length >= Number(length) ? rest.subarray(0, Number(length)) : null
}

function unchunk(rest: Buffer): Buffer | null {
  const chunks: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at)
    if (lineEnd === -1) return null
    const size = Number.parseInt(rest.subarray(at, lineEnd).toString('latin1'), 16)
    if (size === 0) return rest.indexOf('\r\n', lineEnd + 2) === -1 ? null : Buffer.concat(chunks)
    if (rest.length < lineEnd + 2 + size + 2) return null
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
