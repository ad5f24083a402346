import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { postMultipart } from '../test-support/multipart.ts'
import { mailWith } from '../test-support/stored-attachments.ts'
import { useProduct } from '../test-support/use-ground.ts'

// A process that was suspended, or whose vault key an operator forgot, still has a data key that is no longer stored.

const MIB = 1024 * 1024

const { ground, product, service } = useProduct({ environment: {}, mailbox: {} })
beforeEach(async () => {
  const { id } = await service.submit()
  await service.until(id, { status: 'sent' })
  await ground.database.query('DELETE FROM data_keys')
})

afterEach(() => ground.database.empty('messages'))

const dataKeys = () => ground.database.query('SELECT id FROM data_keys')
const usedKeys = () => ground.database.query('SELECT data_key AS id FROM message_contents')
const later = () => ({ sendAt: new Date(Date.now() + 3_600_000).toISOString() })

it('stores a message under a new data key where the last one is gone', async () => {
  await service.submit(later())

  expect(await usedKeys()).toEqual(await dataKeys())
  expect(await dataKeys()).toHaveLength(1)
})

it('stores attachments under a new data key where the last one is gone', async () => {
  const { status } = await postMultipart(product.publicUrl, service.key, mailWith([randomBytes(2 * MIB)], later()))

  expect(status).toBe(202)
  expect(await usedKeys()).toEqual(await dataKeys())
  expect(await dataKeys()).toHaveLength(1)
})
