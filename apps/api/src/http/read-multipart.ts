import { finished, Readable } from 'node:stream'
import { Dicer } from '@fastify/busboy'
import { parameterOf } from './json-body.ts'
import { ProblemError, say } from './problem.ts'

/** One part of a multipart body, as the client describes it. */
export interface BodyPart {
  /** Null when its header has no name. Refuse such a part, because its purpose is unknown. */
  readonly name: string | null
  readonly fileName: string | null
  /** Including parameters; the default is that of RFC 7578 section 4.4. */
  /** Null where the part has none, as text (RFC 7578 section 4.4). */
  readonly contentType: string | null
  readonly transferEncoding: string | null
  /** Has to be read or skipped before the next part. */
  readonly content: AsyncIterable<Buffer>
  /** Discards the content. */
  skip(): void
}

export function isMultipart(contentType: string | undefined): boolean {
  return /^multipart\/form-data\b/i.test(contentType ?? '')
}

/**
 * Returns the boundary from a content type, or null when that is not multipart/form-data.
 *
 * @throws {ProblemError} when the boundary is missing or too long
 */
export function boundaryOf(contentType: string | undefined): string | null {
  if (contentType === undefined || !isMultipart(contentType)) return null
  const boundary = parameterOf(contentType, 'boundary')
  if (boundary && boundary.length <= 70) return boundary // RFC 2046 section 5.1.1
  throw new ProblemError('invalid-input', say('boundary-missing'))
}

/**
 * Yields the parts of a multipart body while they arrive. It leaves out none, whatever the header of a part says.
 *
 * @throws {ProblemError} when the body is malformed or ends too early
 */
export async function* readMultipart(body: Readable, boundary: string): AsyncGenerator<BodyPart> {
  const parts = new Readable({ objectMode: true, read() {} })
  parts.on('error', () => {}) // the reader sees the error
  const parser = new Dicer({ boundary })
  let current: Readable | null = null
  let headerMissing = false

  function fail(error: Error = malformed()): void {
    parts.destroy(error)
    current?.destroy(error)
  }
  parser.on('part', (part) => {
    if (headerMissing) fail()
    headerMissing = true
    current = part
    part.on('error', () => {}) // the reader sees the error, but there may be none yet
    part.on('header', (header) => {
      headerMissing = false
      parts.push(describe(header as Header, part))
    })
  })
  parser.on('error', () => fail())
  parser.on('finish', () => (headerMissing ? fail() : parts.push(null)))
  finished(body, { writable: false }, (error) => {
    if (error) fail(asProblem(error))
  })
  body.pipe(parser)
  try {
    yield* parts as AsyncIterable<BodyPart>
  } finally {
    // The rest of a refused body is read too, because unread data would block the connection.
    body.unpipe(parser)
    body.resume()
  }
}

/** Values by lower-case names, each character one byte. */
type Header = Readonly<Record<string, readonly string[] | undefined>>

function describe(header: Header, part: Readable): BodyPart {
  const disposition = header['content-disposition']?.[0] ?? ''
  const { name = null, filename = null } = /^form-data\b/i.test(disposition) ? readParameters(disposition) : {}
  return {
    name,
    fileName: filename,
    contentType: header['content-type']?.[0] ?? null,
    transferEncoding: header['content-transfer-encoding']?.[0]?.toLowerCase() ?? null,
    content: arriving(part),
    skip: () => void part.resume(),
  }
}

async function* arriving(part: Readable): AsyncGenerator<Buffer> {
  try {
    yield* part as AsyncIterable<Buffer>
  } catch (error) {
    throw asProblem(error)
  }
}

/** Keeps a problem that explains why the body did not arrive. */
function asProblem(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : malformed()
}

function malformed(): ProblemError {
  return new ProblemError('invalid-input', 'The multipart body cannot be read: it is malformed, or ended too early.')
}

/** `key=token`, `key="quoted"`, or `key*=charset'language'encoded` (RFC 8187), which takes precedence. */
const PARAMETER = /;\s*([^\s=;*]+)(\*?)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s;]*))/g

function readParameters(header: string): { name?: string; filename?: string } {
  const plain: Record<string, string> = {}
  const extended: Record<string, string> = {}
  for (const [, key = '', star, quoted, token = ''] of header.matchAll(PARAMETER)) {
    if (star) extended[key.toLowerCase()] = decodeExtended(token)
    // Only these two can be escaped: some clients send the backslashes of Windows paths unescaped.
    else plain[key.toLowerCase()] = utf8(quoted?.replaceAll(/\\(["\\])/g, '$1') ?? token)
  }
  return { ...plain, ...extended }
}

function decodeExtended(value: string): string {
  const [, charset = 'utf-8', encoded = value] = /^([\w-]+)'[^']*'(.*)$/.exec(value) ?? []
  const bytes = encoded.replaceAll(/%([0-9a-f]{2})/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  try {
    return new TextDecoder(charset).decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return utf8(bytes) // unknown charset
  }
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}
