import { afterAll, beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { expectArrival, files, SMALL_UPLOADS, submitFiles } from '../test-support/upload-ground.ts'
import { useUploadGround } from '../test-support/use-ground.ts'
import { answer, asAda, copiesIn, draftIdOf, http, untilCleaned } from '../test-support/scenario.ts'

/** Uploaded in three ranges. */
const LARGE = 2 * SMALL_UPLOADS.rangeBytes + 17

const ground = useUploadGround({ deliverySizes: SMALL_UPLOADS })
beforeEach(() => ground.calm())
afterAll(() => ground.requireNothingInMemory())

const pathOf = async (id: string) => `/${await draftIdOf(ground, id)}`

it('delivers a draft whole that a person moved to Deleted Items', async () => {
  const range = await holdRequest(ground.microsoft, 'upload-range', 2)
  const contents = files(LARGE)
  const id = await submitFiles(ground, 'thrown away', contents)
  await range.untilHeld()
  expect(await asAda(ground.microsoft, 'DELETE', await pathOf(id))).toBe(204)
  await range.release()
  expect(await ground.passUntil(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  await expectArrival(ground.microsoft, 'thrown away', contents)
})

it('makes a draft again that a person deleted for good', async () => {
  const range = await holdRequest(ground.microsoft, 'upload-range', 2)
  const contents = files(LARGE)
  const id = await submitFiles(ground, 'deleted', contents)
  await range.untilHeld()
  const path = await pathOf(id)
  for (let round = 0; round < 2; round++) expect(await asAda(ground.microsoft, 'DELETE', path)).toBe(204)
  await range.release()
  await ground.passUntil(id, { status: 'sent', possibleDuplicate: false })
  await expectArrival(ground.microsoft, 'deleted', contents)
})

it('fails a message whose draft a person sent incomplete, says so, and does not send it again', async () => {
  const range = await holdRequest(ground.microsoft, 'upload-range', 2)
  const id = await submitFiles(ground, 'sent by hand', files(100, LARGE))
  await range.untilHeld()
  expect(await asAda(ground.microsoft, 'POST', `${await pathOf(id)}/send`)).toBe(202)
  await range.release()
  expect(await ground.passUntil(id, { status: 'failed' })).toMatchObject({
    problem: { code: 'message-refused', detail: expect.stringContaining('with 1 of its 2 attachments') },
  })
  await ground.pass(3 * MINUTES)
  await untilCleaned(ground)
  expect(await ground.arrived('sent by hand')).toBe(1)
  expect(await copiesIn(ground, 'sent by hand')).toHaveLength(1)
})

it('makes a draft again that a person attached other files to', async () => {
  await ground.switchOn(http('upload-range', answer(503, 'ErrorServerBusy')))
  const contents = files(100, LARGE)
  const id = await submitFiles(ground, 'added to', contents)
  await ground.service.until(id, { attempts: [{}] })
  const path = await pathOf(id)
  for (const name of ['one', 'two']) {
    const file = { '@odata.type': '#microsoft.graph.fileAttachment', name, contentBytes: 'eA==' }
    expect(await asAda(ground.microsoft, 'POST', `${path}/attachments`, file)).toBe(201)
  }
  expect(await ground.passUntil(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  await expectArrival(ground.microsoft, 'added to', contents)
})

it('takes a late copy for the whole message, not for what a person sent incomplete', async () => {
  await ground.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 15 * MINUTES })
  await ground.switchOn('send-accepted-but-504')
  await ground.switchOn(http('draft-create', answer(503, 'ErrorServerBusy')), 'always', 1)
  const contents = files(LARGE)
  const id = await submitFiles(ground, 'appears at last', contents)

  expect(await ground.passUntil(id, { status: 'sent' })).toMatchObject({ problem: null })
  await expectArrival(ground.microsoft, 'appears at last', contents)
})
