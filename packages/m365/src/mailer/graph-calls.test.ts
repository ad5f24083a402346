import { describe, expect, it } from 'vitest'
import { message } from '../test-support/mail.ts'
import { answering, breaking, graphError, intercepting, mailerAt, token } from '../test-support/mailer.ts'
import { freePort } from '../test-support/free-port.ts'
import type { CallOptions, GraphMailer } from './graph-mailer.ts'

// What every call to Graph has in common, whatever it asks for.

type Call = (mailer: GraphMailer, options: CallOptions) => Promise<unknown>

const ID = 'AA/+?#=%'
const DRAFT = '/messages/AA%2F%2B%3F%23%3D%25'
const pdf = { filename: 'q3.pdf', contentType: 'application/pdf', contentId: null }
const byId = { messageId: message.id, internetMessageId: null }

/** Each call with its path below the mailbox. */
const OF_A_DRAFT: readonly (readonly [name: string, path: string, Call])[] = [
  ['sendDraft', `${DRAFT}/send`, (mailer, options) => mailer.sendDraft(ID, options)],
  ['readDraft', DRAFT, (mailer, options) => mailer.readDraft(ID, options)],
  ['deleteDraft', DRAFT, (mailer, options) => mailer.deleteDraft(ID, options)],
  ['deleteForGood', DRAFT, (mailer, options) => mailer.deleteForGood(ID, options)],
  [
    'attachFile',
    `${DRAFT}/attachments`,
    (mailer, options) => mailer.attachFile(ID, { ...pdf, content: Buffer.from('Q3') }, options),
  ],
  ['listAttachments', `${DRAFT}/attachments`, (mailer, options) => mailer.listAttachments(ID, options)],
  [
    'createUploadSession',
    `${DRAFT}/attachments/createUploadSession`,
    (mailer, options) => mailer.createUploadSession(ID, { ...pdf, sizeBytes: 4_000_000 }, options),
  ],
]
const WITH_IMMUTABLE_IDS: typeof OF_A_DRAFT = [
  ...OF_A_DRAFT,
  ['createDraft', '/messages', (mailer, options) => mailer.createDraft(message, options)],
  [
    'findMessage',
    '/mailFolders/sentitems/messages',
    (mailer, options) => mailer.findMessage(byId, 'sentitems', options),
  ],
  ['readReport', DRAFT, (mailer, options) => mailer.readReport(ID, options)],
  ['readReportSource', `${DRAFT}/$value`, (mailer, options) => mailer.readReportSource(ID, options)],
]
const IN_ANY_MAILBOX: typeof OF_A_DRAFT = [
  ...WITH_IMMUTABLE_IDS,
  ['send', '/sendMail', (mailer, options) => mailer.send(message, options)],
]
const CALLS: typeof OF_A_DRAFT = [
  ...IN_ANY_MAILBOX,
  ['listArrived', '', (mailer, options) => mailer.listArrived({ since: new Date(0) }, options)],
  ['findOwnIds', '', (mailer, options) => mailer.findOwnIds('<id@contoso.com>', options)],
  ['readDelegate', '', (mailer, { accessToken, signal }) => mailer.readDelegate(accessToken, signal)],
]
/** Graph takes the last three for drafts alone. */
const CHANGES = [
  '/sendMail',
  '/messages',
  ...['/send', '/attachments', '/attachments/createUploadSession'].map((path) => `${DRAFT}${path}`),
]
/** A lost answer to these leaves open what was done; all others may simply be repeated. */
const UNREPEATABLE = new Set(['send', 'createDraft', 'sendDraft', 'attachFile'])

describe.each(CALLS)('%s', (name, _path, call) => {
  const inDoubt = UNREPEATABLE.has(name) ? 'unknown' : 'unavailable'

  it.each([
    [500, '{}'],
    [500, graphError('ErrorItemNotFound')],
    [502, '<html>'],
    [503, '<html>'],
    [503, graphError('ErrorItemNotFound')],
    [504, graphError('ErrorItemNotFound')],
    [200, '<html>Welcome to the hotel</html>'],
    [200, '{}'],
  ])(`is ${inDoubt} after HTTP %i with %j`, async (status, body) => {
    const { mailer } = await answering(status, body)
    expect(await call(mailer, token)).toMatchObject({ outcome: inDoubt })
  })

  it(`is ${inDoubt} after a connection that broke`, async () => {
    expect(await call(await breaking(), token)).toMatchObject({ outcome: inDoubt })
  })

  it.each([
    [302, '', { outcome: 'unavailable' }],
    [401, graphError('InvalidAuthenticationToken'), { outcome: 'unauthorized' }],
    [403, graphError('ErrorAccessDenied'), { outcome: 'refused', reason: 'access-denied' }],
    [403, graphError('accessDenied'), { outcome: 'refused', reason: 'access-denied' }],
    [404, graphError('MailboxNotEnabledForRESTAPI'), { outcome: 'refused', reason: 'mailbox-not-found' }],
    [429, '<html>', { outcome: 'throttled', retryAfter: new Date('2026-11-24T10:00:02.000Z') }],
  ])('classifies HTTP %i with %j, and never shows the token', async (status, body, expected) => {
    const { mailer } = await answering(status, body, { 'retry-after': '2' })
    const outcome = await call(mailer, token)
    expect(outcome).toMatchObject(expected)
    expect(JSON.stringify(outcome)).not.toContain(token.accessToken)
  })

  it.each([
    [403, 'RBAC: access denied'],
    [403, { message: 'Forbidden' }],
    [401, 'Jwt verification fails'],
    [404, ''],
    [302, ''],
    [413, '<html>'],
    [429, '<html>'],
  ])('knows nothing of Microsoft after HTTP %i with %j of something in between', async (status, body) => {
    const { mailer, origin } = await intercepting(status, body, { 'content-type': 'text/plain', 'retry-after': '2' })
    expect(await call(mailer, token)).toMatchObject({
      outcome: 'intercepted',
      retryAfter: new Date('2026-11-24T10:00:02.000Z'),
      gateway: { status, host: new URL(origin).host, contentType: 'text/plain' },
    })
  })

  it.each([
    [200, '<html>Welcome to the hotel</html>'],
    [202, '<html>Welcome to the hotel</html>'],
    [204, ''],
  ])('does not take HTTP %i with %j of something in between for a success', async (status, body) => {
    const { mailer } = await intercepting(status, body)
    const isDeleted = status === 204 && name === 'deleteForGood'
    const outcome = UNREPEATABLE.has(name) ? 'unknown' : 'intercepted'
    expect(await call(mailer, token)).toMatchObject({ outcome: isDeleted ? 'deleted' : outcome })
  })

  // From 31 December 2026 on, Graph lets nobody change a message that is no draft without Mail-Advanced.ReadWrite.
  it.each([
    [200, { id: ID, isDraft: true }],
    [200, { id: ID, isDraft: false }],
    [404, ''],
  ])('changes nothing but drafts, after HTTP %i with %j', async (status, body) => {
    const { mailer, requests } = await answering(status, body)
    await call(mailer, token)
    for (const { method, url } of requests)
      expect(['GET', 'DELETE', ...CHANGES.map((path) => `POST /v1.0/me${path}`)]).toContain(
        method === 'POST' ? `POST ${url}` : method,
      )
  })

  it('is unavailable where nobody listens', async () => {
    const nowhere = mailerAt(`http://127.0.0.1:${await freePort()}`)
    expect(await call(nowhere, token)).toMatchObject({
      outcome: 'unavailable',
      detail: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('makes no request once the caller has aborted', async () => {
    const { mailer, requests } = await answering(200, '{}')
    await expect(call(mailer, { ...token, signal: AbortSignal.abort() })).rejects.toThrow(/abort/)
    expect(requests).toEqual([])
  })
})

it.each(
  OF_A_DRAFT.flatMap(([name, , call]) => [
    [name, 404, 'ErrorItemNotFound', call] as const,
    [name, 404, 'ErrorInvalidMailboxItemId', call] as const,
    [name, 400, 'ErrorInvalidMailboxItemId', call] as const,
  ]),
)('%s reports after %i %s that the mailbox has no such draft', async (_name, status, code, call) => {
  const { mailer } = await answering(status, graphError(code))
  expect(await call(mailer, token)).toEqual({ outcome: 'gone' })
})

it.each(
  OF_A_DRAFT.flatMap(([name, , call]) => [
    [name, 409, 'ErrorIrresolvableConflict', call] as const,
    [name, 404, 'ErrorNonExistentMailbox', call] as const,
  ]),
)('%s takes %i %s for what passes, after which a draft may have been sent', async (name, status, code, call) => {
  const { mailer } = await answering(status, graphError(code))
  expect(await call(mailer, token)).toMatchObject({ outcome: name === 'sendDraft' ? 'unknown' : 'unavailable' })
})

it.each([
  [200, '<html>Welcome to the hotel</html>'],
  [403, 'RBAC: access denied'],
  [404, ''],
])('probeInbox learns nothing of the inbox from HTTP %i with %j of something in between', async (status, body) => {
  const { mailer } = await intercepting(status, body)
  const failure = { outcome: 'intercepted', gateway: { status } }
  expect(await mailer.probeInbox(token)).toMatchObject({ outcome: 'unavailable', failure })
})

it.each([400, 410])('listArrived keeps its link after HTTP %i of something in between', async (status) => {
  const { mailer, requests } = await intercepting(status)
  expect(await mailer.listArrived({ link: '/me/x?$deltatoken=1' }, token)).toMatchObject({ outcome: 'intercepted' })
  expect(await mailer.listArrived({ since: new Date(0) }, token)).toMatchObject({ outcome: 'intercepted' })
  expect(requests).toHaveLength(2)
})

it.each(WITH_IMMUTABLE_IDS)('%s uses ids that a message keeps when it is sent', async (_name, _path, call) => {
  const { mailer, requests } = await answering(404, '')
  await call(mailer, token)
  expect(requests).toMatchObject([{ headers: { prefer: 'IdType="ImmutableId"' } }])
})

it.each(IN_ANY_MAILBOX)('%s works in the mailbox that is named, and else in the own one', async (_name, path, call) => {
  const { mailer, requests } = await answering(404, '')
  await call(mailer, token)
  await call(mailer, { ...token, mailbox: 'me' })
  await call(mailer, { ...token, mailbox: { address: 'o#neil+reports@contoso.com' } })
  expect(requests.map(({ url }) => url.split('?')[0])).toEqual([
    `/v1.0/me${path}`,
    `/v1.0/me${path}`,
    `/v1.0/users/o%23neil%2Breports%40contoso.com${path}`,
  ])
})

it('covers every call of the mailer but those to the host of an upload, and the probe, which ends otherwise', () => {
  const uploads = ['putRange', 'readUploadSession', 'cancelUpload', 'probeInbox']
  const names = Object.keys(mailerAt('http://127.0.0.1'))
  expect(names.toSorted()).toEqual([...CALLS.map(([name]) => name), ...uploads].toSorted())
})
