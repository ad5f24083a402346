import type { FastifyInstance } from 'fastify'

/** No request that the simulator accepts is larger. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024

export interface RawBody {
  readonly bytes: Buffer
  /** The body is still read to its end, so that the client sees the response; `bytes` is empty then. */
  readonly isTooLarge: boolean
}

const EMPTY: RawBody = { bytes: Buffer.alloc(0), isTooLarge: false }

/** Passes every body to its route as bytes, because Entra and Graph treat a wrong Content-Type differently. */
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

/** @returns null when the body is not a form */
export function readForm(contentType: string | undefined, body: unknown): URLSearchParams | null {
  const { bytes, isTooLarge } = rawBody(body)
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase()
  if (isTooLarge || mediaType !== 'application/x-www-form-urlencoded') return null
  return new URLSearchParams(bytes.toString('utf8'))
}

/** @returns undefined when the body is not JSON */
export function readJson(body: unknown): unknown {
  return parseJson(rawBody(body).bytes.toString('utf8'))
}

/** @returns undefined when the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
