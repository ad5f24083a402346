import { randomBytes } from 'node:crypto'
import { CHUNK_BYTES, createContentCipher, newContentKey } from '@inforiver-mail/m365/content-cipher'
import { expect, it } from 'vitest'
import type { MarkedMessage } from '../queue/owner/marked-message.ts'
import { newId } from '../test-support/new-id.ts'
import { ADA, useQueueFixture } from '../test-support/queue-fixture.ts'
import { createAttachmentReader } from './read-attachment.ts'

const CHUNKS = 3

const fixture = useQueueFixture()

const file = { filename: 'a.bin', contentType: 'application/pdf', contentId: null, sizeBytes: CHUNKS * CHUNK_BYTES }

it('reads what was stored, and keeps neither the sealed nor the opened chunks in memory', async () => {
  const { deliveries, receiving } = fixture.queue
  const message = { id: newId('message'), tenantId: ADA } as MarkedMessage
  await fixture.addDataKey('dky_1')
  await receiving.begin({ ...message, service: 'reports', dataKey: 'dky_1' })
  const cipher = createContentCipher(newContentKey(randomBytes), randomBytes)
  const content = randomBytes(file.sizeBytes)
  const opened: Buffer[] = []
  const open: typeof cipher.open = (...sealed) => {
    const chunk = cipher.open(...sealed)
    opened.push(chunk)
    return chunk
  }
  const reader = createAttachmentReader(deliveries, { ...cipher, open }, message)

  const sealed = Array.from({ length: CHUNKS }, (_, chunk) => {
    const place = { tenant: ADA, message: message.id, part: 'attachment-0', chunk, last: chunk === CHUNKS - 1 }
    return cipher.seal(content.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES), place)
  })
  for (const [chunk, bytes] of sealed.entries())
    await receiving.writeChunk({ tenantId: ADA, messageId: message.id, part: 0, chunk }, bytes)
  const read = await reader.range({ ...file, part: 0, sha256: '' }, 0, Buffer.alloc(file.sizeBytes))

  expect(read.equals(content)).toBe(true)
  expect([...sealed, ...opened].map(({ length }) => length)).toEqual([0, 0, 0, 0, 0, 0])
})
