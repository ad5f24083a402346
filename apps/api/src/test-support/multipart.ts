import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { json as readJson } from 'node:stream/consumers'
import type { Answer } from './test-browser.ts'

export interface Part {
  /** The parameters after `form-data`, such as `name="message"`. */
  readonly disposition: string
  readonly contentType?: string
  readonly content: string | Buffer
}

/** Writes a multipart body as any client might, not only as `FormData` does, in pieces: none of a large file is copied. */
function multipartPieces(parts: readonly Part[]): { contentType: string; pieces: Buffer[] } {
  const boundary = randomUUID()
  const pieces = parts.flatMap(({ disposition, contentType, content }) => [
    Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n`),
    Buffer.from(contentType === undefined ? '\r\n' : `content-type: ${contentType}\r\n\r\n`),
    typeof content === 'string' ? Buffer.from(content) : content,
    Buffer.from('\r\n'),
  ])
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    pieces: [...pieces, Buffer.from(`--${boundary}--\r\n`)],
  }
}

/** Writes a multipart body in one piece. */
export function writeMultipart(parts: readonly Part[]): { contentType: string; body: Buffer } {
  const { contentType, pieces } = multipartPieces(parts)
  return { contentType, body: Buffer.concat(pieces) }
}

/** Not by `fetch`, which copies the body once more: what a test leaves behind is counted as garbage of the product. */
export async function postMultipart(
  publicUrl: string,
  key: string,
  parts: readonly Part[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Pick<Answer, 'status' | 'json'>> {
  const { contentType, pieces } = multipartPieces(parts)
  const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0)
  const call = request(`${publicUrl}/api/v1/messages`, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${key}`, 'content-type': contentType, 'content-length': sizeBytes, ...headers },
  })
  call.on('error', () => {}) // after the answer, only the rest of a body that was refused is lost
  for (const piece of pieces) call.write(piece)
  call.end()
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  return { status: response.statusCode ?? 0, json: await readJson(response) }
}
