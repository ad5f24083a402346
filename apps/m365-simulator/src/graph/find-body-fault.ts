import type { FastifyRequest } from 'fastify'
import type { Settings } from '../faults/settings.ts'
import { rawBody } from '../http/body.ts'
import { isBase64 } from './check-payload.ts'
import { type GraphError, graphError } from './graph-error.ts'

/**
 * Why a body is not read as JSON at all: no length, too large, another type.
 *
 * @param mime whether the endpoint takes a message as MIME besides
 */
export function findBodyFault(request: FastifyRequest, settings: Settings, mime: boolean): GraphError | null {
  if (request.headers['content-length'] === undefined) return LENGTH_REQUIRED
  const { bytes } = rawBody(request.body)
  const tooLong = findLengthFault(request, settings)
  if (tooLong !== null) return tooLong
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (mediaType === 'application/json') return null
  if (mediaType !== 'text/plain' || !mime) {
    const types = mime ? 'application/json or text/plain' : 'application/json'
    return graphError(415, 'UnsupportedMediaType', `The Content-Type must be ${types}.`)
  }
  return isBase64(bytes.toString('latin1').replaceAll(/\s/g, '')) && bytes.length > 0
    ? graphError(400, 'SimulatorNotSupported', 'The simulator does not read MIME messages. Send JSON.')
    : graphError(400, 'ErrorMimeContentInvalidBase64String', 'Invalid base64 string for MIME content.')
}

/** Why the request of an action without parameters is refused: it states its length, and the length is 0. */
export function findEmptyBodyFault(request: FastifyRequest): GraphError | null {
  if (request.headers['content-length'] === undefined) return LENGTH_REQUIRED
  const { bytes, isTooLarge } = rawBody(request.body)
  return bytes.length === 0 && !isTooLarge
    ? null
    : graphError(400, 'BadRequest', 'This action takes no parameters, and its request no body.')
}

/** Why a request is refused for its length. */
export function findLengthFault({ body }: FastifyRequest, settings: Settings): GraphError | null {
  const { bytes, isTooLarge } = rawBody(body)
  return isTooLarge || bytes.length > settings.maxRequestBytes ? TOO_LONG[settings.requestTooLarge] : null
}

const ENTITY_TOO_LARGE = graphError(413, 'RequestEntityTooLarge', 'The maximum request length supported is 4MB.')

const TOO_LONG: Readonly<Record<Settings['requestTooLarge'], GraphError>> = {
  'bad-request': graphError(400, 'BadRequest', 'Maximum request length exceeded.'),
  'payload-too-large': ENTITY_TOO_LARGE,
  'payload-too-large-html': {
    ...ENTITY_TOO_LARGE,
    page: '<html><body><h1>413 Request Entity Too Large</h1></body></html>',
  },
}

const LENGTH_REQUIRED = graphError(411, 'LengthRequired', 'Content-Length is required.')
