import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { clientCertificate } from '../../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { answer, http, switchOn } from '../test-support/scenario.ts'

const GRACE = 'Grace' // the Entra administrator

const { certificate, privateKey } = clientCertificate()
let folder: string
let ground: TestGround

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-'))
  await writeFile(join(folder, 'client.pem'), certificate + privateKey, { mode: 0o600 })
  ground = await createTestGround({ certificates: [certificate] })
})
afterAll(async () => {
  await ground.close()
  await rm(folder, { recursive: true })
})

const BY_SECRET = () => ({})
const BY_CERTIFICATE = () => ({ AZURE_CLIENT_SECRET: '', AZURE_CLIENT_CERTIFICATE_PATH: join(folder, 'client.pem') })

let product: TestProduct
let ada: TestBrowser
let service: ServiceClient

/** Has the tests of a `describe` use a product that signs in with such a credential. */
function useApplication(credential: () => Record<string, string>): void {
  beforeAll(async () => {
    product = await ground.startProduct({
      environment: { GRAPH_AUTH: 'application', MAILBOX_MESSAGES_PER_MINUTE: '0', ...credential() },
    })
  })
  afterAll(() => product.close())

  beforeEach(async () => {
    await ground.microsoft.control('POST', '/reset')
    ada = product.newBrowser()
    await ada.signIn('Ada Admin')
    // Emptying the row would not do: a worker knows the settings by their version, which only grows.
    await ada.call('POST', `${SETTINGS}/reset`, {})
    await ground.database.empty('messages')
    service = await createServiceClient(product)
  })
}

async function connect(action = 'configure', body: object = { fromEmail: 'reports@contoso.com' }): Promise<void> {
  const { json } = await ada.call('POST', `${SETTINGS}/${action}`, body)
  const result = await ada.consent(json.consentUrl, GRACE)
  if (result.status !== 200) throw new Error(`The mailbox could not be connected: ${result.text}`)
}

async function settings() {
  return (await ada.call('GET', SETTINGS)).json
}

describe.each([
  ['a secret', BY_SECRET],
  ['a certificate', BY_CERTIFICATE],
])('with %s', (_credential, credential) => {
  useApplication(credential)

  it('sends as the sender, with the copy in its own Sent Items', async () => {
    await connect()
    const { id } = await service.submit({ subject: 'Application' })

    await service.until(id, { status: 'sent', from: 'reports@contoso.com' })
    expect(await mailsIn(ground.microsoft, 'Application')).toEqual([
      expect.objectContaining({
        from: expect.objectContaining({ address: 'reports@contoso.com' }),
        sender: expect.objectContaining({ address: 'reports@contoso.com' }),
      }),
    ])
    const place = { mailbox: 'reports@contoso.com', folder: 'sentItems' }
    expect(await mailsIn(ground.microsoft, 'Application', place)).toHaveLength(1)
  })

  it('gets one new token when Microsoft refuses the one it has, and sends', async () => {
    await connect()
    await ground.microsoft.control('DELETE', '/counters')
    await ground.microsoft.control('POST', '/scenarios', { name: 'access-token-revoked' })
    const messages = await Promise.all(Array.from({ length: 20 }, () => service.submit()))

    for (const { id } of messages) await service.until(id, { status: 'sent' })
    const { endpoints } = await ground.microsoft.control('GET', '/counters')
    expect(endpoints.token).toMatchObject({ byStatus: { '200': 1 } })
    expect(await settings()).toMatchObject({ status: 'connected', problem: null })
  })

  it('keeps the connection when a gateway refuses a message in Microsoft’s place, and sends', async () => {
    await connect()
    await ground.microsoft.control('POST', '/scenarios', { name: 'gateway-api-403' })
    const { id } = await service.submit()

    await service.until(id, { status: 'sent', attempts: [{ outcome: 'unavailable' }, { outcome: 'sent' }] })
    expect(await settings()).toMatchObject({ status: 'connected', problem: null })
  })

  it('holds a message when the app registration is refused, and stays connected', async () => {
    await connect()
    await ground.microsoft.control('POST', '/scenarios', { name: 'access-token-revoked' })
    await ground.microsoft.control('POST', '/scenarios', { name: 'certificate-refused', times: 'always' })
    const { id } = await service.submit()

    await service.until(id, { status: 'held', heldBecause: 'app-misconfigured' })
    expect(await settings()).toMatchObject({ status: 'connected', problem: { code: 'app-misconfigured' } })
  })

  it('logs neither token nor secret nor private key', async () => {
    await connect()
    await ground.microsoft.control('POST', '/scenarios', { name: 'secret-wrong' })
    await ground.microsoft.control('POST', '/scenarios', { name: 'access-token-revoked' })
    const { id } = await service.submit()
    await service.until(id, { status: 'held' })

    const { clientSecret, clientCertificate: credential } = product.config.registration
    const log = product.logLines.join('')
    expect(log).not.toContain(clientSecret ?? credential?.privateKey.split('\n')[1])
    expect(log).not.toContain('eyJ')
  })
})

describe('with either', () => {
  useApplication(BY_SECRET)

  it('sends many with one token', async () => {
    await connect()
    await ground.microsoft.control('DELETE', '/counters')
    const messages = await Promise.all(Array.from({ length: 20 }, () => service.submit()))

    for (const { id } of messages) await service.until(id, { status: 'sent' })
    expect((await ground.microsoft.control('GET', '/counters')).endpoints).not.toHaveProperty('token')
  })

  it('sends by draft while nobody knows whether the mailbox can be searched', async () => {
    await connect('configure', { fromEmail: 'reports@contoso.com', largeAttachments: true })
    const { id } = await service.submit({ subject: 'By draft' })

    await service.until(id, { status: 'sent' })
    expect(await mailsIn(ground.microsoft, 'By draft')).toHaveLength(1)
    const { endpoints } = await ground.microsoft.control('GET', '/counters')
    expect(endpoints['draft-send']).toMatchObject({ byStatus: { '202': 1 } })
  })

  it('holds a message when the consent was withdrawn, and lets it go after a reconnect', async () => {
    await connect()
    await ground.microsoft.control('DELETE', '/tenant-consents')
    await ground.microsoft.control('POST', '/scenarios', { name: 'access-token-revoked' })
    const { id } = await service.submit({ subject: 'Withdrawn' })

    await service.until(id, { status: 'held', heldBecause: 'reconnect-required' })
    expect(await settings()).toMatchObject({
      status: 'reconnect-required',
      problem: {
        code: 'reconnect-required',
        title: expect.stringContaining('Mail.Send'),
        action: expect.stringContaining('chooses Reconnect'),
        correlationId: expect.any(String),
      },
    })

    await connect('reconnect', {})
    await service.until(id, { status: 'sent' })
    expect(await mailsIn(ground.microsoft, 'Withdrawn')).toHaveLength(1)
  })

  it('holds a message when a policy keeps the application out', async () => {
    await connect()
    await ground.microsoft.control('PATCH', '/settings', { applicationMailboxes: [] })
    const { id } = await service.submit()

    await service.until(id, { status: 'held', heldBecause: 'reconnect-required' })
    expect(await settings()).toMatchObject({
      problem: { title: expect.stringContaining('kept out'), detail: expect.stringContaining('reports@contoso.com') },
    })
  })

  it('fails a message for a fault of its own, and stays connected', async () => {
    await connect()
    await switchOn(ground, http('sendMail', answer(400, 'ErrorInvalidRecipients')))
    const { id } = await service.submit()

    await service.until(id, { status: 'failed', problem: { code: 'recipient-refused' } })
    expect(await settings()).toMatchObject({ status: 'connected', problem: null })
  })

  it('uploads a large file into the sender’s own mailbox, and sends it', async () => {
    await connect('configure', { fromEmail: 'reports@contoso.com', largeAttachments: true })
    const file = randomBytes(5 * 1024 * 1024)
    const form = new FormData()
    form.append('message', JSON.stringify({ to: ['max@contoso.com'], subject: 'Large', text: 'See the file.' }))
    form.append('attachment', new Blob([file], { type: 'application/pdf' }), 'q3.pdf')
    const { status, json } = await service.postForm('/api/v1/messages', form)
    expect(status).toBe(202)

    await service.until(json.id, { status: 'sent' })
    const [mail, ...others] = await mailsIn(ground.microsoft, 'Large')
    expect(others).toEqual([])
    expect(mail.attachments).toEqual([
      expect.objectContaining({ name: 'q3.pdf', sha256: createHash('sha256').update(file).digest('hex') }),
    ])
    const { items } = await ground.microsoft.control('GET', '/uploads')
    expect(items.at(-1)).toMatchObject({ mailbox: 'reports@contoso.com', state: 'finished' })
  })

  it('holds messages submitted after a reset, and sends them once a mailbox is connected', async () => {
    await connect()
    await ada.call('POST', `${SETTINGS}/reset`, {})
    const { id } = await service.submit()
    await service.until(id, { status: 'held', heldBecause: 'not-configured' })

    await connect('configure', { fromEmail: 'finance@contoso.com' })

    expect(await service.until(id, { status: 'sent' })).toMatchObject({ from: 'finance@contoso.com' })
  })
})

it('keeps sending with the access a person gave before, until the mailbox is connected again', async () => {
  await ground.clear() // no process is running
  const before = await ground.startProduct({ environment: { ROLE: 'api' } })
  const ada = before.newBrowser()
  await ada.signIn('Ada Admin')
  const { json } = await ada.call('POST', `${SETTINGS}/configure`, { fromEmail: 'ada@contoso.com' })
  await ada.consent(json.consentUrl, 'Ada Admin')
  await before.close()

  const product = await ground.startProduct({ environment: { GRAPH_AUTH: 'application' } })
  const service = await createServiceClient(product)
  const { id } = await service.submit()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ from: 'ada@contoso.com' })
})
