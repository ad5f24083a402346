import { expect, it } from 'vitest'
import { keyAsVersion1 } from '../test-support/older-content.ts'
import { HOURS } from '../test-support/test-clock.ts'
import { expectArrival, files, MB, submitFiles } from '../test-support/upload-fixture.ts'
import { useUploadFixture } from '../test-support/use-fixture.ts'

const fixture = useUploadFixture()

const later = (hours: number) => ({ sendAt: new Date(fixture.clock.now().getTime() + hours * HOURS).toISOString() })

it.each([
  ['small', [100]],
  ['in chunks', [100, 4 * MB]],
])('delivers a message that version 1.0.0 stored under a key of its own: %s', async (subject, sizes) => {
  const contents = files(...sizes)
  const id = await submitFiles(fixture, subject, contents, later(1))
  await keyAsVersion1(fixture.database, fixture.product, id)

  await fixture.pass(1 * HOURS)

  expect(await fixture.passUntil(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
  await expectArrival(fixture.microsoft, subject, contents)
})

// This test comes last: it ends the process that the others use.
it('delivers the messages of several hours after a restart, each under the key of its hour', async () => {
  const together = later(3)
  const mails = []
  for (const subject of ['first hour', 'second hour', 'third hour']) {
    if (mails.length > 0) await fixture.pass(1 * HOURS)
    const contents = files(100)
    mails.push({ id: await submitFiles(fixture, subject, contents, together), subject, contents })
  }
  const keys = 'SELECT DISTINCT data_key FROM message_contents WHERE message_id = ANY ($1)'
  expect(await fixture.database.query(keys, [mails.map(({ id }) => id)])).toHaveLength(3)
  await fixture.product.close()

  const next = await fixture.startProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' } })
  await fixture.pass(1 * HOURS)

  for (const { id, subject, contents } of mails) {
    await fixture.service.at(next).until(id, { status: 'sent' })
    await expectArrival(fixture.microsoft, subject, contents)
  }
})
