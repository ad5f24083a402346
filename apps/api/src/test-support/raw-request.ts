import { Agent, request } from 'node:http'

/** Everything under test listens on this machine. New connections and look-ups of its name would take a third of a request. */
const agent = new Agent({
  keepAlive: true,
  family: 4,
  lookup: (_name, _options, found) => found(null, '127.0.0.1', 4),
})

export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Sends an HTTP request exactly as given, including a foreign Host header, which `fetch` does not permit. */
export async function rawRequest(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> {
  const { method = 'GET', headers = {}, body } = options
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const received = new Headers()
        for (let index = 0; index < response.rawHeaders.length; index += 2) {
          received.append(response.rawHeaders[index] ?? '', response.rawHeaders[index + 1] ?? '')
        }
        resolve({ status: response.statusCode ?? 0, headers: received, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    call.on('error', (error: NodeJS.ErrnoException) => {
      // As browsers do, since a kept connection may have been closed before the request came.
      if (call.reusedSocket && error.code === 'ECONNRESET') resolve(rawRequest(url, options))
      else reject(error)
    })
    call.end(body)
  })
}
