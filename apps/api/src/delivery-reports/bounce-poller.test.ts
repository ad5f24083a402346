import { createGraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { createMicrosoftFetch } from '@inforiver-mail/m365/microsoft-fetch'
import { LRUCache } from 'lru-cache'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { beforeEach, expect, it } from 'vitest'
import { systemTimers } from '../runtime/clock.ts'
import type { GrantedAccess } from '../domain/mailbox-access.ts'
import { ADA, useQueueFixture, VERSION } from '../test-support/queue-fixture.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { useMicrosoft } from '../test-support/use-fixture.ts'
import { createBounceMetrics } from './report-metrics.ts'
import { pollInboxes } from './bounce-poller.ts'

const POLL_MS = 60 * SECONDS
const RUNNING = new AbortController().signal
const fetchMicrosoft = createMicrosoftFetch({ timeoutMs: 10_000 })

const fixture = useQueueFixture()
const microsoft = useMicrosoft(() => fixture.clock.now())
let accessToken: string

beforeEach(async () => {
  await fixture.clock.advance(10 * MINUTES)
  await microsoft.control('POST', '/reset')
  await microsoft.control('PATCH', '/settings', { accessTokenSeconds: 86_400 })
  ;({ accessToken } = await microsoft.control('POST', '/people/ada@contoso.com/tokens', { scopes: ['Mail.ReadWrite'] }))
  await fixture.database.empty('report_inboxes')
  await fixture.database.query(
    `UPDATE tenant_settings SET from_email = 'ada@contoso.com', bounces_enabled = tenant_id = $1, bounces_since = mail_now()`,
    [ADA],
  )
})

/** A process that reads inboxes, with what it reported of them. `onAccess` is called before it gets access. */
function newProcess({
  onAccess = async () => {},
  onRequest = async () => {},
}: { onAccess?: () => Promise<unknown>; onRequest?: () => Promise<unknown> } = {}) {
  const reported: (readonly [string, string, string])[] = []
  const { inboxes, reports, mailboxes } = fixture.newProcess()
  const deps = {
    inboxes,
    reports,
    mailboxes,
    async requestAccess(tenantId: string): Promise<GrantedAccess> {
      const [settings] = await fixture.database.query<{ from_email: string }>(
        'SELECT from_email FROM tenant_settings WHERE tenant_id = $1',
        [tenantId],
      )
      await onAccess()
      return {
        outcome: 'granted',
        accessToken,
        connection: {
          fromEmail: settings?.from_email ?? '',
          mailbox: 'own',
          delegate: null,
          permissions: ['Mail.ReadWrite'],
          largeAttachments: true,
          searchWorks: false,
          searchFails: false,
          redirectAllTo: null,
        },
        grantVersion: 1,
        renewAt: new Date(fixture.clock.now().getTime() + 60 * MINUTES),
        settingsVersion: VERSION,
      }
    },
    async reportHealth({ connection }: GrantedAccess, tenantId: string, failure: { outcome: string } | null) {
      reported.push([tenantId, connection.fromEmail, failure?.outcome ?? 'readable'])
    },
    mailer: createGraphMailer({
      graphBaseUrl: microsoft.graphBaseUrl,
      async fetch(...call) {
        const response = await fetchMicrosoft(...call)
        await onRequest()
        return response
      },
      clock: fixture.clock.now,
    }),
    tenantDomain: null,
    pollEveryMs: POLL_MS,
    failedRounds: new LRUCache<string, number>({ max: 10 }),
    metrics: createBounceMetrics(new Registry()),
    clock: fixture.clock.now,
    timers: systemTimers,
    logger: pino({ enabled: false }),
  }
  return {
    poll: () => pollInboxes(deps, 'one', RUNNING),
    reported,
  }
}

const changeSender = () =>
  fixture.database.query(`UPDATE tenant_settings SET from_email = 'reports@contoso.com' WHERE tenant_id = $1`, [ADA])

it.each(['before the inbox is read', 'while it is read'])(
  'says nothing of the inbox of another sender than the one of now: changed %s',
  async (when) => {
    const changes = when === 'while it is read' ? { onRequest: changeSender } : { onAccess: changeSender }
    const process = newProcess(changes)
    await process.poll()

    expect(process.reported).toEqual([])
    const next = newProcess()
    expect(await next.poll()).toBe(true) // the other sender's inbox is due at once
    expect(next.reported).toMatchObject([[ADA, 'reports@contoso.com', expect.any(String)]])
  },
)
