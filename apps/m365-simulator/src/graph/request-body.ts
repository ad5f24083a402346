import type { FastifyRequest } from 'fastify'
import type { Settings } from '../faults/settings.ts'
import { mediaType, rawBody, readJson } from '../http/body.ts'
import { badRequest, GraphError } from './graph-error.ts'

/** @throws GraphError when the body is missing its length, too large, of another type, or not a JSON object */
export function readJsonObject(request: FastifyRequest, settings: Settings): object {
  requireAcceptableLength(request, settings)
  if (mediaType(request) !== 'application/json') {
    throw new GraphError(
      415,
      'UnsupportedMediaType',
      'The simulator takes application/json, and text/plain for a message as MIME.',
    )
  }
  const payload = readJson(request)
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) return payload
  throw badRequest(
    'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
  )
}

/** @throws GraphError unless the request states its length and the length is 0 */
export function requireEmptyBody(request: FastifyRequest): void {
  requireLength(request)
  if (rawBody(request).length > 0) throw badRequest('This action takes no parameters, and its request no body.')
}

/** @throws GraphError when the request does not state its length, or is longer than 4 MB */
export function requireAcceptableLength(request: FastifyRequest, settings: Settings): void {
  requireLength(request)
  if (rawBody(request).length <= settings.maxRequestBytes) return
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

function requireLength({ headers }: FastifyRequest): void {
  if (headers['content-length'] !== undefined) return
  throw new GraphError(411, 'LengthRequired', 'Content-Length is required.')
}
