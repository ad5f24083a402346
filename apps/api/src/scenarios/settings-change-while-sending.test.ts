import { beforeEach, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { files, MB, RANGE_BYTES, submitFiles } from '../test-support/upload-ground.ts'
import { consent, draftsIn, http, requestsTo, switchOn } from '../test-support/scenario.ts'
import { useProduct } from '../test-support/use-ground.ts'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { HOURS } from '../test-support/test-clock.ts'

const { ground, product, service } = useProduct({ environment: { MAILBOX_MESSAGES_PER_MINUTE: '0' } })
let ada: TestBrowser

beforeEach(async () => {
  await ground.microsoft.control('DELETE', '/scenarios')
  await ground.database.empty('messages')
  await connectMailbox(product, { largeAttachments: true })
  ada = product.newBrowser()
  await ada.signIn('Ada Admin')
})

const reset = () => ada.call('POST', `${SETTINGS}/reset`, {})
const sendersOf = async (subject: string) => (await mailsIn(ground.microsoft, subject)).map((mail) => mail.from.address)
const arrived = async (subject: string) => (await mailsIn(ground.microsoft, subject)).length

/** Whether a reset still waits, a moment after it has replaced the settings. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  const status = () => ground.database.query('SELECT status FROM tenant_settings')
  await expect.poll(status, { interval: 5 }).toMatchObject([{ status: 'not-configured' }])
  const pending = Symbol('pending')
  return (await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 150, pending))])) === pending
}

it('stops an upload that is under way at a reset, and holds the message', async () => {
  const rangesBefore = await requestsTo(ground, 'upload-range')
  const range = await holdRequest(ground.microsoft, 'upload-range', 2)
  const id = await submitFiles({ product, service }, 'Reset in the middle', files(2 * RANGE_BYTES + 1))
  await range.untilHeld()

  const answer = reset()
  expect(await waits(answer)).toBe(true)
  await range.release()

  expect((await answer).json).toMatchObject({ status: 'not-configured', requestsOnTheWire: 1 })
  expect(await service.until(id, { status: 'held' })).toMatchObject({ heldBecause: 'not-configured' })
  expect((await requestsTo(ground, 'upload-range')) - rangesBefore).toBe(2)
  expect(await arrived('Reset in the middle')).toBe(0)
})

it('answers a reset once the request on the wire has ended, and says how many there were', async () => {
  const sending = await holdRequest(ground.microsoft, 'draft-send')
  const { id } = await service.submit({ subject: 'On the wire' })
  await sending.untilHeld()

  const answer = reset()
  expect(await waits(answer)).toBe(true)
  await sending.release()

  expect((await answer).json).toMatchObject({ status: 'not-configured', requestsOnTheWire: 1 })
  expect(await service.until(id, { status: 'sent' })).toMatchObject({ attempts: [{ outcome: 'sent' }] })
})

it('reports no requests on the wire when there were none', async () => {
  expect((await reset()).json).toMatchObject({ status: 'not-configured', requestsOnTheWire: 0 })
})

it('begins no request for a message that waited for a token when the reset came', async () => {
  await ground.database.query(
    'UPDATE tenant_settings SET access_token_expires_at = now(), grant_version = grant_version + 1',
  )
  const token = await holdRequest(ground.microsoft, 'token')
  const { id } = await service.submit({ subject: 'Waited for a token' })
  await token.untilHeld()

  expect((await reset()).status).toBe(200)
  await token.release()

  await service.until(id, { status: 'held', heldBecause: 'not-configured' })
  expect(await arrived('Waited for a token')).toBe(0)
})

it('completes a consent for another sender once the old one has nothing on the wire, and sends from the new one', async () => {
  const range = await holdRequest(ground.microsoft, 'upload-range', 2)
  const id = await submitFiles({ product, service }, 'Changed in the middle', files(2 * RANGE_BYTES + 1))
  await range.untilHeld()
  const changes = { fromEmail: 'reports@contoso.com' }
  const { json: started } = await ada.call('POST', `${SETTINGS}/update-sender`, changes)
  const result = ada.consent(started.consentUrl, 'Ada Admin')
  const read = async () => (await ada.call('GET', `/api/v1/consents/${started.id}`)).json
  await expect.poll(async () => (await service.get(SETTINGS)).json.fromEmail).toBe('reports@contoso.com')
  expect(await read()).toMatchObject({ status: 'pending', requestsOnTheWire: null })

  await range.release()

  expect((await result).status).toBe(200)
  expect(await read()).toMatchObject({ status: 'completed', requestsOnTheWire: 1 })
  await service.until(id, { status: 'sent', from: 'reports@contoso.com' })
  expect(await sendersOf('Changed in the middle')).toEqual(['reports@contoso.com'])
})

/** Submits a message, and completes a change of the settings while Microsoft makes its draft. */
async function changedWhileDrafting(subject: string, path: string, changes: object): Promise<string> {
  const creating = await holdRequest(ground.microsoft, 'draft-create')
  const { id } = await service.submit({ subject, onUnknownOutcome: 'stop' })
  await creating.untilHeld()
  const { json: started } = await ada.call('POST', `${SETTINGS}/${path}`, changes)
  const { version } = (await service.get(SETTINGS)).json
  const result = ada.consent(started.consentUrl, 'Ada Admin')
  await expect.poll(async () => (await service.get(SETTINGS)).json.version).toBe(version + 1)
  await creating.release()
  expect((await result).status).toBe(200)
  return id
}

it('does not send a draft of the old sender once there is another', async () => {
  await connectMailbox(product, { largeAttachments: true, fromEmail: 'reports@contoso.com' })
  const id = await changedWhileDrafting('Drafted before', 'update-sender', { fromEmail: 'board@contoso.com' })

  await service.until(id, { status: 'sent', from: 'board@contoso.com' })
  expect(await sendersOf('Drafted before')).toEqual(['board@contoso.com'])
})

it('does not use a draft that is to be deleted', async () => {
  const before = await requestsTo(ground, 'draft-create')
  const id = await changedWhileDrafting('Drafted twice', 'reconnect', {})

  await service.until(id, { status: 'sent', possibleDuplicate: false })
  expect((await requestsTo(ground, 'draft-create')) - before).toBe(2)
  expect(await arrived('Drafted twice')).toBe(1)
})

it('does not send a draft that a dead worker made for the old sender', async () => {
  await connectMailbox(product, { largeAttachments: true, fromEmail: 'reports@contoso.com' })
  await switchOn(ground, http('draft-create', { action: 'hang', when: 'after' }))
  const { id } = await service.submit({ subject: 'Died drafting' })
  await expect.poll(() => draftsIn(ground, 'Died drafting')).toHaveLength(1)
  await setMailbox(ground.database, { paused_until: new Date(Date.now() + 1 * HOURS) })
  await ground.database.query(
    `UPDATE message_queue SET lease_owner = 'dead', lease_until = mail_now() - interval '1 s'`,
  )
  await service.until(id, { status: 'queued' })

  await consent(product, 'update-sender', { fromEmail: 'board@contoso.com' })

  await service.until(id, { status: 'sent', from: 'board@contoso.com' })
  expect(await sendersOf('Died drafting')).toEqual(['board@contoso.com'])
})

it('begins no range after a reset that came while the message waited for the limit of uploads', async () => {
  const before = await requestsTo(ground, 'upload-range')
  await ground.database.query(
    `INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients, upload_bytes)
     SELECT id, mail_now() - interval '295 seconds', 0, 0, $1 FROM tenants`,
    [product.config.mailboxLimits.uploadBytesPer5Minutes],
  )
  const sessionsBefore = await requestsTo(ground, 'upload-session-create')
  const id = await submitFiles({ product, service }, 'Waited for the limit', files(5 * MB))
  await expect.poll(() => requestsTo(ground, 'upload-session-create')).toBe(sessionsBefore + 1)

  expect((await reset()).status).toBe(200)

  await service.until(id, { status: 'held', heldBecause: 'not-configured' })
  expect((await requestsTo(ground, 'upload-range')) - before).toBe(0)
})

it('makes no draft after a reset that came while one was looked for', async () => {
  const busy = { action: 'answer', status: 503, headers: { 'retry-after': '0' }, body: '' }
  await switchOn(ground, http('draft-create', busy))
  const search = await holdRequest(ground.microsoft, 'message-search')
  const before = await requestsTo(ground, 'draft-create')
  const { id } = await service.submit({ subject: 'Looked for a draft' })
  await service.until(id, { status: 'queued', attempts: [{}] })
  await ground.database.query('UPDATE message_queue SET due_at = mail_now()')
  await ground.database.wakeWorkers()
  await search.untilHeld()

  const answer = reset()
  await expect.poll(async () => (await service.get(SETTINGS)).json.status).toBe('not-configured')
  await search.release()

  await service.until(id, { status: 'held', heldBecause: 'not-configured' })
  expect((await requestsTo(ground, 'draft-create')) - before).toBe(1)
  expect((await answer).json).toMatchObject({ requestsOnTheWire: 1 })
})
