import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { expect, it } from 'vitest'
import type { CheckedConnection } from '../domain/checked-connection.ts'
import { checkMailbox, checkPermissions, type MailboxQuestion } from './mailbox-checks.ts'

const OF_APPLICATION: CheckedConnection = {
  fromEmail: 'reports@contoso.com',
  mailbox: 'application',
  granted: ['Mail.Send', 'Mail.ReadWrite'],
  needed: ['Mail.Send', 'Mail.ReadWrite'],
  problem: null,
  mailProblem: null,
}
const DELEGATE = { objectId: 'an-object', name: 'Ada Admin', guest: false }
const facts = { microsoftCode: 'ErrorAccessDenied', requestId: 'a-request', detail: 'Access is denied.' }

const accessWith = (...permissions: string[]) =>
  Promise.resolve({ outcome: 'granted', accessToken: 'token', grantVersion: 1, permissions } as const)

function ask(
  connection: CheckedConnection,
  findMessage: GraphMailer['findMessage'],
  question: Partial<MailboxQuestion> = {},
) {
  return checkMailbox({
    connection: Promise.resolve(connection),
    access: accessWith('Mail.Send'),
    graph: Promise.resolve({ outcome: 'answers', aheadMs: 0 }),
    fromEmail: undefined,
    mailer: { findMessage, readDelegate: () => expect.unreachable() },
    identity: {
      adminCenters: { entra: 'Entra', exchange: 'Exchange', restrictedSenders: '', serviceStatus: '', codePage: '' },
      approvalLinks: {
        delegated: () => 'https://a.example',
        application: () => 'https://b.example',
      },
    },
    renewAccess: () => expect.unreachable(),
    signal: new AbortController().signal,
    ...question,
  })
}

it('reads the mailbox of another sender with the application’s access, which needs no Send As', async () => {
  const asked: unknown[] = []
  const answer = await ask(
    OF_APPLICATION,
    async (_sought, _folder, { mailbox }) => {
      asked.push(mailbox)
      return { outcome: 'not-found' }
    },
    { fromEmail: 'finance@contoso.com' },
  )

  expect(answer).toEqual({ code: 'mailbox-answers', values: { address: 'finance@contoso.com' } })
  expect(asked).toEqual([{ address: 'finance@contoso.com' }])
})

it('asks nothing with an application that may only send', async () => {
  const connection = { ...OF_APPLICATION, granted: ['Mail.Send'], needed: ['Mail.Send'] }

  expect(await ask(connection, () => expect.unreachable())).toMatchObject({ code: 'mailbox-unreadable' })
})

it('explains a refusal of the mailbox, and takes an outage for no refusal', async () => {
  const refused = {
    outcome: 'refused',
    reason: 'access-denied',
    concerns: 'mailbox',
    title: 'Denied',
    ...facts,
  } as const
  expect(await ask(OF_APPLICATION, async () => refused)).toMatchObject({
    code: 'mailbox-refused',
    values: { address: 'reports@contoso.com', microsoftCode: 'ErrorAccessDenied' },
    text: { action: expect.stringMatching(/./) },
  })
  const throttled = { outcome: 'throttled', retryAfter: null, ...facts } as const
  expect(await ask(OF_APPLICATION, async () => throttled)).toMatchObject({ code: 'mailbox-unavailable' })
})

it('explains that Graph refuses a person’s access', async () => {
  const refused = {
    outcome: 'refused',
    reason: 'access-denied',
    concerns: 'mailbox',
    title: 'Denied',
    ...facts,
  } as const
  const mailer = { findMessage: () => expect.unreachable(), readDelegate: async () => refused }

  expect(await ask({ ...OF_APPLICATION, mailbox: 'own' }, mailer.findMessage, { mailer })).toMatchObject({
    code: 'mailbox-refused',
    values: { address: 'reports@contoso.com', microsoftCode: 'ErrorAccessDenied' },
    text: { action: expect.stringMatching(/./) },
  })
})

it('reports a connection that has a problem without asking again', async () => {
  const text = { title: 'Reconnect', detail: 'It ended.', action: 'Choose Reconnect.' }
  const problem = { ...text, values: {} }

  expect(await ask({ ...OF_APPLICATION, problem }, () => expect.unreachable())).toMatchObject({
    code: 'access-lost',
    text,
  })
})

it.each(['application', 'own'] as const)('fails for the %s mailbox whose mail Microsoft refuses', async (mailbox) => {
  const text = { title: 'Not allowed', detail: 'No right.', action: 'Grant Send As.' }
  const mailProblem = { ...text, values: { microsoftCode: 'ErrorSendAsDenied' } }
  const connection = { ...OF_APPLICATION, mailbox, mailProblem }
  const other = { fromEmail: 'finance@contoso.com' }
  const mailer = {
    findMessage: async () => ({ outcome: 'not-found' }) as const,
    readDelegate: async () => ({ outcome: 'found', delegate: { ...DELEGATE, addresses: [other.fromEmail] } }) as const,
  }

  expect(await ask(connection, () => expect.unreachable())).toEqual({
    code: 'mailbox-refused',
    values: { microsoftCode: 'ErrorSendAsDenied', address: 'reports@contoso.com' },
    text,
  })
  expect(await ask(connection, mailer.findMessage, { ...other, mailer })).toMatchObject({ code: 'mailbox-answers' })
})

it('says why Entra gives no token that shows the permissions', async () => {
  const access = { outcome: 'unavailable', detail: 'Entra is asked again in 30 s.' } as const

  expect(await checkPermissions(Promise.resolve(OF_APPLICATION), Promise.resolve(access))).toEqual({
    code: 'permissions-unavailable',
    values: { reason: access.detail },
  })
})

it('does not ask a Graph that cannot be reached', async () => {
  const graph = Promise.resolve({ outcome: 'proxy-refuses', status: 407 } as const)

  expect(await ask(OF_APPLICATION, () => expect.unreachable(), { graph })).toMatchObject({ code: 'graph-not-reached' })
})

it.each([
  ['permissions-granted', 'application', ['Mail.Send', 'Mail.ReadWrite'], { permissions: OF_APPLICATION.needed }],
  ['permissions-not-in-token', 'application', ['Mail.Send'], { missing: ['Mail.ReadWrite'] }], // Exchange may grant it
  ['permissions-unreadable', 'application', null, { permissions: OF_APPLICATION.needed }],
  ['permissions-granted', 'own', ['Mail.Send', 'Mail.ReadWrite'], { permissions: OF_APPLICATION.needed }],
  ['permissions-missing', 'own', ['Mail.Send'], { missing: ['Mail.ReadWrite'] }],
] as const)('finds %s for the %s mailbox in a token with %j', async (code, mailbox, permissions, values) => {
  const access = { ...(await accessWith()), permissions }
  // The connection was made with all of them.
  const connection = { ...OF_APPLICATION, mailbox }

  expect(await checkPermissions(Promise.resolve(connection), Promise.resolve(access))).toEqual({ code, values })
})

it.each([
  ['permissions-missing', { missing: ['Mail.Send'] }],
  ['permissions-not-fetched', {}],
])('finds %s where Entra gives no token and names %j', async (code, values) => {
  const problem = { title: 'Reconnect', detail: 'It ended.', action: 'Choose Reconnect.', values }
  const lost = Promise.resolve({ outcome: 'lost', problem } as const)

  expect(await checkPermissions(Promise.resolve(OF_APPLICATION), lost)).toEqual({ code, values })
})
