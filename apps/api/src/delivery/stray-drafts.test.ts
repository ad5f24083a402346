import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import {
  createUploadGround,
  expectArrival,
  files,
  MB,
  submitFiles,
  type UploadGround,
} from '../test-support/upload-ground.ts'

// A request to create a draft whose answer was lost may have made one that nobody knows the id of.

let ground: UploadGround

beforeAll(async () => {
  ground = await createUploadGround()
})
afterAll(() => ground.close())
beforeEach(() => ground.calm())

const drafts = (subject: string) => mailsIn(ground.microsoft, subject, { mailbox: 'ada@contoso.com', folder: 'drafts' })
const lose = (when: 'before' | 'after') =>
  ground.switchOn({ kind: 'http', endpoint: 'draft-create', do: { action: 'reset', when } })

it('deletes the draft of a message that was cancelled before the draft was found', async () => {
  await lose('after')
  const id = await submitFiles(ground, 'cancelled', files(4 * MB))
  await ground.service.until(id, { attempts: [{ outcome: 'unavailable' }] })
  expect((await ground.service.post(`/api/v1/messages/${id}/cancel`)).status).toBe(200)
  expect(await drafts('cancelled')).toHaveLength(1)

  await ground.pass(6 * MINUTES)
  await expect.poll(() => drafts('cancelled')).toEqual([])
})

it('deletes a draft that Microsoft made after another one was sent', async () => {
  await lose('before')
  const id = await submitFiles(ground, 'late', files(4 * MB))
  await ground.passUntil(id, { status: 'sent' })
  const sent = await mailsIn(ground.microsoft, 'late', { mailbox: 'ada@contoso.com', folder: 'sentItems' })
  await createDraft('late', sent[0].extendedProperties)

  // For some minutes it may be the message itself, accepted and still on its way out of the mailbox.
  await ground.pass(6 * MINUTES)
  const looked = `SELECT 1 FROM mailbox_cleanups WHERE item_id = $1 AND due_at > $2`
  await expect.poll(() => ground.database.query(looked, [id, ground.clock.now()])).toHaveLength(1)
  expect(await drafts('late')).toHaveLength(1)

  await ground.pass(6 * MINUTES)
  await expect.poll(() => drafts('late')).toEqual([])
  expect(await ground.arrived('late')).toBe(1)
})

it('deletes no draft that its message still needs', async () => {
  await lose('after')
  await ground.switchOn('upload-range-503', 'always')
  const id = await submitFiles(ground, 'needed', files(4 * MB))
  await ground.service.until(id, { attempts: [{ outcome: 'unavailable' }] })
  await ground.pass(6 * MINUTES)
  await ground.passUntil(id, { attempts: [{ outcome: 'unavailable' }, { outcome: 'unavailable' }] })
  const looked = `SELECT 1 FROM mailbox_cleanups WHERE item_id = $1 AND due_at > $2`
  await expect.poll(() => ground.database.query(looked, [id, ground.clock.now()])).toHaveLength(1)
  expect(await drafts('needed')).toHaveLength(1)

  await ground.microsoft.control('DELETE', '/scenarios')
  await ground.passUntil(id, { status: 'sent', possibleDuplicate: false })
})

it('sends no draft without its files that was made while requests of its size were refused', async () => {
  const at = ground.clock.now()
  await setMailbox(ground.database, { request_size_limit: 4_000_000, request_size_limit_at: at })
  await lose('after')
  const contents = files(3_050_000)
  const id = await submitFiles(ground, 'without files', contents)
  await ground.service.until(id, { attempts: [{ outcome: 'unavailable' }] })
  expect(await drafts('without files')).toMatchObject([{ attachments: [] }])
  await setMailbox(ground.database, { request_size_limit: null }) // as after a day

  await ground.passUntil(id, { status: 'sent' })
  await expectArrival(ground.microsoft, 'without files', contents)
})

async function createDraft(subject: string, singleValueExtendedProperties: object[]): Promise<void> {
  const { accessToken } = await ground.microsoft.control('POST', '/people/ada@contoso.com/tokens', {
    scopes: ['Mail.ReadWrite'],
  })
  const response = await fetch(`${ground.microsoft.graphBaseUrl}/v1.0/me/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ subject, singleValueExtendedProperties }),
  })
  expect(response.status).toBe(201)
}
