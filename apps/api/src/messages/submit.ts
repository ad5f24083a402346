import { createHash } from 'node:crypto'
import { createContentCipher, newContentKey } from '@inforiver-mail/m365/content-cipher'
import { writeContent, type MessageContent } from '@inforiver-mail/m365/message-content'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import { newId } from '../ids.ts'
import type { MessageStore, Submitted } from './message-store.ts'

export interface Submission {
  readonly tenantId: string
  readonly service: string
  readonly content: MessageContent
  readonly reference?: string | null
  readonly sendAt?: Date | null
  readonly onUnknownOutcome?: 'retry' | 'stop'
  readonly idempotencyKey?: string | null
}

/** Stores a message for delivery, its content sealed under a key of its own. */
export type Submit = (submission: Submission) => Promise<Submitted>

export function createSubmit({
  store,
  vault,
  random,
}: {
  store: Pick<MessageStore, 'submit'>
  vault: TokenVault
  random: RandomBytes
}): Submit {
  return async ({
    tenantId,
    service,
    content,
    reference = null,
    sendAt = null,
    onUnknownOutcome = 'retry',
    idempotencyKey = null,
  }) => {
    const id = newId('message')
    const contentKey = newContentKey(random)
    const body = writeContent(content)
    const place = { tenant: tenantId, message: id, part: 'body', chunk: 0, last: true }
    return store.submit({
      id,
      tenantId,
      service,
      to: content.to,
      recipients: content.to.length + content.cc.length + content.bcc.length,
      subject: content.subject,
      reference,
      sendAt,
      onUnknownOutcome,
      saveToSentItems: content.saveToSentItems,
      contentKeySealed: await vault.seal(contentKey, { tenant: tenantId, record: id, purpose: 'content-key' }),
      content: createContentCipher(contentKey, random).seal(body, place),
      idempotency:
        idempotencyKey === null
          ? null
          : { key: idempotencyKey, contentHash: hashSubmission(body, { reference, sendAt, onUnknownOutcome }) },
    })
  }
}

/** Of what was parsed, in the order of the schema: neither white space nor the order of fields counts. */
function hashSubmission(body: Buffer, rest: Record<string, unknown>): string {
  return createHash('sha256').update(body).update(JSON.stringify(rest)).digest('base64url')
}
