import type { ReportsProblem } from '@inforiver-mail/contract/consent-problem'
import type { RecipientsPolicy, RecipientsPolicyInput } from '@inforiver-mail/contract/recipients-policy'
import type { Alert } from '../domain/alert.ts'
import { appendAlert, dismissAlerts } from '../database/alert-log.ts'
import { appendAuditEvent, type AuditEvent } from '../database/audit-log.ts'
import type { Prisma, PrismaClient } from '../database/generated/client.ts'
import { countOnTheWire } from '../queue/owner/clear.ts'
import { regroupHeld, WAITS_FOR_CONNECTION } from '../queue/changes/release.ts'
import { endRefusals, readHold, readMailboxProblem, tellOfHoldAgain } from '../queue/mailbox/mailbox-refusals.ts'
import { endPause, endWantOfAccess } from '../queue/mailbox/pause.ts'
import { readQuotaPause } from '../queue/mailbox/quota-pause.ts'
import { countActive } from '../queue/records/read.ts'
import type { Timers } from '../runtime/clock.ts'
import type { NewId } from '../runtime/ids.ts'
import {
  carryPending,
  delayCompletion,
  endConsents,
  readPending,
  wasLastConnected,
  type ConsentRecord,
  type Ending,
} from './consent-store.ts'
import { bouncesProblemColumn, NO_REPORTS } from './reports-store.ts'
import { lockSettings, newGrant, NO_GRANT, toColumns, toSettings, type SealedTokens } from './settings-row-store.ts'
import {
  transition,
  whyHeld,
  type Connection,
  type HealthEvent,
  type SettingsState,
  type VersionedSettings,
} from './settings-state.ts'

/** A change of the settings waits this long at most for requests on the wire, which cannot be recalled. */
const WIRE_WAIT_MS = 10_000
const LOOK_EVERY_MS = 100
/** What held messages no longer wait for where the connection ends, or another one begins. */
const ENDED = [...WAITS_FOR_CONNECTION, 'mailbox-refused'] as const

/** A grant that was proved to work. */
export interface ProvedConsent {
  readonly connection: Connection
  /** The sign-in name of the person whose grant it is; null for the application's. */
  readonly account: string | null
  readonly tokens: SealedTokens
  /** What reading the inbox came to, where bounces are on: null is success. Missing where they were off. */
  readonly bounces?: Omit<ReportsProblem, 'since'> | null | undefined
}

/** Messages that were with Microsoft under settings up to this version when those were replaced. */
export interface OnTheWire {
  readonly tenantId: string
  readonly settingsVersion: number
  readonly requests: number
}

/** One version of the tokens, or a connection with any tokens. */
export type HealthSubject = { readonly grantVersion: number } | { readonly settingsVersion: number }

/** Reads and changes settings. A change and all that follows from it are one transaction. */
export type SettingsStore = ReturnType<typeof createSettingsStore>

export function createSettingsStore(prisma: PrismaClient, newId: NewId) {
  return {
    async read(tenantId: string): Promise<VersionedSettings> {
      return toSettings(await prisma.tenantSettings.findUnique({ where: { tenantId } }))
    },

    /** Reads what the settings show of the mail. */
    async readMail(tenantId: string) {
      const [waitingMessages, mailboxProblem, quotaPause] = await Promise.all([
        countActive(prisma, tenantId),
        readMailboxProblem(prisma, tenantId),
        readQuotaPause(prisma, tenantId),
      ])
      return { waitingMessages, mailboxProblem, quotaPause }
    },

    /** Saves the grant and completes the consent, unless the settings changed since it started or it has ended. */
    async completeConsent(
      consent: ConsentRecord,
      { connection, account, tokens, bounces }: ProvedConsent,
      now: Date,
    ): Promise<Ending<{ readonly onTheWire: OnTheWire }>> {
      return prisma.$transaction(async (transaction) => {
        const { id, tenantId } = consent
        const { version, state, reports } = toSettings(await lockSettings(transaction, tenantId))
        const { status, settingsVersion } = await readPending(transaction, id, now)
        if (status !== 'pending') return { ended: false, status }
        if (version !== settingsVersion) {
          await endConsents(transaction, { id }, { status: 'superseded', account }, now, { details: { account } })
          return { ended: false, status: 'superseded' }
        }
        const next = transition(state, { type: 'consent-completed', connection })
        await transaction.tenantSettings.update({
          where: { tenantId },
          data: {
            ...toColumns(next),
            ...newGrant(tokens, id),
            // While bounces are off the inbox was not read, and the stored problem is about another one.
            ...((bounces !== undefined || !reports.bounces.enabled) &&
              bouncesProblemColumn(bounces ? { ...bounces, since: now.toISOString() } : null)),
            version: { increment: 1 },
          },
        })
        await endWantOfAccess(transaction, tenantId)
        // The message that proved the connection has left.
        await endRefusals(transaction, tenantId, { tells: whyHeld(state) === null, isProved: true })
        // A pause belongs to the mailbox that Microsoft asked it for.
        if (!(await wasLastConnected(transaction, consent))) await endPause(transaction, tenantId)
        const onTheWire = await readOnTheWire(transaction, tenantId, version)
        const { requests: requestsOnTheWire } = onTheWire
        const details = { account, mailbox: connection.mailbox }
        await endConsents(transaction, { id }, { status: 'completed', requestsOnTheWire, account }, now, { details })
        if (requestsOnTheWire > 0) await delayCompletion(transaction, id, WIRE_WAIT_MS)
        await endConsents(transaction, { tenantId }, { status: 'superseded' }, now)
        const ended = connection.largeAttachments ? [...ENDED, 'large-attachments-disabled' as const] : ENDED
        await regroupHeld(transaction, tenantId, ended, whyHeld(next))
        await appendHealthAlert(transaction, newId, { tenantId, before: state, after: next, now })
        return { ended: true, onTheWire }
      })
    },

    async reset(tenantId: string, actor: string, now: Date): Promise<OnTheWire> {
      return prisma.$transaction(async (transaction) => {
        const { version, state } = toSettings(await lockSettings(transaction, tenantId))
        const next = transition(state, { type: 'reset' })
        await transaction.tenantSettings.update({
          where: { tenantId },
          data: { ...toColumns(next), ...NO_GRANT, ...NO_REPORTS, version: { increment: 1 } },
        })
        await endWantOfAccess(transaction, tenantId)
        await endRefusals(transaction, tenantId, { tells: false })
        await regroupHeld(transaction, tenantId, ENDED, whyHeld(next))
        await endConsents(transaction, { tenantId }, { status: 'superseded' }, now, { actor })
        await dismissAlerts(transaction, tenantId, 'mailbox', now)
        await appendAuditEvent(transaction, {
          tenantId,
          at: now,
          actor,
          action: 'settings-reset',
          outcome: 'done',
          details: { fromEmail: state.status === 'not-configured' ? null : state.connection.fromEmail },
        })
        return readOnTheWire(transaction, tenantId, version)
      })
    },

    /** `onTheWire`: messages under another redirection, where that has changed. Pending consents stay valid. */
    async replaceRecipientsPolicy(
      tenantId: string,
      { allowedDomains, redirectAllTo }: RecipientsPolicyInput,
      actor: string,
      now: Date,
    ): Promise<{ readonly policy: RecipientsPolicy; readonly onTheWire: OnTheWire | null }> {
      return prisma.$transaction(async (transaction) => {
        const before = await lockSettings(transaction, tenantId)
        const policy = { allowedDomains: [...allowedDomains], redirectAllTo }
        const isRedirectedAnew = redirectAllTo !== before.redirectAllTo
        if (!isRedirectedAnew && sameList(before.allowedDomains, allowedDomains)) return { policy, onTheWire: null }
        await transaction.tenantSettings.update({
          where: { tenantId },
          data: { ...policy, ...(isRedirectedAnew && { version: { increment: 1 } }) },
        })
        if (isRedirectedAnew) await carryPending(transaction, tenantId, before.version, now)
        await appendAuditEvent(transaction, {
          tenantId,
          at: now,
          actor,
          action: 'recipients-policy-changed',
          outcome: 'done',
          details: { allowedDomains: allowedDomains.join(' ') || null, redirectAllTo },
        })
        return {
          policy,
          onTheWire: isRedirectedAnew ? await readOnTheWire(transaction, tenantId, before.version) : null,
        }
      })
    },

    /** Whether requests that began under replaced settings are still under way. */
    async isOnTheWire({ tenantId, settingsVersion }: OnTheWire): Promise<boolean> {
      return (await countOnTheWire(prisma, tenantId, settingsVersion)) > 0
    },

    /** Applies what Microsoft's answers show, unless newer tokens or settings have replaced those that they are about. */
    async applyHealth(tenantId: string, subject: HealthSubject, event: HealthEvent, now: Date): Promise<void> {
      await prisma.$transaction(async (transaction) => {
        const row = await lockSettings(transaction, tenantId)
        if (
          'grantVersion' in subject
            ? row.grantVersion !== subject.grantVersion
            : row.version !== subject.settingsVersion
        )
          return
        const { state } = toSettings(row)
        const next = transition(state, event)
        if (next === state) return
        await transaction.tenantSettings.update({ where: { tenantId }, data: toColumns(next) })
        const isLost = next.status === 'reconnect-required'
        if (isLost) await endRefusals(transaction, tenantId, { tells: false })
        await appendAuditEvent(transaction, { tenantId, at: now, actor: null, ...healthEvent(event) })
        // The app registration works again, but mail does not leave yet.
        if (whyHeld(next) === null && (await readHold(transaction, tenantId)))
          await tellOfHoldAgain(transaction, tenantId)
        else await appendHealthAlert(transaction, newId, { tenantId, before: state, after: next, now })
        // Last, as it counts: who writes an outcome locks the row of the mailbox first, and counts then.
        await regroupHeld(transaction, tenantId, isLost ? ENDED : WAITS_FOR_CONNECTION, whyHeld(next))
      })
    },
  }
}

/** Waits until requests under replaced settings are answered, but ten seconds at most, however slow the database is. */
export async function waitForRequests(
  store: Pick<SettingsStore, 'isOnTheWire'>,
  onTheWire: OnTheWire,
  { elapsedMs, sleep }: Pick<Timers, 'elapsedMs' | 'sleep'>,
): Promise<void> {
  if (onTheWire.requests === 0) return
  const until = elapsedMs() + WIRE_WAIT_MS
  while (elapsedMs() < until && (await store.isOnTheWire(onTheWire))) await sleep(LOOK_EVERY_MS)
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index])
}

/** Read it while the settings are locked: by then every request under them is recorded. */
async function readOnTheWire(
  transaction: Prisma.TransactionClient,
  tenantId: string,
  settingsVersion: number,
): Promise<OnTheWire> {
  return { tenantId, settingsVersion, requests: await countOnTheWire(transaction, tenantId, settingsVersion) }
}

function healthEvent(event: HealthEvent): Pick<AuditEvent, 'action' | 'outcome' | 'details'> {
  if (event.type === 'access-worked') return { action: 'app-recovered', outcome: 'done' }
  const { code, title, values, correlationId } = event.problem
  // The page words the sentence in its language; the export has the English.
  const { title: sentence } = values
  return { action: code, outcome: title, details: { correlationId, ...(typeof sentence === 'string' && { sentence }) } }
}

/** Raises an alert when a connection stops working or works again, and dismisses the ones before it. */
async function appendHealthAlert(
  transaction: Prisma.TransactionClient,
  newId: NewId,
  change: { tenantId: string; before: SettingsState; after: SettingsState; now: Date },
): Promise<void> {
  const { tenantId, before, after, now } = change
  await dismissAlerts(transaction, tenantId, 'mailbox', now)
  const alert = healthAlert(before, after)
  if (alert) await appendAlert(transaction, { ...alert, id: newId('alert'), tenantId, at: now })
}

function healthAlert(before: SettingsState, after: SettingsState): Alert | null {
  if (before.status === 'not-configured' || after.status === 'not-configured') return null
  const { fromEmail } = after.connection
  if (!after.problem) return before.problem ? { type: 'mailbox.recovered', facts: { fromEmail } } : null
  const { code, values, title, detail, action, correlationId } = after.problem
  return { type: `mailbox.${code}`, facts: { fromEmail, values, title, detail, action, correlationId } }
}
