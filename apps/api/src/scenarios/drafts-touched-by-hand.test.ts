import { afterAll, beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { expectArrival, files, SMALL_UPLOADS, submitFiles } from '../test-support/upload-fixture.ts'
import { useUploadFixture } from '../test-support/use-fixture.ts'
import { answer, asAda, copiesIn, draftIdOf, http, untilCleaned } from '../test-support/scenario.ts'

/** Uploaded in three ranges. */
const LARGE = 2 * SMALL_UPLOADS.rangeBytes + 17

const fixture = useUploadFixture({ deliverySizes: SMALL_UPLOADS })
beforeEach(() => fixture.calm())
afterAll(() => fixture.requireNothingInMemory())

const pathOf = async (id: string) => `/${await draftIdOf(fixture, id)}`

it('delivers a draft whole that a person moved to Deleted Items', async () => {
  const range = await holdRequest(fixture.microsoft, 'upload-range', 2)
  const contents = files(LARGE)
  const id = await submitFiles(fixture, 'thrown away', contents)
  await range.untilHeld()
  expect(await asAda(fixture.microsoft, 'DELETE', await pathOf(id))).toBe(204)
  await range.release()
  expect(await fixture.passUntil(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  await expectArrival(fixture.microsoft, 'thrown away', contents)
})

it('makes a draft again that a person deleted for good', async () => {
  const range = await holdRequest(fixture.microsoft, 'upload-range', 2)
  const contents = files(LARGE)
  const id = await submitFiles(fixture, 'deleted', contents)
  await range.untilHeld()
  const path = await pathOf(id)
  for (let round = 0; round < 2; round++) expect(await asAda(fixture.microsoft, 'DELETE', path)).toBe(204)
  await range.release()
  await fixture.passUntil(id, { status: 'sent', possibleDuplicate: false })
  await expectArrival(fixture.microsoft, 'deleted', contents)
})

it('fails a message whose draft a person sent incomplete, says so, and does not send it again', async () => {
  const range = await holdRequest(fixture.microsoft, 'upload-range', 2)
  const id = await submitFiles(fixture, 'sent by hand', files(100, LARGE))
  await range.untilHeld()
  expect(await asAda(fixture.microsoft, 'POST', `${await pathOf(id)}/send`)).toBe(202)
  await range.release()
  expect(await fixture.passUntil(id, { status: 'failed' })).toMatchObject({
    problem: { code: 'message-refused', detail: expect.stringContaining('with 1 of its 2 attachments') },
  })
  await fixture.pass(3 * MINUTES)
  await untilCleaned(fixture)
  expect(await fixture.arrived('sent by hand')).toBe(1)
  expect(await copiesIn(fixture, 'sent by hand')).toHaveLength(1)
})

it('makes a draft again that a person attached other files to', async () => {
  await fixture.switchOn(http('upload-range', answer(503, 'ErrorServerBusy')))
  const contents = files(100, LARGE)
  const id = await submitFiles(fixture, 'added to', contents)
  await fixture.service.until(id, { attempts: [{}] })
  const path = await pathOf(id)
  for (const name of ['one', 'two']) {
    const file = { '@odata.type': '#microsoft.graph.fileAttachment', name, contentBytes: 'eA==' }
    expect(await asAda(fixture.microsoft, 'POST', `${path}/attachments`, file)).toBe(201)
  }
  expect(await fixture.passUntil(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
  await expectArrival(fixture.microsoft, 'added to', contents)
})

it('takes a late copy for the whole message, not for what a person sent incomplete', async () => {
  await fixture.microsoft.control('PATCH', '/settings', { sentCopyDelayMs: 15 * MINUTES })
  await fixture.switchOn('send-accepted-but-504')
  await fixture.switchOn(http('draft-create', answer(503, 'ErrorServerBusy')), 'always', 1)
  const contents = files(LARGE)
  const id = await submitFiles(fixture, 'appears at last', contents)

  expect(await fixture.passUntil(id, { status: 'sent' })).toMatchObject({ problem: null })
  await expectArrival(fixture.microsoft, 'appears at last', contents)
})
