import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { FindMessageOutcome } from '@inforiver-mail/m365/find-message'
import type { CallOptions, GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { addressOfMailbox, type GrantedAccess } from '../domain/mailbox-access.ts'
import type { Cleanup } from '../queue/drafts/cleanups.ts'
import { callOptions, type AttemptDeps } from './attempt.ts'

const MINUTE_MS = 60_000
const AGAIN_AFTER_MS = 2 * MINUTE_MS
/** What could not be deleted is tried again after as long as its age, within these bounds. */
const AGAIN_AFTER_AT_MOST_MS = 60 * MINUTE_MS
/**
 * A copy that has not appeared, or a draft that Microsoft does not show for now, is looked for again after this, then each
 * time after as long again as its age.
 */
const LOOK_AGAIN_MS = 10_000
/** An accepted message may stay among the drafts this long before its copy appears. */
const LEAVES_WITHIN_MS = 10 * MINUTE_MS
/** What cannot be deleted for this long never will be: nothing that is connected reaches its mailbox. */
const GIVE_UP_AFTER_MS = 7 * 24 * 60 * MINUTE_MS
const CALL_TIMEOUT_MS = 30_000
/** How many strays of one message are deleted in one go; the rest is left to the next. */
const MAX_STRAYS = 3

/** `needed`: a message that is under way may still use it. */
type Outcome = 'done' | 'not-there' | 'needed' | 'failed'
type Removed = Awaited<ReturnType<GraphMailer['deleteDraft' | 'readDraft']>>

/** Deletes the drafts, copies and strays that are due to go from mailboxes. */
export async function cleanMailboxes(
  {
    mailboxes,
    requestAccess,
    mailer,
    timers,
    logger,
  }: Pick<AttemptDeps, 'mailboxes' | 'requestAccess' | 'mailer' | 'timers' | 'logger'>,
  stopping: AbortSignal,
): Promise<void> {
  for (;;) {
    const cleanups = await mailboxes.claimCleanups()
    if (cleanups.length === 0 || stopping.aborted) return
    const ended = await Promise.allSettled(cleanups.map(clean))
    for (const each of ended) if (each.status === 'rejected') throw each.reason
  }

  async function clean(cleanup: Cleanup): Promise<void> {
    const outcome = await remove(cleanup)
    const { ageMs } = cleanup
    if (outcome === 'not-there' && ageMs < LEAVES_WITHIN_MS)
      return mailboxes.postponeCleanup(cleanup, Math.max(LOOK_AGAIN_MS, ageMs))
    if (outcome === 'needed') return mailboxes.postponeCleanup(cleanup, AGAIN_AFTER_MS)
    if (outcome === 'failed' && ageMs < GIVE_UP_AFTER_MS)
      return mailboxes.postponeCleanup(cleanup, Math.min(Math.max(AGAIN_AFTER_MS, ageMs), AGAIN_AFTER_AT_MOST_MS))
    if (outcome === 'failed')
      logger.warn({ tenant: cleanup.tenantId, kind: cleanup.kind }, 'something of ours stays in the mailbox')
    return mailboxes.endCleanup(cleanup)
  }

  async function remove({ tenantId, itemId, mailbox, kind }: Cleanup): Promise<Outcome> {
    if (kind === 'stray' && (await mailboxes.isUnderWay(itemId, LEAVES_WITHIN_MS))) return 'needed'
    const signal = AbortSignal.any([stopping, timers.deadline(CALL_TIMEOUT_MS)])
    const granted = await requestAccess(tenantId, { signal })
    if (granted.outcome !== 'granted') return 'failed'
    const options = optionsIn(mailbox, granted, signal)
    if (options === null) return 'failed'
    if (kind === 'stray') return removeStrays(tenantId, itemId, mailbox, options)
    const removed = kind === 'draft' ? await mailer.deleteDraft(itemId, options) : await deleteCopy(itemId, options)
    if (removed.outcome === 'gone' || removed.outcome === 'draft') return 'not-there'
    return removed.outcome === 'deleted' || removed.outcome === 'sent' ? 'done' : 'failed'
  }

  /** Deletes whatever lies among the drafts for a message that needs none any more. */
  async function removeStrays(
    tenantId: string,
    messageId: string,
    mailbox: string,
    options: CallOptions,
  ): Promise<Outcome> {
    for (let strays = 0; strays < MAX_STRAYS; strays++) {
      const found = await findStray(messageId, options)
      if (found.outcome === 'not-found') return 'done'
      if (found.outcome !== 'found') return 'failed'
      const draft = { tenantId, itemId: found.id, mailbox }
      await mailboxes.recordDeletion(draft)
      if ((await mailer.deleteDraft(found.id, options)).outcome !== 'deleted') return 'failed'
      await mailboxes.endCleanup(draft)
    }
    return 'failed'
  }

  /** What the message was made of is deleted, so nobody knows whether it went as MIME. */
  async function findStray(messageId: string, options: CallOptions): Promise<FindMessageOutcome> {
    const sought = { messageId, internetMessageId: null }
    const found = await mailer.findMessage(sought, 'drafts', options)
    return found.outcome === 'not-found' ? mailer.findMessage({ ...sought, asMime: true }, 'drafts', options) : found
  }

  /** Still a draft means still being sent; deleting it would lose the mail. */
  async function deleteCopy(itemId: string, options: CallOptions): Promise<Removed> {
    const read = await mailer.readDraft(itemId, options)
    return read.outcome === 'sent' ? mailer.deleteForGood(itemId, options) : read
  }
}

/** A mailbox that is connected no longer is reached by the application's own token, and by no account's. */
function optionsIn(mailbox: string, granted: GrantedAccess, signal: AbortSignal): CallOptions | null {
  const { connection } = granted
  const options = callOptions(granted, signal)
  if (mailbox === '' || sameAddress(mailbox, addressOfMailbox(connection))) return options
  return connection.mailbox === 'application' ? { ...options, mailbox: { address: mailbox } } : null
}
