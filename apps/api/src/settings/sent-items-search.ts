import type { Failure } from '@inforiver-mail/m365/classify-failure'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { AccessSource } from './access.ts'
import type { SettingsStore } from './settings-store.ts'

const GIVE_UP_AFTER_MS = 15 * 60_000 // the copy appears within a minute or so; after this it never will

/**
 * Finds out whether sent messages can be found in the mailbox by our id, from the message that proved the grant.
 * Until that is known, and where it cannot be, messages go by draft, which can always be recognised again.
 */
export async function checkSentItemsSearch(parts: {
  store: SettingsStore
  accessSource: AccessSource
  mailer: GraphMailer
  clock: () => Date
}): Promise<void> {
  const { store, accessSource, mailer, clock } = parts
  for (const { tenantId, verificationId, connectedAt } of await store.findUnprovedSearches()) {
    const access = await accessSource.access(tenantId, { signal: AbortSignal.timeout(60_000) })
    if (access.outcome !== 'granted') continue
    const { accessToken, connection } = access
    const mailbox = connection.mailbox === 'application' ? { address: connection.fromEmail } : 'me'
    const sought = { messageId: verificationId, internetMessageId: null }
    const found = await mailer.findMessage(sought, 'sentitems', { accessToken, mailbox })
    if (found.outcome === 'found') await store.saveSentItemsSearch(tenantId, verificationId, 'works')
    else if (isAnswer(found.outcome) && clock().getTime() - connectedAt.getTime() > GIVE_UP_AFTER_MS) {
      await store.saveSentItemsSearch(tenantId, verificationId, 'fails')
    }
  }
}

/** Trouble that passes shows nothing about the mailbox. */
function isAnswer(outcome: 'not-found' | Failure['outcome']): boolean {
  return outcome === 'not-found' || outcome === 'refused'
}
