import type { Credential } from '@inforiver-mail/contract/credential'
import type { Explanation } from '@inforiver-mail/m365/explanation'
import { expect, it } from 'vitest'
import { checkCredentialExpiry, checkRegistration } from './registration-checks.ts'

const NOW = new Date('2026-11-24T10:00:00Z')
const answers = Promise.resolve({ outcome: 'answers', aheadMs: 0 } as const)

const refusal = (kind: Explanation['kind']) => async () => ({
  outcome: 'refused' as const,
  explanation: {
    kind,
    title: 'No',
    detail: 'Not so.',
    action: 'Do it.',
    values: {},
    correlationId: 'an-id',
    aadstsCode: 7000222,
  },
  retryAfter: null,
})

it('hands on what Entra says of the registration, with its code and the correlation id', async () => {
  expect(await checkRegistration(answers, refusal('app-misconfigured'), 'delegated')).toEqual({
    code: 'registration-refused',
    values: { kind: 'app-misconfigured', aadsts: 7000222, correlationId: 'an-id' },
    text: { title: 'No', detail: 'Not so.', action: 'Do it.' },
  })
})

it.each([
  ['delegated', 'registration-accepted'],
  ['application', 'registration-refused'],
] as const)('takes a missing approval with %s access for %s', async (graphAuth, code) => {
  expect(await checkRegistration(answers, refusal('permission-missing'), graphAuth)).toMatchObject({ code })
})

it('does not ask an Entra that cannot be reached', async () => {
  const silent = Promise.resolve({ outcome: 'host-silent', reason: 'TimeoutError' } as const)

  expect(await checkRegistration(silent, () => expect.unreachable(), 'delegated')).toMatchObject({
    code: 'entra-not-reached',
  })
})

it.each<[string, Partial<Credential>, Date | null]>([
  ['credential-valid', {}, null],
  ['credential-expires-soon', { level: 'notice', daysLeft: 60 }, null],
  ['credential-expires-soon', { level: 'warning', daysLeft: 1 }, null],
  ['credential-expired', { level: 'expired', daysLeft: 0 }, null],
  ['credential-expiry-unknown', { expiresAt: null, daysLeft: null }, null],
  ['credential-not-yet-valid', { kind: 'certificate' }, new Date('2026-11-25T00:00:00Z')],
  ['credential-federated', { kind: 'federated', expiresAt: null, daysLeft: null }, null],
])('finds %s in %j', (code, credential, validFrom) => {
  const given: Credential = { kind: 'secret', expiresAt: '2027-11-24T10:00:00.000Z', daysLeft: 365, level: 'ok' }

  const entra = 'the admin center'
  const found = checkCredentialExpiry({ ...given, ...credential }, { validFrom, now: NOW, demo: false, entra })
  expect(found).toMatchObject({ code })
})
