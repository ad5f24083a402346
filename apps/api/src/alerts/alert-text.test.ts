import { AlertType } from '@inforiver-mail/contract/notice'
import { adminCentersAt } from '@inforiver-mail/m365/admin-centers'
import { WebhookPayload } from '@inforiver-mail/contract/webhook'
import { expect, it } from 'vitest'
import type { Alert } from '../domain/alert.ts'
import { alertText, knownOf, noticeText } from './alert-text.ts'
import { testBody, webhookBody } from './webhook-body.ts'

const ADMIN_CENTERS = adminCentersAt('https://login.microsoftonline.com', 'https://graph.microsoft.com')
const AT = new Date('2026-11-24T10:00:00.000Z')
const PROBLEM = {
  fromEmail: 'reports@contoso.com',
  title: 'The connection was revoked',
  detail: 'Microsoft no longer accepts the connection.',
  action: 'A workspace admin has to reconnect the mailbox.',
  correlationId: 'c0ffee00-0000-4000-8000-000000000000',
}

const GATEWAY = {
  since: '2026-11-24T09:50:00.000Z',
  status: 403,
  host: 'graph.microsoft.com',
  contentType: 'text/plain',
  excerpt: 'RBAC: access denied',
}

const ALERTS: readonly Alert[] = [
  { type: 'mailbox.reconnect-required', facts: PROBLEM },
  { type: 'mailbox.app-misconfigured', facts: PROBLEM },
  { type: 'mailbox.refused', facts: PROBLEM },
  { type: 'mailbox.token-refused', facts: PROBLEM },
  { type: 'mailbox.recovered', facts: { fromEmail: 'reports@contoso.com' } },
  { type: 'messages.failed', facts: {} },
  { type: 'microsoft.unreachable', facts: GATEWAY },
  { type: 'microsoft.recovered', facts: {} },
  { type: 'queue.stalled', facts: { oldestDueAt: '2026-11-24T09:40:00.000Z' } },
  {
    type: 'quota.exceeded',
    facts: { fromEmail: 'reports@contoso.com', code: '5.7.233', until: '2026-11-24T11:00:00.000Z' },
  },
  { type: 'secret.expiring', facts: { kind: 'secret', expiresAt: '2026-12-01T00:00:00.000Z', daysLeft: 7 } },
  {
    type: 'storage.nearly-full',
    facts: {
      usedBytes: 8_900_000_000,
      limitBytes: 10_737_418_240,
      services: [
        { name: 'reports', bytes: 8_000_000_000 },
        { name: 'alerts', bytes: 900_000_000 },
      ],
    },
  },
  { type: 'storage.recovered', facts: { usedBytes: 900_000_000, limitBytes: 10_737_418_240 } },
]

it('has a text for every kind of alert', () => {
  expect(ALERTS.map(({ type }) => type)).toEqual(AlertType.options)
  for (const alert of ALERTS) {
    const { title, detail, action } = alertText(alert, 2, ADMIN_CENTERS)
    expect(title).toMatch(/^[A-Z0-9].*[^.]$/)
    expect(detail).toMatch(/^[A-Z].*\.$/)
    expect(action).toMatch(/^[A-Z].*\.$/)
  }
})

it.each(ALERTS.map((alert) => [alert.type, alert] as const))(
  'describes %s to a webhook as the contract says',
  (type, alert) => {
    const payload = JSON.parse(
      webhookBody({ id: 'alt_0', at: AT, alert, count: 3 }, 'https://mail.contoso.com', ADMIN_CENTERS),
    )

    expect(WebhookPayload.parse(payload)).toEqual(payload)
    expect(payload).toMatchObject({ type, timestamp: AT.toISOString() })
    expect(payload.data.url).toMatch(/^https:\/\/mail\.contoso\.com\/(settings|messages)/)
  },
)

it('says of a mailbox that Microsoft refuses by draft which mail waits', () => {
  const alert = { type: 'mailbox.refused', facts: { ...PROBLEM, values: { byDraft: true } } } as const
  expect(alertText(alert, 1, ADMIN_CENTERS).title).toContain('that goes by draft, such as large messages, waits')
})

it('shows what a gateway says on the page, and sends it to no webhook', () => {
  const alert = { type: 'microsoft.unreachable', facts: GATEWAY } as const
  expect(noticeText(alert, 1, ADMIN_CENTERS).detail).toContain('HTTP 403 (text/plain)')
  expect(noticeText(alert, 1, ADMIN_CENTERS).detail).toContain('It says: “RBAC: access denied”')
  const body = webhookBody({ id: 'alt_0', at: AT, alert, count: 1 }, 'https://mail.contoso.com', ADMIN_CENTERS)
  expect(JSON.parse(body).data).toMatchObject({ status: 403, host: 'graph.microsoft.com', contentType: 'text/plain' })
  expect(body).not.toContain('RBAC')
})

it('describes a test to a webhook as the contract says', () => {
  const payload = JSON.parse(testBody(AT, 'https://mail.contoso.com'))

  expect(WebhookPayload.parse(payload)).toEqual(payload)
})

it.each([
  [1, 'A message failed'],
  [10_000, '10,000 messages failed'],
])('counts %s failed messages', (count, title) => {
  expect(alertText({ type: 'messages.failed', facts: {} }, count, ADMIN_CENTERS).title).toBe(title)
})

it('says why messages failed, with their number for each cause, the most frequent first', () => {
  const causes = { expired: 1, ErrorInvalidRecipients: 22, ErrorNew: 2 }
  const alert = { type: 'messages.failed', facts: { causes, since: '2026-11-24T10:00:00+00:00' } } as const

  expect(alertText(alert, 28, ADMIN_CENTERS).detail).toBe(
    '22 refused: invalid recipient (ErrorInvalidRecipients); 2 failed: ErrorNew; 1 expired before leaving; 3 for other reasons.',
  )
  expect(knownOf(alert, 28, ADMIN_CENTERS).values).toEqual({
    count: 28,
    since: '2026-11-24T10:00:00.000Z',
    'cause.ErrorInvalidRecipients': 22,
    'cause.ErrorNew': 2,
    'cause.expired': 1,
  })
})

it.each([
  [60, 'The client secret of the app registration expires in 60 days'],
  [1, 'The client secret of the app registration expires within a day'],
  [0, 'The client secret of the app registration has expired'],
])('describes %s days left', (daysLeft, title) => {
  const facts = { kind: 'secret', expiresAt: '2026-12-01T00:00:00.000Z', daysLeft } as const

  expect(alertText({ type: 'secret.expiring', facts }, 1, ADMIN_CENTERS).title).toBe(title)
})

it.each([
  ['secret', 'Client secrets', 'AZURE_CLIENT_SECRET_EXPIRES'],
  ['certificate', 'Certificates', 'AZURE_CLIENT_CERTIFICATE_PATH'],
] as const)('says where a %s is renewed, with a link, and what is set then', (kind, place, setting) => {
  const facts = { kind, expiresAt: '2026-12-01T00:00:00.000Z', daysLeft: 7 }
  const { detail, action } = alertText({ type: 'secret.expiring', facts }, 1, ADMIN_CENTERS)

  expect(detail).toContain('It runs out on December 1, 2026.')
  expect(action).toContain(
    `the Microsoft Entra admin center (https://entra.microsoft.com) > App registrations > the app of Inforiver Mail > Certificates & secrets > ${place}.`,
  )
  expect(action).toContain(setting)
})

it('ends each sentence with exactly one full stop', () => {
  const detail = 'ada@contoso.com may not send from reports@contoso.com (ErrorAccessDenied).'
  const alert = { type: 'mailbox.reconnect-required', facts: { ...PROBLEM, detail } } as const

  expect(alertText(alert, 1, ADMIN_CENTERS).detail).toContain(' (ErrorAccessDenied). Messages are held')
})
