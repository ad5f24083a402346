import type { FastifyRequest } from 'fastify'
import type { Settings } from '../faults/settings.ts'
import { rawBody, readJson } from '../http/body.ts'
import { isBase64 } from './check-payload.ts'
import { badRequest, GraphError } from './graph-error.ts'

/**
 * Reads a JSON object.
 *
 * @param mime whether the endpoint also accepts a message as MIME
 * @throws GraphError when the body is missing its length, too large, of another type, or not a JSON object
 */
export function readJsonObject(request: FastifyRequest, settings: Settings, { mime = false } = {}): object {
  requireLength(request)
  requireAcceptableLength(request, settings)
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (mediaType === 'text/plain' && mime) throw mimeRefusal(rawBody(request.body).bytes)
  if (mediaType !== 'application/json') {
    const types = mime ? 'application/json or text/plain' : 'application/json'
    throw new GraphError(415, 'UnsupportedMediaType', `The Content-Type must be ${types}.`)
  }
  const payload = readJson(request.body)
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) return payload
  throw badRequest(
    'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
  )
}

/** @throws GraphError unless the request states its length and the length is 0 */
export function requireEmptyBody(request: FastifyRequest): void {
  requireLength(request)
  const { bytes, isTooLarge } = rawBody(request.body)
  if (bytes.length > 0 || isTooLarge) throw badRequest('This action takes no parameters, and its request no body.')
}

export function requireLength({ headers }: FastifyRequest): void {
  if (headers['content-length'] === undefined)
    throw new GraphError(411, 'LengthRequired', 'Content-Length is required.')
}

/** @throws GraphError when the request is longer than 4 MB */
export function requireAcceptableLength({ body }: FastifyRequest, settings: Settings): void {
  const { bytes, isTooLarge } = rawBody(body)
  if (!isTooLarge && bytes.length <= settings.maxRequestBytes) return
  switch (settings.requestTooLarge) {
    case 'bad-request':
      throw badRequest('Maximum request length exceeded.')
    case 'payload-too-large':
      throw new GraphError(413, 'RequestEntityTooLarge', 'The maximum request length supported is 4MB.')
    case 'payload-too-large-html': {
      const page = '<html><body><h1>413 Request Entity Too Large</h1></body></html>'
      throw new GraphError(413, 'RequestEntityTooLarge', page, { 'content-type': 'text/html' })
    }
    default:
      settings.requestTooLarge satisfies never
  }
}

function mimeRefusal(bytes: Buffer): GraphError {
  return bytes.length > 0 && isBase64(bytes.toString('latin1').replaceAll(/\s/g, ''))
    ? new GraphError(400, 'SimulatorNotSupported', 'The simulator does not read MIME messages. Send JSON.')
    : new GraphError(400, 'ErrorMimeContentInvalidBase64String', 'Invalid base64 string for MIME content.')
}
