import { afterEach, describe, expect, it } from 'vitest'
import { connectDatabase } from '../../database/database.ts'
import { ADA, BEN, useQueueFixture, newMessage, SENT, VERSION } from '../../test-support/queue-fixture.ts'
import { untilSomethingWaits } from '../../test-support/scenario.ts'
import { createTestQueue } from '../../test-support/test-queue.ts'

const fixture = useQueueFixture()
afterEach(() => fixture.database.empty('messages'))

/** Has a process that stands still keep a row of Ben's. */
async function heldUp<Result>(table: string, work: () => Promise<unknown>, ofOthers: () => Promise<Result>) {
  const release = await fixture.database.lockRow(table, BEN, 'tenant_id')
  const held = work()
  try {
    await untilSomethingWaits(fixture)
    return await ofOthers()
  } finally {
    await release()
    await held
  }
}

async function claimOfBoth() {
  await fixture.submit({ tenantId: BEN })
  await fixture.submit()
  const claimed = await fixture.claim(2)
  const [ben, ada] = [BEN, ADA].map((tenant) => claimed.find(({ tenantId }) => tenantId === tenant))
  if (!ben || !ada) throw new Error('The messages were not claimed.')
  return { ben, ada }
}

describe('while a process that stands still holds rows of a tenant', () => {
  it('accepts the messages of others', async () => {
    await fixture.submit({ tenantId: BEN })
    await fixture.submit()

    const accepted = await heldUp(
      'counters',
      () => fixture.submit({ tenantId: BEN }),
      () => fixture.submit(),
    )

    expect(accepted).toMatch(/^msg_/)
  })

  it('writes the outcomes of others', async () => {
    const { ben, ada } = await claimOfBoth()

    const settled = await heldUp(
      'counters',
      () => fixture.settle(ben, SENT),
      () => fixture.settle(ada, SENT),
    )

    expect(settled).toBe(true)
  })

  it('clears the requests of others', async () => {
    const { ben, ada } = await claimOfBoth()
    const { deliveries } = fixture.queue

    const isCleared = await heldUp(
      'tenant_settings',
      () => deliveries.clear(ben, VERSION, true),
      () => deliveries.clear(ada, VERSION, true),
    )

    expect(isCleared).toBe(true)
  })
})

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
