import type { Failure } from '@inforiver-mail/m365/classify-failure'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { Timers } from '../runtime/clock.ts'
import { isFromDelegate } from '../domain/mailbox-access.ts'
import type { AccessSource } from './access.ts'
import type { GrantStore } from './grant-store.ts'

const GIVE_UP_AFTER_MS = 15 * 60_000 // the copy usually appears within a minute

/**
 * Searches each mailbox for the message that proved its grant, to learn whether sent messages can be found by our id, and
 * whether they leave from the sender.
 * Until that is known, and where they cannot, messages go by draft, whose id identifies them.
 */
export async function checkSentItemsSearch({
  grantStore,
  accessSource,
  mailer,
  clock,
  timers,
}: {
  grantStore: Pick<GrantStore, 'findUnprovedSearches' | 'saveSentItemsSearch'>
  accessSource: Pick<AccessSource, 'access' | 'reportIgnoredSender'>
  mailer: GraphMailer
  clock: () => Date
  timers: Pick<Timers, 'deadline'>
}): Promise<void> {
  for (const search of await grantStore.findUnprovedSearches()) {
    const { tenantId, settingsVersion, verificationId, connectedAt } = search
    const access = await accessSource.access(tenantId, { signal: timers.deadline(60_000) })
    if (access.outcome !== 'granted') continue
    const { accessToken, connection } = access
    const mailbox = connection.mailbox === 'application' ? { address: connection.fromEmail } : 'me'
    const sought = { messageId: verificationId, internetMessageId: null }
    const found = await mailer.findMessage(sought, 'sentitems', { accessToken, mailbox })
    if (found.outcome === 'found') {
      // Only the copy shows it: Microsoft accepts the message in either case.
      if (isFromDelegate(found.from, connection)) {
        // The access may be that of a newer connection, which this copy says nothing about.
        await accessSource.reportIgnoredSender(tenantId, { settingsVersion, connection })
      } else await grantStore.saveSentItemsSearch(tenantId, verificationId, 'works')
    } else if (isAnswer(found.outcome) && clock().getTime() - connectedAt.getTime() > GIVE_UP_AFTER_MS) {
      await grantStore.saveSentItemsSearch(tenantId, verificationId, 'fails')
    }
  }
}

/** A temporary failure proves nothing about the mailbox. */
function isAnswer(outcome: 'not-found' | Failure['outcome']): boolean {
  return outcome === 'not-found' || outcome === 'refused'
}
