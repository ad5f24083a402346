import { adminCentersAt } from '@inforiver-mail/m365/admin-centers'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import { expect, it } from 'vitest'
import { approvalLinks } from '../domain/approval-links.ts'
import { systemTimers } from '../runtime/clock.ts'
import type { ConsentRecord } from './consent-store.ts'
import { proveDelegate } from './sender-proofs.ts'

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
const SECRETS = { state: 'state', nonce: 'nonce', codeVerifier: 'verifier', codeChallenge: 'challenge' }
const ASKED = ['Mail.Send', 'User.Read']

/** Fails the test when the tokens are used. */
const UNUSED: Partial<GraphMailer> = {
  readDelegate: () => Promise.reject(new Error('Graph was asked too early.')),
}

/** Proves a consent to which Microsoft answered with these permissions and this person. */
async function prove({
  asked = ASKED,
  granted = asked,
  person = PERSON,
  mailer = UNUSED,
}: {
  asked?: string[]
  granted?: string[]
  person?: typeof PERSON
  mailer?: Partial<GraphMailer>
}) {
  const identity: Partial<MicrosoftIdentity> = {
    adminCenters: adminCentersAt('https://login.microsoftonline.com', 'https://graph.microsoft.com'),
    approvalLinks: approvalLinks('https://mail.example.com', 'delegated'),
    redeemCode: async () => ({
      outcome: 'granted',
      tokens: { accessToken: 'access', refreshToken: 'refresh', expiresAt: NOW },
      grantedPermissions: granted,
      person,
    }),
  }
  const consent: Partial<ConsentRecord> = {
    fromEmail: 'ada@contoso.com',
    requestedPermissions: asked,
    largeAttachments: asked.includes('Mail.ReadWrite'),
  }
  return proveDelegate(
    {
      consent: consent as ConsentRecord,
      secrets: SECRETS,
      admin: ADMIN,
      parameters: { code: 'code' },
      readsInbox: false,
    },
    {
      identity: identity as MicrosoftIdentity,
      mailer: mailer as GraphMailer,
      clock: () => NOW,
      timers: systemTimers,
    },
  )
}

it.each([
  [['Mail.Send', 'User.Read'], ['User.Read'], 'Mail.Send'],
  [['Mail.Send', 'Mail.ReadWrite', 'User.Read'], ['Mail.Send', 'User.Read'], 'Mail.ReadWrite'],
  [['Mail.Send', 'Mail.Send.Shared', 'User.Read'], ['Mail.Send', 'User.Read'], 'Mail.Send.Shared'],
])('refuses before it uses the tokens when %j was asked and only %j granted', async (asked, granted, missing) => {
  expect(await prove({ asked, granted })).toMatchObject({
    outcome: 'refused',
    explanation: {
      kind: 'permission-missing',
      detail: expect.stringContaining(missing),
      action: expect.stringContaining('https://mail.example.com/auth/microsoft/admin-consent'),
    },
  })
})

it('refuses a guest by the id_token before it uses the tokens', async () => {
  expect(await prove({ person: { ...PERSON, guest: true } })).toMatchObject({
    outcome: 'refused',
    explanation: { kind: 'wrong-account' },
  })
})

it('refuses a guest whom only Graph reports, before it sends anything', async () => {
  const delegate = { objectId: PERSON.objectId, name: 'Gil Guest', addresses: ['gil@fabrikam.com'], guest: true }
  const mailer: Partial<GraphMailer> = {
    readDelegate: async () => ({ outcome: 'found', delegate }),
    send: () => Promise.reject(new Error('A guest sent something.')),
  }

  expect(await prove({ mailer })).toMatchObject({ outcome: 'refused', explanation: { kind: 'wrong-account' } })
})
