import { beforeEach, expect, it } from 'vitest'
import { useMicrosoft } from '../test-support/mail.ts'
import { answering, token } from '../test-support/mailer.ts'
import { ADA } from '../test-support/sign-in.ts'
import { readDeliveryReport } from './delivery-report.ts'
import type { CallOptions, GraphMailer } from './graph-mailer.ts'
import type { ArrivedMail } from './inbox-calls.ts'

const ORIGINAL = { internetMessageId: '<msg_1@contoso.com>', subject: 'Q3' }
const NOBODY = { address: 'nobody@contoso.com', text: '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found' }
const EXCHANGE = 'MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.onmicrosoft.com'
const SINCE = { since: new Date('2020-01-01T00:00:00.000Z') }

const microsoft = useMicrosoft()
let ada: CallOptions
beforeEach(async () => {
  ada = await microsoft.accessOf(ADA, ['Mail.ReadWrite'])
})

const arrive = (kind: string, change: object = {}) =>
  microsoft.control('POST', '/mailboxes/ada@contoso.com/reports', {
    kind,
    original: ORIGINAL,
    recipients: [NOBODY],
    ...change,
  })

async function list(from: Parameters<GraphMailer['listArrived']>[0]) {
  const listed = await microsoft.mailer.listArrived(from, ada)
  if (listed.outcome !== 'listed') throw new Error(listed.outcome)
  return listed
}

it('lists what has arrived with its sender, and goes on from there', async () => {
  await arrive('exchange')
  await arrive('foreign')
  const first = await list(SINCE)
  expect(first.mails).toEqual([
    { id: expect.any(String), sender: EXCHANGE, messageClass: null },
    { id: expect.any(String), sender: 'mailer-daemon@mail.fabrikam.com', messageClass: null },
  ])
  expect(await list({ link: first.link })).toMatchObject({ mails: [], more: false })
  await arrive('auto-reply')
  expect(await list({ link: first.link })).toMatchObject({ mails: [{ sender: 'postmaster@fabrikam.com' }] })
  expect((await list({ since: new Date('2100-01-01T00:00:00.000Z') })).mails).toEqual([])
})

it.each([
  ['refused', null],
  ['returned', 'REPORT.IPM.Note.NDR'],
])('lists all the same where extended properties are %s', async (deltaProperties, messageClass) => {
  await microsoft.control('PATCH', '/settings', { deltaProperties })
  await arrive('exchange')
  expect((await list(SINCE)).mails).toMatchObject([{ sender: EXCHANGE, messageClass }])
})

it('follows pages', async () => {
  for (let nth = 0; nth < 101; nth++) await arrive('auto-reply')
  const first = await list(SINCE)
  const second = await list({ link: first.link })
  expect([first.mails.length, first.more, second.mails.length, second.more]).toEqual([100, true, 1, false])
})

it('says that a link has expired', async () => {
  const { link } = await list(SINCE)
  await microsoft.control('DELETE', '/delta-tokens')
  expect(await microsoft.mailer.listArrived({ link }, ada)).toEqual({ outcome: 'link-expired' })
})

it('keeps of a link what follows the version, so that it leads to no other host', async () => {
  const page = {
    value: [{ id: 'a' }, { '@removed': {} }],
    '@odata.deltaLink': 'https://elsewhere.example/v1.0/me/x?$deltatoken=a%3D%3D',
  }
  const { mailer: other, requests } = await answering(200, page)
  const listed = await other.listArrived(SINCE, token)
  expect(listed).toMatchObject({ mails: [{ id: 'a', sender: null }], link: '/me/x?$deltatoken=a%3D%3D', more: false })
  await other.listArrived({ link: '/me/x?$deltatoken=a%3D%3D' }, token)
  expect(requests.at(-1)).toMatchObject({
    url: '/v1.0/me/x?$deltatoken=a%3D%3D',
    headers: { prefer: 'IdType="ImmutableId", odata.maxpagesize=100' },
  })
})

it('reads a report of Exchange and its source, and asks for nothing but what it needs', async () => {
  await arrive('exchange')
  const [{ id }] = (await list(SINCE)).mails as [ArrivedMail]
  expect(await microsoft.mailer.readReport(id, ada)).toEqual({
    outcome: 'read',
    messageClass: 'REPORT.IPM.Note.NDR',
    from: EXCHANGE,
    sender: EXCHANGE,
    receivedAt: expect.any(Date),
    to: ['nobody@contoso.com'],
    originals: [ORIGINAL.internetMessageId, ORIGINAL.internetMessageId],
  })
  const source = await microsoft.mailer.readReportSource(id, ada)
  expect(source.outcome === 'read' && (await readDeliveryReport(source.source))).toMatchObject({
    originals: [ORIGINAL.internetMessageId],
    recipients: [{ addresses: ['nobody@contoso.com'], action: 'failed', code: '5.1.10', detail: NOBODY.text }],
  })
  const { items } = (await microsoft.read('/log')) as { items: { endpoint: string }[] }
  expect(items.slice(-3).map(({ endpoint }) => endpoint)).toEqual(['inbox-delta', 'message-get', 'message-source'])
})

it('reads no more than the beginning of a large report', async () => {
  await arrive('exchange', { recipients: Array.from({ length: 900 }, () => ({ ...NOBODY, text: 'x'.repeat(999) })) })
  const [{ id }] = (await list(SINCE)).mails as [ArrivedMail]
  const source = await microsoft.mailer.readReportSource(id, ada)
  expect(source.outcome === 'read' && source.source.length).toBe(256 * 1024)
})

it('says what was deleted meanwhile, and that the permission is missing', async () => {
  await arrive('exchange')
  const [{ id }] = (await list(SINCE)).mails as [ArrivedMail]
  const gone = `${id.slice(0, -2)}${id.at(-2) === 'A' ? 'Q' : 'A'}=` // ids are random, and one in 16 ends with A=
  expect(await microsoft.mailer.readReport(gone, ada)).toEqual({ outcome: 'gone' })
  expect(await microsoft.mailer.readReportSource(gone, ada)).toEqual({ outcome: 'gone' })
  await microsoft.control('POST', '/reset')
  const options = await microsoft.accessOf(ADA, ['Mail.Send'])
  expect(await microsoft.mailer.listArrived(SINCE, options)).toMatchObject({
    outcome: 'refused',
    reason: 'access-denied',
  })
})
