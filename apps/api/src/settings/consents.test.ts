import { createHash } from 'node:crypto'
import type { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import { expect, it } from 'vitest'
import { hashOpaqueValue } from '../http/session.ts'
import type { AccessSource } from './access.ts'
import { createConsents } from './consents.ts'
import type { ConsentRecord, SettingsStore } from './settings-store.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const PERSON = {
  tenantId: 'tid',
  objectId: 'oid',
  name: 'Ada Admin',
  signInName: 'ada@contoso.com',
  email: 'ada@contoso.com',
  roles: [],
  guest: false,
}

/** A consent for `asked`, to which Microsoft grants `granted`; returns the problem it fails with. */
async function problemOf(asked: string[], granted: string[]): Promise<ConsentProblem | undefined> {
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
  }
  let problem: ConsentProblem | undefined
  const store: Partial<SettingsStore> = {
    takeReturn: async () => ({ taken: true, consent }),
    async failConsent(_consent, failure) {
      problem = failure
      return { ended: true }
    },
  }
  const identity: Partial<MicrosoftIdentity> = {
    adminConsentUrl: () => 'https://login.example.com/adminconsent',
    redeemCode: async () => ({
      outcome: 'granted',
      tokens: { accessToken: 'access', refreshToken: 'refresh', expiresAt: NOW },
      grantedPermissions: granted,
      person: PERSON,
    }),
  }
  const consents = createConsents({
    store: store as SettingsStore,
    identity: identity as MicrosoftIdentity,
    mailer: { readDelegate: () => Promise.reject(new Error('Graph was asked too early.')) } as unknown as GraphMailer,
    accessSource: {} as AccessSource,
    vault,
    clock: () => NOW,
    random: (size) => Buffer.alloc(size),
  })
  await consents.finish({ state: 'state', signedIn: null, parameters: { code: 'code' } })
  return problem
}

it.each([
  [['Mail.Send', 'User.Read'], ['User.Read'], 'Mail.Send'],
  [['Mail.Send', 'Mail.ReadWrite', 'User.Read'], ['Mail.Send', 'User.Read'], 'Mail.ReadWrite'],
  [['Mail.Send', 'Mail.Send.Shared', 'User.Read'], ['Mail.Send', 'User.Read'], 'Mail.Send.Shared'],
])('fails when %j was asked and only %j granted, before the tokens are used', async (asked, granted, missing) => {
  expect(await problemOf(asked, granted)).toMatchObject({
    code: 'permission-missing',
    detail: expect.stringContaining(missing),
    action: expect.stringContaining('https://login.example.com/adminconsent'),
  })
})
