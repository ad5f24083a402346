import { once } from 'node:events'
import { request, type Agent } from 'node:http'
import type { TestProduct } from './test-product.ts'
import { writeMultipart, type Part } from './multipart.ts'

/** One request that is under way for as long as a test wants. */
export interface Upload {
  /** Bytes of the whole body. */
  readonly sizeBytes: number
  /** Sends the body up to here, or to its end, and ends the request there. */
  send(upTo?: number): Promise<void>
  breakOff(): void
  /** Tells connections apart. */
  readonly clientPort: number | undefined
  /** The answer; rejects when the connection breaks first. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests assert on its shape
  readonly answer: Promise<{ readonly status: number; readonly json: any }>
}

/** Posts a multipart message bit by bit, without saying how long it is. */
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
  answer.catch(() => {}) // a test that breaks off does not ask for it
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
