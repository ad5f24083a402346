import type { FastifyInstance } from 'fastify'

/** Nothing the simulator takes is larger. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024

export interface RawBody {
  readonly bytes: Buffer
  /** Read to its end all the same, so that the client gets to see the answer; `bytes` is empty then. */
  readonly isTooLarge: boolean
}

const EMPTY: RawBody = { bytes: Buffer.alloc(0), isTooLarge: false }

/** Hands every body to its route as bytes: what a wrong Content-Type means differs between Entra and Graph. */
export function takeRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    payload.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes <= MAX_REQUEST_BYTES) chunks.push(chunk)
      else chunks.length = 0
    })
    payload.on('end', () => {
      const isTooLarge = sizeBytes > MAX_REQUEST_BYTES
      done(null, { bytes: isTooLarge ? EMPTY.bytes : Buffer.concat(chunks), isTooLarge } satisfies RawBody)
    })
    payload.on('error', (error: Error) => done(error))
  })
}

export function rawBody(body: unknown): RawBody {
  return (body as RawBody | undefined | null) ?? EMPTY
}

/** @returns null when it is no form */
export function readForm(contentType: string | undefined, body: unknown): URLSearchParams | null {
  const { bytes, isTooLarge } = rawBody(body)
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase()
  if (isTooLarge || mediaType !== 'application/x-www-form-urlencoded') return null
  return new URLSearchParams(bytes.toString('utf8'))
}

/** @returns undefined when it is no JSON */
export function readJson(body: unknown): unknown {
  const { bytes } = rawBody(body)
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
