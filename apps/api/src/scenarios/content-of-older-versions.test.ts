import { expect, it } from 'vitest'
import { keyAsVersion1 } from '../test-support/older-content.ts'
import { HOURS } from '../test-support/test-clock.ts'
import { expectArrival, files, MB, submitFiles } from '../test-support/upload-ground.ts'
import { useUploadGround } from '../test-support/use-ground.ts'

const ground = useUploadGround()

const later = (hours: number) => ({ sendAt: new Date(ground.clock.now().getTime() + hours * HOURS).toISOString() })

it.each([
  ['small', [100]],
  ['in chunks', [100, 4 * MB]],
])('delivers a message that version 1.0.0 stored under a key of its own: %s', async (subject, sizes) => {
  const contents = files(...sizes)
  const id = await submitFiles(ground, subject, contents, later(1))
  await keyAsVersion1(ground.database, ground.product, id)

  await ground.pass(1 * HOURS)

  expect(await ground.passUntil(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  await expectArrival(ground.microsoft, subject, contents)
})

// This test comes last: it ends the process that the others use.
it('delivers the messages of several hours after a restart, each under the key of its hour', async () => {
  const together = later(3)
  const mails = []
  for (const subject of ['first hour', 'second hour', 'third hour']) {
    if (mails.length > 0) await ground.pass(1 * HOURS)
    const contents = files(100)
    mails.push({ id: await submitFiles(ground, subject, contents, together), subject, contents })
  }
  const keys = 'SELECT DISTINCT data_key FROM message_contents WHERE message_id = ANY ($1)'
  expect(await ground.database.query(keys, [mails.map(({ id }) => id)])).toHaveLength(3)
  await ground.product.close()

  const next = await ground.startProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' } })
  await ground.pass(1 * HOURS)

  for (const { id, subject, contents } of mails) {
    await ground.service.at(next).until(id, { status: 'sent' })
    await expectArrival(ground.microsoft, subject, contents)
  }
})
