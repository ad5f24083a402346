import fc from 'fast-check'
import { jsonMutation, textEncoding, valueOf, type JsonSchema } from './json-arbitrary.ts'
import { multipartBody } from './multipart-arbitrary.ts'

/** One operation of the API's description. */
export interface Operation {
  readonly method: string
  readonly path: string
  /** The names of the security schemes that it accepts. */
  readonly credentials: readonly string[]
  readonly parameters: readonly { readonly in: string; readonly name: string; readonly schema: JsonSchema }[]
  readonly bodies: Readonly<Record<string, { readonly schema: JsonSchema }>>
}

export interface Credentials {
  readonly serviceKey: string
  readonly cookie: string
  readonly origin: string
}

/** The bytes written to one connection. */
export interface FuzzedRequest {
  /** Names the operation and its mutation, for the report. */
  readonly name: string
  readonly method: string
  readonly bytes: Buffer
  /** The bytes are a complete request, valid or malformed, which has to be answered. */
  readonly whole: boolean
  /** Whether the client closes its side, or the whole connection, after the bytes. */
  readonly end: 'wait' | 'half-close' | 'destroy'
}

interface Body {
  readonly contentType: string
  readonly bytes: Buffer
  readonly how: string
}

interface Framing {
  readonly how: string
  readonly headers: (body: Buffer) => readonly string[]
  readonly write: (body: Buffer) => Buffer
  readonly whole: boolean
}

const CRLF = '\r\n'
const METHODS = 'GET POST PUT PATCH DELETE HEAD OPTIONS TRACE CONNECT SEARCH QUERY get SEND'.split(' ')
const CONTENT_TYPES = [
  'text/plain',
  'application/json; charset=utf-16',
  'multipart/form-data',
  'multipart/form-data; boundary=b',
  'a'.repeat(5_000),
  ';',
]
const ODD_HEADERS = [
  'expect: 100-continue',
  'expect: 200-ok',
  'expect: 100-continue, 100-continue',
  'content-encoding: gzip',
  'content-encoding: identity',
  'idempotency-key: key-1',
  'idempotency-key: key-2',
  `idempotency-key: ${'k'.repeat(256)}`,
  'idempotency-key: ü',
  'accept: text/html',
  'accept: application/xml;q=0.5',
  'accept-encoding: br',
  'upgrade: websocket',
  'connection: upgrade',
  'connection: close',
  'connection: keep-alive, te',
  'te: trailers',
  'trailer: x',
  'range: bytes=0-5',
  'if-none-match: *',
  'if-modified-since: x',
  'x-http-method-override: DELETE',
  'forwarded: for=1',
  'x-forwarded-host: evil.example',
  'host: evil.example',
  'cookie: inforiver-mail-session=%zz; a',
  'sec-fetch-site: cross-site',
  `x-long: ${'x'.repeat(9_000)}`,
  `x-too-long: ${'x'.repeat(20_000)}`,
  ' folded: x',
  'no colon',
  'x-nul: \0',
  'x-bytes: \u00ff\u0080',
  ': nameless',
]

/** Requests to these operations: valid ones, and mutations of structure, size, encoding, grammar or framing. */
export function requestTo(operations: readonly Operation[], credentials: Credentials): fc.Arbitrary<FuzzedRequest> {
  return fc
    .constantFrom(...weighted(operations))
    .chain((operation) => partsOf(operation, credentials).map((parts) => assemble(operation, parts)))
}

function partsOf(operation: Operation, credentials: Credentials) {
  return fc.record({
    method: fc.oneof({ weight: 20, arbitrary: fc.constant(operation.method) }, fc.constantFrom('', ...METHODS)),
    target: targetOf(operation),
    version: fc.oneof(
      { weight: 40, arbitrary: fc.constant('HTTP/1.1') },
      fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/1', ''),
    ),
    host: fc.oneof({ weight: 40, arbitrary: fc.constant(['host: localhost']) }, fc.constant<string[]>([])),
    credential: credentialOf(operation, credentials),
    client: fc.integer({ min: 1, max: 250 }),
    extra: fc.oneof(
      { weight: 3, arbitrary: fc.constant<string[]>([]) },
      fc.array(fc.constantFrom(...ODD_HEADERS), { maxLength: 3 }),
    ),
    body: bodyOf(operation),
    framing: anyFraming(),
    cut: cutting,
  })
}
type Parts = ReturnType<typeof partsOf> extends fc.Arbitrary<infer Drawn> ? Drawn : never

/** Most can go wrong in a submit, so it is drawn most often. */
function weighted(operations: readonly Operation[]): readonly Operation[] {
  return operations.flatMap((operation) =>
    Array.from(
      { length: 'multipart/form-data' in operation.bodies ? 12 : operation.method === 'GET' ? 1 : 2 },
      () => operation,
    ),
  )
}

function assemble(operation: Operation, parts: Parts): FuzzedRequest {
  const { method, target, version, host, credential, client, extra, body, framing, cut } = parts
  const head = [
    `${method} ${target}${version && ` ${version}`}`,
    ...host,
    `x-forwarded-for: 10.${client}.0.1`,
    ...credential,
    ...(body && body.contentType !== '' ? [`content-type: ${body.contentType}`] : []),
    ...(body ? framing.headers(body.bytes) : []),
    ...extra,
  ]
  const whole = Buffer.concat([
    Buffer.from(`${head.join(CRLF)}${CRLF}${CRLF}`, 'latin1'),
    body ? framing.write(body.bytes) : Buffer.alloc(0),
  ])
  const name = [
    `${operation.method} ${operation.path}`,
    ...(method === operation.method ? [] : [`method ${method}`]),
    ...(body ? [body.how, framing.how] : []),
    ...extra.map((header) => header.slice(0, 40)),
    ...(cut ? [`${cut.end} after ${Math.round(cut.share * 100)} %`] : []),
  ].join(' | ')
  const bytes = cut ? whole.subarray(0, Math.floor(whole.length * cut.share)) : whole
  return { name, method, bytes, whole: cut === null && (body === null || framing.whole), end: cut?.end ?? 'wait' }
}

const cutting = fc.oneof(
  { weight: 9, arbitrary: fc.constant(null) },
  fc.record({
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    end: fc.constantFrom<FuzzedRequest['end']>('half-close', 'destroy'),
  }),
)

function targetOf({ path, parameters }: Operation): fc.Arbitrary<string> {
  const parametersIn = (name: string) => parameters.filter((parameter) => parameter.in === name)
  const inPath = fc.tuple(
    ...parametersIn('path').map(({ name, schema }) => fc.tuple(fc.constant(name), segmentOf(schema))),
  )
  const inQuery = fc.tuple(...parametersIn('query').map(({ name, schema }) => fc.option(parameterOf(name, schema))))
  return fc.tuple(inPath, inQuery, oddQuery).map(([segments, query, odd]) => {
    const filled = segments.reduce((whole, [name, value]) => whole.replace(`{${name}}`, () => value), path)
    const pairs = [...query.filter((pair) => pair !== null), ...odd]
    return pairs.length > 0 ? `${filled}?${pairs.join('&')}` : filled
  })
}

function segmentOf(schema: JsonSchema): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: valueOf(schema).map((value) => encodeURIComponent(String(value))) },
    fc.constantFrom('', '%00', '%', '..', '%2e%2e', 'a'.repeat(2_000), 'msg_', '%F0%9F%98%80', '*', 'a%2Fb', ' '),
  )
}

function parameterOf(name: string, schema: JsonSchema): fc.Arbitrary<string> {
  const value = valueOf(schema, name).map((drawn) => `${name}=${encodeURIComponent(String(drawn).toWellFormed())}`)
  const odd = ['=', '', '=%00', `=1&${name}=2`, '[]=1', `=${'9'.repeat(400)}`, '=%ff'].map((rest) => name + rest)
  return fc.oneof({ weight: 4, arbitrary: value }, fc.constantFrom(...odd))
}

const ODD_QUERIES = [
  'limit=1&limit=2',
  '__proto__=1',
  '%00=a',
  '=',
  '&&',
  'a=%zz',
  'x'.repeat(8_000),
  'cursor=MjAyNi0x',
]
const oddQuery = fc.oneof(
  { weight: 8, arbitrary: fc.constant<string[]>([]) },
  fc.array(fc.constantFrom(...ODD_QUERIES), { maxLength: 2 }),
)

function credentialOf(
  { credentials }: Operation,
  { serviceKey, cookie, origin }: Credentials,
): fc.Arbitrary<readonly string[]> {
  const key = [`authorization: Bearer ${serviceKey}`]
  const browser = [`cookie: ${cookie}`, `origin: ${origin}`]
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...credentials.map((name) => (name === 'session' ? browser : key))) },
    fc.constantFrom<readonly string[]>(
      [],
      [...key, ...browser],
      [`cookie: ${cookie}`],
      ['authorization: Bearer x'],
      ['authorization: Basic Og=='],
      ['authorization: Bearer'],
    ),
  )
}

function bodyOf({ method, bodies }: Operation): fc.Arbitrary<Body | null> {
  const schema = bodies['application/json']?.schema ?? { type: 'object', properties: {} }
  const json = fc.tuple(valueOf(schema), jsonMutation, textEncoding).map(([value, mutation, encode]) => ({
    contentType: 'application/json',
    bytes: encode(mutation.apply(value)),
    how: `json ${mutation.name}`,
  }))
  const typed = fc
    .tuple(json, fc.constantFrom(...CONTENT_TYPES, ''))
    .map(([{ bytes, how }, contentType]) => ({ bytes, how, contentType }))
  const multipart = multipartBody(json.map(({ bytes }) => bytes)).map(({ contentType, body }) => ({
    contentType,
    bytes: body,
    how: 'multipart',
  }))
  const some = fc.oneof(
    { weight: 8, arbitrary: json },
    { weight: 2, arbitrary: typed },
    { weight: 'multipart/form-data' in bodies ? 8 : 1, arbitrary: multipart },
  )
  const none = fc.constant(null)
  return method === 'GET'
    ? fc.oneof({ weight: 5, arbitrary: none }, some)
    : fc.oneof({ weight: 8, arbitrary: some }, none)
}

/** Mostly the right `content-length`; where it promises more, the rest never comes. */
function anyFraming(): fc.Arbitrary<Framing> {
  const plain = (how: string, headers: Framing['headers'], whole = true): Framing => ({
    how,
    headers,
    write: (body) => body,
    whole,
  })
  const chunked = (
    how: string,
    ending: string,
    whole: boolean,
    size = (length: number) => length.toString(16),
  ): Framing => ({
    how,
    headers: () => ['transfer-encoding: chunked'],
    write: (body) => Buffer.concat([...chunksOf(body, size), Buffer.from(ending)]),
    whole,
  })
  return fc.oneof(
    { weight: 50, arbitrary: fc.constant(plain('', (body) => [`content-length: ${body.length}`])) },
    { weight: 4, arbitrary: fc.constant(chunked('chunked', `0${CRLF}${CRLF}`, true)) },
    fc.constantFrom(
      chunked('chunked without an end', '', false),
      chunked('chunked with a trailer', `0${CRLF}x-trailer: 1${CRLF}${CRLF}`, true),
      chunked('chunks of no size', `0${CRLF}${CRLF}`, true, () => 'zz'),
      chunked('chunks of a negative size', `0${CRLF}${CRLF}`, true, () => '-1'),
      plain('longer than it says', (body) => [`content-length: ${Math.floor(body.length / 2)}`]),
      plain('shorter than it says', (body) => [`content-length: ${body.length + 10}`], false),
      plain('far shorter than it says', () => ['content-length: 999999999999'], false),
      plain('of a length that is no number', () => ['content-length: x']),
      plain('of two lengths', (body) => [`content-length: ${body.length}`, 'content-length: 5']),
      plain('of a length and chunked', (body) => [`content-length: ${body.length}`, 'transfer-encoding: chunked']),
      plain('of no length', () => []),
      plain('in a coding that nobody knows', () => ['transfer-encoding: gzip']),
    ),
  )
}

function chunksOf(body: Buffer, size: (length: number) => string): Buffer[] {
  const chunkBytes = Math.max(1, Math.ceil(body.length / 3))
  const chunks: Buffer[] = []
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = body.subarray(at, at + chunkBytes)
    chunks.push(Buffer.from(`${size(chunk.length)}${CRLF}`), chunk, Buffer.from(CRLF))
  }
  return chunks
}
