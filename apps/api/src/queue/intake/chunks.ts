import { CHUNK_BYTES, CONTENT_OVERHEAD_BYTES } from '@inforiver-mail/m365/content-cipher'
import { freeBuffer } from '@inforiver-mail/m365/free-buffer'
import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { passContent } from '../../memory/content-garbage.ts'
import { withClient } from '../../database/transaction.ts'

// Attachments are stored as sealed chunks of the message they belong to.

/** The address of a chunk. Attachments (`part`) and chunks are counted from 0. */
export interface ChunkPlace {
  readonly tenantId: string
  readonly messageId: string
  readonly part: number
  readonly chunk: number
}

/**
 * Locks the content row, so that a message that is still arriving cannot be deleted while a chunk is added. It does not
 * wait for the disk: the log is written in order, so the commit that accepts the message, which does wait, comes after all
 * of its chunks. A database that fails before may lose chunks; submit.ts adds them up.
 */
const WRITE = `
WITH commit AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO message_chunks (message_id, part, chunk, tenant_id, stored_at, content)
SELECT c.message_id, $2, $3, $4, mail_now(), $5 FROM commit CROSS JOIN message_contents c
 WHERE c.message_id = $1 AND c.content IS NULL FOR SHARE OF c`

/**
 * Writes one sealed chunk in its own transaction. Returns false when the message is gone. Frees the memory of `content`
 * unless the database fails, after which pg may still have to send it.
 */
export async function writeChunk(
  pool: Pick<pg.Pool, 'query'>,
  { tenantId, messageId, part, chunk }: ChunkPlace,
  content: Buffer,
): Promise<boolean> {
  const values = [messageId, part, chunk, tenantId, content]
  const { rowCount } = await pool.query({ name: 'write-chunk', text: WRITE, values })
  passContent(content.length)
  freeBuffer(content)
  return rowCount === 1
}

/**
 * Reads the sealed chunks of an attachment in order, `from` inclusive to `to` exclusive. The buffer passed to `onChunk`
 * is reused for the next chunk.
 *
 * Uses binary COPY. An ordinary query returns bytea as hex text, twice the bytes, which pg copies repeatedly into
 * growing buffers: reading a file would leave fourteen times its size to the garbage collector.
 *
 * @throws {Error} when a chunk is missing
 */
export async function readChunks(
  pool: pg.Pool,
  { id }: { readonly id: string },
  part: number,
  { from, to }: { readonly from: number; readonly to: number },
  onChunk: (sealed: Buffer) => void,
): Promise<void> {
  await withClient(pool, async (client) => {
    const rows = `message_id = ${client.escapeLiteral(id)} AND part = ${part} AND chunk >= ${from} AND chunk < ${to}`
    const statement = `COPY (SELECT content FROM message_chunks WHERE ${rows} ORDER BY chunk) TO STDOUT (FORMAT binary)`
    const reader = createRowReader(onChunk)
    const copy: Copy = client.query(copyTo(statement))
    try {
      for await (const data of copy) reader.take(data)
    } finally {
      copy.callback?.()
    }
    if (reader.rows() !== to - from) throw new Error(`Chunks of attachment ${part} of ${id} are missing.`)
  })
}

/** pg attaches a callback that ends the query's timeout. pg-copy-streams never calls it, so we do. */
type Copy = AsyncIterable<Buffer> & { readonly callback?: () => void }

/** The signature, the flags, and the length of the empty header extension. */
const COPY_HEADER_BYTES = 11 + 4 + 4
/** The field count of a row, and the length of its only field. */
const ROW_HEADER_BYTES = 2 + 4

/** Parses binary COPY output whose rows have one field. Source: PostgreSQL documentation, COPY, "Binary Format". */
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
        // The trailer is a row with a field count of -1.
        if (expected === 'row' && filled >= 2 && header.readInt16BE(0) === -1) expected = 'nothing'
        else if (filled === wanted) finish()
      }
    },
    rows: () => rows,
  }
}
