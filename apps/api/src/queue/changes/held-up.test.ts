import { expect, it } from 'vitest'
import { connectDatabase } from '../../database/database.ts'
import { useQueueFixture, newMessage } from '../../test-support/queue-fixture.ts'
import { untilSomethingWaits } from '../../test-support/scenario.ts'
import { createTestQueue } from '../../test-support/test-queue.ts'

const fixture = useQueueFixture()

it('accepts messages, also of the same tenant, while a connection to the database is silent', async () => {
  const link = await fixture.database.link()
  const database = connectDatabase(link.url, () => {})
  const { messages } = createTestQueue(database.pool)
  const release = await fixture.database.lock('messages')
  const silent = messages.submit({ messages: [newMessage()], idempotency: null })
  await untilSomethingWaits(fixture)
  link.silence()
  await release()

  expect(await messages.submit({ messages: [newMessage()], idempotency: null })).toMatchObject({ outcome: 'stored' })
  link.mend()
  await silent.catch(() => {})
  await database.close()
})
