import { CHUNK_BYTES, CONTENT_OVERHEAD_BYTES } from '@inforiver-mail/m365/content-cipher'
import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { passContent } from '../content-garbage.ts'
import { withClient } from '../database/transaction.ts'

// Sealed pieces of attachments, which stand under the message that they belong to.

/** Where a chunk stands; the attachment is counted from 0. */
export interface ChunkPlace {
  readonly tenantId: string
  readonly messageId: string
  readonly part: number
  readonly chunk: number
}

/** Under a message that is still arriving, which nobody deletes meanwhile. */
const WRITE = `
INSERT INTO message_chunks (message_id, part, chunk, tenant_id, stored_at, content)
SELECT message_id, $2, $3, $4, mail_now(), $5 FROM message_contents WHERE message_id = $1 AND content IS NULL FOR SHARE`

/** Stores one sealed chunk, in a transaction of its own. False when its message is no longer there. */
export async function writeChunk(
  pool: Pick<pg.Pool, 'query'>,
  { tenantId, messageId, part, chunk }: ChunkPlace,
  content: Buffer,
): Promise<boolean> {
  const values = [messageId, part, chunk, tenantId, content]
  const { rowCount } = await pool.query({ name: 'write-chunk', text: WRITE, values })
  passContent(content.length)
  return rowCount === 1
}

/**
 * Reads the sealed chunks `from` to before `to` of an attachment, in order. The buffer is used again for the next one.
 *
 * By COPY in binary form: rows of an ordinary query come as text of twice the bytes, which pg joins again and again in
 * buffers that double; a file would leave fourteen times its size to be collected.
 *
 * @throws when a chunk is missing
 */
export async function readChunks(
  pool: pg.Pool,
  { messageId, part }: Pick<ChunkPlace, 'messageId' | 'part'>,
  { from, to }: { readonly from: number; readonly to: number },
  onChunk: (sealed: Buffer) => void,
): Promise<void> {
  await withClient(pool, async (client) => {
    const rows = `message_id = ${client.escapeLiteral(messageId)} AND part = ${part} AND chunk >= ${from} AND chunk < ${to}`
    const statement = `COPY (SELECT content FROM message_chunks WHERE ${rows} ORDER BY chunk) TO STDOUT (FORMAT binary)`
    const reader = createRowReader(onChunk)
    const copy: Copy = client.query(copyTo(statement))
    try {
      for await (const data of copy) reader.take(data)
    } finally {
      copy.callback?.()
    }
    if (reader.rows() !== to - from) throw new Error(`Chunks of attachment ${part} of ${messageId} are missing.`)
  })
}

/** pg gives a stream a callback that ends its timeout, and leaves it to others to call it. */
type Copy = AsyncIterable<Buffer> & { readonly callback?: () => void }

/** Signature, flags, and the length of an extension that there is not. */
const COPY_HEADER_BYTES = 11 + 4 + 4
/** The number of fields of a row, and the length of its only one. */
const ROW_HEADER_BYTES = 2 + 4

/** Cuts the binary form of COPY into rows of one field. Source: PostgreSQL, "COPY", "Binary Format". */
function createRowReader(onRow: (content: Buffer) => void): { take(data: Buffer): void; rows(): number } {
  const content = Buffer.allocUnsafeSlow(CHUNK_BYTES + CONTENT_OVERHEAD_BYTES)
  const header = Buffer.alloc(COPY_HEADER_BYTES)
  let expected: 'header' | 'row' | 'content' | 'nothing' = 'header'
  let wanted = COPY_HEADER_BYTES
  let filled = 0
  let rows = 0

  function finish(): void {
    filled = 0
    if (expected === 'content') {
      onRow(content.subarray(0, wanted))
      passContent(wanted)
      rows += 1
    }
    if (expected === 'row') {
      wanted = header.readInt32BE(2)
      if (wanted > content.length) throw new Error('A stored chunk is larger than chunks are.')
      expected = 'content'
    } else {
      wanted = ROW_HEADER_BYTES
      expected = 'row'
    }
  }

  return {
    take(data) {
      for (let at = 0; at < data.length && expected !== 'nothing';) {
        const target = expected === 'content' ? content : header
        const taken = data.copy(target, filled, at, at + wanted - filled)
        at += taken
        filled += taken
        // The end is a row of -1 fields, and nothing more.
        if (expected === 'row' && filled >= 2 && header.readInt16BE(0) === -1) expected = 'nothing'
        else if (filled === wanted) finish()
      }
    },
    rows: () => rows,
  }
}
