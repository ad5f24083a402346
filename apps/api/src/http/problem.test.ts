import { once } from 'node:events'
import { connect } from 'node:net'
import { Problem } from '@inforiver-mail/contract/problem'
import { beforeAll, expect, it } from 'vitest'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { rawRequest } from '../test-support/raw-request.ts'
import type { Answer, TestBrowser } from '../test-support/test-browser.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'

let product: TestProduct
let ada: TestBrowser

const fixture = useFixture()
beforeAll(async () => {
  product = await fixture.startProduct({ environment: { ROLE: 'api' } })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

/** Sends a request of Ada's whose body need not be JSON. */
const fault = (path: string, message: unknown) => expect.objectContaining({ path, message })

async function postRaw(path: string, body: string, contentType = 'application/json') {
  return rawRequest(`${product.url}${path}`, {
    method: 'POST',
    body,
    headers: {
      'content-type': contentType,
      origin: product.publicUrl,
      cookie: [...ada.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    },
  })
}

async function configure(body: unknown): Promise<Answer> {
  return ada.call('POST', `${SETTINGS}/configure`, body)
}

it('answers a failure as problem details with a request id, kept out of caches', async () => {
  const answer = await configure({ fromEmail: 'nobody' })

  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const problem = Problem.parse(answer.json)
  expect(problem).toMatchObject({
    type: 'urn:inforiver-mail:problem:invalid-input',
    status: 400,
    code: 'invalid-input',
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
})

it('creates its own request ids, whatever a client sends', async () => {
  const answer = await ada.call('GET', '/api/v1/nothing', undefined, { 'x-request-id': 'mine', 'request-id': 'mine' })

  expect(answer.json.requestId).not.toContain('mine')
})

it('lists all faults at once, each with its path', async () => {
  const answer = await configure({ fromEmail: 'two@at@contoso.com', largeAttachments: 'yes', extra: 1, more: 2 })

  expect(answer.status).toBe(400)
  expect(answer.json.errors).toHaveLength(4)
  expect(answer.json.errors).toEqual(
    expect.arrayContaining([
      fault('fromEmail', 'An email address has only one @.'),
      fault('largeAttachments', expect.any(String)),
      fault('extra', 'This field is not known.'),
      fault('more', expect.any(String)),
    ]),
  )
})

it('lists the first 100 faults, and counts the rest', async () => {
  const unknown = Object.fromEntries(Array.from({ length: 349 }, (_, index) => [`field-${index}`, 1]))
  const { json } = await configure({ fromEmail: 'ada@contoso.com', ...unknown })

  expect(json.errors).toHaveLength(100)
  expect(json.detail).toBe('349 faults: the first 100 are listed in errors, and 249 more.')
})

it.each([
  ['long', 9, 'n'.repeat(100_000)],
  ['many, of characters that JSON escapes', 200, '\u0001'.repeat(400)],
])('answers with less than 64 kB if the names of unknown fields are %s', async (_what, count, name) => {
  const unknown = Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}${name}`, 1]))
  const answer = await configure({ fromEmail: 'ada@contoso.com', ...unknown })

  expect(answer.status).toBe(400)
  expect(answer.json.detail).toMatch(new RegExp(`^${count} faults`))
  expect(Buffer.byteLength(answer.text)).toBeLessThan(64_000)
})

it.each([
  `${SETTINGS}/update-sender`,
  `${SETTINGS}/large-attachments`,
  `${SETTINGS}/reconnect`,
  `${SETTINGS}/reset`,
  `${SETTINGS}/test-message`,
])('refuses unknown fields at %s', async (path) => {
  const answer = await ada.call('POST', path, { surprise: true })

  expect(answer.status).toBe(400)
  expect(answer.json.errors).toContainEqual(fault('surprise', 'This field is not known.'))
})

it.each(['{', '{"fromEmail":', '{"a":1}}', 'fromEmail=ada', '\u0000'])('refuses %j as malformed JSON', async (body) => {
  const answer = await postRaw(`${SETTINGS}/configure`, body)

  expect(answer.status).toBe(400)
  expect(JSON.parse(answer.text)).toMatchObject({ code: 'invalid-input', detail: 'The body is not valid JSON.' })
})

it.each([
  ['no body', null, 400, ''],
  ['an empty body', ['', 'application/json'], 400, 'empty'],
  ['another type', ['<a/>', 'application/xml'], 400, 'json'],
  ['more than 1 MiB', [JSON.stringify({ fromEmail: 'a'.repeat(1024 * 1024) }), 'application/json'], 413, ''],
] as const)('refuses %s', async (_what, content, status, detail) => {
  const path = `${SETTINGS}/configure`
  const answer = content === null ? await ada.call('POST', path) : await postRaw(path, content[0], content[1])

  expect(answer.status).toBe(status)
  const problem = { status, code: 'invalid-input', detail: expect.stringContaining(detail) }
  expect(JSON.parse(answer.text)).toMatchObject(problem)
})

it('refuses an unknown query parameter', async () => {
  const { json } = await ada.call('POST', '/api/v1/webhooks', { url: 'https://alerts.contoso.com/' })

  for (const [method, path] of [
    ['DELETE', `/api/v1/webhooks/${json.id}`],
    ['GET', SETTINGS],
    ['GET', '/api/v1/messages'],
  ] as const) {
    const answer = await ada.call(method, `${path}?foo=1`)
    expect({ path, status: answer.status, errors: answer.json.errors }).toEqual({
      path,
      status: 400,
      errors: [fault('foo', 'This field is not known.')],
    })
  }
  expect((await ada.call('GET', '/api/v1/webhooks')).json.items).toHaveLength(1)
})

/** Sends bytes that need not be HTTP, and returns the answer. */
async function overSocket(text: string): Promise<{ head: string; problem: unknown }> {
  const socket = connect(product.config.port, 'localhost')
  let received = ''
  socket.on('data', (data) => (received += data.toString()))
  socket.on('error', () => {})
  socket.write(text)
  await new Promise((resolve) => socket.once('close', resolve))
  const [head = '', body = ''] = received.split('\r\n\r\n')
  return { head, problem: JSON.parse(body) }
}

it.each([
  ['an unknown method', 'SEND / HTTP/1.1\r\nhost: localhost\r\n\r\n', 400, 'The request is not valid HTTP'],
  [
    'headers that are too large',
    `GET / HTTP/1.1\r\nhost: localhost\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`,
    400,
    'The headers are larger than the 16384 bytes they may have.',
  ],
  [
    'two lengths',
    'POST /api/v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
    400,
    'The request is not valid HTTP',
  ],
  ['no HTTP at all', 'EHLO mail.contoso.com\r\n', 400, 'The request is not valid HTTP'],
  ['a space in the address', 'GET /api v1 HTTP/1.1\r\nhost: localhost\r\n\r\n', 400, 'The request is not valid HTTP'],
  ['no Host', 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'The Host header is missing'],
  [
    'two Hosts',
    'GET /healthz HTTP/1.1\r\nhost: localhost\r\nhost: contoso.com\r\nconnection: close\r\n\r\n',
    400,
    'There is more than one Host header.',
  ],
  [
    'an expectation other than 100-continue',
    'GET /healthz HTTP/1.1\r\nhost: localhost\r\nexpect: 200-ok\r\n\r\n',
    417,
    '',
  ],
  [
    'an expectation before a body',
    `POST ${SETTINGS}/reset HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\nexpect: 200-ok\r\n\r\n`,
    417,
    '',
  ],
  ['CONNECT', 'CONNECT contoso.com:443 HTTP/1.1\r\nhost: contoso.com\r\n\r\n', 405, ''],
])('answers %s with problem details, and closes the connection', async (_what, text, status, detail) => {
  const { head, problem } = await overSocket(text)

  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(head).toMatch(/\r\ncontent-type: application\/problem\+json\r\n/i)
  const codes = { 400: 'invalid-input', 405: 'method-not-allowed', 417: 'expectation-failed' }
  const code = codes[status as keyof typeof codes]
  expect(Problem.parse(problem)).toMatchObject({ status, code, detail: expect.stringContaining(detail) })
})

it('answers complete requests in order before a broken one', async () => {
  const whole = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n'
  const socket = connect(product.config.port, 'localhost')
  let received = ''
  socket.on('data', (data) => (received += data.toString()))
  socket.write(`${whole}${whole}NOT HTTP\r\n\r\n`)
  await once(socket, 'close')

  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400'])
})

it.each([
  [416, 'invalid-input', '/consent-result.js', { range: 'bytes=99999999-' }],
  [412, 'invalid-input', '/consent-result.js', { 'if-match': '"another"' }],
  [404, 'not-found', '/assets/%00', {}],
  [404, 'not-found', `/assets/${'x'.repeat(5_000)}`, {}],
] as const)('answers a request for a file that cannot be served with %i %s', async (status, code, path, headers) => {
  const answer = await rawRequest(`${product.url}${path}`, { headers })

  expect(answer.status).toBe(status)
  expect(Problem.parse(JSON.parse(answer.text))).toMatchObject({ status, code })
})

it('delivers its answer to a broken body although the client keeps sending', async () => {
  const socket = connect(product.config.port, 'localhost')
  socket.on('error', () => {})
  const head = 'POST /nothing HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nNO LENGTH\r\n'
  await new Promise((resolve) => socket.write(head + 'x'.repeat(20_000_000), resolve)) // reads nothing meanwhile
  let received = ''
  socket.on('data', (data) => (received += data.toString()))
  if (!socket.closed) await once(socket, 'close')

  expect(received).toMatch(/^HTTP\/1\.1 404 [^]*HTTP\/1\.1 400 |^HTTP\/1\.1 400 /)
})

it.each([
  '/api/v1/messages?limit=%00',
  '/api/v1/messages?cursor=a%00b',
  '/api/v1/audit-events?actor=%00',
  '/api/v1/audit-events.csv?actor=Ada&actor=%00',
  `${SETTINGS}?foo=%00`,
  '/auth/sign-in?returnTo=/%00',
  '/auth/microsoft/callback?state=%00&code=c',
])('refuses the character %00 in a query: %s', async (path) => {
  const { status, json } = await ada.call('GET', path)

  expect(status).toBe(400)
  expect(json).toMatchObject({
    code: 'invalid-input',
    errors: [{ path: expect.stringMatching(/^\w+$/), message: 'The character %00 is not allowed.' }],
  })
})

it.each([
  ['GET', '/api/v1/messages/'],
  ['GET', '/api/v1/consents/'],
  ['DELETE', '/api/v1/webhooks/'],
  ['POST', '/api/v1/messages/'],
  ['POST', '/api/v1/messages//cancel'],
  ['GET', '/api/v1/nothing'],
  ['POST', '/nothing'],
  ['POST', '/metrics'],
  ['GET', '/assets/nothing.js'],
  ['GET', `/api/v1/messages/${'0'.repeat(9_000)}`], // too long for an id
  ['GET', '/api/v1/%zz'], // malformed
  ['GET', '/%c0%ae'],
  ['GET', '/api/v1/consents/%'],
] as const)('answers %s %s with 404 and problem details', async (method, path) => {
  const answer = await rawRequest(`${product.url}${path}`, { method, headers: { origin: product.publicUrl } })

  expect(answer.status).toBe(404)
  expect(Problem.parse(JSON.parse(answer.text))).toMatchObject({ code: 'not-found' })
})

it.each([
  ['PUT', '/api/v1/messages', 'POST, GET'],
  ['DELETE', SETTINGS, 'GET'],
  ['POST', '/healthz', 'GET'],
  ['SEARCH', '/auth/sign-in', 'GET'],
  ['PATCH', `/api/v1/messages/msg_${'0'.repeat(32)}?a=b`, 'GET'],
  ['GET', `/api/v1/messages/msg_${'0'.repeat(32)}/cancel`, 'POST'],
])('names the methods that are served for %s %s', async (method, path, methods) => {
  const answer = await rawRequest(`${product.url}${path}`, { method })

  expect(answer.status).toBe(405)
  expect(answer.headers.get('allow')).toBe(methods)
  expect(JSON.parse(answer.text)).toMatchObject({
    code: 'method-not-allowed',
    detail: `${method} is not served at this address. Served here: ${methods}.`,
  })
})

it('keeps the cause of a 500 to the log, under its request id', async () => {
  await fixture.database.query('ALTER TABLE tenant_settings RENAME TO away')
  const answer = await ada.call('GET', SETTINGS)
  await fixture.database.query('ALTER TABLE away RENAME TO tenant_settings')

  expect(answer.status).toBe(500)
  expect(answer.json).toEqual({
    type: 'urn:inforiver-mail:problem:internal',
    title: 'Something went wrong',
    status: 500,
    detail: 'The cause is in the log, under the request id.',
    code: 'internal',
    values: {},
    requestId: expect.any(String),
  })
  const logged = product.logLines.filter((line) => line.includes(answer.json.requestId))
  expect(logged.join()).toContain('request failed')
})

it('says to whoever is signed in as an admin that the provider is switched off, and what to set', async () => {
  const off = await fixture.startProduct({ environment: { ROLE: 'api', SMTP: 'SendGrid' } })
  const browser = off.newBrowser()
  await browser.signIn('Ada Admin')

  for (const path of [SETTINGS, '/api/v1/service-keys', '/api/v1/webhooks']) {
    const answer = await browser.call('GET', path)

    expect(answer.status).toBe(404)
    expect(answer.json).toMatchObject({
      code: 'office365-smtp-disabled',
      detail: expect.stringContaining('SMTP=Office365'),
    })
  }
  expect(await browser.call('GET', '/api/v1/session')).toMatchObject({ status: 200 })
})
