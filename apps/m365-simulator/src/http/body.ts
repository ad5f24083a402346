import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Above what Entra or Graph takes, so that their own refusal is the answer. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** Passes every body to its route as bytes, because Entra and Graph treat a wrong Content-Type differently. */
export function takeRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) => {
    done(null, body)
  })
}

export function rawBody({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

export function mediaType({ headers }: FastifyRequest): string {
  return (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

/** The fields of a form; none when the body is not a form. */
export function readForm(request: FastifyRequest): URLSearchParams {
  const isForm = mediaType(request) === 'application/x-www-form-urlencoded'
  return new URLSearchParams(isForm ? rawBody(request).toString('utf8') : '')
}

/** @returns undefined when the body is not JSON */
export function readJson(request: FastifyRequest): unknown {
  return parseJson(rawBody(request).toString('utf8'))
}

/** @returns undefined when the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
