import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { setTimeout as delay } from 'node:timers/promises'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import {
  createUploadGround,
  expectArrival,
  files,
  MB,
  submitFiles,
  type UploadGround,
} from '../test-support/upload-ground.ts'

let ground: UploadGround

beforeAll(async () => {
  ground = await createUploadGround()
})
afterAll(() => ground.close())
beforeEach(() => ground.calm())
afterEach(() => ground.requireNothingInMemory())

const answer = (status: number, code: string) => ({ action: 'answer', status, body: { error: { code, message: '' } } })

async function draftIdOf(id: string): Promise<string> {
  const [row] = await ground.database.query<{ draft_id: string }>(
    'SELECT draft_id FROM message_drafts WHERE message_id = $1',
    [id],
  )
  return row?.draft_id ?? ''
}

/** A request of Ada's own, as Outlook makes it. */
async function asAda(method: string, path: string, body?: object): Promise<number> {
  const { accessToken } = await ground.microsoft.control('POST', '/people/ada@contoso.com/tokens', {
    scopes: ['Mail.ReadWrite', 'Mail.Send'],
  })
  const headers = {
    authorization: `Bearer ${accessToken}`,
    prefer: 'IdType="ImmutableId"',
    ...(body && { 'content-type': 'application/json' }),
  }
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
  return (await fetch(`${ground.microsoft.graphBaseUrl}/v1.0/me/messages/${path}`, init)).status
}

it('delivers a draft whole that a person threw into Deleted Items', async () => {
  const range = await holdRequest(ground.microsoft, 'upload-range', 2)
  const contents = files(5 * MB)
  const id = await submitFiles(ground, 'thrown away', contents)
  await range.untilHeld()
  expect(await asAda('DELETE', await draftIdOf(id))).toBe(204)
  await range.release()
  expect(await ground.passUntil(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  await expectArrival(ground.microsoft, 'thrown away', contents)
})

it('makes a draft anew that a person deleted for good', async () => {
  const range = await holdRequest(ground.microsoft, 'upload-range', 2)
  const contents = files(5 * MB)
  const id = await submitFiles(ground, 'deleted', contents)
  await range.untilHeld()
  const draftId = await draftIdOf(id)
  expect([await asAda('DELETE', draftId), await asAda('DELETE', draftId)]).toEqual([204, 204])
  await range.release()
  await ground.passUntil(id, { status: 'sent', possibleDuplicate: false })
  await expectArrival(ground.microsoft, 'deleted', contents)
})

it('fails a message whose draft a person sent half full, says so, and does not send it again', async () => {
  const range = await holdRequest(ground.microsoft, 'upload-range', 2)
  const id = await submitFiles(ground, 'sent by hand', files(100, 5 * MB))
  await range.untilHeld()
  expect(await asAda('POST', `${await draftIdOf(id)}/send`)).toBe(202)
  await range.release()
  expect(await ground.passUntil(id, { status: 'failed' })).toMatchObject({
    problem: { code: 'message-refused', detail: expect.stringContaining('with 1 of its 2 attachments') },
  })
  await ground.pass(3 * MINUTES)
  await delay(2_500) // in which leftovers are looked for
  expect(await ground.arrived('sent by hand')).toBe(1)
  const sent = await mailsIn(ground.microsoft, 'sent by hand', { mailbox: 'ada@contoso.com', folder: 'sentItems' })
  expect(sent).toHaveLength(1)
})

it('makes a draft anew that a person attached other files to', async () => {
  await ground.switchOn({ kind: 'http', endpoint: 'upload-range', do: answer(503, 'ErrorServerBusy') })
  const contents = files(100, 4 * MB)
  const id = await submitFiles(ground, 'added to', contents)
  await ground.service.until(id, { attempts: [{}] })
  const draftId = await draftIdOf(id)
  for (const name of ['one', 'two']) {
    const file = { '@odata.type': '#microsoft.graph.fileAttachment', name, contentBytes: 'eA==' }
    expect(await asAda('POST', `${draftId}/attachments`, file)).toBe(201)
  }
  expect(await ground.passUntil(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  await expectArrival(ground.microsoft, 'added to', contents)
})

it('makes a draft anew on which a file appeared while it was being filled, as after a request that was given up', async () => {
  await ground.switchOn({ kind: 'http', endpoint: 'draft-attach', do: { action: 'reset', when: 'before' } })
  const contents = files(100, 4 * MB)
  const id = await submitFiles(ground, 'appeared', contents)
  await ground.service.until(id, { attempts: [{}] })
  const range = await holdRequest(ground.microsoft, 'upload-range', 2)
  await ground.pass(15_000)
  await range.untilHeld()
  const late = { '@odata.type': '#microsoft.graph.fileAttachment', name: 'late', contentBytes: 'eA==' }
  expect(await asAda('POST', `${await draftIdOf(id)}/attachments`, late)).toBe(201)
  await range.release()

  expect(await ground.passUntil(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  await expectArrival(ground.microsoft, 'appeared', contents)
})

it('takes a copy that appears at last for the whole message, and not for what a person sent half full', async () => {
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 15 * MINUTES })
  await ground.switchOn('send-accepted-but-504')
  await ground.switchOn({ kind: 'http', endpoint: 'draft-create', do: answer(503, 'ErrorServerBusy') }, 'always', 1)
  const contents = files(4 * MB)
  const id = await submitFiles(ground, 'appears at last', contents)

  expect(await ground.passUntil(id, { status: 'sent' })).toMatchObject({ problem: null })
  await expectArrival(ground.microsoft, 'appears at last', contents)
})
