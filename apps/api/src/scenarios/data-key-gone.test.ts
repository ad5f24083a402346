import { afterEach, beforeEach, expect, it } from 'vitest'
import { useProduct } from '../test-support/use-fixture.ts'

const { fixture, service } = useProduct({ environment: {}, mailbox: {} })
beforeEach(async () => {
  const { id } = await service.submit()
  await service.until(id, { status: 'sent' })
  await fixture.database.query('DELETE FROM data_keys')
})

afterEach(() => fixture.database.empty('messages'))

const dataKeys = () => fixture.database.query('SELECT id FROM data_keys')
const usedKeys = () => fixture.database.query('SELECT data_key AS id FROM message_contents')
const later = () => ({ sendAt: new Date(Date.now() + 3_600_000).toISOString() })

it('stores a message under a new data key where the last one is gone', async () => {
  await service.submit(later())

  expect(await usedKeys()).toEqual(await dataKeys())
  expect(await dataKeys()).toHaveLength(1)
})
