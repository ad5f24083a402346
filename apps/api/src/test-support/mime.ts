import { randomBytes } from 'node:crypto'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import { mimeContent, type MessageContent } from '@inforiver-mail/m365/message-content'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import { onTestFinished } from 'vitest'
import { createContentKeys } from '../vault/content-keys.ts'
import { openDatabase } from '../database/database.ts'
import { createSubmit } from '../messages/submit.ts'
import { newId } from './new-id.ts'
import type { DeliveryFixture } from './delivery-fixture.ts'
import { createTestQueue } from './test-queue.ts'

/** A signed mail: what the signature covers has spaces at the end of a line, a lone dot and 8-bit text. */
export const SIGNED_BODY = [
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  '',
  'Zahlen für Q3  ',
  '.',
  '--b',
  'Content-Type: application/pkcs7-signature; name=smime.p7s',
  'Content-Transfer-Encoding: base64',
  '',
  'MIIB',
  '--b--',
  '',
].join('\r\n')

const SIGNED = 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=b'

/** Stores a mail to Max that goes as MIME, as another process would. Returns its id. */
export async function submitAsMime(
  { database, product }: Pick<DeliveryFixture, 'database' | 'product'>,
  subject: string,
  {
    header = [],
    onUnknownOutcome = 'retry',
    ...envelope
  }: Partial<Pick<MessageContent, 'to' | 'bcc'>> & {
    header?: readonly string[]
    onUnknownOutcome?: 'retry' | 'stop'
  } = {},
): Promise<string> {
  const keys = parseVaultKeys(product.config.vaultKeys ?? '')
  if (keys.outcome !== 'read') throw new Error(keys.faults.join(' '))
  const opened = await openDatabase(database.url, () => {})
  onTestFinished(() => opened.close())
  const queue = createTestQueue(opened.pool)
  const vault = createTokenVault(keys.keyRing)
  const elapsedMs = () => performance.now()
  const contentKeys = createContentKeys({ store: queue.dataKeys, vault, random: randomBytes, newId, elapsedMs })
  const submit = createSubmit({
    store: queue.messages,
    contentKeys,
    random: randomBytes,
    newId,
  })
  const [tenant] = await database.query<{ id: string }>('SELECT tenant_id AS id FROM tenant_settings')
  const source = Buffer.from([...header, SIGNED, 'MIME-Version: 1.0', '', SIGNED_BODY].join('\r\n'))
  const nobody = { to: [{ address: 'max@contoso.com' }], cc: [], bcc: [], replyTo: [] }
  const content = mimeContent(
    { ...nobody, ...envelope, subject, importance: 'normal' },
    {
      source,
      fromName: 'scanner@floor 2',
      attachments: [{ filename: 'smime.p7s', contentType: 'application/pkcs7-signature', sizeBytes: 3, inline: false }],
    },
  )
  const submitted = await submit({
    tenantId: tenant?.id ?? '',
    service: 'reports',
    submissions: [{ content, reference: null, sendAt: null, priority: 'normal', expiresAt: null, onUnknownOutcome }],
    receiving: null,
    idempotency: null,
    traceparent: null,
  })
  if (submitted.outcome !== 'stored') throw new Error(`The message was not stored: ${submitted.outcome}.`)
  return submitted.messages[0]?.id ?? ''
}
