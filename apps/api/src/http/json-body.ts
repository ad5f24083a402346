import { MIMEType } from 'node:util'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { beforeHeavyWork } from './heavy-work.ts'
import { ProblemError, say } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How many values a body of JSON may have, if it may have more than others. */
    maxJsonValues?: number
  }
}

/** Many times as many as the largest valid message has. */
const MAX_JSON_VALUES = 100_000
/** Parsing more values blocks the process for milliseconds, so it counts as heavy work. */
const MANY_JSON_VALUES = 1_000
const QUOTE = 0x22
const BACKSLASH = 0x5c
const [COMMA, BRACKET, BRACE] = Buffer.from(',[{')

/** What is parsed: the body, or its part message. */
const THE = { body: 'The body', part: 'The part message' } as const

/** Accepts bodies as JSON in UTF-8, without a content encoding. A route that accepts others adds their content type. */
export const jsonBodies = fp(
  async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer' },
      async (request: FastifyRequest, body: Buffer) => {
        refuseEncodedBody(request)
        if (body.length > 0)
          return parseJson(body, request.headers['content-type'], 'body', request.routeOptions.config.maxJsonValues)
        // Some clients always send the content type, even without a body.
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
  throw new ProblemError('invalid-input', say('encoding-not-supported', { encoding: quote(encoding) }))
}

/** Bodies that were slow to parse; validating them is slow too. */
const heavyValues = new WeakSet<object>()

/** Waits before a slow body is validated, unless it was parsed just now. */
export async function beforeValidating(value: unknown): Promise<void> {
  if (typeof value === 'object' && value !== null && heavyValues.has(value)) await beforeHeavyWork()
}

/** Returns a parameter of a content type, such as `charset`, or null when there is none. */
export function parameterOf(contentType: string, name: string): string | null {
  if (!contentType.includes(';')) return null // most have none, and taking a type apart is slow
  try {
    return new MIMEType(contentType).params.get(name)
  } catch {
    return null // it is not a content type
  }
}

/**
 * Parses JSON strictly: invalid UTF-8 and the field `__proto__` are refused rather than replaced or dropped.
 *
 * @throws {ProblemError}
 */
export async function parseJson(
  content: Buffer,
  contentType: string | undefined,
  what: keyof typeof THE,
  maxValues = MAX_JSON_VALUES,
): Promise<unknown> {
  const charset = contentType === undefined ? null : parameterOf(contentType, 'charset')
  if (charset !== null && !/^utf-?8$/i.test(charset))
    throw new ProblemError('invalid-input', say('charset-not-supported', { charset: quote(charset) }))
  const isHeavy = countValues(content, what, maxValues) > MANY_JSON_VALUES
  if (isHeavy) await beforeHeavyWork()
  const text = decode(content, what)
  try {
    const value: unknown = JSON.parse(text, MAY_NAME_PROTOTYPE.test(text) ? refusePrototype : undefined)
    if (isHeavy && typeof value === 'object' && value !== null) heavyValues.add(value)
    return value
  } catch (error) {
    if (error instanceof ProblemError) throw error
    throw new ProblemError('invalid-input', `${THE[what]} is not valid JSON.`)
  }
}

/**
 * Counts values before they are parsed, because parsing multiplies them: two bytes of text, as in `{},{},…`, become more
 * than fifty in memory. Every value but the first follows a comma, an opening bracket or a brace.
 *
 * @throws {ProblemError} when there are too many
 */
function countValues(content: Buffer, what: keyof typeof THE, maxValues: number): number {
  let values = 1
  for (let at = 0; at < content.length; at++) {
    const byte = content[at]
    if (byte === QUOTE) at = endOfString(content, at + 1)
    else if (byte === COMMA || byte === BRACKET || byte === BRACE) values += 1
    if (values > maxValues)
      throw new ProblemError('invalid-input', say(`${what}-with-too-many-values`, { max: maxValues }))
  }
  return values
}

/** Returns where the quote is that ends a string. A string without escaped quotes is searched much faster than it is read. */
function endOfString(content: Buffer, from: number): number {
  const quote = content.indexOf(QUOTE, from)
  if (quote === -1) return content.length
  if (content[quote - 1] !== BACKSLASH) return quote
  let at = from
  while (at < content.length && content[at] !== QUOTE) at += content[at] === BACKSLASH ? 2 : 1
  return at
}

/** Matches the name, and every way to write it with escapes. */
const MAY_NAME_PROTOTYPE = /__proto__|\\u00(?:5f|6f|7[024])/i

/** zod would drop the field silently from a record, and copying it would set a prototype. */
function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new ProblemError('invalid-input', 'A field cannot have the name __proto__.')
  return value
}

/** One for all bodies: it keeps nothing of a body, whether that was valid or not. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true })

function decode(content: Buffer, what: keyof typeof THE): string {
  try {
    return UTF_8.decode(content)
  } catch {
    throw new ProblemError('invalid-input', `${THE[what]} is not valid UTF-8, which JSON has to be.`)
  }
}

/** Shortens a value of the client for use in a sentence. */
function quote(text: string): string {
  return text.slice(0, 50)
}
