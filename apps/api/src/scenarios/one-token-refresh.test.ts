import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { clientCertificate } from '../../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { startWorker } from '../test-support/scenario.ts'
import { createTestFixture, type TestFixture } from '../test-support/test-product.ts'
import { createServiceClient } from '../test-support/test-service.ts'

const MESSAGES = 100

const { certificate, privateKey } = clientCertificate()
let folder: string
let fixture: TestFixture

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-'))
  await writeFile(join(folder, 'client.pem'), certificate + privateKey, { mode: 0o600 })
  fixture = await createTestFixture({ certificates: [certificate] })
})
afterAll(async () => {
  await fixture.close()
  await rm(folder, { recursive: true })
})

const byCertificate = () => ({
  AZURE_CLIENT_SECRET: '',
  AZURE_CLIENT_CERTIFICATE_PATH: join(folder, 'client.pem'),
})

it.each([
  ['a person’s tokens and a client secret', () => ({}), 'Ada Admin', 'refresh_token'],
  ['a person’s tokens and a certificate', byCertificate, 'Ada Admin', 'refresh_token'],
  ['the application’s own access', () => ({ GRAPH_AUTH: 'application' }), 'Grace Global', 'client_credentials'],
  [
    'the application’s own access and a certificate',
    () => ({ GRAPH_AUTH: 'application', ...byCertificate() }),
    'Grace Global',
    'client_credentials',
  ],
])(
  'gets one new token for 100 messages in two processes after the old one has expired, with %s',
  async (subject, environment, account, grantType) => {
    await fixture.clear()
    await fixture.microsoft.control('PATCH', '/settings', { mailboxConcurrency: null })
    const api = await fixture.startProduct({ environment: { ROLE: 'api', ...environment() } })
    onTestFinished(() => api.close())
    const ada = api.newBrowser()
    await ada.signIn('Ada Admin')
    const { consentUrl } = (await ada.call('POST', `${SETTINGS}/configure`, { fromEmail: 'reports@contoso.com' })).json
    expect((await ada.consent(consentUrl, account)).status).toBe(200)
    const service = await createServiceClient(api)
    await Promise.all(Array.from({ length: MESSAGES }, () => service.submit({ subject })))
    await fixture.database.query(
      `UPDATE tenant_settings SET access_token_obtained_at = now() - interval '2 hours', access_token_expires_at = now() - interval '1 hour'`,
    )
    await fixture.microsoft.control('DELETE', '/counters')
    const token = await holdRequest(fixture.microsoft, 'token')

    for (let each = 0; each < 2; each += 1) {
      await startWorker(fixture, { environment: { MAILBOX_CONCURRENCY: '0', ...environment() } })
    }

    const waiting = () => fixture.database.query(`SELECT id FROM message_states WHERE status = 'sending'`)
    await expect.poll(waiting, { interval: 25 }).toHaveLength(MESSAGES)
    await token.release()

    const left = () =>
      fixture.database.query(`SELECT id, status FROM message_states WHERE status IS DISTINCT FROM 'sent'`)
    await expect.poll(left, { interval: 100 }).toEqual([])
    const { items } = await fixture.microsoft.control('GET', '/log')
    const tokens = items.filter(({ endpoint }: { endpoint: string }) => endpoint === 'token')
    expect(tokens.map(({ details }: { details: object }) => details)).toEqual([
      expect.objectContaining({ grant_type: grantType }),
    ])
    expect(await mailsIn(fixture.microsoft, subject)).toHaveLength(MESSAGES)
  },
  60_000, // a product and two workers start for each, and send a hundred messages
)
