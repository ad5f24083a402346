import { beforeAll, beforeEach, expect, it } from 'vitest'
import { newId } from '../test-support/new-id.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { useDatabaseAt } from '../test-support/test-database.ts'
import { createSignInStore, type Person } from './sign-in-store.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')

let named: TestProduct
let unnamed: TestProduct
let tenantId: string

const fixture = useFixture()
const database = useDatabaseAt(() => fixture.database.url)
beforeAll(async () => {
  named = await fixture.startProduct({
    environment: { ROLE: 'api', WORKSPACE_ADMINS: 'Max@Contoso.com, grace@contoso.com' },
  })
  unnamed = await fixture.startProduct({ environment: { ROLE: 'api' } })
  const [installation] = await fixture.database.query<{ tenant_id: string }>('SELECT tenant_id FROM installation')
  tenantId = installation?.tenant_id ?? ''
})
beforeEach(() => fixture.clear())

async function roleOf(account: string, product = named): Promise<string> {
  const browser = product.newBrowser()
  await browser.signIn(account)
  return (await browser.call('GET', '/api/v1/session')).json.role
}

/** Signs somebody in at a product with these WORKSPACE_ADMINS, and returns the role. */
async function signIn(objectId: string, signInName: string, admins: readonly string[]): Promise<string> {
  const person: Person = {
    tenantId: 'entra-tenant',
    objectId,
    name: 'Somebody',
    signInName,
    email: signInName,
    roles: [],
  }
  const idHash = `session of ${objectId} ${signInName} ${admins.join(' ')}`
  const client = { address: '192.0.2.7', userAgent: undefined }
  const session = { idHash, replaces: null, tenantId, person, client, now: NOW }
  return (await createSignInStore(database.prisma, admins, newId).startSession(session)).role
}

it.each([
  ['who has the app role', 'Ada Admin'],
  ['who is named, in any case', 'Max Member'],
])('makes an admin of a person %s', async (_who, account) => {
  expect(await roleOf(account)).toBe('workspace-admin')
})

it('makes everybody else a member, Entra administrators included', async () => {
  expect([await roleOf('Max Member', unnamed), await roleOf('Grace Global', unnamed)]).toEqual(['member', 'member'])
})

interface Attempt {
  readonly id: string
  readonly name: string
  readonly admins: readonly string[]
  readonly role: 'workspace-admin' | 'member'
}
const sign = (id: string, name: string, admins: string, role: Attempt['role'] = 'workspace-admin'): Attempt => ({
  id,
  name: `${name}@contoso.com`,
  admins: admins.split(' ').map((admin) => `${admin}@contoso.com`),
  role,
})

it.each([
  ['pins the right to the first account of a name', [sign('1', 'max', 'max'), sign('2', 'max', 'max', 'member')]],
  ['keeps the right of an account that is renamed', [sign('1', 'max', 'max'), sign('1', 'maximilian', 'max')]],
  [
    'keeps an account to the name it is pinned to, even if its new name is listed',
    [
      sign('1', 'max', 'max grace'),
      sign('1', 'grace', 'max grace'),
      sign('2', 'max', 'max grace', 'member'),
      sign('3', 'grace', 'max grace'),
    ],
  ],
  [
    'takes the right away at the next sign-in once the name is off the list',
    [sign('1', 'max', 'max'), sign('1', 'max', 'ada', 'member')],
  ],
  ['restores a renamed admin when the list follows', [sign('1', 'max', 'max'), sign('1', 'maximilian', 'maximilian')]],
  [
    'does not give away the name of a person who is off the list for a while',
    [sign('1', 'max', 'max'), sign('1', 'max', 'nobody', 'member'), sign('2', 'max', 'max', 'member')],
  ],
])('%s', async (_promise, attempts) => {
  for (const { id, name, admins, role } of attempts) expect(await signIn(id, name, admins)).toBe(role)
})
