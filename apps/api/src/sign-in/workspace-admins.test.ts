import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { SETTINGS } from '../test-support/office365-smtp.ts'
import type { PrismaClient } from '../database/generated/client.ts'
import { openDatabase, type Database } from '../database/database.ts'
import { createSignInStore, type Person } from './sign-in-store.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')

let ground: TestGround
let named: TestProduct
let database: Database
let prisma: PrismaClient
let tenantId: string

beforeAll(async () => {
  ground = await createTestGround()
  named = await ground.startProduct({
    environment: { ROLE: 'api', WORKSPACE_ADMINS: 'Max@Contoso.com, grace@contoso.com' },
  })
  database = await openDatabase(ground.database.url, () => {})
  prisma = database.prisma
  const [installation] = await ground.database.query<{ tenant_id: string }>('SELECT tenant_id FROM installation')
  tenantId = installation?.tenant_id ?? ''
})
afterAll(async () => {
  await database.close()
  await ground.close()
})

beforeEach(() => ground.clear())

async function roleOf(account: string, product = named): Promise<string> {
  const browser = product.newBrowser()
  await browser.signIn(account)
  return (await browser.call('GET', '/api/v1/session')).json.role
}

/** Somebody signs in at a product with these WORKSPACE_ADMINS. */
async function signIn(entraObjectId: string, signInName: string, admins: string[]): Promise<string> {
  const person: Person = {
    entraTenantId: 'entra-tenant',
    entraObjectId,
    name: 'Somebody',
    signInName,
    email: signInName,
    hasAdminRole: false,
  }
  const idHash = `session of ${entraObjectId} ${signInName} ${admins.join(' ')}`
  return createSignInStore(prisma, admins).startSession({ idHash, replaces: null, tenantId, person, now: NOW })
}

it('makes an admin of somebody with the app role', async () => {
  expect(await roleOf('Ada Admin')).toBe('workspace-admin')
})

it('makes an admin of somebody who is named, whatever the case', async () => {
  expect(await roleOf('Max Member')).toBe('workspace-admin')
})

it('makes everybody else a member, Entra administrators included', async () => {
  const unnamed = await ground.startProduct({ environment: { ROLE: 'api' } })

  expect([await roleOf('Max Member', unnamed), await roleOf('Grace Global', unnamed)]).toEqual(['member', 'member'])
})

it.each([
  ['GET', SETTINGS],
  ['POST', `${SETTINGS}/configure`],
  ['POST', `${SETTINGS}/update-sender`],
  ['POST', `${SETTINGS}/large-attachments`],
  ['POST', `${SETTINGS}/reconnect`],
  ['POST', `${SETTINGS}/reset`],
  ['POST', `${SETTINGS}/test-message`],
  ['GET', `/api/v1/consents/con_${'0'.repeat(32)}`],
  ['DELETE', `/api/v1/consents/con_${'0'.repeat(32)}`],
] as const)('answers a member’s %s %s with 403', async (method, path) => {
  const unnamed = await ground.startProduct({ environment: { ROLE: 'api' } })
  const max = unnamed.newBrowser()
  await max.signIn('Max Member')

  const answer = await max.call(method, path, method === 'POST' ? {} : undefined)

  expect(answer.status).toBe(403)
  expect(answer.json).toMatchObject({ code: 'not-workspace-admin' })
})

it('pins the right to who signed in first: another account of that name is no admin', async () => {
  await signIn('first', 'max@contoso.com', ['max@contoso.com'])

  expect(await signIn('second', 'max@contoso.com', ['max@contoso.com'])).toBe('member')
})

it('keeps the right of the pinned account when its sign-in name changes', async () => {
  await signIn('first', 'max@contoso.com', ['max@contoso.com'])

  expect(await signIn('first', 'maximilian@contoso.com', ['max@contoso.com'])).toBe('workspace-admin')
})

it('keeps an account to the name it is pinned to, also when its new name is on the list', async () => {
  const admins = ['max@contoso.com', 'grace@contoso.com']
  await signIn('first', 'max@contoso.com', admins)
  await signIn('first', 'grace@contoso.com', admins)

  expect(await signIn('second', 'max@contoso.com', admins)).toBe('member')
  expect(await signIn('third', 'grace@contoso.com', admins)).toBe('workspace-admin')
})

it('takes the right away at the next sign-in once the name is off the list', async () => {
  await signIn('first', 'max@contoso.com', ['max@contoso.com'])

  expect(await signIn('first', 'max@contoso.com', ['ada@contoso.com'])).toBe('member')
})

it('gives a renamed admin the right again when the list follows', async () => {
  await signIn('first', 'max@contoso.com', ['max@contoso.com'])

  expect(await signIn('first', 'maximilian@contoso.com', ['maximilian@contoso.com'])).toBe('workspace-admin')
})

it('does not give away the name of a person who is off the list for a while', async () => {
  await signIn('first', 'max@contoso.com', ['max@contoso.com'])
  await signIn('first', 'max@contoso.com', [])

  expect(await signIn('second', 'max@contoso.com', ['max@contoso.com'])).toBe('member')
})
