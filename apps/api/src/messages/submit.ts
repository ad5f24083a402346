import { createContentCipher, newContentKey } from '@inforiver-mail/m365/content-cipher'
import type { OutgoingMessage } from '@inforiver-mail/m365/outgoing-message'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import { newId } from '../ids.ts'
import type { MessageStore } from './message-store.ts'

/** A message as submitted: the sender is decided when it is sent, the id here. */
export type MessageContent = Omit<OutgoingMessage, 'id' | 'from'>

/** Stores a message for delivery, its content sealed, and returns its id. */
export type Submit = (tenantId: string, service: string, content: MessageContent) => Promise<string>

export function createSubmit({
  store,
  vault,
  clock,
  random,
}: {
  store: MessageStore
  vault: TokenVault
  clock: () => Date
  random: RandomBytes
}): Submit {
  return async (tenantId, service, content) => {
    const id = newId('message')
    const contentKey = newContentKey(random)
    const body = Buffer.from(JSON.stringify(content))
    await store.submit({
      id,
      tenantId,
      service,
      to: content.to,
      subject: content.subject,
      reference: null,
      createdAt: clock(),
      contentKeySealed: await vault.seal(contentKey, { tenant: tenantId, record: id, purpose: 'content-key' }),
      content: createContentCipher(contentKey, random).seal(body, {
        tenant: tenantId,
        message: id,
        part: 'body',
        chunk: 0,
        last: true,
      }),
    })
    return id
  }
}
