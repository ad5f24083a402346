import { once } from 'node:events'
import { request, type Agent } from 'node:http'
import type { TestProduct } from './test-product.ts'
import { writeMultipart, type Part } from './multipart.ts'

/** An upload that a test sends step by step. */
export interface Upload {
  /** The size of the whole body. */
  readonly sizeBytes: number
  /** Sends the body up to an offset, or to its end, which completes the request. */
  send(upTo?: number): Promise<void>
  breakOff(): void
  /** Identifies the connection. */
  readonly clientPort: number | undefined
  /** Resolves to the answer, and rejects when the connection breaks first. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests assert on its shape
  readonly answer: Promise<{ readonly status: number; readonly json: any }>
}

/** Posts a multipart message step by step, without a Content-Length. */
export function startUpload(
  product: Pick<TestProduct, 'publicUrl'>,
  key: string,
  parts: readonly Part[],
  headers: Readonly<Record<string, string>> = {},
  agent: Agent | false = false,
): Upload {
  const { contentType, body } = writeMultipart(parts)
  const call = request(`${product.publicUrl}/api/v1/messages`, {
    method: 'POST',
    agent,
    headers: { authorization: `Bearer ${key}`, 'content-type': contentType, ...headers },
  })
  const answer = new Promise<{ status: number; json: unknown }>((resolve, reject) => {
    call.on('error', reject)
    call.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (data: string) => (text += data))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) }))
    })
  })
  answer.catch(() => {}) // a test that breaks off does not await it
  let clientPort: number | undefined
  call.on('response', ({ socket }) => (clientPort = socket.localPort))
  let sent = 0
  return {
    sizeBytes: body.length,
    async send(upTo = body.length) {
      if (!call.write(body.subarray(sent, upTo))) await Promise.race([once(call, 'drain'), answer.catch(() => {})])
      sent = upTo
      if (sent === body.length) call.end()
    },
    breakOff: () => void call.destroy(),
    get clientPort() {
      return clientPort
    },
    answer,
  }
}
