import { CLOUDS } from '@inforiver-mail/m365/clouds'
import { beforeEach, expect, it } from 'vitest'
import { ConfigurationError } from '../configuration/config.ts'
import { newId } from '../test-support/new-id.ts'
import { useOpenDatabase } from '../test-support/test-database.ts'
import { openInstallation } from './installation.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const REGISTRATION = {
  tenantId: '11111111-2222-4333-8444-555555555555',
  clientId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
}
const OWNER_OF_DATABASE = { registration: REGISTRATION, ...CLOUDS['gcc-high'] }

const { test, database } = useOpenDatabase()
beforeEach(() => test.empty('installation', 'tenants'))

it('belongs to the app registration of its first start, and opens for it again', async () => {
  const tenantId = await openInstallation(database, OWNER_OF_DATABASE, NOW, newId)

  expect(tenantId).toMatch(/^ten_[0-9a-f]{32}$/)
  expect(await openInstallation(database, OWNER_OF_DATABASE, NOW, newId)).toBe(tenantId)
})

it('belongs to one tenant when several processes start for the first time at once', async () => {
  const tenants = await Promise.all(
    Array.from({ length: 5 }, () => openInstallation(database, OWNER_OF_DATABASE, NOW, newId)),
  )

  expect(new Set(tenants).size).toBe(1)
  expect(await test.query('SELECT id FROM tenants')).toEqual([{ id: tenants[0] }])
})

it.each([
  ['tenant', { ...REGISTRATION, tenantId: '99999999-2222-4333-8444-555555555555' }],
  ['client', { ...REGISTRATION, clientId: '99999999-7777-4888-9999-aaaaaaaaaaaa' }],
])('refuses another %s, in one sentence that says what to do', async (_name, other) => {
  await openInstallation(database, OWNER_OF_DATABASE, NOW, newId)

  await expect(openInstallation(database, { ...OWNER_OF_DATABASE, registration: other }, NOW, newId)).rejects.toThrow(
    new ConfigurationError(
      `This database belongs to another app registration (tenant ${REGISTRATION.tenantId}, client ${REGISTRATION.clientId}). Set AZURE_TENANT_ID and AZURE_CLIENT_ID to those, or use another database (DATABASE_URL) or data folder (DATA_DIR).`,
    ),
  )
})

it('refuses the hosts of another cloud, in sentences that name both and say what to do', async () => {
  await openInstallation(database, OWNER_OF_DATABASE, NOW, newId)

  await expect(openInstallation(database, { ...OWNER_OF_DATABASE, ...CLOUDS.dod }, NOW, newId)).rejects.toThrow(
    new ConfigurationError(
      'This database belongs to other hosts of Microsoft (https://login.microsoftonline.us and https://graph.microsoft.us), whose tokens must not go to https://login.microsoftonline.us and https://dod-graph.microsoft.us. Set M365_CLOUD, or AZURE_AUTHORITY_HOST and GRAPH_BASE_URL, to those, or use another database (DATABASE_URL) or data folder (DATA_DIR) and connect the mailbox there.',
    ),
  )
  await openInstallation(database, OWNER_OF_DATABASE, NOW, newId)
})

const LOOPBACK = { authorityHost: 'http://127.0.0.1:3001', graphBaseUrl: 'http://127.0.0.1:3001' }

it.each([
  ['another host for signing in', { authorityHost: 'https://login.contoso.test' }],
  ['another Graph', { graphBaseUrl: 'https://graph.contoso.test' }],
  ['a stand-in on this machine', LOOPBACK],
])('refuses %s', async (_what, hosts) => {
  await openInstallation(database, OWNER_OF_DATABASE, NOW, newId)

  await expect(openInstallation(database, { ...OWNER_OF_DATABASE, ...hosts }, NOW, newId)).rejects.toThrow(
    'belongs to other hosts of Microsoft',
  )
})

it('opens for the same hosts in another spelling', async () => {
  const tenantId = await openInstallation(database, OWNER_OF_DATABASE, NOW, newId)
  const spelled = {
    authorityHost: 'https://LOGIN.microsoftonline.us:443/',
    graphBaseUrl: 'https://graph.microsoft.us/v1.0/',
  }

  expect(await openInstallation(database, { ...OWNER_OF_DATABASE, ...spelled }, NOW, newId)).toBe(tenantId)
})

it('opens for a stand-in on another port of this machine, and for no cloud', async () => {
  const tenantId = await openInstallation(database, { ...OWNER_OF_DATABASE, ...LOOPBACK }, NOW, newId)
  const restarted = { authorityHost: 'https://localhost:4001', graphBaseUrl: 'http://127.0.0.1:4002' }

  expect(await openInstallation(database, { ...OWNER_OF_DATABASE, ...restarted }, NOW, newId)).toBe(tenantId)
  await expect(openInstallation(database, OWNER_OF_DATABASE, NOW, newId)).rejects.toThrow('belongs to other hosts')
})

it('adopts the hosts of the next start if none are recorded, and belongs to them from then on', async () => {
  await openInstallation(database, OWNER_OF_DATABASE, NOW, newId)
  await test.query('UPDATE installation SET authority_host = NULL, graph_base_url = NULL')

  await openInstallation(database, { ...OWNER_OF_DATABASE, ...CLOUDS.dod }, NOW, newId)

  await expect(openInstallation(database, OWNER_OF_DATABASE, NOW, newId)).rejects.toThrow('belongs to other hosts')
})
