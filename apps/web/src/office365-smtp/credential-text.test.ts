import type { Credential } from '@inforiver-mail/contract/credential'
import { expect, it } from 'vitest'
import { english } from '../test-support/languages.ts'
import { credentialWarning } from './credential-text.ts'

function example(given: Partial<Credential> = {}): Credential {
  return { kind: 'secret', expiresAt: '2027-05-01T00:00:00.000Z', daysLeft: 30, level: 'notice', ...given }
}

it('does not warn while there is time, or when the expiry is unknown', () => {
  expect(credentialWarning(example({ daysLeft: 61, level: 'ok' }), english)).toBeNull()
  expect(credentialWarning(example({ expiresAt: null, daysLeft: null, level: 'ok' }), english)).toBeNull()
})

it.each([
  [30, 'notice', 'warning', 'The client secret of the app registration expires in 30 days'],
  [7, 'warning', 'warning', 'The client secret of the app registration expires in 7 days'],
  [1, 'warning', 'warning', 'The client secret of the app registration expires within a day'],
  [0, 'expired', 'error', 'The client secret of the app registration has expired'],
] as const)('warns with %i days left, at level %s', (daysLeft, level, intent, title) => {
  expect(credentialWarning(example({ daysLeft, level }), english)).toMatchObject({ intent, title })
})

it('writes the day in the form that alerts use', () => {
  expect(credentialWarning(example(), english)?.detail).toMatch(/^It expires on 2027-05-01\./)
})

it('says what to renew, and where to put it', () => {
  expect(credentialWarning(example(), english)?.action).toContain('AZURE_CLIENT_SECRET_EXPIRES')
  expect(credentialWarning(example({ kind: 'certificate' }), english)).toMatchObject({
    title: 'The certificate of the app registration expires in 30 days',
    action: expect.stringContaining('AZURE_CLIENT_CERTIFICATE_PATH'),
  })
})
