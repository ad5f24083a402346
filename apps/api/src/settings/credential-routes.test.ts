import { beforeAll, expect, it } from 'vitest'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import { createTestClock } from '../test-support/test-clock.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const CREDENTIAL = `${SETTINGS}/credential`
const GAUGE = 'inforiver_mail_credential_expires_timestamp_seconds'

const clock = createTestClock()
let product: TestProduct

const fixture = useFixture({ clock })
beforeAll(async () => {
  product = await start({ AZURE_CLIENT_SECRET_EXPIRES: '2026-12-01' })
})

const start = (environment: Record<string, string>) =>
  fixture.startProduct({ environment: { ROLE: 'api', ...environment } })

async function metrics({ url }: TestProduct): Promise<string> {
  return (await fetch(`${url}/metrics`)).text()
}

it('shows a workspace admin when the client secret expires', async () => {
  const ada = product.newBrowser()
  await ada.signIn('Ada Admin')

  const answer = await ada.call('GET', CREDENTIAL)
  expect(answer.status).toBe(200)
  expect(answer.json).toEqual({
    kind: 'secret',
    expiresAt: '2026-12-01T00:00:00.000Z',
    daysLeft: 7,
    level: 'warning',
  })
})

it('measures when it expires', async () => {
  expect(await metrics(product)).toContain(`\n${GAUGE} ${Date.parse('2026-12-01T00:00:00Z') / 1_000}\n`)
})

it('measures nothing when the expiry is unknown, since zero would be a date', async () => {
  expect(await metrics(await start({}))).not.toMatch(new RegExp(`^${GAUGE}[ {]`, 'm'))
})
