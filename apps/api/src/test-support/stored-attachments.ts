import { createHash, randomBytes } from 'node:crypto'
import { createContentCipher, deriveContentKeys } from '@inforiver-mail/m365/content-cipher'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import { readContent } from '@inforiver-mail/m365/message-content'
import { createTokenVault, type Sealed } from '@inforiver-mail/m365/token-vault'
import type { TestDatabase } from './test-database.ts'
import type { TestProduct } from './test-product.ts'
import type { Part } from './multipart.ts'

/** Makes the parts of a multipart body: a message to Max with these attachments. */
export function mailWith(contents: readonly (Buffer | string)[], changes: object = {}): Part[] {
  const message = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.', ...changes }
  return [{ disposition: 'name="message"', content: JSON.stringify(message) }, ...attachmentParts(contents)]
}

export function attachmentParts(contents: readonly (Buffer | string)[]): Part[] {
  return contents.map((content, index) => ({
    disposition: `name="attachment"; filename="${index}.bin"`,
    contentType: 'application/x-report',
    content,
  }))
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}

export interface StoredAttachment {
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  readonly sha256: string
  /** The content in plain text. */
  readonly content: Buffer
  /** The plain size of each chunk; empty when the attachment is stored with the message. */
  readonly chunkBytes: readonly number[]
}

/** Opens the stored attachments of a message, with the same associated data as delivery. */
export async function readStored(
  database: TestDatabase,
  { config }: TestProduct,
  id: string,
): Promise<StoredAttachment[]> {
  const keys = parseVaultKeys(config.vaultKeys ?? '')
  if (keys.outcome !== 'read') throw new Error(keys.faults.join(' '))
  const [message] = await database.query<{ tenant_id: string; content: Buffer; data_key: string; key_sealed: Sealed }>(
    `SELECT c.tenant_id, c.content, c.data_key, k.key_sealed FROM message_contents c JOIN data_keys k ON k.id = c.data_key
      WHERE c.message_id = $1`,
    [id],
  )
  if (!message) throw new Error(`There is no content of a message ${id}.`)
  const { tenant_id: tenant, content: body, data_key: record, key_sealed: sealed } = message
  const dataKey = await createTokenVault(keys.keyRing).open(sealed, { tenant, record, purpose: 'data-key' })
  const cipher = createContentCipher(deriveContentKeys(dataKey)(id), randomBytes)
  const { attachments } = readContent(cipher.open(body, { tenant, message: id, part: 'body', chunk: 0, last: true }))
  const stored: StoredAttachment[] = []
  for (const { filename, contentType, sizeBytes, sha256: hash, ...rest } of attachments) {
    const facts = { filename, contentType, sizeBytes, sha256: hash }
    if ('content' in rest) {
      stored.push({ ...facts, content: rest.content, chunkBytes: [] })
      continue
    }
    const rows = await database.query<{ chunk: number; content: Buffer }>(
      'SELECT chunk, content FROM message_chunks WHERE message_id = $1 AND part = $2 ORDER BY chunk',
      [id, rest.part],
    )
    const chunks = rows.map(({ chunk, content }, index) =>
      cipher.open(content, {
        tenant,
        message: id,
        part: `attachment-${rest.part}`,
        chunk,
        last: index === rows.length - 1,
      }),
    )
    stored.push({ ...facts, content: Buffer.concat(chunks), chunkBytes: chunks.map(({ length }) => length) })
  }
  return stored
}

/** Counts messages in any state, including those whose attachments are still arriving, and their chunks. */
export async function countStored(database: TestDatabase): Promise<{ messages: number; chunks: number }> {
  const [counts] = await database.query<{ messages: number; chunks: number }>(
    `SELECT (SELECT count(*)::int FROM (SELECT id FROM messages UNION SELECT message_id FROM message_contents) AS m) AS messages,
            (SELECT count(*)::int FROM message_chunks) AS chunks`,
  )
  if (!counts) throw new Error('A count has one row.')
  return counts
}
