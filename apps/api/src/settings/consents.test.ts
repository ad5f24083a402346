import { createHash } from 'node:crypto'
import type { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import { adminCentersAt } from '@inforiver-mail/m365/admin-centers'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import { expect, it } from 'vitest'
import { hashOpaqueValue } from '../http/session.ts'
import type { AccessSource } from './access.ts'
import { createConsents } from './consents.ts'
import { approvalLinks } from '../approval-links.ts'
import { createDelegatedConsent } from './delegated-consent.ts'
import type { ConsentRecord, SettingsStore } from './settings-store.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const ADMIN = {
  sessionIdHash: 'hash',
  tenantId: 'ten_1',
  userId: 'usr_1',
  name: 'Ada Admin',
  email: 'ada@contoso.com',
  role: 'workspace-admin',
} as const
const PERSON = {
  tenantId: 'tid',
  objectId: 'oid',
  name: 'Ada Admin',
  signInName: 'ada@contoso.com',
  email: 'ada@contoso.com',
  roles: [],
  guest: false,
}

/** To be asked only once the answer has been judged. */
const UNASKED: Partial<GraphMailer> = {
  readDelegate: () => Promise.reject(new Error('Graph was asked too early.')),
}

interface Answer {
  readonly asked: string[]
  readonly granted?: string[]
  readonly person?: typeof PERSON
  readonly mailer?: Partial<GraphMailer>
}

/** The problem that a consent fails with, after this answer of Microsoft's. */
async function problemOf({
  asked,
  granted = asked,
  person = PERSON,
  mailer = UNASKED,
}: Answer): Promise<ConsentProblem | undefined> {
  const keys = parseVaultKeys(`test:${createHash('sha256').update('a key').digest('base64')}`)
  if (keys.outcome !== 'read') throw new Error('The key of the test is faulty.')
  const vault = createTokenVault(keys.keyRing)
  const secrets = JSON.stringify({
    state: 'state',
    nonce: 'nonce',
    codeVerifier: 'verifier',
    codeChallenge: 'challenge',
  })
  const consent: ConsentRecord = {
    id: 'con_1',
    tenantId: 'ten_1',
    userId: 'usr_1',
    sessionIdHash: 'session',
    purpose: 'configure',
    status: 'pending',
    fromEmail: 'ada@contoso.com',
    largeAttachments: asked.includes('Mail.ReadWrite'),
    requestedPermissions: asked,
    settingsVersion: 0,
    stateHash: hashOpaqueValue('state'),
    secretsSealed: await vault.seal(secrets, { tenant: 'ten_1', record: 'con_1', purpose: 'consent' }),
    createdAt: NOW,
    expiresAt: NOW,
    problem: null,
    missingPermission: null,
    claimsChallenge: null,
    requestsOnTheWire: null,
  }
  let problem: ConsentProblem | undefined
  const store: Partial<SettingsStore> = {
    takeReturn: async () => ({ taken: true, consent }),
    async failConsent(_consent, failure) {
      problem = failure.problem
      return { ended: true }
    },
  }
  const identity: Partial<MicrosoftIdentity> = {
    adminCenters: adminCentersAt('https://login.microsoftonline.com', 'https://graph.microsoft.com'),
    approvalLinks: approvalLinks('https://mail.example.com'),
    redeemCode: async () => ({
      outcome: 'granted',
      tokens: { accessToken: 'access', refreshToken: 'refresh', expiresAt: NOW },
      grantedPermissions: granted,
      person,
    }),
  }
  const consents = createConsents({
    store: store as SettingsStore,
    way: createDelegatedConsent({
      store: store as SettingsStore,
      identity: identity as MicrosoftIdentity,
      mailer: mailer as GraphMailer,
      clock: () => NOW,
    }),
    accessSource: {} as AccessSource,
    vault,
    clock: () => NOW,
    random: (size) => Buffer.alloc(size),
  })
  await consents.finish({ state: 'state', signedIn: ADMIN, parameters: { code: 'code' } })
  return problem
}

it.each([
  [['Mail.Send', 'User.Read'], ['User.Read'], 'Mail.Send'],
  [['Mail.Send', 'Mail.ReadWrite', 'User.Read'], ['Mail.Send', 'User.Read'], 'Mail.ReadWrite'],
  [['Mail.Send', 'Mail.Send.Shared', 'User.Read'], ['Mail.Send', 'User.Read'], 'Mail.Send.Shared'],
])('fails when %j was asked and only %j granted, before the tokens are used', async (asked, granted, missing) => {
  expect(await problemOf({ asked, granted })).toMatchObject({
    code: 'permission-missing',
    detail: expect.stringContaining(missing),
    action: expect.stringContaining('https://mail.example.com/auth/microsoft/admin-consent'),
  })
})

it('refuses somebody whom the id_token shows to be a guest, before the tokens are used', async () => {
  const problem = await problemOf({ asked: ['Mail.Send', 'User.Read'], person: { ...PERSON, guest: true } })

  expect(problem).toMatchObject({ code: 'wrong-account' })
})

it('refuses somebody whom only Graph shows to be a guest, before anything is sent', async () => {
  const delegate = { objectId: PERSON.objectId, name: 'Gil Guest', addresses: ['gil@fabrikam.com'], guest: true }
  const mailer: Partial<GraphMailer> = {
    readDelegate: async () => ({ outcome: 'found', delegate }),
    send: () => Promise.reject(new Error('A guest sent something.')),
  }

  expect(await problemOf({ asked: ['Mail.Send', 'User.Read'], mailer })).toMatchObject({ code: 'wrong-account' })
})
