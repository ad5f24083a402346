import { randomUUID } from 'node:crypto'
import type { Answer } from './test-browser.ts'

export interface Part {
  /** The parameters after `form-data`, such as `name="message"`. */
  readonly disposition: string
  readonly contentType?: string
  readonly content: string | Buffer
}

/** Writes a multipart body as any client might, not only as `FormData` does. */
export function writeMultipart(parts: readonly Part[]): { contentType: string; body: Buffer } {
  const boundary = randomUUID()
  const chunks = parts.flatMap(({ disposition, contentType, content }) => [
    Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n`),
    Buffer.from(contentType === undefined ? '\r\n' : `content-type: ${contentType}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ])
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]),
  }
}

export async function postMultipart(
  publicUrl: string,
  key: string,
  parts: readonly Part[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Pick<Answer, 'status' | 'json'>> {
  const { contentType, body } = writeMultipart(parts)
  const response = await fetch(`${publicUrl}/api/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': contentType, ...headers },
    body: new Uint8Array(body),
  })
  return { status: response.status, json: JSON.parse(await response.text()) }
}
