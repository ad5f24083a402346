import { afterEach, expect, it } from 'vitest'
import { systemTimers } from '../../runtime/clock.ts'
import { outageOf } from '../../database/is-unavailable.ts'
import { useQueueFixture, newMessage } from '../../test-support/queue-fixture.ts'
import type { FindKey } from './idempotency.ts'
import { createSubmitting } from './submit.ts'

// Between the moment that a key is found taken and the look at who holds it, another client may let go of it.

const STORAGE_BYTES = 1_000_000

const fixture = useQueueFixture()
afterEach(() => fixture.database.empty('messages', 'idempotency_records'))

const idempotency = { key: 'daily', contentHash: 'hash' }
const submit = (findKey: FindKey) =>
  createSubmitting(
    fixture.opened.pool,
    STORAGE_BYTES,
    findKey,
    () => {},
    systemTimers,
  )({ messages: [newMessage()], idempotency })

it('stores a message whose key becomes free meanwhile', async () => {
  await fixture.submit({ idempotency })
  const letGo = async () => {
    await fixture.database.empty('idempotency_records')
    return null
  }

  expect(await submit(letGo)).toMatchObject({ outcome: 'stored' })
})

it('gives up a message whose key others take and free without end, to be sent again', async () => {
  await fixture.submit({ idempotency })
  let looks = 0
  const freeAndTakenAgain = async () => {
    looks += 1
    if (looks === 100) throw new Error('It went on without a bound.')
    return null
  }

  const error = await submit(freeAndTakenAgain).catch((thrown: unknown) => thrown)

  expect(outageOf(error)).toBe('database-away') // it is answered 503 with a Retry-After
  expect(await fixture.database.query('SELECT 1 FROM messages')).toHaveLength(1)
})
