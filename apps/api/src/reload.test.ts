import { expect, it, onTestFinished } from 'vitest'
import type { RereadSecrets } from './configuration/config.ts'
import { serve } from './serve.ts'
import { SETTINGS } from './test-support/office365-smtp.ts'
import { newKey } from './test-support/sealed-rows.ts'
import { createTestBrowser } from './test-support/test-browser.ts'
import { useFixture } from './test-support/use-fixture.ts'

const UNCHANGED: RereadSecrets = { credential: null, clientSecretExpiresAt: null, vaultKeys: null, faults: [] }

const fixture = useFixture()

it('signs in with a secret, and seals with a key, that were read again while it runs', async () => {
  const { registration } = await fixture.configure()
  const config = await fixture.configure({ AZURE_CLIENT_SECRET: 'the-one-before', LOG_LEVEL: 'silent' })
  const running = await serve(config, () => {})
  onTestFinished(() => running.close())
  const ada = createTestBrowser(config.publicUrl)
  expect((await ada.signIn('Ada Admin')).text).toContain('The client secret is wrong')

  const credential = { clientSecret: registration.clientSecret ?? '' }
  const clientSecretExpiresAt = new Date('2999-01-01')
  await running.reload({ ...UNCHANGED, credential, clientSecretExpiresAt, vaultKeys: newKey('next') })
  await running.reload(UNCHANGED)

  await ada.signIn('Ada Admin')
  expect((await ada.call('GET', `${SETTINGS}/credential`)).json).toMatchObject({
    kind: 'secret',
    expiresAt: clientSecretExpiresAt.toISOString(),
  })
  await expect.poll(sealingKeys).toEqual(['inforiver-mail seals with next'])
})

it('measures when a secret expires of which that was read while it runs', async () => {
  const config = await fixture.configure({ LOG_LEVEL: 'silent' })
  const running = await serve(config, () => {})
  onTestFinished(() => running.close())
  const measured = async () => {
    const text = await (await fetch(`http://localhost:${config.port}/metrics`)).text()
    return text.split('\n').filter((line) => line.startsWith('inforiver_mail_credential_expires_timestamp_seconds'))
  }
  expect(await measured()).toEqual([])

  const clientSecretExpiresAt = new Date('2999-01-01')
  await running.reload({ ...UNCHANGED, credential: { clientSecret: 'the-next' }, clientSecretExpiresAt })

  expect(await measured()).toEqual([
    `inforiver_mail_credential_expires_timestamp_seconds ${clientSecretExpiresAt.getTime() / 1_000}`,
  ])
})

async function sealingKeys(): Promise<unknown[]> {
  const rows = await fixture.database.query<{ application_name: string }>(
    `SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '% seals with %'`,
  )
  return rows.map((row) => row.application_name)
}
