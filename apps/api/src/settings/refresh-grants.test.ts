import { beforeEach, expect, it } from 'vitest'
import { createLogger } from '../runtime/logger.ts'
import { useAdminFixture } from '../test-support/admin-fixture.ts'
import { useAccessModules } from '../test-support/access-modules.ts'
import { connectMailbox } from '../test-support/office365-smtp.ts'
import { createTestClock, HOURS } from '../test-support/test-clock.ts'
import { keepGrantsAlive } from './refresh-grants.ts'

const DAY = 24 * HOURS

const clock = createTestClock()
const { fixture, product, ada, readSettings } = useAdminFixture({ clock })
const modules = useAccessModules(() => ({ fixture, config: product.config, clock: clock.now }))
const keepAlive = () =>
  keepGrantsAlive({ ...modules, logger: createLogger('silent') }, clock.now(), new AbortController().signal)

beforeEach(async () => {
  await fixture.microsoft.control('DELETE', '/scenarios')
  await connectMailbox(ada, { fromEmail: 'ada@contoso.com' })
  await fixture.microsoft.control('DELETE', '/counters')
})

async function refreshes(): Promise<number> {
  return (await fixture.microsoft.control('GET', '/counters')).endpoints.token?.requests ?? 0
}

async function settings() {
  await ada.signIn('Ada Admin') // the session has ended by then
  return readSettings()
}

it('refreshes a connection that no mail has used for a day, once', async () => {
  await keepAlive()
  expect(await refreshes()).toBe(0)

  await clock.advance(1.2 * DAY)
  await keepAlive()
  await keepAlive()

  expect(await refreshes()).toBe(1)
})

it('keeps a connection alive for a year without mail', async () => {
  for (let day = 0; day < 365; day += 30) {
    await clock.advance(30 * DAY)
    await keepAlive()
  }

  expect(await refreshes()).toBe(13)
  expect(await settings()).toMatchObject({ status: 'connected', problem: null })
})

it('notices a connection that has ended before anybody wants to send', async () => {
  await fixture.microsoft.control('POST', '/people/ada@contoso.com/revoke-tokens', {})
  await clock.advance(2 * DAY)
  await keepAlive()

  expect(await settings()).toMatchObject({ status: 'reconnect-required' })
})
