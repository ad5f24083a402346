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

/** What binary COPY writes of a row with one field: signature, flags, length of an extension, count of fields, length of the field. */
const BEFORE_CONTENT_BYTES = 11 + 4 + 4 + 2 + 4
/** The count of fields of a row that does not come. */
const AFTER_CONTENT_BYTES = 2

/**
 * Reads the sealed chunks of an attachment in order, `from` inclusive to `to` exclusive. The buffer passed to `onChunk`
 * is reused for the next chunk.
 *
 * Uses binary COPY. An ordinary query returns bytea as hex text, twice the bytes, which pg copies repeatedly into
 * growing buffers: reading a file would leave fourteen times its size to the garbage collector. Each chunk has a COPY of
 * its own, since what such a one returns begins and ends alike. Source: PostgreSQL documentation, COPY, "Binary Format".
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
  const copied = Buffer.allocUnsafeSlow(
    BEFORE_CONTENT_BYTES + CHUNK_BYTES + CONTENT_OVERHEAD_BYTES + AFTER_CONTENT_BYTES,
  )
  await withClient(pool, async (client) => {
    for (let chunk = from; chunk < to; chunk++) {
      const row = `message_id = ${client.escapeLiteral(id)} AND part = ${part} AND chunk = ${chunk}`
      const statement = `COPY (SELECT content FROM message_chunks WHERE ${row}) TO STDOUT (FORMAT binary)`
      const copy: Copy = client.query(copyTo(statement))
      let copiedBytes = 0
      try {
        for await (const data of copy) copiedBytes += data.copy(copied, copiedBytes)
      } finally {
        copy.callback?.()
      }
      if (copiedBytes < BEFORE_CONTENT_BYTES)
        throw new Error(`Chunk ${chunk} of attachment ${part} of ${id} is missing.`)
      const content = copied.subarray(BEFORE_CONTENT_BYTES, copiedBytes - AFTER_CONTENT_BYTES)
      onChunk(content)
      passContent(content.length)
    }
  })
}

/** pg attaches a callback that ends the query's timeout. pg-copy-streams never calls it, so we do. */
type Copy = AsyncIterable<Buffer> & { readonly callback?: () => void }
