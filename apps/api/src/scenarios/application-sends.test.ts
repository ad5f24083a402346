import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { clientCertificate } from '../../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { http, switchOn } from '../test-support/scenario.ts'
import type { TestBrowser } from '../test-support/test-browser.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { files, MB, submitFiles } from '../test-support/upload-fixture.ts'
import { useFolder } from '../test-support/use-created.ts'

const GRACE = 'Grace' // the Entra administrator

const { certificate, privateKey } = clientCertificate()
const folder = useFolder()
const fixture = useFixture({ certificates: [certificate] })

beforeAll(async () => {
  await writeFile(join(folder, 'client.pem'), certificate + privateKey, { mode: 0o600 })
})

const BY_SECRET = () => ({})
const BY_CERTIFICATE = () => ({ AZURE_CLIENT_SECRET: '', AZURE_CLIENT_CERTIFICATE_PATH: join(folder, 'client.pem') })

let product: TestProduct
let ada: TestBrowser
let service: ServiceClient

/** Has the tests of a `describe` use a product that signs in with such a credential. */
function useApplication(credential: () => Record<string, string>): void {
  beforeAll(async () => {
    product = await fixture.startProduct({
      environment: { GRAPH_AUTH: 'application', MAILBOX_MESSAGES_PER_MINUTE: '0', ...credential() },
    })
  })
  afterAll(() => product.close())

  beforeEach(async () => {
    await fixture.microsoft.control('POST', '/reset')
    ada = product.newBrowser()
    await ada.signIn('Ada Admin')
    // Emptying the row would not do: a worker knows the settings by their version, which only grows.
    await ada.call('POST', `${SETTINGS}/reset`, {})
    await fixture.database.empty('messages')
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
    expect(await mailsIn(fixture.microsoft, 'Application')).toEqual([
      expect.objectContaining({
        from: expect.objectContaining({ address: 'reports@contoso.com' }),
        sender: expect.objectContaining({ address: 'reports@contoso.com' }),
      }),
    ])
    const place = { mailbox: 'reports@contoso.com', folder: 'sentItems' }
    expect(await mailsIn(fixture.microsoft, 'Application', place)).toHaveLength(1)
  })
})

describe('with either', () => {
  useApplication(BY_SECRET)

  it('holds a message when the consent was withdrawn, and lets it go after a reconnect', async () => {
    await connect()
    await fixture.microsoft.control('DELETE', '/tenant-consents')
    await fixture.microsoft.control('POST', '/scenarios', { name: 'access-token-revoked' })
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
    expect(await mailsIn(fixture.microsoft, 'Withdrawn')).toHaveLength(1)
  })

  /** The drafts of a mailbox, and what was deleted only once. */
  async function left(mailbox: string): Promise<unknown[]> {
    const folders = ['drafts', 'deletedItems'].map((folder) => `/mailboxes/${mailbox}/messages?folder=${folder}`)
    const listed = await Promise.all(folders.map((folder) => fixture.microsoft.control('GET', folder)))
    return listed.flatMap(({ items }) => items)
  }

  /** Has whatever is left in mailboxes deleted now, and not when Microsoft has surely carried everything out. */
  async function untilClean(): Promise<void> {
    const cleanups = 'WITH due AS (UPDATE mailbox_cleanups SET due_at = now()) SELECT FROM mailbox_cleanups'
    await expect.poll(() => fixture.database.query(cleanups), { timeout: 20_000 }).toEqual([])
  }

  it('deletes a draft in the mailbox that it was made in, although the sender has changed since', async () => {
    await connect('configure', { fromEmail: 'reports@contoso.com', largeAttachments: true })
    await switchOn(fixture, http('draft-create', { action: 'reset', when: 'after' }))
    const id = await submitFiles({ product, service }, 'Left behind', files(4 * MB))
    await service.until(id, { attempts: [{ outcome: 'unavailable' }] })
    expect(await left('reports@contoso.com')).toHaveLength(1)

    await connect('update-sender', { fromEmail: 'finance@contoso.com', largeAttachments: true })
    await service.post(`/api/v1/messages/${id}/cancel`)
    await untilClean()
    expect(await left('reports@contoso.com')).toEqual([])
  })

  it('holds a message when a policy keeps the application out', async () => {
    await connect()
    await fixture.microsoft.control('PATCH', '/settings', { applicationMailboxes: [] })
    const { id } = await service.submit()

    await service.until(id, { status: 'held', heldBecause: 'reconnect-required' })
    expect(await settings()).toMatchObject({
      problem: { title: expect.stringContaining('kept out'), detail: expect.stringContaining('reports@contoso.com') },
    })
  })
})

it('keeps sending with the access a person gave before, until the mailbox is connected again', async () => {
  await fixture.clear() // no process is running
  const before = await fixture.startProduct({ environment: { ROLE: 'api' } })
  const ada = before.newBrowser()
  await ada.signIn('Ada Admin')
  const { json } = await ada.call('POST', `${SETTINGS}/configure`, { fromEmail: 'ada@contoso.com' })
  await ada.consent(json.consentUrl, 'Ada Admin')
  await before.close()

  const product = await fixture.startProduct({ environment: { GRAPH_AUTH: 'application' } })
  const service = await createServiceClient(product)
  const { id } = await service.submit()

  expect(await service.until(id, { status: 'sent' })).toMatchObject({ from: 'ada@contoso.com' })
})
