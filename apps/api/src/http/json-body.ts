import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { parameterOf } from './media-type.ts'
import { ProblemError } from './problem.ts'
import { takeTurn } from './take-turn.ts'

/** Many times what the largest valid message has. */
const MAX_JSON_VALUES = 100_000
/** What has more keeps the process busy for milliseconds, and takes turns. */
const MANY_JSON_VALUES = 1_000
const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = Buffer.from('"\\,[{')

/** Bodies are JSON in UTF-8 as they are; a route that takes others adds their type. */
export const jsonBodies = fp(
  async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer' },
      async (request: FastifyRequest, body: Buffer) => {
        refuseEncodedBody(request)
        if (body.length > 0) return parseJson(body, request.headers['content-type'], 'The body')
        // A client that always names the type need not have a body.
        if (request.routeOptions.config.serves?.body === undefined) return undefined
        throw new ProblemError('invalid-input', 'The body is empty: send a JSON object.')
      },
    )
  },
  { name: 'json-bodies' },
)

/** @throws {ProblemError} */
export function refuseEncodedBody({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.toLowerCase() === 'identity') return
  throw new ProblemError(
    'invalid-input',
    `The Content-Encoding ${quote(encoding)} is not supported: send the body as it is.`,
  )
}

const parsedInTurn = new WeakSet<object>()

/** Before JSON is validated, where that does not follow its parsing at once. */
export async function takeTurnToValidate(value: unknown): Promise<void> {
  if (typeof value === 'object' && value !== null && parsedInTurn.has(value)) await takeTurn()
}

/**
 * `JSON.parse` that replaces and drops nothing.
 *
 * @throws {ProblemError}
 */
export async function parseJson(content: Buffer, contentType: string | undefined, what: string): Promise<unknown> {
  const charset = contentType === undefined ? null : parameterOf(contentType, 'charset')
  if (charset !== null && !/^utf-?8$/i.test(charset))
    throw new ProblemError('invalid-input', `The charset ${quote(charset)} is not supported: send JSON in UTF-8.`)
  const isHeavy = countValues(content, what) > MANY_JSON_VALUES
  if (isHeavy) await takeTurn()
  const text = decode(content, what)
  try {
    const value: unknown = JSON.parse(text, MAY_NAME_PROTOTYPE.test(text) ? refusePrototype : undefined)
    if (isHeavy && typeof value === 'object' && value !== null) parsedInTurn.add(value)
    return value
  } catch (error) {
    if (error instanceof ProblemError) throw error
    throw new ProblemError('invalid-input', `${what} is not valid JSON.`)
  }
}

/**
 * Counts the values before they are parsed: each becomes an object in memory, and two bytes of text, as in `{},{},…`,
 * become more than fifty. Every value but the first follows a comma, an opening bracket or a brace.
 *
 * @throws {ProblemError} when there are too many.
 */
function countValues(content: Buffer, what: string): number {
  let values = 1
  let inString = false
  for (let at = 0; at < content.length; at++) {
    const byte = content[at]
    if (byte === QUOTE) inString = !inString
    else if (inString) at += byte === BACKSLASH ? 1 : 0
    else if (byte === COMMA || byte === BRACKET || byte === BRACE) values += 1
    if (values > MAX_JSON_VALUES)
      throw new ProblemError('invalid-input', `${what} has more than the ${MAX_JSON_VALUES} values it may have.`)
  }
  return values
}

/** As it is, or with one of its characters escaped. */
const MAY_NAME_PROTOTYPE = /__proto__|\\u00(?:5f|6f|7[024])/i

/** It would be left out without a word where fields may have any name, and reach a prototype where it is copied. */
function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new ProblemError('invalid-input', 'A field cannot have the name __proto__.')
  return value
}

function decode(content: Buffer, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    throw new ProblemError('invalid-input', `${what} is not valid UTF-8, which JSON has to be.`)
  }
}

/** Short enough for a sentence. */
function quote(text: string): string {
  return text.slice(0, 50)
}
